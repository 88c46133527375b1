#!/usr/bin/env python3
"""Reference values of adapters from `peft`: outputs, gradients and merged weights of LoRA, rsLoRA, DoRA and VeRA.

Made with Python 3.11, torch 2.11, peft 0.21.2 by
    python tests/golden/make/adapters.py > tests/golden/peft.json

Each case holds one layer's weight and bias, its adapter, an input, a cotangent, and what peft makes of them: the output,
the gradients of (output * cotangent).sum() and the weight after merging. Layouts are torch's: a matrix is [out, in].
"""
import json

import torch
from peft import LoraConfig, VeraConfig, get_peft_model


class Net(torch.nn.Module):
    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)


def flat(tensor):
    return {"shape": list(tensor.shape), "values": [float(v) for v in tensor.detach().flatten()]}


def fill(parameters):
    """Values that no initialisation chose: a golden of zeros would prove nothing."""
    for name, parameter in parameters:
        parameter.data = torch.randn_like(parameter) * 0.3
        if "magnitude" in name:
            parameter.data = parameter.data.abs() + 0.5


def case(kind, layer, stride, x, weight, bias, parts):
    y = layer(x)
    cotangent = torch.randn_like(y)
    (y * cotangent).sum().backward()
    grads = {name: flat(parameter.grad) for name, parameter in parts.items() if parameter.grad is not None}
    layer.merge()
    return {
        "kind": kind,
        "stride": stride,
        "x": flat(x),
        "weight": flat(weight),
        "bias": flat(bias),
        "parts": {name: flat(parameter) for name, parameter in parts.items()},
        "y": flat(y),
        "cotangent": flat(cotangent),
        "grads": grads,
        "x_grad": flat(x.grad),
        "merged": flat(layer.get_base_layer().weight),
    }


def lora(kind, layer, stride, x, **settings):
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    config = LoraConfig(r=3, lora_alpha=6, target_modules=["layer"], **settings)
    adapted = get_peft_model(Net(layer=layer), config).base_model.model.layer
    a, b = adapted.lora_A["default"].weight, adapted.lora_B["default"].weight
    parts = {"a": a, "b": b}
    if settings.get("use_dora"):
        parts["magnitude"] = adapted.lora_magnitude_vector["default"].weight
    fill(parts.items())
    result = case(kind, adapted, stride, x, weight, bias, parts)
    result["scale"] = adapted.scaling["default"]
    return result


def vera(x, x_wide):
    """Two layers of different sizes, so that one of them takes a part of the shared pair."""
    narrow, wide = torch.nn.Linear(4, 3), torch.nn.Linear(6, 5)
    before = [(layer.weight.detach().clone(), layer.bias.detach().clone()) for layer in (narrow, wide)]
    config = VeraConfig(r=3, target_modules=["narrow", "wide"], d_initial=0.1, projection_prng_key=7)
    model = get_peft_model(Net(narrow=narrow, wide=wide), config).base_model
    results = []
    for name, data, (weight, bias) in zip(["narrow", "wide"], [x, x_wide], before):
        layer = getattr(model.model, name)
        parts = {"outer": layer.vera_lambda_b["default"], "inner": layer.vera_lambda_d["default"]}
        fill(parts.items())
        result = case("vera", layer, 1, data, weight, bias, parts)
        shared = {"shared_a": model.vera_A["default"], "shared_b": model.vera_B["default"]}
        results.append(result | {key: flat(value) for key, value in shared.items()})
    return results


def main():
    torch.manual_seed(0)

    def rows(width):
        return torch.randn(2, width, requires_grad=True)

    def image():
        return torch.randn(2, 2, 5, 5, requires_grad=True)

    def linear():
        return torch.nn.Linear(4, 3)

    def conv():
        return torch.nn.Conv2d(2, 4, 3, stride=2, padding=1)

    cases = [
        lora("lora", linear(), 1, rows(4)),
        lora("rslora", linear(), 1, rows(4), use_rslora=True),
        lora("dora", linear(), 1, rows(4), use_dora=True),
        lora("lora", conv(), 2, image()),
        lora("dora", conv(), 2, image(), use_dora=True),
        *vera(rows(4), rows(6)),
    ]
    print(json.dumps(cases))


main()
