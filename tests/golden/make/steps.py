#!/usr/bin/env python3
"""Bytes that a whole training step holds at once in PyTorch, for every family of methods.

Usage: python tests/golden/make/steps.py [OUT]    (default tests/golden/steps.json)

Made with PyTorch 2.11.0 on the CPU. Each case does with PyTorch's operators what clbench's method does with its own in
a step of tests/support/digits.toml without dropout: 16 examples of 64 inputs, 24 hidden units, 6 classes in three
tasks. `torch.autograd.graph.saved_tensors_hooks` sees what each forward pass packs for its backward pass; each storage
counts once, parameters do not count. A step is a sequence of passes: graphs are gone after their backward pass,
gradients that a hook asks for stay until it ends, and so does what it makes beside them. The highest level of graphs
and gradients is what is written, one number for each of three experiences. Weights, states and the optimizer's numbers
come on top and are not in it.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F

BATCH, INPUTS, HIDDEN, CLASSES, TASKS = 16, 64, 24, 6, 3
torch.set_num_threads(1)
drawn = torch.Generator().manual_seed(1)


def random(*shape):
    return torch.randn(*shape, generator=drawn)


def leaf(*shape):
    return (0.1 * random(*shape)).requires_grad_()


class Level:
    """What a step holds beside weights, states and the optimizer's numbers."""

    def __init__(self):
        self.gradients, self.most = 0, 0

    def splash(self, count):
        self.most = max(self.most, self.gradients + count)

    def run(self, loss_of, leaves, frozen=()):
        """A pass and its backward pass; its gradients stay."""
        own = {t.untyped_storage().data_ptr() for t in [*leaves, *frozen]}
        kept, alive = {}, []

        def pack(tensor):
            alive.append(tensor)
            if tensor.untyped_storage().data_ptr() not in own:
                kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            loss = loss_of()
        grads = torch.autograd.grad(loss, list(leaves), allow_unused=True)
        self.gradients += sum(4 * grad.numel() for grad in grads if grad is not None)
        self.splash(sum(kept.values()))
        return grads

    def stay(self, grads):
        """A hook ends, and these gradients are left."""
        self.gradients = sum(4 * grad.numel() for grad in grads if grad is not None)
        self.splash(0)


def inputs(count=BATCH):
    return random(count, INPUTS)


def labels(count=BATCH):
    return torch.arange(count) % CLASSES


def cross_entropy(logits):
    rows = F.log_softmax(logits, 1).gather(1, labels(len(logits))[:, None])
    return -rows.mean()


def mlp_leaves():
    return {"w0": leaf(INPUTS, HIDDEN), "b0": leaf(HIDDEN), "w1": leaf(HIDDEN, CLASSES), "b1": leaf(CLASSES)}


def linear(x, weight, bias=None):
    return F.linear(x, weight.t(), bias)


def mlp(p, x):
    return linear(F.relu(linear(x, p["w0"], p["b0"])), p["w1"], p["b1"])


def plain(experience, passes=()):
    """Fine-tuning, with `passes` over so many remembered examples each."""
    level, p = Level(), mlp_leaves()
    grads = level.run(lambda: cross_entropy(mlp(p, inputs())), p.values())
    for count in passes:
        level.run(lambda: cross_entropy(mlp(p, inputs(count))), p.values())
    level.stay(grads)
    return level.most


def replay(experience, count=16):
    level, p = Level(), mlp_leaves()
    level.run(lambda: cross_entropy(mlp(p, inputs())) + cross_entropy(mlp(p, inputs(count))) * 1.0, p.values())
    return level.most


def si(experience):
    """Synaptic intelligence keeps the gradient and the weights from before the step, to see what the step did."""
    level, p = Level(), mlp_leaves()
    grads = level.run(lambda: cross_entropy(mlp(p, inputs())), p.values())
    kept = [grad.clone() for grad in grads] + [value.detach().clone() for value in p.values()]
    level.splash(sum(value.untyped_storage().nbytes() for value in kept))
    return level.most


def derpp(experience):
    """Two draws out of the memory: their stored logits, and their labels. With logits there always comes a loss."""
    level, p = Level(), mlp_leaves()

    def distance():
        counts = torch.ones(BATCH, CLASSES)
        logits = mlp(p, inputs())
        gap = logits * counts - random(BATCH, CLASSES) * counts
        return (gap * gap).sum() / counts.sum() + 0.0 * cross_entropy(logits)

    def loss():
        return cross_entropy(mlp(p, inputs())) + (distance() * 0.2 + cross_entropy(mlp(p, inputs())) * 0.5)

    level.run(loss, p.values())
    return level.most


def adapted(experience, kind, rank=2, keeps=False):
    """Adapters of rank 2 beside the hidden layer, whose matrix is frozen."""
    level, p = Level(), mlp_leaves()
    w0 = p.pop("w0").detach()
    a, b, scale = leaf(INPUTS, rank), leaf(rank, HIDDEN), torch.ones(1)
    inner, outer, magnitude = leaf(rank), leaf(HIDDEN), leaf(HIDDEN)
    old = [(random(INPUTS, rank), random(rank, HIDDEN)) for _ in range(experience if keeps else 0)]
    leaves, frozen = {**p}, [w0, scale, *[part for pair in old for part in pair]]
    if kind == "vera":
        leaves |= {"inner": inner, "outer": outer}
        shared_a, shared_b = random(INPUTS, rank), random(rank, HIDDEN)
        frozen += [shared_a, shared_b]
    elif kind == "inflora":
        a = a.detach()
        leaves |= {"b": b}
        frozen.append(a)
    else:
        leaves |= {"a": a, "b": b}
    if kind == "dora":
        leaves["magnitude"] = magnitude

    def hidden(x):
        y = linear(x, w0, None if kind == "dora" else p["b0"])
        for old_a, old_b in old:
            y = y + linear(linear(x, old_a), old_b) * scale
        if kind == "vera":
            return y + linear(linear(x, shared_a) * inner, shared_b) * outer
        y = y + linear(linear(x, a), b) * scale
        if kind == "dora":
            norm = (w0 + a.detach() @ b.detach()).norm(dim=0)
            y = y * (magnitude / norm) + p["b0"]
        return y

    def loss():
        loss = cross_entropy(linear(F.relu(hidden(inputs())), p["w1"], p["b1"]))
        if kind == "olora" and old:
            loss = loss + sum((a.t() @ old_a).abs().sum() for old_a, _ in old) * 0.5
        return loss

    level.run(loss, leaves.values(), frozen)
    return level.most


def part(experience, kind):
    """The head alone, or the head and biases."""
    level, p = Level(), mlp_leaves()
    frozen = ["w0"] if kind == "bitfit" else ["w0", "b0"]
    p |= {name: p[name].detach() for name in frozen}
    leaves = [value for name, value in p.items() if name not in frozen]
    level.run(lambda: cross_entropy(mlp(p, inputs())), leaves, [p[name] for name in frozen])
    return level.most


# Distributions.


def softplus(rho):
    return rho.clamp(min=0) + (-rho.abs()).exp().log1p()


def gaussian(heads):
    mean = {"w0": leaf(INPUTS, HIDDEN), "b0": leaf(HIDDEN)}
    for head in range(heads):
        width = CLASSES // heads
        mean |= {f"w1.{head}": leaf(HIDDEN, width), f"b1.{head}": leaf(width)}
    return mean, {name: leaf(*value.shape) for name, value in mean.items()}


def local(x, name, mean, std):
    y = linear(x, mean[f"w{name}"], mean[f"b{name}"])
    s, t = std[f"w{name}"], std[f"b{name}"]
    spread = (linear(x * x, s * s, t * t) + 1e-16).sqrt()
    return y + spread * random(*y.shape)


def bayes_logits(mean, rho, x, is_local, head):
    std = {name: softplus(value) for name, value in rho.items()}
    if is_local:
        return local(F.relu(local(x, "0", mean, std)), f"1.{head}", mean, std)
    w = {name: value + std[name] * random(*value.shape) for name, value in mean.items()}
    return linear(F.relu(linear(x, w["w0"], w["b0"])), w[f"w1.{head}"], w[f"b1.{head}"])


class Gather(torch.autograd.Function):
    """PyTorch's own packs what it chooses from, too, for its size alone."""

    @staticmethod
    def forward(ctx, columns, index):
        ctx.save_for_backward(index)
        ctx.size = columns.shape
        return columns.gather(1, index)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return torch.zeros(ctx.size).scatter_add(1, index, grad), None


def placed(logits):
    """A head's logits and one that never counts, put into the columns of all classes."""
    columns = torch.cat([logits, torch.full((len(logits), 1), -1e9)], 1)
    return Gather.apply(columns, torch.zeros(len(logits), CLASSES, dtype=torch.int64))


def bayes(experience, is_local=True, posteriors=1, heads=1, weighed=False, passes=()):
    level = Level()
    all_q = [gaussian(heads) for _ in range(posteriors)]
    leaves = [value for mean, rho in all_q for value in [*mean.values(), *rho.values()]]

    def loss():
        x, total = inputs(), None
        for mean, rho in all_q:
            logits = bayes_logits(mean, rho, x, is_local, experience if heads > 1 else 0)
            logits = placed(logits) if heads > 1 else logits
            one = weighted(logits) if weighed else cross_entropy(logits)
            total = one if total is None else total + one
        return total

    grads = level.run(loss, leaves)
    for count in passes:
        # At the means.
        x = inputs(count)
        at = [mean | {"w1": mean["w1.0"], "b1": mean["b1.0"]} for mean, _ in all_q]
        level.run(lambda: sum(cross_entropy(mlp(mean, x)) for mean in at), leaves)
    level.stay(grads)
    return level.most


def bayes_cnn(experience, channels=(4, 3), hidden=10):
    """Kernels are drawn, and of the linear layers behind them outputs. PyTorch packs the first kernel, too, whose input
    needs no gradient; nobody needs it, and it is taken off."""
    mean, inputs_of = {}, 1
    for layer, outputs in enumerate(channels):
        mean |= {f"k{layer}": leaf(outputs, inputs_of, 3, 3), f"c{layer}": leaf(outputs)}
        inputs_of = outputs
    mean |= {"w0": leaf(4 * inputs_of, hidden), "b0": leaf(hidden), "w1": leaf(hidden, CLASSES), "b1": leaf(CLASSES)}
    rho = {name: leaf(*value.shape) for name, value in mean.items()}

    def loss():
        std = {name: softplus(value) for name, value in rho.items()}
        drawn_names = [name for name in mean if name[0] in "kc"]
        w = {name: mean[name] + std[name] * random(*mean[name].shape) for name in drawn_names}
        x = inputs().reshape(BATCH, 1, 8, 8)
        for layer in range(len(channels)):
            x = F.max_pool2d(F.relu(F.conv2d(x, w[f"k{layer}"], w[f"c{layer}"], padding=1)), 2)
        return cross_entropy(local(F.relu(local(x.flatten(1), "0", mean, std)), "1", mean, std))

    level = Level()
    level.run(loss, [*mean.values(), *rho.values()])
    return level.most - 4 * mean["k0"].numel()


def weighted(logits):
    rows = -F.log_softmax(logits, 1).gather(1, labels(len(logits))[:, None])
    return (rows * torch.rand(len(logits), 1, generator=drawn)).sum()


def per_preference(experience, networks=2, passes=()):
    level = Level()
    nets = [mlp_leaves() for _ in range(networks)]
    leaves = [value for net in nets for value in net.values()]

    def loss(x):
        return sum(weighted(mlp(net, x)) for net in nets)

    grads = level.run(lambda: loss(inputs()), leaves)
    for count in passes:
        level.run(lambda: loss(inputs(count)), leaves)
    level.stay(grads)
    return level.most


# Networks that make weights.


def hypernet(experience, mip=False, activation="relu", ahead=True, most=None, chunk=100, width=4, embedding=32):
    shapes = {"w0": (INPUTS, HIDDEN), "b0": (HIDDEN,)}
    for task in range(TASKS):
        shapes |= {f"w1.{task}": (HIDDEN, CLASSES // TASKS), f"b1.{task}": (CLASSES // TASKS,)}
    counts = {name: torch.Size(shape).numel() for name, shape in shapes.items()}
    length = sum(counts.values())
    chunks = -(-length // chunk)
    ins = 2 * embedding * (2 if mip else 1)
    theta = {f"task.{task}": leaf(1, embedding) for task in range(TASKS)} | {
        "chunk": leaf(chunks, embedding),
        "make.0": leaf(ins, width), "bias.0": leaf(width), "make.1": leaf(width, chunk), "bias.1": leaf(chunk),
    }
    if mip:
        theta |= {f"base.{name}": leaf(count) for name, count in counts.items()}

    def active(x):
        if activation == "elu":
            return F.relu(x) + (x.clamp(max=0).exp() - 1)
        return F.leaky_relu(x, 0.01) if activation == "leaky" or mip else F.relu(x)

    def row(theta, task):
        x = torch.cat([theta[f"task.{task}"].expand(chunks, embedding), theta["chunk"]], 1)
        if mip:
            angle = torch.sigmoid(x) * 1.5707963
            x = torch.cat([angle.cos(), angle.sin()], 1)
        x = active(linear(x, theta["make.0"], theta["bias.0"]))
        return linear(x, theta["make.1"], theta["bias.1"]).reshape(-1)[:length]

    def make(task):
        made, at, all_made = {}, 0, row(theta, task)
        for name, shape in shapes.items():
            own = all_made[at:at + counts[name]] * 0.3
            made[name] = (theta[f"base.{name}"] + own if mip else own).reshape(shape)
            at += counts[name]
        return made

    def loss():
        w = make(experience)
        x = F.relu(linear(inputs(), w["w0"], w["b0"]))
        return cross_entropy(placed(linear(x, w[f"w1.{experience}"], w[f"b1.{experience}"])))

    level, before = Level(), {name: value.detach().clone() for name, value in theta.items()}
    grads = level.run(loss, theta.values())
    earlier = list(range(experience))[:most]
    if earlier:
        count = sum(value.numel() for value in theta.values())
        if ahead:
            # Where the step would lead, then the way there.
            level.splash(4 * count)
            level.gradients += 4 * count
        step = {name: random(*value.shape) for name, value in theta.items()}

        def drift():
            there = {name: value + step[name] * 1.0 for name, value in theta.items()} if ahead else theta

            def apart(task):
                gap = (row(there, task) - row(before, task)) * torch.ones(length)
                if mip:
                    flat = lambda of: torch.cat([of[f"base.{name}"] for name in shapes])
                    gap = gap + (flat(there) - flat(before)) * torch.ones(length)
                return (gap * gap).sum()

            return sum(apart(task) for task in earlier) / len(earlier) * 0.01

        level.run(drift, theta.values())
        level.stay(grads)
    return level.most


# Images with texts.


def dual(experience, siglip=False, lock=None, length=8, width=8, heads=2, space=16):
    shapes = {"w0": (INPUTS, HIDDEN), "b0": (HIDDEN,), "image": (HIDDEN, space), "text": (width, space),
              "embedding": (257, width), "position": (length, width), "up": (width, 2 * width), "up.b": (2 * width,),
              "down": (2 * width, width), "down.b": (width,), "scale": (1,)}
    for part in ("query", "key", "value", "out"):
        shapes |= {part: (width, width), f"{part}.b": (width,)}
    for norm in ("norm1", "norm2", "norm"):
        shapes |= {norm: (width,), f"{norm}.b": (width,)}
    if siglip:
        shapes["bias"] = (1,)
    p = {name: leaf(*shape) for name, shape in shapes.items()}
    image_side = ("w0", "b0")
    shared = (*image_side, "image", "text", "scale", "bias")
    locked = {None: (), "image": image_side, "text": [name for name in p if name not in shared]}
    frozen = [p.pop(name).detach() for name in locked[lock]]
    p |= dict(zip(locked[lock], frozen))
    leaves = [value for value in p.values() if value.requires_grad]

    def side(count):
        ids = torch.randint(0, 257, (count * length,), generator=drawn)
        keep, lengths = torch.ones(count, length, 1), torch.ones(count, 1)
        x = p["embedding"].index_select(0, ids).reshape(count, length, width) + p["position"]
        norm = lambda name, x: F.layer_norm(x, (width,), p[name], p[f"{name}.b"])
        y = norm("norm1", x)
        q, k, v = (linear(y, p[n], p[f"{n}.b"]).reshape(count, length, heads, width // heads).transpose(1, 2)
                   for n in ("query", "key", "value"))
        weights = torch.softmax(q @ k.transpose(2, 3) / (width // heads) ** 0.5 + torch.zeros(count, 1, 1, length), 3)
        y = (weights @ v).transpose(1, 2).reshape(count, length, width)
        x = x + linear(y, p["out"], p["out.b"])
        y = F.gelu(linear(norm("norm2", x), p["up"], p["up.b"]))
        x = x + linear(y, p["down"], p["down.b"])
        return (norm("norm", x) * keep).sum(1) / lengths

    def unit(rows):
        return rows / (rows * rows).sum(1, keepdim=True).clamp(min=1e-24).sqrt()

    def loss():
        images = unit(linear(F.relu(linear(inputs(), p["w0"], p["b0"])), p["image"]))
        texts = unit(linear(side(BATCH), p["text"]))
        pairs = torch.eye(BATCH)
        logits = (images @ texts.t()) * p["scale"].exp()
        if siglip:
            # As the operator that keeps what it sees; PyTorch's own also packs a buffer.
            return F.softplus(-((logits + p["bias"]) * (pairs * 2.0 - 1.0))).sum() / BATCH
        rows = (F.log_softmax(logits, 1) * pairs).sum()
        return (rows + (F.log_softmax(logits, 0) * pairs).sum()) / (-2.0 * BATCH)

    level = Level()
    level.run(loss, leaves, frozen)
    return level.most


TEXT = "text.width=16 text.tokens.length=8 text.tokens.width=8 text.tokens.depth=1 text.tokens.heads=2"
TOLD = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true"
HYPERNET = f"{TOLD} method=hypernet hypernet.widths=[4] hypernet.chunk=100"
ASKED = "eval.preferences=[[0.2,0.3,0.5],[0.6,0.3,0.1]]"

CASES = {
    "method=finetune": plain,
    "method=ewc ewc.samples=10": plain,
    "method=ewc ewc.form=per-task ewc.samples=10": plain,
    "method=ema": plain,
    "method=ema-merge": plain,
    "method=time-all-unrolled": plain,
    "method=replay replay.capacity=50 replay.batch=16": replay,
    "method=si": si,
    "method=derpp": derpp,
    "method=gem gem.capacity=20": lambda e: plain(e, [20] * e),
    "method=gem gem.capacity=20 gem.batch=7 gem.rehearse=true": lambda e: plain(e, [7] * e),
    "method=gem gem.form=average gem.capacity=20": lambda e: plain(e, [16] * min(e, 1)),
    "method=lora lora.rank=2": lambda e: adapted(e, "lora"),
    "method=lora lora.rank=2 lora.per=task lora.end=keep": lambda e: adapted(e, "lora", keeps=True),
    "method=lora+replay lora.rank=2 replay.capacity=0": lambda e: adapted(e, "lora"),
    "method=lora+gem lora.rank=2 gem.capacity=0": lambda e: adapted(e, "lora"),
    "method=dora dora.rank=2": lambda e: adapted(e, "dora"),
    "method=vera vera.rank=2": lambda e: adapted(e, "vera"),
    "method=olora olora.rank=2": lambda e: adapted(e, "olora", keeps=True),
    "method=inflora inflora.rank=2": lambda e: adapted(e, "inflora"),
    "method=freeze": lambda e: part(e, "freeze"),
    "method=bitfit": lambda e: part(e, "bitfit"),
    HYPERNET: hypernet,
    f"{HYPERNET} hypernet.lookahead=false": lambda e: hypernet(e, ahead=False),
    f"{HYPERNET} hypernet.regularised=1": lambda e: hypernet(e, most=1),
    f"{HYPERNET} hypernet.activation=elu": lambda e: hypernet(e, activation="elu"),
    f"{HYPERNET} hypernet.mip=true": lambda e: hypernet(e, mip=True),
    "method=bbb": bayes,
    "method=bbb bbb.local=false": lambda e: bayes(e, False),
    "method=vcl": bayes,
    "method=vcl net.body=cnn net.channels=[4,3] net.hidden=10": bayes_cnn,
    "method=vcl+coreset coreset.size=10": bayes,
    "method=vcl+gem gem.capacity=20": lambda e: bayes(e, passes=[20] * e),
    f"{TOLD} head.kind=multi method=vcl": lambda e: bayes(e, heads=3),
    f"method=vcl vcl.per=preference {ASKED}": lambda e: bayes(e, posteriors=2, weighed=True),
    "method=ibcl ibcl.priors=[0.2,0.25,0.3]": lambda e: bayes(e, posteriors=3),
    "method=ibcl ibcl.priors=[0.2] ibcl.local=false": lambda e: bayes(e, False),
    f"method=finetune {TEXT}": dual,
    f"method=finetune {TEXT} text.loss=siglip": lambda e: dual(e, siglip=True),
    f"method=finetune {TEXT} text.lock=image": lambda e: dual(e, lock="image"),
    f"method=finetune {TEXT} text.lock=text": lambda e: dual(e, lock="text"),
    f"method=per-preference {ASKED}": per_preference,
    f"method=per-preference+gem gem.capacity=20 {ASKED}": lambda e: per_preference(e, passes=[20] * e),
}


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden/steps.json")
    cases = {settings: [of(e) for e in range(TASKS)] for settings, of in CASES.items()}
    found = {"torch": torch.__version__, "cases": cases}
    out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
