#!/usr/bin/env python3
"""Golden values of the built-in networks, computed with PyTorch.

Usage: python tests/golden/make/nets.py [OUT]    (default tests/golden/nets.json)

Every network is a plain function of a dict of tensors, with the path names and
the tensor layouts of clbench. README.md beside this file states the value
formula, the JSON layout and how FLOPs are counted.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

EPS = 1e-5
MOMENTUM = 0.1
RANK = 4


# SqueezeNet 1.1: channels squeezed to, and expanded to by each of two kernels.
FIRES = [
    ("fire2", 16, 64), ("fire3", 16, 64), ("fire4", 32, 128), ("fire5", 32, 128),
    ("fire6", 48, 192), ("fire7", 48, 192), ("fire8", 64, 256), ("fire9", 64, 256),
]
# Bodies that see pixels from 0 to 255.
PIXELS = ("squeezenet",)


# A network is described once, as an ordered list of (path, kind, shape), from
# which the values are made; the forward functions below read the same paths.


def linear_spec(path, n_in, n_out):
    return [
        (f"{path}.weight", "weight", (n_in, n_out)),
        (f"{path}.bias", "bias", (n_out,)),
    ]


def conv_spec(path, n_in, n_out, k, bias):
    spec = [(f"{path}.weight", "weight", (n_out, n_in, k, k))]
    if bias:
        spec.append((f"{path}.bias", "bias", (n_out,)))
    return spec


def kernel_spec(path, n_in, n_out, k, bias):
    """A convolution whose values keep a signal's size through many layers."""
    (name, _, shape), *rest = conv_spec(path, n_in, n_out, k, bias)
    return [(name, "kernel", shape), *rest]


def batch_norm_spec(path, n):
    return [
        (f"{path}.gamma", "gamma", (n,)),
        (f"{path}.beta", "beta", (n,)),
        (f"{path}.mean", "mean", (n,)),
        (f"{path}.var", "var", (n,)),
    ]


def layer_norm_spec(path, n):
    return [(f"{path}.gamma", "gamma", (n,)), (f"{path}.beta", "beta", (n,))]


def net_spec(net, shape, classes):
    """(path, kind, shape) of every parameter and buffer, in forward order."""
    _, c, h, w = shape
    kind = net["kind"]
    spec = []
    if kind == "mlp":
        n = c * h * w
        for i, width in enumerate(net["widths"]):
            spec += linear_spec(f"body.{i}", n, width)
            if net["batch_norm"]:
                spec += batch_norm_spec(f"body.{i}.norm", width)
            n = width
    elif kind == "cnn":
        n = c
        for i, width in enumerate(net["channels"]):
            spec += conv_spec(f"body.{i}", n, width, 3, not net["batch_norm"])
            if net["batch_norm"]:
                spec += batch_norm_spec(f"body.{i}.norm", width)
            n, h, w = width, h // 2, w // 2
        last = len(net["channels"])
        spec += linear_spec(f"body.{last}", n * h * w, net["hidden"])
        n = net["hidden"]
    elif kind == "resnet18":
        n = net["width"]
        spec += conv_spec("body.stem", c, n, 3, False)
        spec += batch_norm_spec("body.stem.norm", n)
        for s in range(4):
            out = net["width"] << s
            for b in range(2):
                p = f"body.{s}.{b}"
                spec += conv_spec(f"{p}.conv1", n, out, 3, False)
                spec += batch_norm_spec(f"{p}.norm1", out)
                spec += conv_spec(f"{p}.conv2", out, out, 3, False)
                spec += batch_norm_spec(f"{p}.norm2", out)
                if n != out:
                    spec += conv_spec(f"{p}.shortcut", n, out, 1, False)
                    spec += batch_norm_spec(f"{p}.shortcut_norm", out)
                n = out
    elif kind == "vit":
        p, d = net["patch"], net["width"]
        spec += linear_spec("body.patch", c * p * p, d)
        spec.append(("body.position", "position", ((h // p) * (w // p), d)))
        for i in range(net["depth"]):
            b = f"body.{i}"
            spec += layer_norm_spec(f"{b}.norm1", d)
            for name in ("query", "key", "value", "out"):
                spec += linear_spec(f"{b}.{name}", d, d)
            spec += layer_norm_spec(f"{b}.norm2", d)
            spec += linear_spec(f"{b}.up", d, net["ratio"] * d)
            spec += linear_spec(f"{b}.down", net["ratio"] * d, d)
        spec += layer_norm_spec("body.norm", d)
        n = d
    elif kind == "squeezenet":
        spec += kernel_spec("body.conv1", 3, 64, 3, True)
        n = 64
        for fire, squeezed, expanded in FIRES:
            spec += kernel_spec(f"body.{fire}.squeeze1x1", n, squeezed, 1, True)
            spec += kernel_spec(f"body.{fire}.expand1x1", squeezed, expanded, 1, True)
            spec += kernel_spec(f"body.{fire}.expand3x3", squeezed, expanded, 3, True)
            n = 2 * expanded
    else:
        raise ValueError(kind)
    return spec + linear_spec("head", n, classes)


def wave(path, shape):
    phase = sum(path.encode())
    return [math.sin(0.37 * k + phase) for k in range(math.prod(shape))]


def values(path, kind, shape):
    """Element k (row-major) of the tensor at `path`, in Python floats (f64)."""
    if kind == "weight":
        fan_in = shape[0] if len(shape) == 2 else math.prod(shape[1:])
        scale = 1.0 / math.sqrt(fan_in)
        return [scale * v for v in wave(path, shape)]
    if kind == "kernel":
        phase, scale = sum(path.encode()), 2.0 / math.sqrt(math.prod(shape[1:]))
        return [scale * math.sin(0.37 * (k * k) + phase) for k in range(math.prod(shape))]
    if kind in ("bias", "beta", "mean"):
        return [0.1 * v for v in wave(path, shape)]
    if kind in ("gamma", "var"):
        return [1.0 + 0.1 * v for v in wave(path, shape)]
    if kind == "position":
        return [0.02 * v for v in wave(path, shape)]
    raise ValueError(kind)


def tensor(data, shape, dtype):
    # Round to float32 first, so that both precisions start from equal numbers.
    return torch.tensor(data, dtype=torch.float64).to(torch.float32).to(dtype).reshape(shape)


def inputs(net, shape, classes, dtype):
    x = [math.sin(0.11 * k + 0.5) for k in range(math.prod(shape))]
    if net["kind"] in PIXELS:
        x = [127.5 + 127.5 * v for v in x]
    y = torch.tensor([(3 * i + 1) % classes for i in range(shape[0])])
    return tensor(x, shape, dtype), y


class Ctx:
    """The tensors of a network, the phase, and the adapters if there are any."""

    def __init__(self, tensors, train, adapters=None):
        self.t = tensors
        self.train = train
        self.adapters = adapters or {}

    def linear(self, p, x):
        y = x @ self.t[f"{p}.weight"] + self.t[f"{p}.bias"]
        if p in self.adapters:
            a, b = self.adapters[p]
            y = y + (x @ a) @ b
        return y

    def conv(self, p, x, stride=1, padding=1):
        weight = self.t[f"{p}.weight"]
        groups = x.shape[1] // weight.shape[1]
        y = F.conv2d(x, weight, self.t.get(f"{p}.bias"), stride, padding, groups=groups)
        if p in self.adapters:
            a, b = self.adapters[p]
            y = y + F.conv2d(F.conv2d(x, a, None, stride, padding), b)
        return y

    def conv_same(self, p, x, stride=1):
        """TensorFlow's padding: as little as the output's size asks, the odd row behind."""
        side = self.t[f"{p}.weight"].shape[-1]
        pad = []
        for size in (x.shape[3], x.shape[2]):  # F.pad begins with the last axis
            total = max((-(-size // stride) - 1) * stride + side - size, 0)
            pad += [total // 2, total - total // 2]
        return self.conv(p, F.pad(x, pad), stride, 0)

    def batch_norm(self, p, x, eps=EPS):
        t = self.t
        # In training this also updates mean and var in place (var unbiased).
        return F.batch_norm(
            x, t[f"{p}.mean"], t[f"{p}.var"], t[f"{p}.gamma"], t[f"{p}.beta"],
            self.train, MOMENTUM, eps,
        )

    def layer_norm(self, p, x):
        gamma, beta = self.t[f"{p}.gamma"], self.t[f"{p}.beta"]
        return F.layer_norm(x, gamma.shape, gamma, beta, EPS)


def mlp(net, ctx, x):
    x = x.flatten(1)
    for i in range(len(net["widths"])):
        x = ctx.linear(f"body.{i}", x)
        if net["batch_norm"]:
            x = ctx.batch_norm(f"body.{i}.norm", x)
        x = F.relu(x)
    return ctx.linear("head", x)


def cnn(net, ctx, x):
    n = len(net["channels"])
    for i in range(n):
        x = ctx.conv(f"body.{i}", x)
        if net["batch_norm"]:
            x = ctx.batch_norm(f"body.{i}.norm", x)
        x = F.max_pool2d(F.relu(x), 2)
    x = F.relu(ctx.linear(f"body.{n}", x.flatten(1)))
    return ctx.linear("head", x)


def resnet18(net, ctx, x):
    x = F.relu(ctx.batch_norm("body.stem.norm", ctx.conv("body.stem", x)))
    for s in range(4):
        for b in range(2):
            p = f"body.{s}.{b}"
            stride = 2 if s > 0 and b == 0 else 1
            y = F.relu(ctx.batch_norm(f"{p}.norm1", ctx.conv(f"{p}.conv1", x, stride)))
            y = ctx.batch_norm(f"{p}.norm2", ctx.conv(f"{p}.conv2", y))
            if f"{p}.shortcut.weight" in ctx.t:
                x = ctx.conv(f"{p}.shortcut", x, stride, 0)
                x = ctx.batch_norm(f"{p}.shortcut_norm", x)
            x = F.relu(x + y)
    return ctx.linear("head", x.mean((2, 3)))


def vit(net, ctx, x):
    b, c, h, w = x.shape
    p, d, heads = net["patch"], net["width"], net["heads"]
    x = x.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5)
    x = x.reshape(b, (h // p) * (w // p), c * p * p)
    n = x.shape[1]
    x = ctx.linear("body.patch", x) + ctx.t["body.position"]

    def split(z):  # [b, n, d] -> [b, heads, n, d / heads]
        return z.reshape(b, n, heads, d // heads).transpose(1, 2)

    for i in range(net["depth"]):
        block = f"body.{i}"
        y = ctx.layer_norm(f"{block}.norm1", x)
        q, k, v = (split(ctx.linear(f"{block}.{s}", y)) for s in ("query", "key", "value"))
        a = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(d / heads), -1)
        y = (a @ v).transpose(1, 2).reshape(b, n, d)
        x = x + ctx.linear(f"{block}.out", y)
        y = ctx.layer_norm(f"{block}.norm2", x)
        x = x + ctx.linear(f"{block}.down", F.gelu(ctx.linear(f"{block}.up", y)))
    return ctx.linear("head", ctx.layer_norm("body.norm", x).mean(1))


def squeezenet(net, ctx, x):
    if "upscale" in net:
        x = F.interpolate(x, (net["upscale"],) * 2, mode="bilinear", align_corners=False)
    x = x - torch.tensor([123.0, 117.0, 104.0], dtype=x.dtype, device=x.device).view(1, 3, 1, 1)
    x = F.relu(ctx.conv_same("body.conv1", x.flip(1), 2))
    for fire, _, _ in FIRES:
        if fire in ("fire2", "fire4", "fire6"):
            x = F.max_pool2d(x, 3, 2)
        x = F.relu(ctx.conv_same(f"body.{fire}.squeeze1x1", x))
        parts = [F.relu(ctx.conv_same(f"body.{fire}.{p}", x)) for p in ("expand1x1", "expand3x3")]
        x = torch.cat(parts, 1)
    return ctx.linear("head", x.mean((2, 3)))


FORWARD = {"mlp": mlp, "cnn": cnn, "resnet18": resnet18, "vit": vit, "squeezenet": squeezenet}


def mlp_net(*widths, batch_norm=False):
    return {"kind": "mlp", "widths": list(widths), "batch_norm": batch_norm}


def cnn_net(*channels, hidden, batch_norm=False):
    return {"kind": "cnn", "channels": list(channels), "hidden": hidden, "batch_norm": batch_norm}


def resnet_net(width):
    return {"kind": "resnet18", "width": width}


def vit_net(patch, width, depth, heads, ratio):
    return {
        "kind": "vit", "patch": patch, "width": width, "depth": depth,
        "heads": heads, "ratio": ratio,
    }


# name: (network, input [b, c, h, w], values too?)
CLASSES = 10
CASES = {
    "mlp": (mlp_net(32, 16), (5, 1, 8, 8), True),
    "mlp_batch_norm": (mlp_net(32, 16, batch_norm=True), (5, 1, 8, 8), True),
    "cnn": (cnn_net(4, 8, hidden=16), (4, 1, 8, 8), True),
    "cnn_batch_norm": (cnn_net(4, 8, hidden=16, batch_norm=True), (4, 3, 16, 16), True),
    "resnet18": (resnet_net(4), (3, 3, 16, 16), True),
    "vit": (vit_net(4, 16, 2, 2, 2), (3, 3, 16, 16), True),
    "squeezenet": ({"kind": "squeezenet"}, (2, 3, 32, 32), True),
    "squeezenet_upscaled": ({"kind": "squeezenet", "upscale": 45}, (2, 3, 32, 32), True),
    "mlp_784_256_256_b128": (mlp_net(256, 256), (128, 1, 28, 28), False),
    "cnn_32_64_b64": (cnn_net(32, 64, hidden=128), (64, 3, 32, 32), False),
    "resnet18_20_b10": (resnet_net(20), (10, 3, 32, 32), False),
    "resnet18_64_b32": (resnet_net(64), (32, 3, 32, 32), False),
    "vit_4_192_4_3_4_b16": (vit_net(4, 192, 4, 3, 4), (16, 3, 32, 32), False),
}

BUFFERS = ("mean", "var")
WEIGHTS = ("weight", "kernel")
MODES = ("forward", "step", "frozen", "lora")


def make(spec, dtype):
    return {path: tensor(values(path, kind, shape), shape, dtype) for path, kind, shape in spec}


def run_values(net, shape, spec, dtype):
    forward = FORWARD[net["kind"]]
    x, y = inputs(net, shape, CLASSES, dtype)
    t = make(spec, dtype)
    params = [path for path, kind, _ in spec if kind not in BUFFERS]
    buffers = [path for path, kind, _ in spec if kind in BUFFERS]
    with torch.no_grad():
        logits = forward(net, Ctx(t, False), x)
    for path in params:
        t[path].requires_grad_()
    loss = F.cross_entropy(forward(net, Ctx(t, True), x), y)
    loss.backward()
    # Summed in f64 in both cases; only the network itself runs in `dtype`.
    grads = {path: t[path].grad.double() for path in params}
    # Norm and sum do not see a transposed gradient; the product with a wave does.
    waves = {
        path: torch.tensor(wave(path, g.shape), dtype=torch.float64).view_as(g)
        for path, g in grads.items()
    }
    return {
        "logits": logits.tolist(),
        "loss": loss.item(),
        "grad_norm": {path: g.norm().item() for path, g in grads.items()},
        "grad_sum": {path: g.sum().item() for path, g in grads.items()},
        "grad_dot": {path: (g * waves[path]).sum().item() for path, g in grads.items()},
        "buffers_after": {path: t[path].double().sum().item() for path in buffers},
    }


def adapters(net, spec, device):
    """A and B for every body weight; [in, r] and [r, out], or convolutions."""
    found = {}
    for path, kind, shape in spec:
        if kind not in WEIGHTS or path.startswith("head."):
            continue
        if len(shape) == 2:
            a, b = (shape[0], RANK), (RANK, shape[1])
        else:
            a, b = (RANK, *shape[1:]), (shape[0], RANK, 1, 1)
        found[path.removesuffix(".weight")] = tuple(
            torch.full(s, 0.01, device=device, requires_grad=True) for s in (a, b)
        )
    return found


def trained(mode, path, kind):
    if kind in BUFFERS or mode == "forward":
        return False
    if mode == "step":
        return True
    if mode == "frozen":
        return path.startswith("head.")
    return kind not in WEIGHTS or path.startswith("head.")  # lora


def run_flops(net, shape, spec, mode, device):
    x = torch.zeros(shape, device=device)
    y = torch.zeros(shape[0], dtype=torch.long, device=device)
    t = {}
    count = 0
    for path, kind, s in spec:
        on = trained(mode, path, kind)
        t[path] = torch.full(s, 0.5, device=device, requires_grad=on)
        count += math.prod(s) * on
    extra = adapters(net, spec, device) if mode == "lora" else {}
    count += sum(a.numel() + b.numel() for a, b in extra.values())
    with FlopCounterMode(display=False) as counter:
        logits = FORWARD[net["kind"]](net, Ctx(t, mode != "forward", extra), x)
        if mode != "forward":
            F.cross_entropy(logits, y).backward()
    ops = {str(op): n for op, n in sorted(counter.get_flop_counts()["Global"].items(), key=str)}
    total = counter.get_total_flops()
    assert total == sum(ops.values())
    return {"flops": total, "trained_values": count, "by_op": ops}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    root = pathlib.Path(__file__).resolve().parents[3]
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/golden/nets.json"
    cases = {}
    for name, (net, shape, with_values) in CASES.items():
        spec = net_spec(net, shape, CLASSES)
        case = {"net": net, "input": list(shape), "classes": CLASSES}
        flops = {m: run_flops(net, shape, spec, m, "meta") for m in MODES}
        if with_values:
            for mode, on_meta in flops.items():
                assert run_flops(net, shape, spec, mode, "cpu") == on_meta, (name, mode)
            case["tensors"] = {
                path: {
                    "kind": kind,
                    "shape": list(s),
                    "sum": tensor(values(path, kind, s), s, torch.float64).sum().item(),
                }
                for path, kind, s in spec
            }
            case["f64"] = run_values(net, shape, spec, torch.float64)
            case["f32"] = run_values(net, shape, spec, torch.float32)
        case["flops"] = flops
        cases[name] = case
        worst = ""
        if with_values:
            a, b = case["f64"], case["f32"]
            d = max(abs(p - q) for r, s in zip(a["logits"], b["logits"]) for p, q in zip(r, s))
            g = max(abs(a["grad_norm"][k] - b["grad_norm"][k]) for k in a["grad_norm"])
            worst = f" f32-f64: logits {d:.1e} loss {abs(a['loss'] - b['loss']):.1e} grad_norm {g:.1e}"
        print(name, {m: v["flops"] for m, v in flops.items()}, worst)
    golden = {
        "torch": torch.__version__.split("+")[0],
        "rank": RANK,
        "momentum": MOMENTUM,
        "eps": EPS,
        "cases": cases,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
