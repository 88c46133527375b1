#!/usr/bin/env python3
"""Highest-density regions of a Gaussian and of a mixture, by scipy and by a grid.

Made with Python 3.11, numpy 2.4.6 and scipy 1.17.1 by
    python tests/golden/make/regions.py > methods/tests/golden/regions.json

Gaussian: the smallest interval of mass m is mu +- sigma * z with z = ppf((1 + m) / 2); "inside" is the variance of the
Gaussian restricted to it, "uniform" that of a uniform number in it, both over sigma^2. Released code of IBCL: the interval from
the quantile b/2 to 1 - b/2 with b = 1 - alpha, whose mass is alpha (github.com/ibcl-anon/ibcl).
Mixture 0.4 N(0, 1) + 0.6 N(20, 5^2): the region of mass m is where the density exceeds t (Hyndman 1996); t is found on a grid
of 2 million places, "narrow" is the share of the first part in that mass.
"""
import json

import numpy as np
from scipy import optimize, stats

gaussian = [
    {
        "mass": mass,
        "edge": float(stats.norm.ppf((1 + mass) / 2)),
        "inside": float(stats.truncnorm(*(np.array([-1, 1]) * stats.norm.ppf((1 + mass) / 2))).var()),
        "uniform": float(stats.norm.ppf((1 + mass) / 2) ** 2 / 3),
    }
    for mass in (0.01, 0.5, 0.9, 0.99)
]
released = []
for alpha in (0.01, 0.1, 0.99):
    b = 1 - alpha
    low, high = stats.norm.ppf(b / 2), stats.norm.ppf(1 - b / 2)
    released.append({"hdr_mass": 1 - alpha, "edge": float(high), "covers": float(stats.norm.cdf(high) - stats.norm.cdf(low))})

x, step = np.linspace(-20, 60, 2_000_001, retstep=True)
parts = 0.4 * stats.norm.pdf(x), 0.6 * stats.norm.pdf(x, 20, 5)
density = parts[0] + parts[1]
mixture = []
for mass in (0.1, 0.5, 0.9):
    t = optimize.brentq(lambda t: density[density > t].sum() * step - mass, 1e-9, density.max() - 1e-9)
    narrow = parts[0][density > t].sum() * step / mass
    mixture.append({"mass": mass, "log_threshold": float(np.log(t)), "narrow": float(narrow)})
print(json.dumps({"gaussian": gaussian, "released": released, "mixture": mixture}))
