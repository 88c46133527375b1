#!/usr/bin/env python3
"""Golden values of rules that merge weights, with numpy 1.26.4 in double precision.

Usage: python scripts/golden/merge.py [OUT]    (default tests/golden/merge.json)

Written from the papers' formulas, on whole arrays; README.md beside this file states inputs and layout.
"""

import itertools
import json
import math
import pathlib
import sys

import numpy as np

# In the order of their paths. Matrices are [in, out], kernels [out, in, height, width].
SHAPES = {
    "body.0.bias": (4,),
    "body.0.weight": (5, 4),
    "body.1.bias": (3,),
    "body.1.weight": (3, 2, 2, 2),
    "body.position": (4,),
    "head.bias": (2,),
    "head.weight": (3, 2),
}
BLOCKS = ["body.0", "body.1", "head"]
SIZE = sum(math.prod(shape) for shape in SHAPES.values())
K = np.arange(SIZE, dtype=np.float64)
FLOOR, RIDGE = 1e-6, 1e-6


def grid(x):
    """Multiples of 1/1024: differences of such numbers are exact, also in single precision."""
    return np.floor(1024 * x + 0.5) / 1024


START = grid(np.sin(0.37 * K + 0.2))


def tau(i):
    """Change of weights number i = 1, 2, 3; some values do not move, and number 2 undoes number 1 at k = 10 and 30."""
    change = grid(0.3 * np.sin((0.9 + 0.13 * i) * K + i))
    change[(K + i) % 7 == 0] = 0
    for k in (10, 30):
        change[k] = {1: 0.25, 2: -0.25, 3: 0.0}[i]
    return change


def fisher(i):
    values = np.sin(1.3 * K + i) ** 2
    values[K % 11 == 0] = 0
    return values


def gram(i, name, width):
    """Mean of x x^T over 7 inputs; input 2 of body.0 is always zero."""
    rows = np.sin(0.5 * np.arange(7)[:, None] + 0.8 * np.arange(width) ** 2 + i)
    if name == "body.0":
        rows[:, 2] = 0
    return rows.T @ rows / 7


def lots(i):
    return np.modf(0.6180339887 * (K + 1) + 0.1370717 * i)[0]


def tensors(flat):
    """Path and piece of a flat vector, as views."""
    at = 0
    for path, shape in SHAPES.items():
        size = math.prod(shape)
        yield path, flat[at : at + size]
        at += size


def per_tensor(function, *flats):
    return np.concatenate([function(*pieces) for pieces in zip(*[[v for _, v in tensors(f)] for f in flats])])





def interpolation(thetas, shares, **_):
    """Wortsman et al. 2022 (WiSE-FT), eq. 1; model soups, table 2: sum_i w_i theta_i."""
    return np.tensordot(shares, np.stack(thetas), 1)


def slerp(thetas, shares, **_):
    """Shoemake 1985, section 3.3: sin((1-t)phi)/sin(phi) a + sin(t phi)/sin(phi) b, tensor by tensor."""
    t = shares[1]

    def arc(a, b):
        norms = np.linalg.norm(a) * np.linalg.norm(b)
        cos = a @ b / norms if norms else 1.0
        if abs(cos) > 0.9995:
            return (1 - t) * a + t * b
        phi = np.arccos(cos)
        return (np.sin((1 - t) * phi) * a + np.sin(t * phi) * b) / np.sin(phi)

    return per_tensor(arc, *thetas)


def random(thetas, shares, **_):
    """Each weight of a model drawn by its share."""
    choice = np.searchsorted(np.cumsum(shares)[:-1], lots(0), side="right")
    return np.choose(choice, thetas)


def weighted_fisher(thetas, shares, numbers, **_):
    """Matena & Raffel 2022, eq. 4: sum w F theta / sum w F, F >= 1e-6."""
    f = np.stack([w * np.maximum(fisher(i), FLOOR) for w, i in zip(shares, numbers)])
    return (f * np.stack(thetas)).sum(0) / f.sum(0)


def regmean(thetas, shares, numbers, settings, **_):
    """Jin et al. 2023, eq. 2 and section 3.3: (sum G~)^-1 sum G~ W with off-diagonals times alpha."""
    merged = interpolation(thetas, shares)
    pieces = dict(tensors(merged))
    for path, shape in SHAPES.items():
        if not path.endswith(".weight"):
            continue
        name, kernel = path.removesuffix(".weight"), len(shape) > 2
        width = math.prod(shape[1:]) if kernel else shape[0]
        a = settings.get("off_diagonal", 0.9)
        left, right = np.zeros((width, width)), 0
        for theta, share, i in zip(thetas, shares, numbers):
            g = gram(i, name, width)
            diagonal = np.diag(np.diag(g))
            g = a * g + (1 - a) * diagonal + RIDGE * np.trace(g) / width * np.eye(width)
            w = dict(tensors(theta))[path].reshape(shape)
            w = w.reshape(shape[0], -1).T if kernel else w
            left += share * g
            right = right + share * g @ w
        w = np.linalg.solve(left, right)
        pieces[path][:] = (w.T if kernel else w).ravel()
    return merged


def model_stock(thetas, **_):
    """Jang et al. 2024, section 4.2: t mean + (1-t) theta_0, t = N cos / (1 + (N-1) cos), tensor by tensor."""

    def merge(start, *models):
        taus, n = [m - start for m in models], len(models)
        norm = np.linalg.norm
        cosines = [a @ b / (norm(a) * norm(b)) if norm(a) * norm(b) else 0.0 for a, b in itertools.combinations(taus, 2)]
        cos = np.mean(cosines) if cosines else 1.0
        t = n * cos / (1 + (n - 1) * cos) if cos > 0 else 0.0
        return t * np.mean(models, axis=0) + (1 - t) * start

    return per_tensor(merge, START, *thetas)





def arithmetic(taus, settings):
    """Ilharco et al. 2023, section 2: sum_i tau_i."""
    return np.sum(taus, axis=0)


def elect(taus, how):
    """Yadav et al. 2023, algorithm 1, steps 2 and 3."""
    taus = np.stack(taus)
    sign = np.sign(taus.sum(0))
    sign[sign == 0] = np.sign(sign.sum())
    agree = np.where((np.sign(taus) == sign) & (taus != 0), taus, 0)
    if how == "sum":
        return agree.sum(0)
    if how == "max":
        return np.abs(agree).max(0) * sign
    return agree.sum(0) / np.maximum((agree != 0).sum(0), 1)


def ties(taus, settings):
    """Yadav et al. 2023, algorithm 1: the top k of the whole vector, elected signs, disjoint mean."""
    keep = max(1, int(np.floor(settings.get("density", 0.2) * SIZE + 0.5)))
    trimmed = [np.where(np.abs(tau) >= np.sort(np.abs(tau))[-keep], tau, 0) for tau in taus]
    return elect(trimmed, settings.get("combine", "mean"))


def dropped(taus, settings):
    """Yu et al. 2024, eq. 2: m tau / (1-p), m kept with probability 1-p."""
    kept = settings.get("density", 0.2)
    return [tau * (lots(at) < kept) / kept for at, tau in enumerate(taus)]


def dare(taus, settings):
    return np.sum(dropped(taus, settings), axis=0)


def dare_ties(taus, settings):
    return elect(dropped(taus, settings), settings.get("combine", "mean"))


def breadcrumbs(taus, settings):
    """Davari & Belilovsky 2024, eq. 1 and 2: the largest and the smallest of each tensor are dropped."""
    top, density = settings.get("top", 0.01), settings.get("density", 0.2)

    def crumbs(tau):
        n = len(tau)
        high = min(int(np.floor(top * n + 0.5)), n - 1)
        count = min(max(int(np.floor(density * n + 0.5)), 1), n - high)
        rank = np.argsort(np.argsort(-np.abs(tau), kind="stable"), kind="stable")
        return np.where((rank >= high) & (rank < high + count), tau, 0)

    return np.sum([per_tensor(crumbs, tau) for tau in taus], axis=0)


def magmax(taus, settings):
    """Marczak et al. 2024, eq. 2: the largest by size, the later of equals."""
    taus = np.stack(taus)[::-1]
    return np.take_along_axis(taus, np.abs(taus).argmax(0)[None], 0)[0]


VECTORS = {
    "task-arithmetic": arithmetic,
    "ties": ties,
    "dare": dare,
    "dare-ties": dare_ties,
    "breadcrumbs": breadcrumbs,
    "magmax": magmax,
}
AVERAGES = {
    "interpolation": interpolation,
    "slerp": slerp,
    "random": random,
    "fisher": weighted_fisher,
    "regmean": regmean,
    "model-stock": model_stock,
}


def consensus(merged, taus, settings):
    """Wang et al. 2024 (TALL masks), eq. 5 and 6: |tau_i| >= lambda |sum - tau_i| for at least k of the tasks."""
    k = min(settings.get("consensus", 0), len(taus))
    use = np.stack([np.abs(t) >= settings.get("agreement", 0.4) * np.abs(np.sum(taus, axis=0) - t) for t in taus])
    return np.where(use.sum(0) >= k, merged, 0)


def lines(merged, settings):
    """Wang et al. 2025 (LiNeS), eq. 2: tau^l (alpha + beta l/(L-1)); alpha outside of blocks."""
    shape = {"linear": lambda x: x, "square": np.square, "sqrt": np.sqrt}.get(settings.get("lines", "off"))
    if shape is None:
        return merged
    factor = np.full(SIZE, settings.get("shallow", 0.5))
    for path, view in tensors(factor):
        for depth, block in enumerate(BLOCKS):
            if path.startswith(block + "."):
                view += settings.get("deeper", 0.5) * shape(depth / (len(BLOCKS) - 1))
    return START + factor * (merged - START)


AGES = {
    "uniform": lambda i: 1.0,
    "log": lambda i: math.log(1 + i),
    "sqrt": math.sqrt,
    "linear": lambda i: i,
    "quadratic": lambda i: i**2,
    "cubic": lambda i: i**3,
    "fifth": lambda i: i**5,
    "tenth": lambda i: i**10,
    "exp": lambda i: 2.0**i,
}


def shares_of(settings, n):
    raw = [AGES[settings.get("ages", "uniform")](i) for i in range(1, n + 1)]
    raw = np.array(raw[::-1] if settings.get("reverse") else raw, dtype=np.float64)
    return raw / raw.sum()


def merge(settings, numbers, shares):
    thetas = [START + tau(i) for i in numbers]
    rule = settings["rule"]
    if rule in AVERAGES:
        merged = AVERAGES[rule](thetas, shares=shares, numbers=numbers, settings=settings)
    else:
        taus = [tau(i) for i in numbers]
        vector = consensus(VECTORS[rule](taus, settings), taus, settings)
        merged = START + settings.get("scale", 1.0) * vector
    return lines(merged, settings)


def cases():
    three, two = [1, 2, 3], [1, 2]
    for ages in AGES:
        yield {"rule": "interpolation", "ages": ages}, three, None
        yield {"rule": "interpolation", "ages": ages, "reverse": True}, three, None
    yield {"rule": "interpolation"}, two, [0.7, 0.3]
    yield {"rule": "slerp"}, two, [0.5, 0.5]
    yield {"rule": "slerp"}, two, [0.2, 0.8]
    yield {"rule": "task-arithmetic", "scale": 0.3}, three, None
    for combine in ("mean", "sum", "max"):
        yield {"rule": "ties", "combine": combine, "density": 0.3}, three, None
        yield {"rule": "ties", "combine": combine, "density": 1.0, "scale": 0.6}, three, None
        yield {"rule": "dare-ties", "combine": combine, "density": 0.5}, three, None
    yield {"rule": "ties"}, two, None
    yield {"rule": "dare", "density": 0.4}, three, None
    yield {"rule": "breadcrumbs", "density": 0.5, "top": 0.1}, three, None
    yield {"rule": "breadcrumbs"}, two, None
    yield {"rule": "magmax", "scale": 0.5}, three, None
    yield {"rule": "model-stock"}, two, None
    yield {"rule": "model-stock"}, three, None
    yield {"rule": "fisher"}, three, None
    yield {"rule": "fisher", "ages": "linear"}, three, None
    yield {"rule": "regmean"}, three, None
    yield {"rule": "regmean", "off_diagonal": 0.1, "ages": "sqrt"}, three, None
    yield {"rule": "random", "ages": "linear"}, three, None
    for k in (1, 2, 3, 9):
        yield {"rule": "task-arithmetic", "consensus": k}, three, None
    yield {"rule": "ties", "density": 0.5, "consensus": 2, "agreement": 0.8}, three, None
    for shape in ("linear", "square", "sqrt"):
        yield {"rule": "interpolation", "lines": shape}, three, None
    yield {"rule": "task-arithmetic", "lines": "linear", "shallow": 0.2, "deeper": 0.6}, three, None
    yield {"rule": "model-stock", "lines": "square"}, three, None


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/golden/merge.json"
    all_cases = []
    for settings, numbers, given in cases():
        shares = np.array(given) if given else shares_of(settings, len(numbers))
        merged = merge(settings, numbers, shares)
        all_cases.append({"settings": settings, "of": numbers, "shares": given, "merged": merged.tolist()})
    golden = {
        "numpy": np.__version__,
        "tensors": [[path, list(shape)] for path, shape in SHAPES.items()],
        "blocks": BLOCKS,
        "sums": [float(START.sum())] + [float(np.abs(tau(i)).sum()) for i in (1, 2, 3)],
        "cases": all_cases,
    }
    lines_of = [json.dumps(case) for case in golden.pop("cases")]
    head = json.dumps(golden)[:-1]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(head + ', "cases": [\n' + ",\n".join(lines_of) + "\n]}\n")
    print(len(all_cases), "cases")


if __name__ == "__main__":
    main()
