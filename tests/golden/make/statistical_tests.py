"""Golden numbers for results/src/statistics, from scipy, statsmodels and scikit-posthocs.

Made with Python 3, numpy 1.26.4, scipy 1.17.1, statsmodels 0.15.0, scikit-posthocs 0.17.1:

    python -P tests/golden/make/statistical_tests.py > results/tests/golden/statistics.json

-P keeps this file from standing in for the standard library's module of the same name.
"""

import json

import numpy as np
import scikit_posthocs
from scipy import stats
from scipy._lib._array_api import array_namespace
from scipy.stats import _resampling
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import proportion_confint

random = np.random.default_rng(20240612)


def numbers(array):
    return np.asarray(array, dtype=float).tolist()


def interval_of(values):
    student = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    drawn = np.sort(random.choice(values, (199, len(values))).mean(axis=1))
    low, high, _ = _resampling._bca_interval(
        (values,), lambda x, axis: np.mean(x, axis=axis), -1, 0.025, drawn, None, array_namespace(values)
    )
    ends = {}
    for method in ["percentile", "BCa"]:
        made = stats.bootstrap((values,), np.mean, n_resamples=200_000, method=method, random_state=random)
        ends[method] = numbers(made.confidence_interval)
    return {
        "values": numbers(values),
        "student": numbers(student),
        "drawn": numbers(drawn),
        "tails": [float(np.ravel(low)[0]), float(np.ravel(high)[0])],
        "percentile": ends["percentile"],
        "accelerated": ends["BCa"],
    }


def paired_of(n, digits, shift, zeros=0):
    a = np.round(random.normal(0.7, 0.05, n), digits)
    b = np.round(a - random.normal(shift, 0.02, n), digits)
    b[:zeros] = a[:zeros]
    difference = np.round(a - b, 10)
    t = stats.ttest_1samp(difference, 0)
    w = stats.wilcoxon(difference, zero_method="wilcox", correction=False, method="auto")
    margin = 0.01
    return {
        "a": numbers(a),
        "b": numbers(b),
        "t": t.statistic,
        "p": t.pvalue,
        "interval": numbers(t.confidence_interval(0.95)),
        "effect": difference.mean() / difference.std(ddof=1),
        "wilcoxon": w.statistic,
        "wilcoxon_p": w.pvalue,
        "tost": [
            stats.ttest_1samp(difference, -margin, alternative="greater").pvalue,
            stats.ttest_1samp(difference, margin, alternative="less").pvalue,
        ],
        "tost_interval": numbers(t.confidence_interval(0.90)),
    }


def welch_of(n, other, shift):
    values = np.round(random.normal(0.7, 0.01, n), 4)
    mean, deviation, margin = 0.7 + shift, 0.012, 0.02
    own = (values.mean(), values.std(ddof=1), n)

    def p(shift, side):
        return stats.ttest_ind_from_stats(
            own[0] + shift, *own[1:], mean, deviation, other, equal_var=False, alternative=side
        ).pvalue

    return {
        "values": numbers(values),
        "mean": mean,
        "deviation": deviation,
        "n": other,
        "margin": margin,
        "low": p(margin, "greater"),
        "high": p(-margin, "less"),
        "difference": p(0, "two-sided"),
    }


def friedman_of(n, k, digits):
    scores = np.round(random.normal(0.6, 0.1, (n, k)) + np.linspace(0, 0.15, k), digits)
    test = stats.friedmanchisquare(*scores.T)
    ranks = stats.rankdata(-scores, axis=1).mean(axis=0)
    f = (n - 1) * test.statistic / (n * (k - 1) - test.statistic)
    q = stats.studentized_range.ppf(0.95, k, np.inf)
    return {
        "scores": scores.tolist(),
        "ranks": numbers(ranks),
        "statistic": test.statistic,
        "p": test.pvalue,
        "f": f,
        "f_p": stats.f.sf(f, k - 1, (k - 1) * (n - 1)),
        "nemenyi": scikit_posthocs.posthoc_nemenyi_friedman(scores).to_numpy().tolist(),
        "cd": q / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)),
    }


def item_of(correct, total):
    score = correct / total
    half = stats.norm.ppf(0.975) * np.sqrt(score * (1 - score) / total)
    return {
        "correct": correct,
        "total": total,
        "half": half,
        "wilson": numbers(proportion_confint(correct, total, method="wilson")),
        "bootstrap": numbers(stats.binom.ppf([0.025, 0.975], total, score) / total),
    }


def needed(power):
    n = 2
    while power(n) < 0.8:
        n += 1
    return n


def power_of(effect):
    paired = lambda n: TTestPower().power(effect, n, 0.05)
    unpaired = lambda n: TTestIndPower().power(effect, n, 0.05)
    # scipy's noncentral t is NaN far out in the tail, where the power is 1.
    counts = [n for n in [2, 3, 5, 10, 30] if np.isfinite(paired(n)) and np.isfinite(unpaired(n))]
    return {
        "effect": effect,
        "counts": counts,
        "paired": [paired(n) for n in counts],
        "unpaired": [unpaired(n) for n in counts],
        "paired_n": needed(paired),
        "unpaired_n": needed(unpaired),
    }


def tau_of(values):
    return {"values": values, "tau": stats.kendalltau(values, range(len(values))).statistic}


holm_p = numbers(np.round(random.uniform(0, 0.08, 12), 3))
golden = {
    "intervals": [interval_of(np.round(random.gamma(2, 0.1, n), 3)) for n in [5, 10, 30]],
    "quantiles": [
        {"freedom": f, "level": level, "t": stats.t.ppf((1 + level) / 2, f)}
        for f in [1, 2, 3.7, 9, 99, 1e4]
        for level in [0.5, 0.9, 0.95, 0.999]
    ],
    "paired": [
        paired_of(5, 4, 0.02),
        paired_of(10, 4, 0.01),
        paired_of(30, 5, 0.005),
        paired_of(50, 6, 0.003),
        paired_of(10, 2, 0.01),
        paired_of(13, 2, 0.02, 2),
        paired_of(14, 2, 0.02, 1),
        paired_of(30, 2, 0.005, 3),
        paired_of(60, 5, 0.004),
        paired_of(80, 2, 0.006, 4),
    ],
    "published": [welch_of(5, 3, 0), welch_of(10, 5, 0.005), welch_of(30, 10, 0.02)],
    "holm": {"p": holm_p, "adjusted": numbers(multipletests(holm_p, method="holm")[1])},
    "friedman": [
        friedman_of(n, k, digits)
        for n, k, digits in [(5, 3, 4), (10, 4, 4), (30, 5, 4), (10, 6, 1), (8, 7, 1), (12, 8, 4), (30, 3, 1)]
    ],
    "ranges": [
        {"k": k, "q": q, "p": stats.studentized_range.cdf(q, k, np.inf)} for k in range(2, 21) for q in [0.5, 2, 4, 6]
    ],
    "range_quantiles": [
        {"k": k, "alpha": alpha, "q": stats.studentized_range.ppf(1 - alpha, k, np.inf)}
        for k in range(2, 21)
        for alpha in [0.1, 0.05, 0.01]
    ],
    "items": [item_of(*counts) for counts in [(1, 10), (41, 1319), (788, 1000), (9991, 10000), (3, 7)]],
    "mcnemar": [
        {"b": b, "c": c, "p": mcnemar([[5, b], [c, 5]], exact=True).pvalue}
        for b, c in [(1, 4), (10, 10), (30, 12), (400, 470)]
    ],
    "power": [power_of(effect) for effect in [0.2, 0.5, 0.8, 1.5, 3.0]],
    "taus": [
        tau_of(numbers(np.round(np.linspace(0, 1, n) + random.normal(0, 0.3, n), digits)))
        for n, digits in [(5, 3), (21, 3), (30, 1)]
    ],
}
print(json.dumps(golden, indent=1, allow_nan=False))
