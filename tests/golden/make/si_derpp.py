#!/usr/bin/env python3
"""A run of synaptic intelligence by Avalanche's functions, and a step of DER++ by its authors' code.

Usage: python tests/golden/make/si_derpp.py MAMMOTH [OUT]    (default tests/golden/si_derpp.json)

Made with PyTorch 2.11.0 and avalanche-lib 0.6.0. MAMMOTH is a checkout of https://github.com/aimagelab/mammoth, commit
0151ba0, of which models/derpp.py is imported as it is; what it imports of the rest is put in its place here. It starts
from tests/golden/make/whole.in.json, as whole.py does.

- si: create_syn_data, pre_update, post_update, update_ewc_data and compute_ewc_loss of SynapticIntelligencePlugin.
  post_update gets the gradient of the loss alone, as Zenke et al. have it; the plugin's own callbacks leave the penalty's
  gradient in it. Nothing is cut off at the plugin's 0.001. Weights move into new tensors, as what the plugin keeps of them
  on a CPU is a view of the old ones, which a step in place would move, too.
- derpp: `observe` on the step's batch, with the draws out of the memory that clbench had.
"""

import importlib.util
import json
import pathlib
import sys
from types import ModuleType, SimpleNamespace

# The maker of statistics beside this one has the name of a module of Python's own.
sys.path.pop(0)

import torch
import torch.nn.functional as F
from avalanche.training.plugins import SynapticIntelligencePlugin as SI

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def network(theta):
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 6))
    for layer, name in ((net[0], "body.0"), (net[2], "head")):
        weight = torch.tensor(theta[f"{name}.weight"]["values"]).reshape(theta[f"{name}.weight"]["shape"])
        layer.weight.data.copy_(weight.t())
        layer.bias.data.copy_(torch.tensor(theta[f"{name}.bias"]["values"]))
    return net


def batch_of(of):
    return torch.tensor(of["inputs"]), torch.tensor(of["labels"])


NAMES = {"body.0.bias": "0.bias", "body.0.weight": "0.weight", "head.bias": "2.bias", "head.weight": "2.weight"}


def by_path(net, of):
    """What `of` says of each parameter by its name, as clbench orients it."""
    shapes = {name: value.shape for name, value in net.named_parameters()}
    found = {path: of(name).detach().reshape(shapes[name]) for path, name in NAMES.items()}
    return {path: (value.t() if value.dim() > 1 else value).flatten().tolist() for path, value in found.items()}


def si(scene):
    net, none = network(scene["first"]), set()
    values = dict(net.named_parameters())
    ewc, syn = ({}, {}), {key: {} for key in ("old_theta", "new_theta", "grad", "trajectory", "cum_trajectory")}
    steps, importance, task = [], [], None
    for at, step in enumerate(scene["steps"]):
        if step["task"] != task:
            task = step["task"]
            SI.create_syn_data(net, ewc, syn, none)
            SI.init_batch(net, ewc, syn, none)
        SI.pre_update(net, syn, none)
        inputs, labels = batch_of(step["batch"])
        alone = torch.autograd.grad(F.cross_entropy(net(inputs), labels), list(values.values()))
        penalty = SI.compute_ewc_loss(net, ewc, none, "cpu", 2 * scene["strength"])
        pull = torch.autograd.grad(penalty, list(values.values()))
        for value, a, b in zip(values.values(), alone, pull):
            # Not in place: on a CPU what pre_update took is a view.
            value.data = value.data - scene["rate"] * (a + b)
            value.grad = a
        SI.post_update(net, syn, none)
        steps.append({"theta": by_path(net, lambda name: values[name]), "penalty": penalty.item()})
        if at + 1 == len(scene["steps"]) or scene["steps"][at + 1]["task"] != task:
            SI.update_ewc_data(net, ewc, syn, float("inf"), none, 1, eps=scene["damping"])
            importance.append(by_path(net, lambda name: ewc[1][name].data))
    return {"steps": steps, "importance": importance}


class Buffer:
    def __init__(self, drawn):
        self.drawn, self.stored = list(drawn), None

    def is_empty(self):
        return False

    def get_data(self, size, transform=None, device=None):
        drawn = self.drawn.pop(0)
        inputs, labels = batch_of(drawn["examples"])
        return inputs, labels, torch.tensor(drawn["logits"])

    def add_data(self, examples, labels, logits):
        self.stored = logits


class Model:
    def __init__(self, backbone, loss, args, transform):
        self.net, self.loss, self.args, self.transform, self.device = backbone, loss, args, transform, "cpu"


def module(name, **values):
    made = ModuleType(name)
    made.__dict__.update(values)
    sys.modules[name] = made


def derpp(scene, place):
    for name in ("models", "models.utils", "utils"):
        module(name)
    module("models.utils.continual_model", ContinualModel=Model)
    module("utils.args", add_rehearsal_args=None, ArgumentParser=object)
    module("utils.buffer", Buffer=lambda size: Buffer(scene["drawn"]))
    spec = importlib.util.spec_from_file_location("derpp", pathlib.Path(place) / "models/derpp.py")
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    net = network(scene["theta"])
    args = SimpleNamespace(buffer_size=40, minibatch_size=3, alpha=scene["alpha"], beta=scene["beta"])
    model = code.Derpp(net, F.cross_entropy, args, None)
    model.opt = SimpleNamespace(zero_grad=net.zero_grad, step=lambda: None)
    inputs, labels = batch_of(scene["batch"])
    loss = model.observe(inputs, labels, inputs)
    values = dict(net.named_parameters())
    return {"loss": loss, "gradients": by_path(net, lambda name: values[name].grad), "stored": model.buffer.stored.tolist()}


def main():
    out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "tests/golden/si_derpp.json")
    scenes = json.loads((HERE / "whole.in.json").read_text())
    out.write_text(json.dumps({"si": si(scenes["si"]), "derpp": derpp(scenes["derpp"], sys.argv[1])}) + "\n")


if __name__ == "__main__":
    main()
