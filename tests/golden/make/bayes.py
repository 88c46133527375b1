#!/usr/bin/env python3
"""Divergences, distances and a hypernetwork's regulariser, by PyTorch's own formulas and derivatives.

Made with Python 3.11 and torch 2.11 by
    python tests/golden/make/bayes.py > methods/tests/golden/bayes.json

KL: torch.distributions.kl_divergence of normals, summed, with its gradient with respect to mu and rho, sigma = ln(1 + e^rho).
W2: ||mu_q - mu_p||^2 + ||sigma_q - sigma_p||^2, the square of the distance of diagonal Gaussians (Dowson & Landau 1982).
Hypernetwork: two chunks of three weights made by a layer of four rectifiers out of a task's embedding of two numbers and a
chunk's of two; eq. 2 of von Oswald et al. 2020 for one earlier task, theta* being the weights before and theta + delta where
the step leads, with its gradient with respect to theta (delta is no part of the graph). With MIP the input is encoded as
(cos(pi g / 2), sin(pi g / 2)), g = 1 / (1 + e^-x), and its norm is reported. Element k of tensor number n is sin(k + n).
"""
import json
import math

import torch

torch.set_default_dtype(torch.float64)


def numbers(n, *shape):
    k = torch.arange(math.prod(shape))
    return torch.sin(k + n).reshape(shape)


def gaussians():
    mu, rho = numbers(1, 5).requires_grad_(), (numbers(2, 5) - 1).requires_grad_()
    prior_mu, prior_sigma = numbers(3, 5), numbers(4, 5).abs() + 0.3
    sigma = torch.nn.functional.softplus(rho)
    q, p = torch.distributions.Normal(mu, sigma), torch.distributions.Normal(prior_mu, prior_sigma)
    kl = torch.distributions.kl_divergence(q, p).sum()
    kl.backward()
    w2 = ((mu - prior_mu) ** 2).sum() + ((sigma - prior_sigma) ** 2).sum()
    return {"kl": kl.item(), "d_mu": mu.grad.tolist(), "d_rho": rho.grad.tolist(), "w2_squared": w2.item()}


def make(theta, mip):
    x = torch.cat([theta["task.0"].expand(2, 2), theta["chunk"]], 1)
    if mip:
        angle = torch.sigmoid(x) * math.pi / 2
        x = torch.cat([angle.cos(), angle.sin()], 1)
    x = x @ theta["make.0.weight"] + theta["make.0.bias"]
    x = torch.nn.functional.leaky_relu(x, 0.01) if mip else torch.relu(x)
    return (x @ theta["make.1.weight"] + theta["make.1.bias"]).flatten()


def hypernet(mip):
    inputs = 8 if mip else 4
    shapes = {"task.0": (1, 2), "chunk": (2, 2), "make.0.weight": (inputs, 4), "make.0.bias": (4,), "make.1.weight": (4, 3), "make.1.bias": (3,)}
    before = {name: numbers(n, *shape) for n, (name, shape) in enumerate(shapes.items())}
    theta = {name: (value + 0.1 * numbers(10 + n, *value.shape)).requires_grad_() for n, (name, value) in enumerate(before.items())}
    delta = {name: 0.05 * numbers(20 + n, *value.shape) for n, (name, value) in enumerate(before.items())}
    result = {"made": make(theta, mip).tolist()}
    for name, step in (("ahead", delta), ("here", {name: 0 * value for name, value in delta.items()})):
        drift = ((make(before, mip) - make({key: theta[key] + step[key] for key in theta}, mip)) ** 2).sum()
        grads = torch.autograd.grad(drift, list(theta.values()))
        result[name] = {"drift": drift.item(), "gradient": {key: grad.flatten().tolist() for key, grad in zip(theta, grads)}}
    if mip:
        angle = torch.sigmoid(torch.cat([theta["task.0"].expand(2, 2), theta["chunk"]], 1)) * math.pi / 2
        result["norms"] = torch.cat([angle.cos(), angle.sin()], 1).norm(dim=1).tolist()
    return result


print(json.dumps({"gaussian": gaussians(), "plain": hypernet(False), "mip": hypernet(True)}))
