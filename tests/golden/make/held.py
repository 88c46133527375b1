#!/usr/bin/env python3
"""Bytes that PyTorch keeps for the backward pass of small networks.

Usage: python tests/golden/make/held.py [OUT]    (default tests/golden/held.json)

Made with PyTorch 2.11.0 on the CPU. `torch.autograd.graph.saved_tensors_hooks`
sees every tensor that a forward pass packs for its backward pass; each storage
counts once, parameters and running statistics do not count. README.md beside
this file says how clbench's own count differs.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F

BATCH, CLASSES = 4, 5


def fill(*shape):
    """Distinct numbers, so that clbench tells tensors apart."""
    count = torch.Size(shape).numel()
    return torch.sin(0.37 * torch.arange(count, dtype=torch.float64) + count).float().reshape(shape)


class Net(torch.nn.Module):
    """Parameters by clbench's paths; `frozen` says which are not trained."""

    def __init__(self, shapes, buffers, frozen):
        super().__init__()
        self.p = {path: fill(*shape).requires_grad_(not frozen(path)) for path, shape in shapes.items()}
        self.b = {path: torch.ones(width) for path, width in buffers.items()}

    def linear(self, name, x):
        y = F.linear(x, self.p[f"{name}.weight"].t(), self.p.get(f"{name}.bias"))
        if f"{name}.lora0.a" in self.p:
            y = y + F.linear(F.linear(x, self.p[f"{name}.lora0.a"].t()), self.p[f"{name}.lora0.b"].t()) * 0.5
        return y

    def conv(self, name, x):
        return F.conv2d(x, self.p[f"{name}.weight"], self.p.get(f"{name}.bias"), padding=1)

    def batch_norm(self, name, x):
        b = [self.b[f"{name}.mean"], self.b[f"{name}.var"]]
        return F.batch_norm(x, *b, self.p[f"{name}.gamma"], self.p[f"{name}.beta"], training=True)

    def layer_norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.p[f"{name}.gamma"], self.p[f"{name}.beta"])


def mlp(net, x):
    x = F.relu(net.linear("body.0", x.flatten(1)))
    x = F.relu(net.linear("body.1", x))
    return net.linear("head", x)


def cnn(net, x):
    for layer in range(2):
        x = F.relu(net.batch_norm(f"body.{layer}.norm", net.conv(f"body.{layer}", x)))
        x = F.max_pool2d(x, 2)
    x = F.relu(net.linear("body.2", x.flatten(1)))
    return net.linear("head", x)


def vit(net, x, patch=4, heads=2):
    batch, channels, height, width = x.shape
    x = x.reshape(batch, channels, height // patch, patch, width // patch, patch)
    x = x.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * patch * patch)
    x = net.linear("body.patch", x) + net.p["body.position"]
    y = net.layer_norm("body.0.norm1", x)
    b, t, w = y.shape
    q, k, v = (
        net.linear(f"body.0.{part}", y).reshape(b, t, heads, w // heads).transpose(1, 2)
        for part in ("query", "key", "value")
    )
    weights = torch.softmax(q @ k.transpose(2, 3) / (w // heads) ** 0.5, 3)
    y = (weights @ v).transpose(1, 2).reshape(b, t, w)
    x = x + net.linear("body.0.out", y)
    y = net.layer_norm("body.0.norm2", x)
    x = x + net.linear("body.0.down", F.gelu(net.linear("body.0.up", y)))
    return net.linear("head", net.layer_norm("body.norm", x).mean(1))


def held(run, shapes, buffers, input, frozen):
    """Bytes by storage, and how many of them are indices or other integers."""
    net = Net(shapes, buffers, frozen)
    own = {t.untyped_storage().data_ptr() for t in [*net.p.values(), *net.b.values()]}
    kept, keep = {}, []

    def pack(tensor):
        keep.append(tensor)
        at = tensor.untyped_storage().data_ptr()
        if at not in own:
            kept[at] = (tensor.untyped_storage().nbytes(), str(tensor.dtype), list(tensor.shape))
        return tensor

    x = fill(BATCH, *input)
    labels = torch.tensor([(3 * i + 1) % CLASSES for i in range(BATCH)])
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = F.cross_entropy(run(net, x), labels)
    loss.backward()
    rows = sorted(kept.values(), key=lambda row: (-row[0], row[2]))
    return {
        "bytes": sum(size for size, _, _ in rows),
        "tensors": [{"bytes": size, "dtype": kind, "shape": shape} for size, kind, shape in rows],
    }


def linear(name, inputs, outputs):
    return {f"{name}.weight": (inputs, outputs), f"{name}.bias": (outputs,)}


def norm(name, width):
    return {f"{name}.gamma": (width,), f"{name}.beta": (width,)}


def cases():
    sizes = {**linear("body.0", 48, 16), **linear("body.1", 16, 12), **linear("head", 12, CLASSES)}
    plain = {"body": "mlp", "widths": [16, 12]}
    lora = dict(sizes)
    for name, inputs, outputs in (("body.0", 48, 16), ("body.1", 16, 12)):
        lora |= {f"{name}.lora0.a": (inputs, 2), f"{name}.lora0.b": (2, outputs)}
    sizes_cnn = {
        "body.0.weight": (6, 3, 3, 3), **norm("body.0.norm", 6),
        "body.1.weight": (8, 6, 3, 3), **norm("body.1.norm", 8),
        **linear("body.2", 8 * 2 * 2, 10), **linear("head", 10, CLASSES),
    }
    buffers = {f"body.{layer}.norm.{what}": width for layer, width in ((0, 6), (1, 8)) for what in ("mean", "var")}
    sizes_vit = {
        **linear("body.patch", 48, 8), "body.position": (4, 8),
        **norm("body.0.norm1", 8), **norm("body.0.norm2", 8),
        **linear("body.0.query", 8, 8), **linear("body.0.key", 8, 8),
        **linear("body.0.value", 8, 8), **linear("body.0.out", 8, 8),
        **linear("body.0.up", 8, 16), **linear("body.0.down", 16, 8),
        **norm("body.norm", 8), **linear("head", 8, CLASSES),
    }
    cnn_net = {"body": "cnn", "channels": [6, 8], "hidden": 10, "batch_norm": True}
    vit_net = {"body": "vit", "patch": 4, "width": 8, "depth": 1, "heads": 2, "ratio": 2}
    small, large = (3, 4, 4), (3, 8, 8)
    nothing = lambda _: False
    body = lambda path: not path.startswith("head")
    matrices = lambda path: path.startswith("body") and path.endswith(".weight")
    yield "mlp", plain, "full", small, mlp, sizes, {}, nothing
    yield "mlp_head", plain, "head", small, mlp, sizes, {}, body
    yield "mlp_lora", plain, "lora", small, mlp, lora, {}, matrices
    yield "cnn_batch_norm", cnn_net, "full", large, cnn, sizes_cnn, buffers, nothing
    yield "vit", vit_net, "full", large, vit, sizes_vit, {}, nothing
    yield "vit_frozen_matrices", vit_net, "biases", large, vit, sizes_vit, {}, matrices


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden/held.json")
    torch.set_num_threads(1)
    found = {"torch": torch.__version__, "batch": BATCH, "classes": CLASSES, "cases": {}}
    for name, net, trained, input, run, shapes, buffers, frozen in cases():
        found["cases"][name] = {"net": net, "trained": trained, "input": input,
                                **held(run, shapes, buffers, input, frozen)}
    out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
