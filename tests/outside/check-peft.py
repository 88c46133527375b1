"""Reads adapters that `clbench export peft` wrote with peft itself, merges them, and compares with the run's weights.

    python check-peft.py RUN OUT       OUT as written by: clbench export peft RUN -o OUT

Needs torch, peft and safetensors. The base is built from base_model.safetensors by the shapes of its tensors.
"""

import sys
from pathlib import Path

import numpy
import torch
from peft import PeftModel
from safetensors.numpy import load_file


class Tree(torch.nn.Module):
    """Modules at dotted names."""

    def put(self, name, module):
        *parents, last = name.split(".")
        at = self
        for parent in parents:
            if not hasattr(at, parent):
                setattr(at, parent, Tree())
            at = getattr(at, parent)
        setattr(at, last, module)


def base(folder):
    tensors = load_file(folder / "base_model.safetensors")
    tree = Tree()
    for key, value in tensors.items():
        name = key.removesuffix(".weight")
        if key == name or value.ndim not in (2, 4):
            continue
        bias = tensors.get(f"{name}.bias")
        if value.ndim == 2:
            module = torch.nn.Linear(value.shape[1], value.shape[0], bias=bias is not None)
        else:
            module = torch.nn.Conv2d(value.shape[1], value.shape[0], value.shape[2:], bias=bias is not None)
        module.weight.data = torch.from_numpy(value.copy())
        if bias is not None:
            module.bias.data = torch.from_numpy(bias.copy())
        tree.put(name, module)
    return tree


def dense(run, name, index):
    """W and one adapter of it in double precision, in clbench's layout, from the run's own file."""
    find = lambda path: next((run[f"{part}.{path}"] for part in ("theta", "frozen") if f"{part}.{path}" in run), None)
    part = lambda what: find(f"{name}.lora{index}.{what}")
    weight = find(f"{name}.weight").astype(numpy.float64)
    if part("outer") is not None:
        inputs, outputs = weight.shape
        a, b = find("shared.lora.a")[:, :inputs], find("shared.lora.b")[:outputs]
        weight = weight + (a.T * part("inner")) @ b.T * part("outer")
    else:
        a, b, scale = part("a"), part("b"), part("scale")[0]
        product = a @ b if weight.ndim == 2 else numpy.einsum("orxy,rihw->oihw", b, a)
        weight = weight + scale * product
    if part("magnitude") is not None:
        axis = 0 if weight.ndim == 2 else (1, 2, 3)
        norm = numpy.sqrt((weight**2).sum(axis=axis, keepdims=True))
        length = part("magnitude").reshape(norm.shape)
        weight = weight * length / norm
    return weight.T if weight.ndim == 2 else weight


def main(run, out):
    run = load_file(Path(run) / "artifact" / "weights.safetensors")
    folders = sorted(path.parent for path in Path(out).rglob("adapter_config.json"))
    assert folders, "nothing was written"
    compared = 0
    for folder in folders:
        index = int(folder.name.removeprefix("lora"))
        here = run
        if folder.parent.name.startswith("route"):
            own = f"frozen.{folder.parent.name}.theta."
            here = run | {"theta." + key.removeprefix(own): value for key, value in run.items() if key.startswith(own)}
        model = PeftModel.from_pretrained(base(folder), str(folder))
        adapted = [name for name, module in model.base_model.model.named_modules() if hasattr(module, "merge")]
        assert adapted, f"peft adapted nothing of {folder}"
        merged = model.merge_and_unload()
        for name in adapted:
            found, expected = merged.get_submodule(name).weight.detach().numpy(), dense(here, name, index)
            gap = numpy.abs(found - expected).max()
            assert gap < 1e-5, f"{folder}, {name}: {gap} apart"
            compared += 1
    print(f"peft: {len(folders)} adapters, {compared} matrices merged as clbench merges them")


main(*sys.argv[1:])
