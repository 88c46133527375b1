#!/usr/bin/env python3
"""Golden values of the losses of images and texts, and of the text side, computed with PyTorch 2.11.0.

Usage: python tests/golden/make/pairs.py [OUT]    (default tests/golden/pairs.json)

README.md beside this file states the value formulas. Everything is computed in
f64 from numbers that were rounded to f32 once.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import nets

torch.set_num_threads(1)


def rounded(values):
    return torch.tensor(values, dtype=torch.float32).to(torch.float64)


def embeddings(count, width):
    """Images sin(0.7 k + 0.3), texts cos(0.9 k) + half the image: unlike, but not unrelated."""
    images = [math.sin(0.7 * k + 0.3) for k in range(count * width)]
    texts = [math.cos(0.9 * k) + 0.5 * images[k] for k in range(count * width)]
    return rounded(images).reshape(count, width), rounded(texts).reshape(count, width)


def clip(images, texts, scale, pairs):
    """Radford et al. 2021, figure 3. Equal texts are positives of each other's images here, with equal shares of a row:
    clbench counts them as negatives, and the loss and its gradients are the same."""
    logits = F.normalize(images) @ F.normalize(texts).T * scale.clamp(max=math.log(100.0)).exp()
    count = len(images)
    if torch.equal(pairs, torch.eye(count, dtype=torch.float64)):
        labels = torch.arange(count)
        return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
    share = pairs / pairs.sum(1, keepdim=True)
    return (F.cross_entropy(logits, share) + F.cross_entropy(logits.T, share)) / 2


def siglip(images, texts, scale, bias, pairs):
    """Zhai et al. 2023, algorithm 1."""
    logits = F.normalize(images) @ F.normalize(texts).T * scale.exp() + bias
    return -F.logsigmoid((2 * pairs - 1) * logits).sum() / len(images)


def loss_case(kind, count, width, scale, bias, groups):
    images, texts = embeddings(count, width)
    groups = torch.tensor(groups or list(range(count)))
    pairs = (groups[:, None] == groups[None, :]).to(torch.float64)
    leaves = {"images": images, "texts": texts, "scale": rounded([scale])}
    if kind == "siglip":
        leaves["bias"] = rounded([bias])
    for leaf in leaves.values():
        leaf.requires_grad_(True)
    # Equal texts have one vector, that of the first.
    images, texts = leaves["images"], leaves["texts"][groups]
    loss = (
        clip(images, texts, leaves["scale"], pairs)
        if kind == "clip"
        else siglip(images, texts, leaves["scale"], leaves["bias"], pairs)
    )
    loss.backward()
    return {
        "loss": kind,
        "count": count,
        "width": width,
        "scale": scale,
        "bias": bias if kind == "siglip" else None,
        "groups": groups.tolist(),
        "value": loss.item(),
        "gradients": {name: leaf.grad.flatten().tolist() for name, leaf in leaves.items()},
    }


def losses():
    return {
        "clip": loss_case("clip", 5, 8, math.log(1 / 0.07), None, None),
        "clip one": loss_case("clip", 1, 4, math.log(1 / 0.07), None, None),
        "clip cold": loss_case("clip", 6, 4, 1.0, None, None),
        "clip equal texts": loss_case("clip", 6, 8, 2.0, None, [0, 1, 0, 3, 1, 0]),
        "siglip": loss_case("siglip", 5, 8, math.log(10.0), -10.0, None),
        "siglip near": loss_case("siglip", 6, 4, 1.0, 0.5, None),
        "siglip equal texts": loss_case("siglip", 6, 8, 2.0, -1.0, [0, 1, 0, 3, 1, 0]),
    }


# The text side: embeddings, positions, pre-norm blocks with masked attention, the mean over a text's tokens.


def side_spec(side):
    width, hidden = side["width"], side["width"] * side["ratio"]
    spec = [
        ("text.body.embedding", "position", (side["vocabulary"], width)),
        ("text.body.position", "position", (side["length"], width)),
    ]
    for block in range(side["depth"]):
        name = f"text.body.{block}"
        spec += nets.layer_norm_spec(f"{name}.norm1", width) + nets.layer_norm_spec(f"{name}.norm2", width)
        for part in ["query", "key", "value", "out"]:
            spec += nets.linear_spec(f"{name}.{part}", width, width)
        spec += nets.linear_spec(f"{name}.up", width, hidden) + nets.linear_spec(f"{name}.down", hidden, width)
    spec += nets.layer_norm_spec("text.body.norm", width)
    return spec + [("text.projection.weight", "weight", (width, side["space"]))]


def made(spec, dtype):
    """As in nets.py: sin(0.37 k + c), c the sum of the path's bytes, scaled by the kind."""
    tensors = {}
    for path, kind, shape in spec:
        shift = sum(path.encode())
        wave = [math.sin(0.37 * k + shift) for k in range(math.prod(shape))]
        scale = {
            "weight": lambda w: w / math.sqrt(shape[0]),
            "bias": lambda w: 0.1 * w,
            "beta": lambda w: 0.1 * w,
            "gamma": lambda w: 1 + 0.1 * w,
            "position": lambda w: 0.02 * w,
        }[kind]
        values = torch.tensor([scale(w) for w in wave], dtype=torch.float32)
        tensors[path] = values.reshape(shape).to(dtype).requires_grad_(True)
    return tensors


def linear(w, name, x):
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def norm(w, name, x):
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.gamma"], w[f"{name}.beta"], 1e-5)


def read(side, w, texts, dtype):
    length, begin = side["length"], side["vocabulary"] - 1
    ids = [([begin] + list(text.encode()))[:length] for text in texts]
    keep = torch.tensor([[float(k < len(row)) for k in range(length)] for row in ids], dtype=dtype)
    ids = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    x = F.embedding(ids, w["text.body.embedding"]) + w["text.body.position"]
    rows, _, width = x.shape
    heads = side["heads"]
    for block in range(side["depth"]):
        name = f"text.body.{block}"
        y = norm(w, f"{name}.norm1", x)
        q, k, v = (
            linear(w, f"{name}.{part}", y).reshape(rows, length, heads, width // heads).transpose(1, 2)
            for part in ["query", "key", "value"]
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(width // heads)
        scores = scores.masked_fill(keep[:, None, None, :] == 0, -math.inf)
        y = (scores.softmax(3) @ v).transpose(1, 2).reshape(rows, length, width)
        x = x + linear(w, f"{name}.out", y)
        y = norm(w, f"{name}.norm2", x)
        x = x + linear(w, f"{name}.down", F.gelu(linear(w, f"{name}.up", y)))
    x = norm(w, "text.body.norm", x) * keep[:, :, None]
    pooled = x.sum(1) / keep.sum(1, keepdim=True)
    return F.normalize(pooled @ w["text.projection.weight"])


def side_case():
    side = {"vocabulary": 257, "length": 12, "width": 16, "depth": 2, "heads": 2, "ratio": 2, "space": 6}
    texts = ["red", "", "a longer text than fits", "ü"]
    w = made(side_spec(side), torch.float64)
    out = read(side, w, texts, torch.float64)
    weights = rounded([math.sin(0.5 * k) for k in range(out.numel())]).reshape(out.shape)
    (out * weights).sum().backward()
    # Now: the second backward pass below adds to them.
    norms = {path: tensor.grad.norm().item() for path, tensor in w.items()}
    forward, step = FlopCounterMode(display=False), FlopCounterMode(display=False)
    with torch.no_grad(), forward:
        read(side, w, texts, torch.float64)
    with step:
        read(side, w, texts, torch.float64).sum().backward()
    return {
        "side": side,
        "texts": texts,
        "values": out.tolist(),
        "grad_norm": norms,
        "flops": {"forward": forward.get_total_flops(), "step": step.get_total_flops()},
    }


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden/pairs.json")
    out.write_text(json.dumps({"losses": losses(), "side": side_case()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
