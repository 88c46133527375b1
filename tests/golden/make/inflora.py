#!/usr/bin/env python3
"""Golden values of InfLoRA's directions and spaces, by numpy's singular value decomposition.

Usage: python tests/golden/make/inflora.py > methods/tests/golden/inflora.json

README.md beside this file states inputs and layout. What is decomposed, and how many directions a space gets, follow
methods/inflora.py of the authors' code (`_train`, `update_DualGPM`); numpy 2.4.6 decomposes.
"""

import json

import numpy as np


def inputs(n, d):
    """Multiples of 1/1024, exact in single precision."""
    k = np.arange(n * d, dtype=np.float64)
    return np.floor(1024 * np.sin(0.7 * k + 0.05 * k**1.5) + 0.5).reshape(n, d) / 1024


def space(k, d):
    rows = np.cos(1.1 * np.arange(k * d, dtype=np.float64) ** 1.2).reshape(k, d)
    return np.linalg.qr(rows.T)[0].T if k else np.zeros((0, d))


def first(s, threshold):
    """Directions that the first space gets."""
    return int(max(np.sum(np.cumsum(s**2 / (s**2).sum()) < threshold), 1))


def later(s, total, threshold):
    """Directions that a later one gets beside those that it has; s of what it has not."""
    held, count = (total - (s**2).sum()) / total, 0
    for ratio in s**2 / total:
        if held >= threshold:
            break
        held, count = held + ratio, count + 1
    return count


def case(h, rows, shape):
    left = h - rows.T @ rows @ h
    u, s, _ = np.linalg.svd(left, full_matrices=False)
    there = int((s**2 > 1e-14 * (h**2).sum()).sum())
    vectors = u.T[:there]
    signs = np.sign(vectors[np.arange(there), np.abs(vectors).argmax(1)])
    total = (h**2).sum()
    shares = [0.0, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999]
    grown = [later(s, total, share) if len(rows) else first(s, share) for share in shares]
    return {
        **shape,
        "space": rows.ravel().tolist(),
        "values": (s**2).tolist()[:there],
        "vectors": (vectors * signs[:, None]).ravel().tolist(),
        "shares": shares,
        "grown": grown,
    }


def main():
    cases = []
    for n, d in ((6, 9), (7, 31), (12, 5), (40, 9)):
        x = inputs(n, d)
        cases += [case(x.T @ x / n, space(k, d), {"n": n, "d": d}) for k in (0, 1, 3)]
    # The same rows twice: fewer directions than rows.
    x = np.concatenate([inputs(3, 9), inputs(3, 9)])
    cases += [case(x.T @ x / 6, space(k, 9), {"n": 6, "d": 9, "twice": True}) for k in (0, 2)]
    diagonal = np.diag([4.0, 2.0, 1.0])
    s = np.linalg.svd(diagonal, compute_uv=False)
    shares = [0.0, 0.7, 0.77, 0.95, 0.96, 0.99]
    print(json.dumps({"numpy": np.__version__, "diagonal": [shares, [first(s, share) for share in shares]], "cases": cases}))


if __name__ == "__main__":
    main()
