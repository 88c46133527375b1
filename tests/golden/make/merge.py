#!/usr/bin/env python3
"""Golden values of rules that merge weights, in double precision, from other people's code.

Usage: python tests/golden/make/merge.py [OUT]    (default tests/golden/merge.json)

| rule | whose code |
|---|---|
| interpolation, slerp, task-arithmetic, breadcrumbs, model-stock | mergekit: the methods of `merge_state_dicts` |
| ties, dare, dare-ties, magmax, regmean, fisher, TALL and consensus masks | fusion_bench, whose functions are those of the papers' authors |
| random, LiNeS, ages | nobody's package: written here as FoMo-in-Flux's and LiNeS's own code have them |

README.md beside this file states inputs, layout and versions. What a package asks for in another form (uniform numbers,
Fishers with a floor added in place of a least value, kernels as matrices) is said where it is handed over.
"""

import contextlib
import io
import itertools
import json
import math
import pathlib
import sys
from importlib import metadata

import numpy as np
import torch
from fusion_bench.method.dare.utils import param_random_drop_
from fusion_bench.method.fisher_merging.fisher_merging import merging_with_fisher_weights
from fusion_bench.method.magmax.magmax import _magmax_select
from fusion_bench.method.regmean.regmean import merging_with_regmean_weights
from fusion_bench.method.tall_mask import utils as tall
from fusion_bench.method.ties_merging.ties_merging_utils import disjoint_merge, resolve_sign, ties_merging
from mergekit.merge_methods.api import merge_state_dicts

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

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
    """Change of weights number i; some values do not move, and number 2 undoes number 1 at k = 10 and 30.

    Numbers 4 to 6 go much the same way, so that model stock has angles below a right one.
    """
    if i > 3:
        return grid(0.3 * np.sin(0.9 * K) + 0.1 * np.sin((0.9 + 0.13 * i) * K + i))
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


def state(flat):
    """A flat vector as a state dict."""
    return {path: torch.tensor(view).reshape(SHAPES[path]) for path, view in tensors(flat)}


def flat(state):
    return np.concatenate([state[path].reshape(-1).numpy() for path in SHAPES])


def mergekit(method, thetas, start=None, **parameters):
    models = {f"m{at}": state(theta) for at, theta in enumerate(thetas)}
    if start is None:
        return flat(merge_state_dicts(models, method, parameters=parameters))
    return flat(merge_state_dicts({"start": state(start), **models}, method, base="start", parameters=parameters))


def interpolation(thetas, raw, **_):
    """mergekit normalises the weights itself, so it gets ages and no shares."""
    return mergekit("linear", thetas, weight=[float(w) for w in raw], normalize=True)


def slerp(thetas, raw, **_):
    return mergekit("slerp", thetas[1:], start=thetas[0], t=float(raw[1]))


def random(thetas, raw, **_):
    """Each weight of a model drawn by its share, as in FoMo-in-Flux, whose shares are equal."""
    choice = np.searchsorted(np.cumsum(raw / raw.sum())[:-1], lots(0), side="right")
    return np.choose(choice, thetas)


def lists(thetas):
    """Parameters by path, a list of one tensor for each model."""
    return {path: [state(theta)[path] for theta in thetas] for path in SHAPES}


def weighted_fisher(thetas, raw, numbers, **_):
    """fusion_bench adds the floor; the authors take the larger of the two, so the floor is taken off what it gets."""
    fishers = [state(np.maximum(fisher(i), FLOOR) - FLOOR) for i in numbers]
    shares = torch.tensor(raw / raw.sum())
    return flat(merging_with_fisher_weights(lists(thetas), fishers, shares, normalize_fisher_weight=False, minimal_fisher_weight=FLOOR))


def regmean(thetas, raw, numbers, settings, **_):
    """fusion_bench has no shares, so each product of inputs is handed over times its share, with the ridge of the
    deviation on its diagonal, which it leaves alone; matrices are [in, out] and kernels turned to that. What is no matrix
    is averaged by mergekit, which knows shares."""
    shares = raw / raw.sum()
    matrices, inputs = {}, [{} for _ in numbers]
    for path, shape in SHAPES.items():
        if not path.endswith(".weight"):
            continue
        name, kernel = path.removesuffix(".weight"), len(shape) > 2
        width = math.prod(shape[1:]) if kernel else shape[0]
        turn = (lambda w: w.reshape(shape[0], -1).T) if kernel else (lambda w: w)
        matrices[path] = [turn(state(theta)[path]) for theta in thetas]
        for seen, share, i in zip(inputs, shares, numbers):
            g = gram(i, name, width)
            seen[name] = torch.tensor(share * (g + RIDGE * np.trace(g) / width * np.eye(width)))
    alpha = settings.get("off_diagonal", 0.9)
    solved = merging_with_regmean_weights(matrices, inputs, reduce_non_diagonal_ratio=alpha, weight_transpose=False)
    merged = state(interpolation(thetas, raw))
    for path, w in solved.items():
        merged[path] = (w.T if len(SHAPES[path]) > 2 else w).reshape(SHAPES[path])
    return flat(merged)


def model_stock(thetas, **_):
    """Where the mean cosine is below 0 mergekit's t is, too, and clbench's is 0: such weights are no case here."""
    for (path, start), *models in zip(tensors(START), *map(tensors, thetas)):
        offsets = [model - start for _, model in models]
        cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for a, b in itertools.combinations(offsets, 2)]
        assert np.mean(cosines) > 0, path
    return mergekit("model_stock", thetas, start=START)


def arithmetic(taus, settings):
    return mergekit("task_arithmetic", [START + tau for tau in taus], start=START, weight=[1.0] * len(taus), normalize=False) - START


def elect(taus, how):
    return disjoint_merge(taus, f"dis-{how}", resolve_sign(taus)).numpy()


def ties(taus, settings):
    """The function keeps ⌊k·n⌋ + 1 of n values, which is k·n rounded for the densities here; and none is to be trimmed
    at density 1, where it fails."""
    density, how = settings.get("density", 0.2), settings.get("combine", "mean")
    taus = torch.tensor(np.stack(taus))
    if density == 1:
        return elect(taus, how)
    assert int(density * SIZE) + 1 == math.floor(density * SIZE + 0.5), density
    return ties_merging(taus, reset_thresh=density, merge_func=f"dis-{how}").numpy()


def dropped(taus, settings):
    """The function keeps what has a number above p; it gets the complements of the numbers of this file."""
    kept, drawn = settings.get("density", 0.2), torch.rand_like
    out = []
    for at, tau in enumerate(taus):
        tau = torch.tensor(tau)
        torch.rand_like = lambda like: torch.tensor(1 - lots(at))
        try:
            param_random_drop_(tau, 1 - kept, rescale=True)
        finally:
            torch.rand_like = drawn
        out.append(tau)
    return torch.stack(out)


def dare(taus, settings):
    return arithmetic(list(dropped(taus, settings).numpy()), settings)


def dare_ties(taus, settings):
    return elect(dropped(taus, settings), settings.get("combine", "mean"))


def breadcrumbs(taus, settings):
    """mergekit keeps nothing of a tensor with density · n < 1, where clbench keeps one: such densities are no case here."""
    density, top = settings.get("density", 0.2), settings.get("top", 0.01)
    assert all(density * math.prod(shape) >= 1 for shape in SHAPES.values())
    models = [START + tau for tau in taus]
    count = len(taus)
    return mergekit("breadcrumbs", models, start=START, weight=[1.0] * count, density=[density] * count, gamma=[top] * count, normalize=False) - START


def magmax(taus, settings):
    return flat(_magmax_select([state(tau) for tau in taus]))


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
    """TALL masks of each task, and what at least k of them have in common. The authors' function reads masks from a file;
    it is handed them."""
    k = min(settings.get("consensus", 0), len(taus))
    if k == 0:
        return merged
    start, taus, merged = torch.tensor(START), torch.tensor(np.stack(taus)), torch.tensor(merged)
    masks = tall.generate_task_masks(taus, start + taus, start, tv=merged, tall_mask_lambda=settings.get("agreement", 0.4))
    by_task = {str(at): {"all": mask} for at, mask in enumerate(masks)}
    load, tall.load_tall_mask = tall.load_tall_mask, lambda *_: by_task
    try:
        agreed = tall.construct_consensus_mask(None, k, None)
    finally:
        tall.load_tall_mask = load
    return (merged * agreed).numpy()


def lines(merged, settings):
    """LiNeS: alpha + beta l/(L-1) for block l, alpha outside of blocks; its square and root as in FoMo-in-Flux."""
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


def raw_of(settings, n):
    raw = [AGES[settings.get("ages", "uniform")](i) for i in range(1, n + 1)]
    return np.array(raw[::-1] if settings.get("reverse") else raw, dtype=np.float64)


def merge(settings, numbers, raw):
    thetas = [START + tau(i) for i in numbers]
    rule = settings["rule"]
    if rule in AVERAGES:
        merged = AVERAGES[rule](thetas, raw=raw, numbers=numbers, settings=settings)
    else:
        taus = [tau(i) for i in numbers]
        vector = consensus(VECTORS[rule](taus, settings), taus, settings)
        merged = START + settings.get("scale", 1.0) * vector
    return lines(merged, settings)


def cases():
    three, two, near = [1, 2, 3], [1, 2], [4, 5, 6]
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
    yield {"rule": "breadcrumbs", "density": 0.75, "top": 0.2, "scale": 0.8}, two, None
    yield {"rule": "magmax", "scale": 0.5}, three, None
    yield {"rule": "model-stock"}, near[:2], None
    yield {"rule": "model-stock"}, near, None
    yield {"rule": "fisher"}, three, None
    yield {"rule": "fisher", "ages": "linear"}, three, None
    yield {"rule": "regmean"}, three, None
    yield {"rule": "regmean", "off_diagonal": 0.1, "ages": "sqrt"}, three, None
    yield {"rule": "random", "ages": "linear"}, three, None
    for k in (1, 2, 3, 9):
        yield {"rule": "task-arithmetic", "consensus": k}, three, None
    yield {"rule": "ties", "density": 0.5, "consensus": 2, "agreement": 0.8}, three, None
    yield {"rule": "ties", "density": 1.0, "consensus": 2}, three, None
    yield {"rule": "ties", "density": 1.0, "combine": "sum", "consensus": 3, "agreement": 0.3}, near, None
    yield {"rule": "dare", "density": 0.6, "consensus": 1, "agreement": 1.1}, three, None
    yield {"rule": "magmax", "consensus": 2}, three, None
    for shape in ("linear", "square", "sqrt"):
        yield {"rule": "interpolation", "lines": shape}, three, None
    yield {"rule": "task-arithmetic", "lines": "linear", "shallow": 0.2, "deeper": 0.6}, three, None
    yield {"rule": "model-stock", "lines": "square"}, near, None


def main():
    root = pathlib.Path(__file__).resolve().parents[3]
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/golden/merge.json"
    all_cases = []
    for settings, numbers, given in cases():
        raw = np.array(given) if given else raw_of(settings, len(numbers))
        # The packages tell on standard output what they do.
        with contextlib.redirect_stdout(io.StringIO()):
            merged = merge(settings, numbers, raw)
        all_cases.append({"settings": settings, "of": numbers, "shares": given, "merged": merged.tolist()})
    golden = {
        "by": {name: metadata.version(name) for name in ("mergekit", "fusion-bench", "torch", "numpy")},
        "tensors": [[path, list(shape)] for path, shape in SHAPES.items()],
        "blocks": BLOCKS,
        "sums": [float(START.sum())] + [float(np.abs(tau(i)).sum()) for i in range(1, 7)],
        "cases": all_cases,
    }
    lines_of = [json.dumps(case) for case in golden.pop("cases")]
    head = json.dumps(golden)[:-1]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(head + ', "cases": [\n' + ",\n".join(lines_of) + "\n]}\n")
    print(len(all_cases), "cases")


if __name__ == "__main__":
    main()
