#!/usr/bin/env python3
"""Trajectories of GaLore's authors' own optimizer, `galore_torch.GaLoreAdamW`.

Made with Python 3.11, torch 2.11 and galore-torch 1.0 by
    python tests/golden/make/galore.py > tests/golden/galore.json

Minimises sum(a * (x - x0)^2) / 2 over two matrices, one wide and one high, without decay (the code decays after the
step, clbench before it, as AdamW does). Element k of a tensor of n is sin(k + 1) for x, cos(2 k) for x0 and 1 + k / n
for a. Five steps with one projection; a second choice of it would depend on the signs of singular vectors.
"""
import json

import torch
from galore_torch import GaLoreAdamW


def main():
    xs, problems = [], []
    for shape in [(3, 5), (6, 4)]:
        n = shape[0] * shape[1]
        k = torch.arange(n, dtype=torch.float64)
        xs.append(torch.nn.Parameter(torch.sin(k + 1).reshape(shape)))
        problems.append((torch.cos(2 * k).reshape(shape), (1 + k / n).reshape(shape)))
    group = {"params": xs, "rank": 2, "update_proj_gap": 200, "scale": 2.0, "proj_type": "std"}
    optimizer = GaLoreAdamW([group], lr=0.1, eps=1e-12, weight_decay=0.0, no_deprecation_warning=True)
    steps = []
    for _ in range(5):
        optimizer.zero_grad()
        sum((a * (x - x0) ** 2).sum() / 2 for x, (x0, a) in zip(xs, problems)).backward()
        optimizer.step()
        steps.append([x.detach().flatten().tolist() for x in xs])
    print(json.dumps({"shapes": [[3, 5], [6, 4]], "steps": steps}))


main()
