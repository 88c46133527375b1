#!/usr/bin/env python3
"""Shows whether two builds of clbench give the same numbers and the same words.

usage: same-numbers.py record PROGRAM FOLDER [--data DIR] [--streams DIR] [--only PATTERN] [--like FOLDER] [--jobs N]
       same-numbers.py compare FOLDER_A FOLDER_B [--only PATTERN] [--most N]
       same-numbers.py list PROGRAM [--only PATTERN]

`record` runs PROGRAM on a few thousand short cases and keeps what came out in FOLDER. `compare` says where two such
folders differ, and ends with 1 if they do. So a change that must move no number is checked like this:

    same-numbers.py record old/clbench before --data DIR
    same-numbers.py record new/clbench after --like before --data DIR
    same-numbers.py compare before after

A case is one command line in an empty folder, or a few that build on each other, such as runs and then their tables.
There are cases for every method on every stream that ships, for every method on every kind of stream, for every part
of a stream, network, optimizer and choice of a setting, for all pairs of methods, for every text that the program
prints, and for wrong inputs. Names of methods, parts, settings and scores are asked of PROGRAM, so new ones come in by
themselves. A case that is refused is a case like any other: the refusal must stay the same. The runs take a few steps
on a few examples: they cover much and learn little.

Kept of a case are its exit codes, what it printed, and each file that it left, all of them compared byte for byte
(packed ones unpacked). Set aside is what may differ between two builds or two days: seconds, timing.csv, checkpoints,
and version, revision and machine where a run notes them. The version is a part of each run's id, so both builds must
have the same.

--data DIR     A folder with fetched data. Nothing is written to it. Streams without their data give an error, which is
               a case, too. Give the same folder both times.
--streams DIR  The stream files to take; those of this repository without it. They are copied into FOLDER.
--only PATTERN Only cases whose name fits, such as 'streams/split-digits/*'. Several stand apart by commas.
--like FOLDER  Take the cases and the stream files of this recording, whatever PROGRAM lists now.
--jobs N       Cases that run at once; 1 without it.
--most N       Differences that are shown; 100 without it.

A recording that was interrupted goes on where it was. `list` prints the cases and runs none.
"""

import argparse
import concurrent.futures
import fnmatch
import glob
import gzip
import hashlib
import io
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from pathlib import Path

# Files and folders of a run that do not repeat.
ASIDE = {"timing.csv", "checkpoint"}
# Longest text that is kept beside its checksum. Records are kept whatever their length.
MOST_TEXT = 24_000
# Longest piece of a line that is shown.
MOST_LINE = 160
# Seconds until a command is given up.
MOST_SECONDS = 600

# ---------------------------------------------------------------------------------------------------------------------
# Files that cases read

BARE = """[stream]
kind = "class-incremental"
dataset = "digits"
tasks = 5

[net]
body = "mlp"
widths = [16]

[optim]
rule = "sgd"
rate = 0.05

[train]
batch = 64
epochs = 1
"""

SMALL = """[stream]
kind = "class-incremental"
dataset = "digits"
tasks = 5
val_fraction = 0.1

[net]
body = "mlp"
widths = [16]
dropout = 0.1

[optim]
rule = "adamw"
rate = 0.003

[schedule]
shape = "cosine"
warmup = 0.1

[train]
batch = 16
steps = 8

[eval]
every = 3

[log]
every = 1

[keep]
weights = true
predictions = true
"""

# Four datasets in colour, three parts of concepts, a mixture, a pretrained start.
FLUX = """[start]
kind = "pretrain"
steps = 6

[stream]
kind = "concepts"
dataset = ["digits", "emoji-google-small"]
tasks = 3
pool_share = 0.4
held_out_share = 0.2
most_train = 20
most_test = 6
shape = [3, 8, 8]

[net]
body = "mlp"
widths = [12]

[optim]
rule = "sgd"
rate = 0.05

[train]
batch = 12
steps = 4

[mixture]
update = 0.34
buffer = 0.33
pretraining = 0.33

[keep]
weights = true
"""

TEXT = """[stream]
kind = "class-incremental"
dataset = "emoji-google-small"
tasks = 3
shape = [3, 8, 8]

[net]
body = "cnn"
channels = [4]
hidden = 8

[text]
width = 8
templates = ["{}", "a {}."]

[text.tokens]
length = 16
width = 8
depth = 1
heads = 2

[optim]
rule = "adamw"
rate = 0.003

[train]
batch = 16
steps = 3
"""

OWN = """[data.flowers]
format = "csv"
path = "flowers.csv"
label = "species"
features = "rest"

[data.some]
format = "csv"
path = "flowers.csv"
label = "species"
features = ["length", "width"]
test_share = 0.3

[data.notes]
format = "tsv"
path = "notes.tsv"
label = "kind"
text = "note"
tfidf = { components = 4 }

[data.arrays]
format = "npy"
train_inputs = "train.npz:x"
train_labels = "train.npz:y"
test_inputs = "test-x.npy"
test_labels = "test-y.npy"

[data.birds]
format = "folder"
path = "birds"
size = 8

[data.grey]
format = "folder"
path = "birds"
size = [6, 8]
channels = 1
test_share = 0.4

[data.seen]
format = "features"
of = "emoji-google-small"
body = "squeezenet"
weights = "squeezenet/squeezenet_weights.pkl"
size = 32

[stream]
kind = "class-incremental"
dataset = "flowers"
tasks = 2

[net]
body = "mlp"
widths = [6]

[optim]
rule = "sgd"
rate = 0.05

[train]
batch = 4
epochs = 1

[keep]
predictions = true
"""

SETS = {"digits": (1442, 10), "fashion-mnist-small": (8000, 10), "emoji-google-small": (240, 12),
        "emoji-twitter-small": (240, 12)}
FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def concepts():
    """The concepts of digits and Fashion-MNIST."""
    return [f"digits+++{name}" for name in range(10)] + [f"fashion-mnist-small+++{name}" for name in FASHION]


def table(head, rows):
    return "\n".join([head] + [",".join(str(cell) for cell in row) for row in rows]) + "\n"


def each_example(column, number):
    rows = [(name, at, number(at)) for name, (count, _) in SETS.items() for at in range(count)]
    return table(f"dataset,index,{column}", rows)


def npy(kind, shape, data):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    head = head.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data


def npz(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (2000, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def png(width, height, pixel):
    rows = b"".join(b"\0" + bytes(value for x in range(width) for value in pixel(x, y)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def fixtures():
    """Files beside which each case runs, by path."""
    mixed = sorted(concepts(), key=lambda name: name[::-1], reverse=True)
    files = {
        "bare.toml": BARE,
        "small.toml": SMALL,
        "flux.toml": FLUX,
        "text.toml": TEXT,
        "own.toml": OWN,
        "steep.toml": SMALL.replace('"adamw"', '"sgd"').replace("[16]", "[32, 32, 32]"),
        "scores.csv": each_example("score", lambda at: (at * 7919) % 1009),
        "digit-scores.csv": table("dataset,index,score", [("digits", at, (at * 7919) % 1009) for at in range(1442)]),
        "times.csv": each_example("time", lambda at: 2000 + at % 20),
        "order.json": json.dumps(mixed),
        "some.json": json.dumps(["DIGITS+++7", "digits+++0", "MNIST+++seven", "digits+++3", "digits+++1"]),
        "concept-scores.csv": table("concept,score", [(name, (at * 37) % 20) for at, name in enumerate(concepts())]),
        "vectors.csv": table("concept,x,y", [(name, (at * 7) % 11 + 1, (at * 5) % 13) for at,
                                             name in enumerate(concepts())]),
        "stamps.csv": table("concept,time", [(name, 1990 + (at * 11) % 20) for at, name in enumerate(concepts())]),
        "words.csv": table("word,count", [(name, (at * 13) % 17 + 1) for at,
                                          name in enumerate(DIGITS + [str(n) for n in range(10)])]),
        "list.csv": "concept,train,test\nx+++oak,5,1\nx+++ash,1,1\ny+++elm,7,2\ny+++fir,3,1\n",
        "list.toml": '[stream]\nkind = "class-incremental"\ndataset = "list.csv"\ntasks = 2\n',
        "matrix.csv": "after,one,two,three\nstart,0.1,0.2,0.1\n1,0.9,0.2,0.3\n2,0.6,0.8,0.2\n3,0.5,0.7,0.7\n",
        "percent.csv": ",one,two,three\nstart,10,20,10\n1,90,20,30\n2,60,80,20\n3,50,70,70\n",
        "lower.csv": "after,a,b,c\n1,90,,\n2,95,80,\n3,60,85,70\n",
        "upper.csv": "78.96,75.33,71.41,68.94\n0,68.67,66.46,65.66\n0,0,72.44,69.64\n0,0,0,69.0\n",
        "matrix.json": "[[0.9, 0.2, 0.3], [0.6, 0.8, 0.2], [0.5, 0.7, 0.7]]\n",
        "numpy.txt": "[[0.9 0.2 0.3]\n [0.6 0.8 0.2]\n [0.5 0.7 0.7]]\n",
        "avalanche.csv": "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n0,0,0.9,0.1,0\n1,0,0.1,4,0\n"
                         "0,1,0.4,1,0.5\n1,1,0.8,0.2,0\n1,1,0.7,0.2,0\n",
        "mammoth.txt": "{'accuracy_1_task1': 97.0, 'accuracy_1_task2': 70.0, 'accuracy_2_task2': 90.0, "
                       "'accuracy_1_task3': 50.0, 'accuracy_2_task3': 60.0, 'accuracy_3_task3': 88.0}\n",
        "broken.toml": '[stream]\nkind = "permuted',
        "empty.toml": "",
        "no-stream.toml": "[optim]\nrate = 0.1\n",
        "broken.csv": "0.5,0.1\n0.5,inf\n",
        "flowers.csv": table("length,width,height,species", [
            (at % 7 + at % 3 * 2, at % 5 + 0.5, (at * 3) % 11,
             ["iris", "lily", "rose", "sage"][at % 4]) for at in range(80)]),
        "notes.tsv": "note\tkind\n" + "".join(
            f"{['red', 'blue', 'green', 'grey'][at % 4]} {DIGITS[at % 10]} {['stone', 'leaf', 'wave'][at % 3]}"
            f"\t{['a', 'b', 'c', 'd'][at % 4]}\n" for at in range(80)),
    }
    files["birds/captions.csv"] = "file,caption\n" + "".join(
        f"{kind}/{at}.png,the {DIGITS[at]} {kind}\n" for kind in ("jay", "owl", "wren", "kite") for at in range(10))
    for index, kind in enumerate(("jay", "owl", "wren", "kite")):
        for at in range(10):
            files[f"birds/{kind}/{at}.png"] = png(10, 8, lambda x, y: (
                (x * 20 + index * 60 + at) % 256, (y * 25 + at * 7) % 256, (x * y + index * 40) % 256))

    def inputs(count, salt):
        return bytes((k * 2_654_435_761 + salt >> 7) & 255 for k in range(count * 36))

    def labels(count):
        return struct.pack(f"<{count}q", *[at % 4 for at in range(count)])

    files["train.npz"] = npz({"x": npy("|u1", (48, 6, 6), inputs(48, 0)), "y": npy("<i8", (48,), labels(48))})
    files["test-x.npy"] = npy("|u1", (16, 6, 6), inputs(16, 9))
    files["test-y.npy"] = npy("<i8", (16,), labels(16))
    return {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()}


# ---------------------------------------------------------------------------------------------------------------------
# What the program lists


class Catalogue:
    """Names that a program lists of itself."""

    def __init__(self, ask):
        self.ask = ask
        self.methods = re.findall(r"^  (\S+) ", ask("methods"), re.M)
        self.parts = {}
        key = None
        for line in ask("list").splitlines():
            if head := re.match(r"\S.*\((.*)\)$", line):
                key = head[1]
                self.parts[key] = []
            elif (name := re.match(r"  ([a-z][a-z0-9-]*)( |$)", line)) and key:
                self.parts[key].append(name[1])
        self.metrics = re.findall(r"^([a-z][a-z0-9-]*\.[a-z0-9-]+)  ", ask("metrics"), re.M)
        assert self.methods and self.metrics, "the program lists no methods or no scores"

    def settings(self, method):
        """Settings of a method, each with its default and other values, as TOML."""
        found, about, inside = [], [], False
        for line in self.ask(f"methods {method}").splitlines():
            if line == f"[{method}]":
                inside = True
            elif inside and line.startswith("# "):
                about.append(line[2:])
            elif inside and (setting := re.match(r"([a-z0-9_]+) = (.*)", line)):
                found.append((setting[1], setting[2], others(" ".join(about), setting[2])))
                about = []
            elif inside and not line:
                break
        return found


def others(about, default):
    """Values beside the default of a setting, of which is said what it may be."""
    said = about.rsplit(": ", 1)[-1]
    if default in ("true", "false"):
        return ["false" if default == "true" else "true"]
    if default.startswith('"'):
        return [word.strip() for word in said.split("|") if word.strip() != default.strip('"')]
    if default.startswith("["):
        numbers = json.loads(default)
        return [json.dumps(numbers[:1]), json.dumps(numbers + numbers[-1:])] if numbers else ["[8]"]
    number = float(default)
    if re.fullmatch(r"-?\d+", default):
        return ["3"] if number == 0 else [str(max(1, int(number) // 3))]
    return ["0.5"] if number == 0 else [repr(number / 2)]


# ---------------------------------------------------------------------------------------------------------------------
# Cases


# What methods need on streams that lack it. Without it they are refused, which is a case as well.
SUIT = {"norms": "net.batch_norm=true", "hypernet": "head.train=task head.test=task", "ibcl": "head.kind=shared"}

# Overrides that make a stream that ships short: with embedded data, then with fetched data.
FEW = "stream.most_train=24 stream.most_test=10"
EMBEDDED = {
    "split-digits": "train.steps=5 eval.every=3 log.every=1 keep.weights=true keep.predictions=true",
    "binary-digits": "train.steps=5 log.every=2 keep.weights=true",
    "rotated-digits": "train.steps=4 stream.most_test=12 keep.weights=true",
    "split-fashion": f"train.steps=4 net.widths=[12] {FEW} keep.weights=true",
    "split-fashion-told": f"train.steps=4 net.widths=[12] {FEW} keep.weights=true",
    "permuted-fashion": f"train.steps=4 net.widths=[12] {FEW}",
    "concepts-small": f"train.steps=4 net.widths=[12] {FEW}",
    "nano-flux": f"start.epochs=1 train.steps=4 net.widths=[12,8] {FEW}",
}
FETCHED = {
    "concepts-mnist": f"train.steps=2 train.batch=32 net.widths=[12] {FEW}",
    "mixture-split-mnist": f"train.steps=2 train.batch=32 net.widths=[12] {FEW}",
    "permuted-mnist": f"train.steps=2 train.batch=32 net.widths=[12] stream.tasks=3 {FEW}",
    "permuted-mnist-told": f"train.steps=2 train.batch=32 net.widths=[12] stream.tasks=3 {FEW}",
    "power-law-permuted-mnist": f"train.steps=2 train.batch=32 net.widths=[12] stream.tasks=3 eval.every=1 {FEW}",
    "power-law-split-mnist": f"train.steps=2 train.batch=32 net.widths=[12] eval.every=1 {FEW}",
    "split-mnist-told": f"train.steps=2 train.batch=32 net.widths=[12] {FEW}",
    "groups-newsgroups20": f"train.steps=2 data.news.components=16 {FEW}",
    "emoji-text": "train.steps=2 train.batch=16 stream.tasks=4 net.channels=[4] net.hidden=8 text.side=tokens "
                  "text.width=8 text.tokens.width=8 text.tokens.depth=1 text.tokens.heads=2 text.tokens.length=12 "
                  "stream.held_out=[] "
                  "stream.shape=[3,8,8]",
    "binary-cifar10": f"train.steps=2 data.seen.size=32 {FEW}",
    "animals-cifar100": f"train.steps=2 data.seen.size=32 {FEW}",
    "split-cifar10": "train.steps=2 train.batch=8 net.width=2 stream.tasks=2 stream.classes_per_task=2 "
                     f"stream.partial=true {FEW}",
    "mini-flux": 'start.epochs=1 train.steps=3 train.batch=16 net.channels=[4] net.hidden=8 stream.tasks=4 '
                 'stream.most_train=6 '
                 'stream.most_test=4 \'stream.dataset=["mnist","fashion-mnist","emoji-google","stamps"]\' '
                 '\'stream.held_out=["digits"]\' stream.shape=[3,8,8]',
    "split-cifar10-text": "train.steps=2 train.batch=8 net.channels=[4] net.hidden=8 text.side=tokens text.width=8 "
                          "text.tokens.width=8 "
                          f"text.tokens.depth=1 text.tokens.heads=2 text.tokens.length=12 {FEW}",
}
# What is computed of data in a minute, and smaller in seconds.
COSTLY = {"groups-newsgroups20": "data.news.components=16", "binary-cifar10": "data.seen.size=32"}
# Streams whose data takes a while to read meet these methods alone.
SLOW = {"animals-cifar100", "binary-cifar10", "split-cifar10", "mini-flux", "split-cifar10-text"}
SOME = ["finetune", "joint", "ewc", "replay", "lora", "ema-merge", "vcl", "ibcl", "per-preference"]
# Methods that meet every part of a stream.
MEET = ["finetune", "joint", "ewc", "replay", "gem", "lora", "inflora", "ema", "time-all-all", "vcl", "coreset", "ibcl"]

BOTH = ('\'stream.dataset=["digits","fashion-mnist-small"]\' stream.shape=[1,8,8] stream.most_train=40 '
        'stream.most_test=10')

KINDS = {
    "class-incremental": ["", "stream.tasks=2 stream.classes_per_task=2 stream.partial=true",
                          "stream.classes_per_task=[4,3,3]",
                          "stream.base=4 stream.increment=3", "stream.base=4 stream.tasks=4"],
    "task-incremental": ["", "stream.classes_per_task=[3,2] stream.partial=true"],
    "domain-incremental": ["", f"stream.by=position {BOTH}", f"stream.by=name {BOTH}"],
    "instance-incremental": ["stream.tasks=3"],
    "permuted": ["stream.tasks=2", "stream.tasks=2 stream.first_too=true"],
    "rotated": ["stream.tasks=2", "stream.tasks=3 stream.first=10 stream.last=90", "stream.tasks=3 stream.random=true"],
    "concepts": ["stream.tasks=3", f"stream.per=dataset {BOTH}", "stream.base=7 stream.increment=3"],
}

PARTS = {
    "order": {
        "given": ["", "reverse=true"],
        "random": ["", "reverse=true"],
        "explicit": ["file=order.json absent=skip", "file=order.json"],
        "difficulty": ["examples=20", "examples=20 direction=hard-first measure=accuracy",
                       "source=file file=concept-scores.csv",
                       "source=file file=concept-scores.csv measure=accuracy reverse=true"],
        "frequency": ["", "direction=frequent-first", "file=words.csv"],
        "similarity": ["", "source=means", "source=means reverse=true", "source=file file=vectors.csv", "starts=2"],
        "time": ["", "'buckets=[[\"digits\"]]'", "stamps=stamps.csv"],
        "dataset": ["", "by=time", "by=random"],
        "curriculum-designer": ["candidates=50", "candidates=50 control=true", "candidates=50 source=names",
                                "candidates=50 source=file file=vectors.csv"],
    },
    "arrival": {
        "online": ["parts=2", ""],
        "blurry": ["share=0.3", "share=0.3 once=true"],
        "drift": ["", "noise=uniform experiences=4", "width=2 once=false"],
        "curriculum": ["experiences=3", "source=file file=scores.csv pacing=log keep=false",
                       "direction=hard-first first=0.5"],
        "timeline": ["file=times.csv", "file=times.csv experiences=3", "file=times.csv at=[2005,2010]",
                     "file=times.csv once=true"],
        "recorded": ["file=none.json"],
    },
    "environment": {
        "uniform": ["", "replay=2", "amount=power-law"],
        "exponential": ["", "replay=1 beta=2"],
        "budgeted-power-law": ["", "alpha=3"],
        "power-law": ["", "offset=5 stride=1 exponent=2", "clock=last-practised"],
        "recurring": ["", "times=3", "every=2"],
        "bandit-uniform": ["", "replay=1"],
        "loss-proportional": ["", "decay=0.5 explore=0.5"],
        "sec": ["", "reward=loss alpha=0.9 temperature=0.1"],
        "exp3": ["", "reward=loss gamma=0.5"],
        "ucb": ["", "reward=loss"],
        "successive-elimination": ["", "burn_in=2 block=4 horizon=100 bound=1"],
        "gain-rl": ["", "source=file file=digit-scores.csv", "width=0.3 pace=1 alpha=1 beta=0.8"],
    },
    "alteration": {
        "long-tailed": ["", "factor=10 order=shuffled"],
        "label-noise": ["", "share=0.5 noise=pair"],
        "partially-labelled": ["", "share=0.5"],
    },
}

BODIES = {
    "linear": "net.widths=[]",
    "mlp-norm": "net.batch_norm=true",
    "mlp-dropout": "net.widths=[12,8] net.dropout=0.3",
    "cnn": "net.body=cnn net.channels=[3,4] net.hidden=8",
    "cnn-norm": "net.body=cnn net.channels=[3] net.hidden=8 net.batch_norm=true net.dropout=0.1",
    "resnet18": "net.body=resnet18 net.width=2",
    "vit": "net.body=vit net.patch=4 net.width=8 net.depth=1 net.heads=2",
    "vit-dropout": "net.body=vit net.patch=4 net.width=8 net.depth=2 net.heads=2 net.ratio=1 net.dropout=0.1",
    "squeezenet": "net.body=squeezenet net.upscale=32 stream.shape=[3,8,8] stream.most_train=4 stream.most_test=2 "
                  "train.batch=4",
    "efficientnet": "net.body=efficientnet-lite0 net.upscale=32 stream.shape=[3,8,8] stream.most_train=4 "
                    "stream.most_test=2 train.batch=4",
}
HEAVY = {"squeezenet", "efficientnet"}

RULES = {
    "momentum": "optim.rule=sgd optim.momentum=0.9 optim.decay=0.01 optim.clip=0.5",
    "nesterov": "optim.rule=sgd optim.momentum=0.9 optim.nesterov=true optim.reset=false",
    "adamw": "optim.rule=adamw optim.rate=0.01 optim.clip=1 optim.beta1=0.8",
    "adamw-kept": "optim.rule=adamw optim.rate=0.01 optim.reset=false schedule.shape=linear schedule.warmup=0.3 "
                  "schedule.floor=0.1",
    "galore": "optim.rule=galore optim.rate=0.01 optim.rank=2 optim.gap=2 schedule.shape=cosine",
}

# Settings of other sections, on small.toml.
OPTIONS = {
    "budget": ["flops=2e6", "flops=1e7 budget.per=stream", "maf=3e6", "examples=50", "examples=200 budget.per=stream",
               "steps=3",
               "steps=20 budget.per=stream", "flops=2e6 budget.examples=40 budget.steps=3", "flops=1e3",
               "steps=4 budget.per=stream"],
    "eval": ["every=2", "log_spaced=true", "every=2 eval.within=new", "batch=7", "preferences=[[1,1,1,1,1]]",
             "preferences=[[0.5,0.125,0.125,0.125,0.125],[1,0,0,0,0]]", "random_preferences=2"],
    "train": ["batch=1", "batch=7", "epochs=1", "steps=1", "batch=128"],
    "head": ["test=seen", "train=seen", "train=seen head.test=seen", "train=task head.test=task", "test=task",
             "kind=multi head.train=task head.test=task", "kind=multi", "kind=multi head.train=seen head.test=seen"],
    "schedule": ["shape=constant", "shape=linear", "shape=cosine schedule.warmup=0.5 schedule.floor=0.2",
                 "shape=linear schedule.floor=0.5"],
    "mixture": ["update=0.5 mixture.buffer=0.5", "update=0.25 mixture.buffer=0.75 train.epochs=1"]
               + [f"update=0.5 mixture.buffer=0.5 buffer.keep={keep} buffer.capacity=40"
                  for keep in ("reservoir", "ring", "class-balanced", "herding", "loss")]
               + ["update=0.5 mixture.buffer=0.5 buffer.keep=ring buffer.bytes=2000", "update=0.5 mixture.buffer=0.4",
                  "update=0.5 mixture.pretraining=0.5 stream.pool=fashion-mnist-small stream.most_train=20"],
    "stream": ["seed=3", "seed=3 stream.order=random", "normalise=false", "val_fraction=0.4", "joint=true",
               "joint=true stream.upto=2",
               "joint=true stream.only=2", "shape=[1,6,6]", "shape=[1,12,12] stream.fit=pad", "shape=[3,8,8]",
               "most_train=10", "most_test=3",
               "held_out=emoji-google-small stream.shape=[3,8,8]", "held_out_share=0.2 stream.tasks=4",
               "pool_share=0.2 stream.tasks=4 mixture.update=0.5 mixture.pretraining=0.5",
               "pool_share=0.2 stream.tasks=4",
               "order=random stream.environment=power-law stream.arrival=blurry", "tasks=1 stream.classes_per_task=10"],
    "keep": ["checkpoint=true", "weights=false", "predictions=false"],
    "log": ["every=3"],
    "optim": ["clip=0.01", "decay=0.5", "reset=false", "rate=0.1"],
    "seeds": ["=0..2", "=3,1", "=[4]"],
    "name": ["=other"],
}

# What meets every method on the stream with texts.
TEXT_OPTIONS = [
    "text.loss=siglip", "text.loss=siglip text.same=positives", "text.same=positives", "text.lock=image",
    "text.lock=text", "text.width=4",
    "text.tokens.depth=2", "text.tokens.dropout=0.2", "text.tokens.length=6", "'text.templates=[\"{}\"]'",
    "stream.held_out=emoji-twitter-small",
    "stream.held_out_share=0.3", "stream.environment=cumulative", "mixture.update=0.5 mixture.buffer=0.5",
    "net.body=mlp net.widths=[8]",
    "net.body=vit net.patch=4 net.width=8 net.depth=1 net.heads=2", "optim.rule=galore", "eval.every=2",
    "keep.weights=true keep.predictions=true",
    "stream.kind=task-incremental", "stream.kind=concepts", "stream.dataset=digits stream.shape=[1,8,8]",
    "head.kind=multi", "head.train=seen",
    "head.test=seen", "text.side=wordllama", "text.width=0", "text.loss=clop", "stream.environment=exp3",
    "method=ewc ewc.fisher=batch",
    "stream.pool_share=0.4 start=pretrain start.steps=3",
]

# Settings that only together say something.
STACKS = {
    "lora-task": "method=lora lora.per=task",
    "lora-task-fold": "method=lora lora.per=task lora.end=fold",
    "lora-task-route": "method=lora lora.per=task lora.end=route head.train=task head.test=task",
    "lora-attention": "method=lora lora.on=query-value net.body=vit net.patch=4 net.width=8 net.depth=1 net.heads=2",
    "lora-key-value": "method=lora lora.on=key-value net.body=vit net.patch=4 net.width=8 net.depth=1 net.heads=2",
    "dora-task-fold": "method=dora dora.per=task dora.end=fold",
    "dora-task-route": "method=dora dora.per=task dora.end=route head.train=task head.test=task",
    "vera-task-route": "method=vera vera.per=task vera.end=route head.train=task head.test=task",
    "lora+ewc": "method=lora+ewc",
    "ewc+lora": "method=ewc+lora",
    "replay+ema": "method=replay+ema",
    "lora+ewc+ema": "method=lora+ewc+ema",
    "ewc+replay+ema": "method=ewc+replay+ema ewc.form=per-task",
    "ewc+replay+gem": "method=ewc+replay+gem",
    "lora+freeze+replay": "method=lora+freeze+replay",
    "dora+gem+coreset": "method=dora+gem+coreset coreset.size=5 coreset.steps=3",
    "olora+replay": "method=olora+replay",
    "inflora+replay": "method=inflora+replay",
    "lora+replay+ema-merge": "method=lora+replay+ema-merge",
    "ewc+magmax": "method=ewc+magmax",
    "replay+merge-ties": "method=replay+merge merge.rule=ties merge.deploy=all",
    "merge-fisher-last": "method=merge merge.rule=fisher merge.deploy=all merge.head=last",
    "merge-search": "method=merge merge.search=4",
    "merge-consensus": "method=merge merge.rule=ties merge.deploy=all merge.consensus=2 merge.lines=linear",
    "ibcl+replay+gem": "method=ibcl+replay+gem eval.random_preferences=2",
    "ibcl-compat": "method=ibcl ibcl.repo_compat=true eval.random_preferences=2",
    "ibcl-sum": "method=ibcl ibcl.combine=sum ibcl.draw=uniform eval.random_preferences=3",
    "bbb+replay+coreset": "method=bbb+replay+coreset coreset.size=5 coreset.steps=3",
    "vcl+coreset": "method=vcl+coreset coreset.choose=k-center coreset.size=5 coreset.steps=3",
    "vcl+ewc": "method=vcl+ewc",
    "per-preference+replay": "method=per-preference+replay eval.random_preferences=2",
    "per-preference+ewc": "method=per-preference+ewc ewc.fisher=empirical eval.random_preferences=2",
    "per-preference+gem+ema": "method=per-preference+gem+ema eval.random_preferences=2",
    "hypernet+replay": "method=hypernet+replay head.train=task head.test=task",
    "hypernet+ewc+ema": "method=hypernet+ewc+ema head.train=task head.test=task",
    "hypernet-mip": "method=hypernet hypernet.mip=true hypernet.chunk=100 head.train=task head.test=task",
    "joint+ewc+replay": "method=joint+ewc+replay",
    "replay-herding-drift": "method=replay replay.keep=herding replay.capacity=30 stream.arrival=drift",
    "replay-loss-sec": "method=replay replay.keep=loss replay.capacity=30 stream.environment=sec",
}

# Wrong inputs; each begins with a stream file, and is checked.
WRONG = """small.toml trian.batch=3
small.toml sede=3
small.toml stream.datset=digits
small.toml stream.taks=3
small.toml net.width=3
small.toml head.trian=all
small.toml optim.rte=3
small.toml optim.beta3=3
small.toml schedule.shap=cosine
small.toml train.epoch=3
small.toml budget.flop=1e9
small.toml eval.evry=3
small.toml log.every_step=3
small.toml keep.weigths=true
small.toml checkpoint.evry=3
small.toml method=ewc ewc.strenght=3
small.toml finetune.x=3
small.toml method=ewcc
small.toml method=
small.toml method=lora+
small.toml stream.kind=permutted
small.toml stream.dataset=digit
small.toml stream.order=similar
small.toml stream.arrival=onlin
small.toml stream.environment=powerlaw
small.toml stream.order=random stream.order.revers=true
small.toml stream.environment=uniform stream.environment.replay=300
small.toml stream.environment=sec stream.environment.alpha=0.0
small.toml stream.environment=gain-rl stream.environment.source=file
small.toml stream.arrival=timeline
small.toml stream.arrival=online stream.arrival.parts=1000
small.toml stream.label-noise.share=2
small.toml stream.label-noise=0.5
small.toml stream.long-tailed.order=random
small.toml optim.rule=adam
small.toml net.body=resnet
small.toml schedule.shape=cosin
small.toml head.kind=mlti
small.toml head.test=tsk
small.toml budget.per=task
small.toml start=pretrian
small.toml start=pretrain
small.toml start=file
small.toml start=file start.path=nowhere.safetensors
small.toml device=gpu
small.toml device=libtorch:cuda:x
small.toml device=libtorch
small.toml train.batch=many
small.toml optim.rate=[1]
small.toml optim.clip=yes
small.toml stream.seed=-1
small.toml stream.dataset=[1]
small.toml net.widths=wide
small.toml 'eval.preferences=[["a"]]'
small.toml budget.steps=1.5
small.toml checkpoint.every=-1
small.toml keep.weights=1
small.toml log.every=1e3
small.toml method=ewc ewc.samples=-1
small.toml method=3
small.toml seed=-1
small.toml seed=1.5
small.toml name=3
small.toml stream=3
small.toml method=ewc ewc=3
small.toml optim.rate.x=3
small.toml train.batch=0
small.toml train.steps=0
small.toml optim.rate=0
small.toml optim.rate=nan
small.toml optim.clip=0
small.toml optim.beta1=1
small.toml schedule.warmup=1
small.toml schedule.floor=2
small.toml net.dropout=1
small.toml net.widths=[0]
small.toml net.widths=[65536,65536]
small.toml eval.batch=0
small.toml log.every=0
small.toml checkpoint.every=0
small.toml budget.flops=0
small.toml budget.flops=inf
small.toml stream.val_fraction=1
small.toml stream.val_fraction=0.999
small.toml stream.tasks=0
small.toml stream.tasks=3
small.toml stream.tasks=6 stream.classes_per_task=2
small.toml stream.dataset=[]
small.toml stream.hash=00
small.toml method=ewc ewc.strength=-1
small.toml method=lora lora.rank=0
small.toml method=ema ema.keep=1
small.toml method=ema-merge ema-merge.rule=task-arithmetic
small.toml net.body=vit net.patch=3
small.toml train.epochs=3 train.steps=5
small.toml method=ewc+ewc
small.toml method=finetune+joint
small.toml ewc.strength=3
small.toml method=lora+ewc lora.per=task
small.toml method=lora+ema lora.end=fold
small.toml schedule.shape=constant schedule.floor=0.1
small.toml seed=1 seeds=0..2
small.toml stream.kind=permuted head.kind=multi
small.toml method=lora net.widths=[] net.dropout=0
small.toml method=norms
small.toml method=hypernet
small.toml method=lora lora.on=attention
small.toml method=lora lora.per=task lora.end=route
small.toml mixture.update=0.5 mixture.buffer=0.5 stream.environment=sec
small.toml mixture.update=0.5
small.toml buffer.capacity=5
small.toml lora
small.toml =3
small.toml a..b=3
small.toml seeds=5..5
small.toml seeds=1,1
small.toml seeds=a,b
small.toml seeds=0..999999999999
small.toml jobs=0
small.toml name=../../elsewhere
small.toml budget.flops=1000
small.toml budget.examples=1
small.toml budget.steps=4 budget.per=stream
small.toml method=ewc budget.flops=1e6
small.toml eval.preferences=[[1,2]]
small.toml eval.preferences=[[0,0,0,0,0]]
small.toml stream.dataset=mnist data=nowhere
small.toml stream.dataset=cifar100 data=nowhere
flux.toml start.epochs=2
flux.toml start.steps=0
flux.toml start.rate=-1
flux.toml start.kind=frozen
flux.toml start.step=3
flux.toml start=random stream.pool_share=0
flux.toml stream.pool_share=1
flux.toml stream.held_out_share=0.7
flux.toml stream.held_out_share=0.01
flux.toml stream.most_test=0
flux.toml eval.shots=0
flux.toml data.mine.format=floppy
flux.toml data.digits.format=csv
own.toml data.flowers.label=colour
own.toml data.flowers.path=none.csv
own.toml stream.dataset=arrays data.arrays.train_labels=train.npz:z
own.toml stream.dataset=birds data.birds.path=none
absent.toml
broken.toml
empty.toml
no-stream.toml
list.toml
list.csv""".splitlines()

# Command lines that are wrong, or that say how to be used.
LINES = """run
check
rnu small.toml
run small.toml --quite
stream
stream show
data fetch
table --format=xml
table
data fetch digist
data verify digist
data verify digits
data fetch digits
methods lroa
metrics nothing
metrics bwd
phases
compare finetune ewc
statistics
curves
report
repro
picture all
picture shapes
verify none.md
pack -o x.runs.gz
export parquet -o out
export csv birds -o out
export l2logger birds -o out --complexity high
prefer nowhere w=1
cost nowhere
cost
cost --fomo
score
score none.csv
score broken.csv
score upper.csv
score matrix.csv --metrics bwd
score matrix.csv --clamp
score matrix.csv --sizes 100,300
score matrix.csv --format yaml
score numpy.txt --matrix 3
stream show list.toml
stream show list.csv stream.kind=class-incremental stream.tasks=2
stream show order.json stream.tasks=5
stream show small.toml optmi.rate=1
stream diff bare.toml small.toml
stream diff bare.toml list.toml
stream diff small.toml small.toml optim.rate=0.5
stream import some.json --dataset digits --tasks 2 -o new.toml
stream import some.json --dataset digits --tasks 2 -o new.toml --absent skip
stream import matrix.json --dataset digits -o new.toml
new-method lora
new-method ../x
new-method fine
data list
data path""".splitlines()

HELPS = ["", "run", "check", "cost", "stream", "stream show", "stream export", "stream import", "stream diff",
         "stream hash", "list", "methods",
         "new-method", "data", "data list", "data path", "data fetch", "data verify", "references", "metrics", "table",
         "compare", "statistics",
         "curves", "report", "repro", "pack", "verify", "phases", "prefer", "picture", "score", "export",
         "export tensorboard", "export parquet",
         "export csv", "export model-index", "export l2logger", "export peft"]

TABLE_FORMATS = ["text", "md", "csv", "tex", "html", "json"]

# Several command lines in one folder. A word with a star becomes the first path that fits, where there is one.
SESSIONS = {
    "tables": [f"run streams/split-digits.toml method={method} train.steps=4 seeds=0..3 --quiet"
               for method in ("finetune", "joint", "ewc", "lora", "replay", "ema", "lora+ewc", "ibcl")]
              + [f"run streams/rotated-digits.toml method={method} train.steps=4 seeds=0..2 --quiet"
                 for method in ("finetune", "replay", "gem")]
              + [f"run streams/split-digits.toml method={method} budget.flops=2e7 seeds=0..2 --quiet"
                 for method in ("finetune", "replay", "ewc")]
              + ["run streams/split-digits.toml method=ewc ewc.strength=10 train.steps=4 seeds=0..3 --quiet"]
              + [f"table --format {kind}" for kind in TABLE_FORMATS]
              + [f"table --metrics all --format {kind}" for kind in ("csv", "json", "text")]
              + ["table --across", "table --across --format md", "table --brief", "table --no-footnotes",
                 "table --by bwt.gem17",
                 "table --by forgetting --rank-all", "table --only method=ewc,lora* --only stream=split-*",
                 "table --without method=joint",
                 "table --mix streams", "table --mix versions",
                 "table --columns rank,seeds,scores,start,head,logits,task-id,steps",
                 "table --columns operations,examples,replayed,rehearsed,state,memory --format csv",
                 "table --metrics acc,bwd",
                 "table --only method=nothing", "table --only colour=red",
                 "table runs/split-digits/ewc runs/split-digits/finetune",
                 "statistics", "statistics --metrics acc,forgetting", "statistics --by bwt.gem17 --only stream=split-*",
                 "compare ewc finetune runs/split-digits",
                 "compare replay ewc runs/split-digits --metrics acc,forgetting,la",
                 "compare finetune nothing", "curves", "phases", "phases --format md", "phases --format csv",
                 "phases --spread",
                 "repro", "repro --only method=ibcl", "report -o site", "picture all", "picture all -o pictures",
                 "picture ranks -o ranks.svg",
                 "pack -o all.runs.gz", "table all.runs.gz", "table all.runs.gz --format md --splice none.md",
                 "export csv runs -o csv",
                 "export parquet runs -o parquet", "export tensorboard runs -o events",
                 "export model-index runs -o card",
                 "export l2logger runs -o lifetimes"],
    "verify": ["run bare.toml train.steps=3 seeds=0..2 --quiet",
               "run bare.toml train.steps=3 method=replay seeds=0..2 --quiet",
               "table --format md > page.md", "table --format json > page.json", "pack -o page.runs.gz",
               "verify page.md", "verify page.json runs",
               "verify page.md --from-records", "verify page.md runs --only method=replay --only seed=1"],
    "phases": [f"run bare.toml train.steps=4 stream.environment={name} seeds=0..2 runs=worlds --quiet"
               for name in ("none", "cumulative", "uniform", "power-law", "recurring", "sec")]
              + ["run bare.toml train.steps=4 method=ewc stream.environment=power-law seeds=0..2 runs=worlds --quiet",
                 "phases worlds",
                 "phases worlds --format md", "phases worlds --format csv", "phases worlds --threshold 0.5",
                 "phases worlds --spread",
                 "phases worlds --against 'finetune stream.environment=none'", "phases worlds --against nothing",
                 "phases worlds --compare 'finetune stream.environment=power-law' 'finetune stream.environment=none'",
                 "phases worlds --compare 'finetune stream.environment=power-law' 'finetune stream.environment=none' "
                 "--claim 'is higher'",
                 "phases worlds --only method=ewc", "table worlds", "table worlds --mix streams",
                 "compare finetune ewc worlds"],
    "flux": [f"run flux.toml method={method} seeds=0..2 --quiet" for method in ("finetune", "joint", "lora", "ewc",
                                                                                "ema-merge")]
            + ["run flux.toml method=finetune start.seed=1 runs=fixed seeds=0..2 --quiet", "table",
               "table --metrics all --format csv", "table --format md",
               "statistics", "picture zero-shot -o zero.svg", "picture compute -o compute.svg", "report -o site",
               "run flux.toml start=file start.path=runs/flux/finetune/*/artifact/weights.safetensors "
               "runs=next --quiet",
               "run bare.toml start=file start.path=runs/flux/finetune/*/artifact/weights.safetensors "
               "runs=other --quiet"],
    "preferences": ["run streams/binary-digits.toml method=ibcl train.steps=5 --quiet",
                    "prefer runs/binary-digits/ibcl/* w=6,1,1,1,1",
                    "prefer runs/binary-digits/ibcl/* w=0.2,0.2,0.2,0.2,0.2 --json -o model.safetensors",
                    "prefer runs/binary-digits/ibcl/* w=1,2",
                    "run streams/binary-digits.toml start=file start.path=model.safetensors train.steps=2 "
                    "runs=next --quiet"]
                   + [f"run streams/binary-digits.toml method={method} train.steps=5 eval.random_preferences=2 "
                      "runs=asked seeds=0..2 --quiet"
                      for method in ("ibcl", "per-preference", "per-preference+replay", "vcl")]
                   + ["run bare.toml method=ibcl stream.tasks=2 stream.kind=domain-incremental "
                      "eval.random_preferences=3 train.steps=3 runs=two --quiet",
                      "picture preferences two -o two.svg", "score two/*/*/*"]
                   + ["table asked", "table asked --metrics preferred --format md",
                      "picture preferences asked -o preferences.svg", "compare ibcl per-preference asked"],
    "curves": ["run small.toml eval.log_spaced=true train.steps=24 seeds=0..2",
               "run small.toml method=replay eval.log_spaced=true train.steps=24 seeds=0..2 --quiet",
               "references small.toml seeds=0..2",
               "references small.toml eval.log_spaced=true train.steps=24 seeds=0..2 --quiet", "curves",
               "curves --threshold 0.2 --look-ahead 1", "table --metrics all", "table --metrics all --format json",
               "statistics", "picture all -o pictures",
               "cost runs/small/finetune/*", "score runs/small/finetune/*", "score runs/small/finetune/* --format json",
               "export l2logger runs -o lifetimes",
               "score lifetimes/*/lifetimes/* --ste lifetimes/*/experts --format json", "score lifetimes/*/lifetimes/*",
               "run small.toml --json", "run small.toml seeds=0..2 --json",
               "run small.toml eval.log_spaced=true train.steps=24"],
    "diverged": ["run steep.toml optim.rate=1e6", "run steep.toml optim.rate=1e6 seeds=0..3",
                 "run steep.toml seeds=0..2 --quiet", "table", "table --format csv",
                 "statistics", "run steep.toml optim.rate=1e6 --json --quiet",
                 "run steep.toml optim.rate=1e30 train.steps=1 stream.tasks=1 stream.classes_per_task=10"],
    "exported": ["stream export bare.toml -o out", "stream hash out/stream.toml",
                 "stream diff bare.toml out/stream.toml", "run out/stream.toml train.steps=3 --quiet",
                 "stream export bare.toml stream.kind=permuted stream.tasks=3 stream.order=random -o permuted",
                 "stream export bare.toml stream.arrival=drift stream.environment=recurring -o drift",
                 "run drift/stream.toml --quiet",
                 "stream export bare.toml method=joint -o joint", "stream export list.toml -o list",
                 "stream export bare.toml -o out",
                 "stream import some.json --dataset digits --tasks 2 --absent skip -o new.toml",
                 "run new.toml optim.rate=0.1 --quiet",
                 "stream show new.toml"],
    "chosen": ["run bare.toml stream.environment=sec --quiet",
               "stream export bare.toml stream.environment=sec --run runs/bare/finetune/* -o realised",
               "run realised/stream.toml runs=again --quiet",
               "stream export bare.toml stream.environment=ucb --run runs/bare/finetune/* -o other",
               "stream export bare.toml stream.environment=sec -o other", "table", "phases"],
    "ordered": ["run bare.toml keep.predictions=true train.steps=4 --quiet",
                "stream show bare.toml stream.order=difficulty stream.order.source=run "
                "stream.order.run=runs/bare/finetune/*",
                "stream show bare.toml stream.order=difficulty stream.order.source=run "
                "stream.order.measure=accuracy stream.order.run=runs/bare/finetune/*"],
    "drawn": ["stream show bare.toml --draw drawn", "stream show streams/nano-flux.toml --draw flux",
              "stream show list.toml --draw list"],
    "adapters": [f"run bare.toml method={method} train.steps=3 keep.weights=true --quiet"
                 for method in ("lora", "dora", "vera", "olora", "inflora")]
                + [f"export peft runs/bare/{method}/* -o {method}" for method in ("lora", "dora", "vera", "olora",
                                                                                  "inflora")]
                + ["run bare.toml method=ewc train.steps=3 --quiet", "export peft runs/bare/ewc/* -o ewc"],
    "texts": [f"run text.toml method={method} seeds=0..2 --quiet" for method in ("finetune", "replay", "lora")]
             + ["table", "table --metrics all --format csv", "picture zero-shot", "statistics"],
    "resumed": ["run small.toml --quiet", "run small.toml", "run small.toml checkpoint.every=2 runs=other --quiet",
                "run small.toml keep.checkpoint=true --quiet",
                "run small.toml seeds=0..3 jobs=2 --quiet", "run small.toml runs=small.toml --quiet"],
    "costs": ["cost small.toml", "cost small.toml method=ewc budget.flops=9e6", "cost small.toml method=replay --json",
              "cost flux.toml method=lora",
              "cost text.toml", "cost small.toml method=per-preference eval.random_preferences=2",
              "cost small.toml budget.flops=1e3"],
}


class Cases:
    """Collects cases: a name, and command lines."""

    def __init__(self):
        self.all = {}

    def add(self, name, *lines):
        name = "/".join(re.sub(r"[^A-Za-z0-9._=+,-]+", "_", part).strip("_")[:100] or "_" for part in name.split("//"))
        kept, again = name, 1
        while name in self.all:
            again += 1
            name = f"{kept}~{again}"
        self.all[name] = list(lines)


def words(*parts):
    return " ".join(part for part in parts if part)


def every_case(catalogue, streams):
    """All cases for a program that lists `catalogue`, on stream files of these names."""
    cases = Cases()
    methods = catalogue.methods

    def suited(method, settings=""):
        parts = [SUIT.get(part, "") for part in method.split("+")]
        return words(f"method={method}", *(part for part in parts if part and part.split("=")[0] not in settings),
                     settings)

    # Streams that ship, with each method.
    for stream in streams:
        file = f"streams/{stream}.toml"
        short = COSTLY.get(stream, "")
        if stream in EMBEDDED:
            few = EMBEDDED[stream]
            # One stream also tells of its progress, and of what it was foretold to cost.
            quiet = "" if stream == "split-digits" else "--quiet"
            for method in methods:
                cases.add(f"streams//{stream}//{method}", words("run", file, suited(method), few, quiet))
                if method in SUIT:
                    cases.add(f"streams//{stream}//{method}-unsuited",
                              words("run", file, f"method={method}", few, "--quiet"))
                cases.add(f"checks//{stream}//{method}", words("check", file, suited(method), "net.widths=[12]"))
        else:
            few = FETCHED.get(stream, "train.steps=2")
            for method in SOME if stream in SLOW else methods:
                settings = few
                if stream in ("emoji-text", "split-cifar10-text") and method == "ewc":
                    settings = words(few, "ewc.fisher=batch")
                cases.add(f"streams//{stream}//{method}", words("run", file, suited(method), settings,
                                                                "data=data --quiet"))
            cases.add(f"checks//{stream}//as it is", words("check", file, short, "data=data"))
            cases.add(f"checks//{stream}//without data", f"check {file} data=nowhere")
        cases.add(f"shown//{stream}", words("stream show", file, short, "data=data"))
        cases.add(f"shown//{stream} all", words("stream show", file, short, "data=data --all"))
        cases.add(f"shown//{stream} hash", words("stream hash", file, short, "data=data"))

    # Each method on each kind of stream.
    kinds = {kind: KINDS.get(kind, [""]) for kind in catalogue.parts["stream.kind"]}
    for kind, variants in kinds.items():
        for variant in variants:
            for method in methods:
                settings = words(f"stream.kind={kind}", variant, "train.steps=4")
                cases.add(f"kinds//{kind} {variant}//{method}",
                          words("run bare.toml", suited(method), settings, "eval.every=3 --quiet"))

    # Each part of a stream: trained on with some methods, and shown with each kind.
    usual = words("stream.environment=none", "stream.arrival=whole", "stream.order=given")
    cases.add("parts//usual", f"run bare.toml {usual} --quiet")
    listed = {what: catalogue.parts[key] for what, key in
              {"order": "stream.order", "arrival": "stream.arrival", "environment": "stream.environment",
               "alteration": "[stream.NAME]"}.items()}
    for what, names in listed.items():
        for name in names:
            for at, variant in enumerate(PARTS[what].get(name, [""])):
                if what == "alteration":
                    settings = words(*(f"stream.{name}.{setting}" for setting in shlex.split(variant)))
                    settings = settings or f"stream.{name}={{}}"
                else:
                    settings = words(f"stream.{what}={name}",
                                     *(shlex.quote(f"stream.{what}.{setting}") for setting in shlex.split(variant)))
                for method in [name for name in MEET if name in methods][:None if at == 0 else 5]:
                    cases.add(f"parts//{what} {name} {variant}//{method}",
                              words("run bare.toml", suited(method), settings, "keep.weights=true --quiet"))
                for kind, of in kinds.items():
                    for extra in of[:2]:
                        cases.add(f"combined//{kind} {extra}//{what} {name} {variant}",
                                  words("stream show bare.toml --all", f"stream.kind={kind}", extra, settings,
                                        "stream.val_fraction=0.1"))

    # Each setting of each method, by itself. Presets share their settings; of those only the rule is tried.
    known = set()
    for method in methods:
        settings = catalogue.settings(method)
        keys = tuple(key for key, *_ in settings)
        for key, _, values in settings:
            if keys in known and key not in ("rule", "head"):
                continue
            for value in values:
                quoted = shlex.quote(f"{method}.{key}={value}")
                more = "eval.random_preferences=2" if method in ("ibcl", "per-preference") else ""
                more = BODIES["vit"] if key == "on" else more
                cases.add(f"settings//{method}//{key}={value}",
                          words("run bare.toml", suited(method), quoted, more,
                                "stream.tasks=5 train.batch=16 train.steps=4 keep.weights=true --quiet"))
        known.add(keys)
    merge = {}
    for key, default, values in catalogue.settings("merge") if "merge" in methods else []:
        if default.startswith('"'):
            merge[key] = [json.loads(default), *values]
    for first, second in (("init", "deploy"), ("rule", "deploy"), ("rule", "init"), ("ages", "rule"),
                          ("rule", "lines")):
        for one in merge.get(first, []):
            for other in merge.get(second, []):
                more = "" if "deploy" in (first, second) else "merge.deploy=all"
                # Some rules grow from merge to merge unless they are scaled, and are refused without.
                for scale in ("", "merge.scale=0.15")[:2 if "rule" in (first, second) else 1]:
                    cases.add(f"settings//merge//{first}={one},{second}={other}{scale and ',scaled'}",
                              words("run bare.toml method=merge", f"merge.{first}={one}", f"merge.{second}={other}",
                                    more, scale, "train.batch=16 train.steps=3 keep.weights=true --quiet"))

    # Networks and optimizers with each method.
    for body, settings in BODIES.items():
        for method in ("finetune", "lora") if body in HEAVY else methods:
            steps = "train.batch=16 train.steps=3 stream.most_test=8"
            if body in HEAVY:
                steps = "train.steps=1 stream.tasks=2 stream.classes_per_task=5"
            suit = suited(method, settings)
            cases.add(f"networks//{body}//{method}", words("run bare.toml", steps, suit, "keep.weights=true --quiet"))
    for rule, settings in RULES.items():
        for method in methods:
            cases.add(f"optimizers//{rule}//{method}",
                      words("run bare.toml", suited(method), settings,
                            "train.batch=16 train.steps=4 log.every=1 stream.most_test=8 --quiet"))

    # Pairs and stacks of methods.
    vit = BODIES["vit"]
    for one in methods:
        for other in methods:
            if one != other:
                told = words("head.train=task head.test=task",
                             "coreset.size=4 coreset.steps=2" if "coreset" in (one, other) else "")
                few = "train.batch=16 train.steps=2 stream.tasks=5 stream.most_test=6 stream.most_train=12"
                cases.add(f"pairs//{one}//{other}",
                          words("run bare.toml", f"method={one}+{other}", told, few, "keep.weights=true --quiet"))
                if one < other:
                    cases.add(f"pairs//{one}//{other} vit",
                              words("check bare.toml", f"method={one}+{other}", told, vit))
    for name, settings in STACKS.items():
        for stream in ("bare.toml", "streams/binary-digits.toml", "streams/rotated-digits.toml"):
            cases.add(f"stacks//{name}//{stream}", words("run", stream, settings,
                                                         "train.batch=16 train.steps=4 keep.weights=true --quiet"))

    # Settings of other sections.
    for section, settings in OPTIONS.items():
        for setting in settings:
            key = f"{section}{setting}" if setting.startswith("=") else f"{section}.{setting}"
            fresh = key if not key.startswith("schedule.shape=constant") else words(key, "schedule.warmup=0")
            steps = "" if "train." not in key else "eval.every=0"
            for method in ("finetune", "ewc", "replay", "lora", "joint", "vcl", "per-preference"):
                extra = "eval.random_preferences=2" if method == "per-preference" and section != "eval" else ""
                cases.add(f"options//{key}//{method}", words("run small.toml", f"method={method}", extra, fresh, steps,
                                                             "--quiet"))
    for method in methods:
        cases.add(f"options//small//{method}", words("run small.toml", suited(method)))
        cases.add(f"options//flux//{method}", words("run flux.toml", suited(method), "--quiet"))
        batch = "ewc.fisher=batch" if method == "ewc" else ""
        cases.add(f"options//text//{method}", words("run text.toml", f"method={method}", batch, "--quiet"))
        cases.add(f"options//json//{method}", words("run bare.toml", suited(method), "train.steps=2 --json --quiet"))
    for setting in TEXT_OPTIONS:
        for method in ("finetune", "replay") if "method=" not in setting else ("",):
            cases.add(f"options//text {setting}//{method}", words("run text.toml", f"method={method}" if method else "",
                                                                  setting, "--quiet"))
    for dataset in ("flowers", "some", "notes", "arrays", "birds", "grey", "seen", "digits", "emoji-google-small",
                    "emoji-twitter-small",
                    "fashion-mnist-small"):
        for method in ("finetune", "replay", "ewc", "ibcl"):
            cases.add(f"data//{dataset}//{method}", words("run own.toml", f"method={method}",
                                                          f"stream.dataset={dataset}", "data=data stream.most_train=20",
                                                         "stream.most_test=8 --quiet"))
        cases.add(f"data//{dataset}//shown", f"stream show own.toml stream.dataset={dataset} data=data")

    # What is printed.
    cases.add("printed//list", "list")
    cases.add("printed//methods", "methods")
    cases.add("printed//metrics", "metrics")
    cases.add("printed//metrics table", "metrics --table")
    for method in methods:
        cases.add(f"printed//methods//{method}", f"methods {method}")
    cases.add("printed//methods//all", words("methods", *methods))
    for key in catalogue.metrics:
        cases.add(f"printed//metrics//{key}", f"metrics {key}")
    for name in sorted({key.split(".")[0] for key in catalogue.metrics} | {"preferred", "acc", "bwt", "forgetting"}):
        cases.add(f"printed//metrics//{name}", f"metrics {name}")
    for command in HELPS:
        cases.add(f"printed//help//{command or 'clbench'}", f"{command} --help".strip())
    for file in ("matrix.csv", "percent.csv", "lower.csv", "matrix.json", "numpy.txt", "avalanche.csv", "mammoth.txt"):
        for kind in ("text", "json", "csv"):
            cases.add(f"scores//{file}//{kind}", f"score {file} --metrics all --format {kind}")
        cases.add(f"scores//{file}//sizes", f"score {file} --sizes 100,300,600 --metrics acc.avalanche,aia.icarl17")
    for transpose in ("--transpose", "--transpose=no"):
        cases.add(f"scores//upper.csv//{transpose}", f"score upper.csv {transpose} --metrics acc,bwt")

    # What is wrong.
    for line in WRONG:
        cases.add(f"wrong//{line}", f"check {line}")
    for line in LINES:
        cases.add(f"lines//{line}", line)

    for name, lines in SESSIONS.items():
        cases.add(f"sessions//{name}", *lines)
    return cases.all


# ---------------------------------------------------------------------------------------------------------------------
# Running


class Place:
    """A folder with the program, the inputs and links to the data."""

    def __init__(self, program, folder, data):
        # Its name has one length, as lines are broken by it where it is printed.
        self.root = Path(tempfile.mkdtemp(prefix="same-"))
        self.program = self.root / "clbench"
        shutil.copy2(program, self.program)
        self.inputs = self.root / "inputs"
        shutil.copytree(folder / "inputs", self.inputs)
        self.data = Path(data).resolve() if data else None
        (self.root / "data").mkdir()
        # What the program computes of the data goes beside the links, and is computed anew by each program.
        for below in sorted(self.data.iterdir()) if data else []:
            if below.is_dir() and not below.name.startswith("."):
                (self.root / "data" / below.name).symlink_to(below)
        self.words = []
        self.lock, self.made = threading.Lock(), 0

    def learn(self):
        """Finds out how the program names itself and the machine."""
        folder = self.folder()
        said = self.command(folder, "run bare.toml train.steps=1 --quiet")
        manifest = next(iter(sorted(folder.glob("runs/*/*/*/manifest.json"))), None)
        if manifest is None:
            sys.exit(f"the program does not run:\n{said['err']}")
        made = json.loads(manifest.read_text())
        self.words = [(word.encode(), with_.encode()) for word, with_ in
                      ((made["machine"], "MACHINE"), (made["revision"], "REVISION")) if len(word) > 3]
        shutil.rmtree(folder)
        return made["version"]

    def folder(self):
        with self.lock:
            self.made += 1
            folder = self.root / f"case-{self.made:06}"
        folder.mkdir()
        for path in self.inputs.iterdir():
            (folder / path.name).symlink_to(path)
        (folder / "data").symlink_to(self.root / "data")
        return folder

    def command(self, folder, line):
        """Runs one command line. `> FILE` at its end writes what it prints into a file."""
        words, to = shlex.split(line), None
        if ">" in words:
            words, to = words[:words.index(">")], words[words.index(">") + 1]
        given = []
        for word in words:
            head, _, tail = word.rpartition("=") if "=" in word else ("", "", word)
            found = sorted(glob.glob(str(folder / tail))) if "*" in tail else []
            first = os.path.relpath(found[0], folder) if found else tail
            given.append(f"{head}={first}" if head and found else word if not found else first)
        surroundings = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(self.root)}
        process = subprocess.Popen([self.program, *given], cwd=folder, env=surroundings, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=MOST_SECONDS)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            code = f"given up after {MOST_SECONDS} s"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if to:
            (folder / to).write_bytes(out)
        text = [self.plain(folder, stream).decode("utf-8", "backslashreplace") for stream in (out, err)]
        return {"words": line, "code": code, "out": untimed(text[0]), "err": untimed(text[1])}

    def plain(self, folder, data):
        """Without what this place and this build are called."""
        for path, name in ((folder, b"HERE"), (self.inputs, b"INPUTS"), (self.root, b"ROOT"), (self.data, b"DATA")):
            data = data.replace(str(path).encode(), name) if path else data
        for word, name in self.words:
            data = data.replace(word, name)
        return data

    def outcome(self, lines):
        folder = self.folder()
        try:
            outcome = {"lines": [self.command(folder, line) for line in lines], "files": {}}
            # Links to inputs are not gone into.
            paths = [Path(below) / name for below, _, names in os.walk(folder) for name in names]
            for path in sorted(paths):
                name = str(path.relative_to(folder))
                aside = ASIDE.intersection(path.relative_to(folder).parts) or name.endswith(".lock")
                if aside or path.is_symlink() or not path.is_file():
                    continue
                data = path.read_bytes()
                if path.suffix == ".gz":
                    data = gzip.decompress(data)
                data = self.plain(folder, data)
                file = {}
                try:
                    text = settled(path.name, data.decode())
                    data = text.encode()
                    if path.name == "records.csv" or len(text) <= MOST_TEXT:
                        file["text"] = text
                except UnicodeDecodeError:
                    pass
                file["sha256"] = hashlib.sha256(data).hexdigest()
                outcome["files"][name] = file
            return outcome
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def untimed(text):
    """What was printed, less seconds."""
    text = re.sub(r"^(.*foretold: .*), [^,]* for [^,]*$", r"\1, SECONDS", text, flags=re.M)
    text = re.sub(r"^(time  +).*", r"\1SECONDS", text, flags=re.M)
    text = re.sub(r"(made|asked|read) in [0-9.]+ (ms|s|min|h)\b", r"\1 in SECONDS", text)
    text = re.sub(r'("[a-z]+_s": *)[-0-9.e]+', r"\1SECONDS", text)
    text = re.sub(r'("seconds": *)(\[[^\]]*\]|[-0-9.e]+)', r"\1SECONDS", text)
    return text


def settled(name, text):
    """The text of a file, less what may differ between builds."""
    if name == "config.toml":
        text = re.sub(r"\A# clbench .*", "# clbench", text)
    if name == "manifest.json":
        text = re.sub(r'^  "(version|revision|machine)": .*\n', "", text, flags=re.M)
    if name == "foretold.json":
        text = re.sub(r'"seconds": *\[[^\]]*\]', '"seconds": SECONDS', text)
    return text


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    new.replace(path)


def pack(value):
    return gzip.compress(json.dumps(value, ensure_ascii=False, indent=0).encode(), 6, mtime=0)


def unpack(path):
    return json.loads(gzip.decompress(path.read_bytes()))


def fits(name, patterns):
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns.split(","))


def checksum(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def asker(program):
    def ask(line):
        done = subprocess.run([program, *line.split()], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False)
        if done.returncode:
            sys.exit(f"clbench {line}: {done.stderr}")
        return done.stdout

    return ask


def names_of_streams(folder):
    return sorted(path.stem for path in folder.glob("*.toml") if path.name != "Cargo.toml")


def prepare(arguments, folder):
    """Puts inputs and the list of cases into the recording, unless they are there."""
    about = folder / "recording.json"
    here = {"program": checksum(arguments.program)}
    if about.exists():
        there = json.loads(about.read_text())
        if there["program"] != here["program"]:
            sys.exit(f"{folder} was recorded with another program; remove it, or name another folder")
    else:
        inputs = folder / "inputs"
        shutil.rmtree(inputs, ignore_errors=True)
        if arguments.like:
            shutil.copytree(Path(arguments.like) / "inputs", inputs)
        else:
            (inputs / "streams").mkdir(parents=True)
            streams = Path(arguments.streams)
            for path in sorted([*streams.glob("*.toml"), *streams.glob("*.json")]):
                if path.name != "Cargo.toml":
                    shutil.copyfile(path, inputs / "streams" / path.name)
            for path, data in fixtures().items():
                write(inputs / path, data)
        write(about, json.dumps(here).encode())
    if arguments.like:
        return unpack(Path(arguments.like) / "cases.json.gz")
    return every_case(Catalogue(asker(arguments.program)), names_of_streams(folder / "inputs" / "streams"))


def record(arguments):
    arguments.program = str(Path(arguments.program).resolve())
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    cases = prepare(arguments, folder)
    write(folder / "cases.json.gz", pack(cases))
    place = Place(arguments.program, folder, arguments.data)
    try:
        version = place.learn()
        about = json.loads((folder / "recording.json").read_text()) | {"version": version}
        write(folder / "recording.json", json.dumps(about).encode())
        todo = []
        for name, lines in cases.items():
            path = folder / "cases" / f"{name}.json.gz"
            if fits(name, arguments.only):
                if not path.exists() or [line["words"] for line in unpack(path)["lines"]] != lines:
                    todo.append((name, lines, path))
        print(f"{len(cases)} cases, {len(todo)} to run", flush=True)
        begun, slow = time.monotonic(), []

        def work(case):
            name, lines, path = case
            at = time.monotonic()
            outcome = place.outcome(lines)
            write(path, pack(outcome))
            return time.monotonic() - at, name

        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for done, taken in enumerate(pool.map(work, todo), 1):
                slow.append(taken)
                if done % 200 == 0 or done == len(todo):
                    print(f"{done} of {len(todo)} in {time.monotonic() - begun:.0f} s", flush=True)
        for group, of in itertools.groupby(sorted(slow, key=lambda pair: pair[1]), lambda pair: pair[1].split("/")[0]):
            of = list(of)
            seconds, name = max(of)
            print(f"  {group}: {len(of)} in {sum(pair[0] for pair in of):.0f} s, the longest {seconds:.1f} s, {name}")
    finally:
        shutil.rmtree(place.root, ignore_errors=True)


# ---------------------------------------------------------------------------------------------------------------------
# Comparing


def recorded(folder, patterns):
    root = Path(folder) / "cases"
    if not root.is_dir():
        sys.exit(f"{folder} is no recording")
    found = {str(path.relative_to(root))[:-len(".json.gz")]: path for path in root.rglob("*.json.gz")}
    return {name: path for name, path in found.items() if fits(name, patterns)}


def first_difference(a, b):
    """The first lines in which two texts differ, from a little before the place where they do."""
    for at, (one, other) in enumerate(itertools.zip_longest(a.splitlines(), b.splitlines()), 1):
        if one != other:
            place = len(os.path.commonprefix([one or "", other or ""]))
            cut = max(0, place - 40) if max(len(one or ""), len(other or "")) > MOST_LINE else 0
            dots = "…" if cut else ""
            shown = ["nothing" if line is None else f"{dots}{line[cut:cut + MOST_LINE]}" for line in (one, other)]
            return [f"      line {at}", f"      - {shown[0]}", f"      + {shown[1]}"]
    return ["      the same lines, which end otherwise"]


def differences(a, b):
    """Where two outcomes of a case differ, as lines to print."""
    said = []
    if [line["words"] for line in a["lines"]] != [line["words"] for line in b["lines"]]:
        return ["    other command lines"]
    for one, other in zip(a["lines"], b["lines"]):
        for key, name in (("code", "exit code"), ("out", "standard output"), ("err", "standard error")):
            if one[key] != other[key]:
                said.append(f"    clbench {one['words']}: {name}")
                said += first_difference(str(one[key]), str(other[key]))
    for path in sorted(a["files"].keys() | b["files"].keys()):
        one, other = a["files"].get(path), b["files"].get(path)
        if one is None or other is None:
            said.append(f"    {path}: only in {'B' if one is None else 'A'}")
        elif one["sha256"] != other["sha256"]:
            said.append(f"    {path}")
            if "text" in one and "text" in other:
                said += first_difference(one["text"], other["text"])
    return said


def compare(arguments):
    a, b = recorded(arguments.a, arguments.only), recorded(arguments.b, arguments.only)
    versions = [json.loads((Path(folder) / "recording.json").read_text()).get("version") for folder in (arguments.a,
                                                                                                        arguments.b)]
    if versions[0] != versions[1]:
        print(f"versions differ, {versions[0]} and {versions[1]}: so do all run ids")
    inputs = [{str(path.relative_to(root)): checksum(path) for path in root.rglob("*") if path.is_file()}
              for root in (Path(arguments.a) / "inputs", Path(arguments.b) / "inputs")]
    for path in sorted(inputs[0].keys() | inputs[1].keys()):
        if inputs[0].get(path) != inputs[1].get(path):
            print(f"another input: {path}")
    other, lines, runs, files = 0, 0, 0, 0
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b:
            other += 1
            if other <= arguments.most:
                print(f"  {name}: only in {'B' if name not in a else 'A'}")
            continue
        one, two = unpack(a[name]), unpack(b[name])
        said = differences(one, two)
        if said:
            other += 1
            if other <= arguments.most:
                print(f"  {name}", *said, sep="\n")
        else:
            lines += len(one["lines"])
            runs += sum(path.endswith("manifest.json") for path in one["files"])
            files += len(one["files"])
    if other > arguments.most:
        print(f"  … and {other - arguments.most} more")
    cases = len(a.keys() | b.keys())
    print(f"{cases} cases, {cases - other} the same: {lines} command lines, {runs} runs, {files} files; {other} differ")
    return 1 if other or not cases else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("record", help="run all cases and keep what came out")
    one.add_argument("program")
    one.add_argument("folder")
    one.add_argument("--data")
    one.add_argument("--streams", default=Path(__file__).resolve().parents[2] / "streams")
    one.add_argument("--only")
    one.add_argument("--like")
    one.add_argument("--jobs", type=int, default=1)
    one = commands.add_parser("compare", help="say where two recordings differ")
    one.add_argument("a")
    one.add_argument("b")
    one.add_argument("--only")
    one.add_argument("--most", type=int, default=100)
    one = commands.add_parser("list", help="print the cases")
    one.add_argument("program")
    one.add_argument("--streams", default=Path(__file__).resolve().parents[2] / "streams")
    one.add_argument("--only")
    arguments = parser.parse_args()
    if arguments.command == "record":
        record(arguments)
    elif arguments.command == "compare":
        sys.exit(compare(arguments))
    else:
        cases = every_case(Catalogue(asker(arguments.program)), names_of_streams(Path(arguments.streams)))
        for name, lines in cases.items():
            if fits(name, arguments.only):
                print(name, *(f"  clbench {line}" for line in lines), sep="\n")


if __name__ == "__main__":
    main()
