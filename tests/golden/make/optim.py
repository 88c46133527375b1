#!/usr/bin/env python3
"""Golden trajectories of optimisers and learning-rate schedules, with PyTorch.

Usage: python tests/golden/make/optim.py [OUT]    (default tests/golden/optim.json)

Minimises f(x) = 0.5 * sum(a * x^2) in float64 with the full gradient a * x.
README.md beside this file states the JSON layout.
"""

import json
import pathlib
import sys

import torch
from torch.optim import SGD, AdamW
from torch.optim import lr_scheduler as lrs

STEPS = 8
X0 = [1.0, -2.0, 3.0, 0.5]
A = [1.0, 0.5, 2.0, 4.0]

# name: (class, arguments, global-norm clip or None)
OPTIMISERS = {
    "sgd": (SGD, {"lr": 0.1}, None),
    "sgd_momentum_decay": (SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}, None),
    "sgd_nesterov": (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}, None),
    "adamw": (AdamW, {"lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}, None),
    "sgd_clip": (SGD, {"lr": 0.1}, 1.0),
}

# name: (class, arguments, steps). The list is the rate USED at steps 0, 1, ...
SCHEDULES = {
    "cosine": (lrs.CosineAnnealingLR, {"T_max": 10, "eta_min": 0.0}, 10),
    "linear_to_zero": (lrs.LinearLR, {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 10}, 12),
    "linear_warmup": (lrs.LinearLR, {"start_factor": 0.1, "end_factor": 1.0, "total_iters": 5}, 10),
    "step": (lrs.MultiStepLR, {"milestones": [4, 7], "gamma": 0.1}, 10),
}
BASE_RATE = 0.1


def trajectory(cls, kwargs, clip):
    # Two parameters, so that clipping must take the norm over both.
    a = [torch.tensor(A[:2], dtype=torch.float64), torch.tensor(A[2:], dtype=torch.float64)]
    x = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (X0[:2], X0[2:])]
    opt = cls(x, **kwargs)
    points, values, norms = [], [], []
    for _ in range(STEPS):
        opt.zero_grad()
        loss = sum(0.5 * (p * q * q).sum() for p, q in zip(a, x))
        loss.backward()
        values.append(loss.item())
        norms.append(torch.cat([q.grad for q in x]).norm().item())
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(x, clip)
        opt.step()
        points.append(torch.cat([q.detach() for q in x]).tolist())
    return {"x": points, "loss_before": values, "grad_norm_before": norms}


def rates(cls, kwargs, steps):
    opt = SGD([torch.zeros(1, requires_grad=True)], lr=BASE_RATE)
    schedule = cls(opt, **kwargs)
    seen = []
    for _ in range(steps):
        seen.append(opt.param_groups[0]["lr"])
        opt.step()
        schedule.step()
    return seen


def main():
    root = pathlib.Path(__file__).resolve().parents[3]
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/golden/optim.json"
    golden = {
        "torch": torch.__version__.split("+")[0],
        "x0": X0,
        "a": A,
        "steps": STEPS,
        "optimisers": {
            name: {"class": cls.__name__, "args": kwargs, "clip": clip, **trajectory(cls, kwargs, clip)}
            for name, (cls, kwargs, clip) in OPTIMISERS.items()
        },
        "base_rate": BASE_RATE,
        "schedules": {
            name: {"class": cls.__name__, "args": kwargs, "rates": rates(cls, kwargs, steps)}
            for name, (cls, kwargs, steps) in SCHEDULES.items()
        },
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(golden, indent=1) + "\n")
    for name, case in golden["optimisers"].items():
        print(name, case["x"][-1])


if __name__ == "__main__":
    main()
