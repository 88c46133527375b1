#!/usr/bin/env python3
"""Whole runs and steps of methods: GEM by its authors' code, EWC's Fishers by BackPACK, everything else by PyTorch.

Usage: python tests/golden/make/whole.py GEM [OUT]    (default tests/golden/whole.json)

Made with PyTorch 2.11.0, BackPACK 1.7.1 and quadprog 0.1.14. GEM is a checkout of
https://github.com/facebookresearch/GradientEpisodicMemory, commit 34c6b8e, of which model/gem.py is imported as it is.
What it starts from, tests/golden/make/whole.in.json, holds weights, batches and random numbers of clbench's runs and no
result; `cargo test --test contract whole::written -- --ignored` writes it. si_derpp.py starts from the same file.

- gem: `Net.observe` on the run's batches, from the run's first weights.
- ewc: BackPACK's DiagGGNExact is the exact Fisher, SumGradSquared of single examples the squares at given labels. The
  penalty and its gradient are autograd's, of Schwarz et al.'s ½·γ·F·(θ − θ*)² and of Kirkpatrick et al.'s sum of
  ½·F·(θ − θ*)², each times λ.
- steps: the loss, the divergence by torch.distributions or the regulariser, and the gradient of the sum by autograd. The
  hypernetwork's look-ahead is the step of plain gradient descent along the loss's own gradient, no part of the graph;
  what is made is scaled as methods/src/hypernetworks/hypernet says, to the spread of the network's first weights.
"""

import json
import math
import pathlib
import sys
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from backpack import backpack, extend
from backpack.extensions import DiagGGNExact, SumGradSquared

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)


def tensors(of, dtype=torch.float64):
    return {path: torch.tensor(t["values"], dtype=dtype).reshape(t["shape"]) for path, t in of.items()}


def batch_of(of, dtype=torch.float64):
    return torch.tensor(of["inputs"], dtype=dtype), torch.tensor(of["labels"])


def flat(of):
    return {path: value.detach().flatten().tolist() for path, value in sorted(of.items())}


# The paths of a network with one hidden layer, as clbench orients them and as PyTorch does.


def load(net, theta):
    for layer, name in ((net[0], "body.0"), (net[2], "head")):
        layer.weight.data.copy_(theta[f"{name}.weight"].t())
        layer.bias.data.copy_(theta[f"{name}.bias"])


def by_path(net, what):
    found = {}
    for layer, name in ((net[0], "body.0"), (net[2], "head")):
        found[f"{name}.weight"], found[f"{name}.bias"] = what(layer.weight).t(), what(layer.bias)
    return found


def gem(scene, place):
    sys.path.insert(0, place)
    from model.gem import Net

    args = SimpleNamespace(n_layers=1, n_hiddens=3, memory_strength=scene["margin"], data_file="other", lr=scene["rate"],
                           n_memories=scene["capacity"], cuda=False)
    net, steps = Net(4, 6, 3, args), []
    load(net.net.net, tensors(scene["first"], torch.float32))
    for step in scene["steps"]:
        inputs, labels = batch_of(step["batch"], torch.float32)
        values = list(net.parameters())
        plain = torch.autograd.grad(F.cross_entropy(net.net(inputs), labels), values)
        before = [value.detach().clone() for value in values]
        net.observe(inputs, step["task"], labels)
        # What the step went along beside the plain gradient at the same weights.
        taken = [(b - a.detach()) / scene["rate"] for a, b in zip(values, before)]
        turned = any((a - b).abs().max() > 1e-3 for a, b in zip(taken, plain))
        steps.append({"theta": flat(by_path(net.net.net, lambda value: value)), "turned": bool(turned)})
    memory = [[[x.tolist(), y.item()] for x, y in zip(net.memory_data[task], net.memory_labs[task])] for task in range(3)]
    return {"steps": steps, "memory": memory}


def network(theta):
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 6)).double()
    load(net, theta)
    return extend(net)


def squares(net, inputs, labels):
    """Of one example, or of the mean over a batch by its plain gradient."""
    loss = extend(torch.nn.CrossEntropyLoss(reduction="sum"))
    net.zero_grad()
    with backpack(SumGradSquared()):
        loss(net(inputs), labels).backward()
    return by_path(net, lambda value: value.sum_grad_squared)


def fishers(anchor, size):
    net = network(tensors(anchor["theta"]))
    inputs, labels = batch_of(anchor["examples"])
    loss = extend(torch.nn.CrossEntropyLoss())
    with backpack(DiagGGNExact()):
        loss(net(inputs), labels).backward()
    found = {"true": by_path(net, lambda value: value.diag_ggn_exact)}
    found["empirical"] = {path: value / len(labels) for path, value in squares(net, inputs, labels).items()}
    batches = []
    for at in range(0, len(labels), size):
        net.zero_grad()
        F.cross_entropy(net(inputs[at:at + size]), labels[at:at + size]).backward()
        batches.append(by_path(net, lambda value: value.grad.clone() ** 2))
    found["batch"] = {path: sum(one[path] for one in batches) / len(batches) for path in batches[0]}
    found = {kind: flat(value) for kind, value in found.items()}
    found["probabilities"] = net(inputs).softmax(1).tolist()
    found["squares"] = [[flat(squares(net, x[None], torch.tensor([y]))) for y in range(6)] for x in inputs]
    return found


def ewc(scene):
    found = {}
    for form, one in scene["forms"].items():
        all_fishers = [fishers(anchor, scene["batch"]) for anchor in one["anchors"]]
        exact = [{path: torch.tensor(value, dtype=torch.float64) for path, value in of["true"].items()} for of in all_fishers]
        anchors = [tensors(anchor["theta"]) for anchor in one["anchors"]]
        decay = scene["keep"]
        if form == "online":
            exact, anchors = [{path: decay * exact[0][path] + exact[1][path] for path in exact[0]}], anchors[1:]
        theta = {path: value.requires_grad_() for path, value in tensors(one["theta"]).items()}
        penalty = 0
        for fisher, anchor in zip(exact, anchors):
            weight = decay if form == "online" else 1
            penalty = penalty + scene["strength"] / 2 * sum(
                (weight * fisher[path] * (theta[path] - anchor[path]).flatten() ** 2).sum() for path in theta)
        grads = torch.autograd.grad(penalty, list(theta.values()))
        found[form] = {"kept": [flat(fisher) for fisher in exact], "penalty": penalty.item(),
                       "gradient": flat(dict(zip(theta, grads)))}
        if form == "online":
            found[form]["fishers"] = all_fishers
    return found


# Steps.


def below(theta, prefix):
    return {path[len(prefix):]: value for path, value in theta.items() if path.startswith(prefix)}


def q(theta):
    """Means and standard deviations."""
    std = {path[:-4]: F.softplus(value) for path, value in theta.items() if path.endswith(".rho")}
    return {path: theta[path] for path in std}, std


def divergence(theta, prior_mean, prior_std):
    mean, std = q(theta)
    normal = torch.distributions.Normal
    each = (torch.distributions.kl_divergence(normal(mean[p], std[p]), normal(prior_mean[p], prior_std[p])).sum() for p in mean)
    return sum(each)


def drawn_logits(theta, inputs, local, whole, call):
    """Logits with outputs drawn (`local` holds the noise of each layer), or with weights drawn."""
    mean, std = q(theta)
    x = inputs
    if whole is not None:
        at, weights = 0, {}
        for path in sorted(mean):
            noise = whole[at:at + mean[path].numel()].reshape(mean[path].shape)
            weights[path] = mean[path] + std[path] * noise
            at += mean[path].numel()
        x = torch.relu(x @ weights["body.0.weight"] + weights["body.0.bias"])
        return x @ weights["head.weight"] + weights["head.bias"]
    for layer, name in enumerate(("body.0", "head")):
        m, b = mean[f"{name}.weight"], mean[f"{name}.bias"]
        variance = x ** 2 @ std[f"{name}.weight"] ** 2 + std[f"{name}.bias"] ** 2
        y = torch.distributions.Normal(x @ m + b, variance.sqrt())
        noise = torch.tensor(local[call + layer], dtype=torch.float64)[:y.loc.numel()].reshape(y.loc.shape)
        x = y.loc + y.scale * noise
        x = torch.relu(x) if name == "body.0" else x
    return x


def bayes(scene, prefixes, priors, count, beta=1.0, matrices=False):
    theta = {path: value.requires_grad_() for path, value in tensors(scene["theta"]).items()}
    frozen = tensors(scene["frozen"])
    inputs, labels = batch_of(scene["noted"]["batch"])
    loss = penalty = 0
    for at, (prefix, prior) in enumerate(zip(prefixes, priors)):
        own = below(theta, prefix)
        whole = torch.tensor(scene["whole"][at], dtype=torch.float64) if matrices else None
        loss = loss + F.cross_entropy(drawn_logits(own, inputs, scene["local"], whole, 2 * at), labels)
        if isinstance(prior, str):
            prior_mean, prior_std = q(below(frozen, prior))
        else:
            prior_mean = {path: torch.zeros_like(value) for path, value in own.items()}
            prior_std = {path: torch.full_like(value, prior) for path, value in own.items()}
        penalty = penalty + beta * divergence(own, prior_mean, prior_std) / count
    grads = torch.autograd.grad(loss + penalty, list(theta.values()))
    return {"loss": loss.item(), "penalty": penalty.item(), "gradients": flat(dict(zip(theta, grads)))}


def hypernet(scene, mip=False, elu=False, ahead=True, strength=0.5, rate=0.2, chunk=20):
    theta = {path: value.requires_grad_() for path, value in tensors(scene["theta"]).items()}
    before = below(tensors(scene["frozen"]), "before.")
    first = tensors(scene["noted"]["first"])
    inputs, labels = batch_of(scene["noted"]["batch"])
    task, shapes = scene["experience"], {path: value.shape for path, value in sorted(first.items())}
    length = sum(value.numel() for value in first.values())
    chunks = -(-length // chunk)
    encoded = theta["task.0"].numel() + theta["chunk"].shape[1]
    made_std = math.sqrt(2 * encoded / theta["make.1.weight"].shape[0]) if mip else 1.0

    def scale(path):
        value = first[path]
        own = value.std(unbiased=False).item() if value.std(unbiased=False) > 0 else 0.1
        if mip and value.dim() > 1:
            own = min(own, math.sqrt(2 * encoded / value.numel()))
        return own / made_std

    def made(theta, task):
        x = torch.cat([theta[f"task.{task}"].expand(chunks, -1), theta["chunk"]], 1)
        if mip:
            angle = torch.sigmoid(x) * math.pi / 2
            x = torch.cat([angle.cos(), angle.sin()], 1)
        x = x @ theta["make.0.weight"] + theta["make.0.bias"]
        x = F.elu(x) if elu else F.leaky_relu(x, 0.01) if mip else torch.relu(x)
        row, at, weights = (x @ theta["make.1.weight"] + theta["make.1.bias"]).flatten(), 0, {}
        for path, shape in shapes.items():
            weights[path] = row[at:at + shape.numel()].reshape(shape) * scale(path)
            if mip:
                weights[path] = weights[path] + theta[f"base.{path}"]
            at += shape.numel()
        return weights

    w = made(theta, task)
    x = torch.relu(inputs @ w["body.0.weight"] + w["body.0.bias"])
    own = x @ w[f"head.{task}.weight"] + w[f"head.{task}.bias"]
    loss = F.cross_entropy(own, labels - 2 * task)
    grads = dict(zip(theta, torch.autograd.grad(loss, list(theta.values()), allow_unused=True)))
    grads = {path: grad for path, grad in grads.items() if grad is not None}
    step = {path: -rate * grad.detach() for path, grad in grads.items()} if ahead else {}
    there = {path: value + step.get(path, 0) for path, value in theta.items()}
    used = lambda path, task: not path.startswith("head.") or path.startswith(f"head.{task}.")
    penalty = 0
    for earlier in range(task):
        a, b = made(there, earlier), made(before, earlier)
        penalty = penalty + sum(((a[path] - b[path]) ** 2).sum() for path in shapes if used(path, earlier)) / task
    penalty = strength * penalty
    # Embeddings of earlier tasks stay.
    pull = dict(zip(theta, torch.autograd.grad(penalty, list(theta.values()), allow_unused=True)))
    for path, grad in pull.items():
        if grad is not None and not path.startswith("task."):
            grads[path] = grads.get(path, 0) + grad
    return {"loss": loss.item(), "penalty": penalty.item(), "gradients": flat(grads)}


def steps(scenes):
    return {
        "vcl": bayes(scenes["vcl"], [""], ["prior."], 12),
        "vcl of matrices": bayes(scenes["vcl of matrices"], [""], ["prior."], 12, 2.0, True),
        "bbb": bayes(scenes["bbb"], [""], [0.5], 4),
        "ibcl": bayes(scenes["ibcl"], ["q0.", "q1."], ["extreme.0.0.", "extreme.0.1."], 4),
        "hypernet": hypernet(scenes["hypernet"]),
        "hypernet here": hypernet(scenes["hypernet here"], elu=True, ahead=False),
        "hypernet mip": hypernet(scenes["hypernet mip"], mip=True),
    }


def main():
    out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "tests/golden/whole.json")
    scenes = json.loads((HERE / "whole.in.json").read_text())
    found = {"gem": gem(scenes["gem"], sys.argv[1]), "ewc": ewc(scenes["ewc"]), "steps": steps(scenes["steps"])}
    out.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
