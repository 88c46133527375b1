#!/usr/bin/env python3
"""Writes results/published/ibcl.md out of the lines that scripts/study-ibcl.sh collects.

usage: ibcl.py LINES

Each line is a row's name, a tabulator, and what `clbench run --json` says of one run, beside whose folder its ledger.csv lies, or
a forecast of `clbench cost --json` behind a name that begins with "cost". Standard library alone.
"""

import csv
import json
import pathlib
import statistics
import sys
import tempfile

from seeds import Study, say

KEYS = {
    "best": "preferred.ibcl23",
    "mean": "preferred.ibcl23-mean",
    "peak": "peak.ibcl23",
    "worst": "worst.ibcl23",
    "BWT": "bwt.ibcl23-mean",
    "HV": "hypervolume.ibcl23",
    "plain": "acc.gem17",
}
HEAD = """# IBCL beside a network for each preference

Made by `scripts/study-ibcl.sh` on streams of binary tasks, the same two labels in each: `streams/binary-cifar10.toml` (five tasks,
class 2k against 2k + 1, on 512 features of SqueezeNet 1.1 at 64 pixels: a deviation from the paper's ResNet-18),
`streams/groups-newsgroups20.toml` (five groups on computers against five others, on 512 principal components of TF-IDF){hundred}.
Adam at the paper's rate and batch for each, five seeds, ± half of the 95 % interval (Student's t). Ten preferences are drawn
after each task, each answered by ten models.

In percent: accuracy of a task weighed over preferences, then the mean over tasks with the **best** of a preference's models
counted, as in the paper, or their **mean**; the task that fares best (**peak**) and **worst** with the best model counted;
backward transfer of the mean (**BWT**); the volume of what is reached (**HV**); and accuracy without a preference
(**plain**). Rehearsal trains a network for each preference on Σ w_k L_k. ER and VCL remember 1,000 examples in one reservoir,
GEM the last 200 of each task; a preference has one model (VCL ten), so that best and mean are the same. **Stored** is what
is held beside the weights in training at the end. **Updates** are steps times networks in the last task. A model of IBCL's
mixture comes from one task's posterior: it knows that task best, so that the best of ten is high and their mean low.
"""
METHODS = [
    ("finetune", "finetune"),
    ("joint", "joint"),
    ("ER per preference", "er"),
    ("GEM per preference", "gem"),
    ("VCL with rehearsal per preference", "vcl"),
    ("IBCL, mixture", "mixture"),
    ("IBCL, linear in σ", "linear"),
    ("IBCL, variance of a sum", "sum"),
    ("IBCL, as the released code", "repo"),
]
STREAMS = {"binary-cifar10": "CIFAR-10", "groups-newsgroups20": "20 Newsgroups", "animals-cifar100": "CIFAR-100"}
HEADS = {"logistic": "a logistic head (512-2)", "hidden": "a hidden layer (512-64-2)"}
RIVALS = ("er", "gem", "vcl")
NAMES = {"er": "ER", "gem": "GEM", "vcl": "VCL"}


def epochs(study, row):
    """Epochs of a row's runs, as they were configured."""
    run = next(iter(study.runs[row].values()))
    for line in (pathlib.Path(run["path"]) / "config.toml").read_text().splitlines():
        if line.startswith("epochs = "):
            return int(line.split("=")[1])


def stored(study, row):
    """Median over seeds of the bytes held after each task, in kilobytes."""
    by_seed = []
    for run in study.runs[row].values():
        with open(pathlib.Path(run["path"]) / "ledger.csv") as file:
            by_seed.append([int(line["state_bytes"]) / 1e3 for line in csv.DictReader(file) if line["phase"] == "train"])
    return [statistics.median(values) for values in zip(*by_seed)]


def table(study, rows, first):
    print(f"| {first} | " + " | ".join(KEYS) + " | stored | updates | operations |")
    print("|---" * (len(KEYS) + 4) + "|")
    for title, row in rows:
        if row not in study:
            continue
        manifests = [run["manifest"] for run in study.runs[row].values()]
        kept = statistics.median(manifest["spent"]["state_bytes"] for manifest in manifests) / 1e3
        last = [manifest["experiences"][-1] for manifest in manifests]
        updates = statistics.median(plan["steps"] * plan.get("networks", 1) for plan in last)
        flops = statistics.median(manifest["spent"]["flops"] for manifest in manifests)
        cells = " | ".join(study.cell(row, key) for key in KEYS)
        print(f"| {title} | {cells} | {kept:.0f} kB | {updates:.0f} | {flops:.1e} |")


def growth(study, rows):
    print("\n## What is stored after each task\n")
    print("Kilobytes held beside the weights in training, the median over seeds.\n")
    tasks = range(1, len(stored(study, rows[0][1])) + 1)
    print("| method | " + " | ".join(f"task {task}" for task in tasks) + " |")
    print("|---" * (len(tasks) + 1) + "|")
    for title, row in rows:
        print(f"| {title} | " + " | ".join(f"{value:.0f}" for value in stored(study, row)) + " |")


def foretold(costs):
    """Numbers of preferences for which both methods have a forecast."""
    return sorted(count for method, count in costs if method == "ibcl" and ("per-preference+replay", count) in costs)


def overhead(costs):
    print("\n## Updates by the number of preferences\n")
    print("As `clbench cost streams/binary-cifar10.toml` foretells them for the last task, exact in steps: steps times networks.\n")
    counts = foretold(costs)
    print("| method | " + " | ".join(str(count) for count in counts) + " |")
    print("|---" * (len(counts) + 1) + "|")
    for title, method, each in (("IBCL", "ibcl", lambda count: 3), ("ER per preference", "per-preference+replay", lambda count: count)):
        cells = [f"{costs[method, count]['steps'][-1] * each(count)} ({costs[method, count]['flops']:.1e} op.)" for count in counts]
        print(f"| {title} | " + " | ".join(cells) + " |")


def claims_of(study, stream, head):
    row = lambda name: f"{stream}, {head}, {name}"
    rivals = [name for name in RIVALS if row(name) in study]
    if not rivals:
        return
    rival = max(rivals, key=lambda name: statistics.mean(study.values(row(name), "mean")))
    where = f"{STREAMS[stream]}, {head}"
    for key, what in (("best", "best of ten models, as the paper counts"), ("mean", "mean of the models"), ("peak", "peak accuracy, best of ten")):
        for name in ("mixture", "linear", "repo"):
            if row(name) in study:
                say(f"IBCL is better than a network per preference ({where}; {what}; {name})", study.judged(row(name), row(rival), key, 1),
                    study.words(row(name), row(rival), key, ("IBCL", f"{NAMES[rival]}, the best rival,")))
    for name in ("mixture", "linear", "repo"):
        if row(name) in study:
            mean = statistics.mean(study.values(row(name), "BWT"))
            say(f"backward transfer is near zero ({where}; {name})", "holds here" if abs(mean) < 2 else "not so here",
                f"{mean:.1f} points; {NAMES[rival]} has {statistics.mean(study.values(row(rival), 'BWT')):.1f}")


def claims(study, costs):
    print("\n## What is claimed, and what comes out here\n")
    print("Claims of the paper (arXiv 2305.14782); differences are paired over seeds, in points. The rival is the one with the best mean.\n")
    for head in HEADS:
        for stream in STREAMS:
            claims_of(study, stream, head)
    if costs:
        first, *_, last = foretold(costs)
        same = costs["ibcl", first]["flops"] == costs["ibcl", last]["flops"]
        more = costs["per-preference+replay", last]["flops"] / costs["per-preference+replay", first]["flops"]
        say("the cost does not depend on the number of preferences", "holds here" if same else "not so here",
            f"{last} preferences cost rehearsal {more:.0f} times what {first} costs, and IBCL the same {costs['ibcl', first]['flops']:.2e} operations")
    base = "binary-cifar10, logistic, "
    for combine in ("mixture", "linear"):
        small, large = f"{base}{combine}, mass 0.01", base + combine
        if small in study:
            say(f"a smaller region is better ({combine}, mean of the models)", study.judged(small, large, "mean", 1), study.words(small, large, "mean", ("a region of mass 0.01", "one of 0.99")))
    for d in ("5e-3", "8e-3"):
        row = f"{base}repo, d {d}"
        if row in study:
            sizes = stored(study, row)
            # The map from posteriors to what stands for them takes a few bytes more for each task.
            full = next(task for task, size in enumerate(sizes, 1) if size > 0.98 * sizes[-1])
            say(f"with d = {d} what is stored stops growing", "holds here" if full < len(sizes) else "not so here",
                f"{' '.join(f'{size:.0f}' for size in sizes)} kB after the five tasks: nothing is added after task {full}; best {study.cell(row, 'best')} against {study.cell(base + 'repo', 'best')} with d = 0")


def main():
    costs, runs = {}, tempfile.NamedTemporaryFile("w", suffix=".tsv")
    for line in open(sys.argv[1]).read().splitlines():
        name, text = line.split("\t", 1)
        if name.startswith("cost "):
            _, method, count = name.split()
            costs[method, int(count)] = json.loads(text)
        else:
            runs.write(line + "\n")
    runs.flush()
    study = Study(runs.name, KEYS)
    hundred = any(row.startswith("animals-cifar100") for row in study.runs)
    print(HEAD.format(hundred=" and\n`streams/animals-cifar100.toml` (ten animals against ten other things, on SqueezeNet's features)" if hundred else ""))
    for head, told in HEADS.items():
        for stream, title in STREAMS.items():
            first = f"{stream}, {head}, finetune"
            if first in study:
                print(f"## {title}, {told}, {epochs(study, first)} epochs\n")
                table(study, [(title, f"{stream}, {head}, {row}") for title, row in METHODS], "method")
                print()
    if any(", hidden, " in row for row in study.runs):
        print("With a hidden layer the readings that average parameters (linear, sum, the released code) lose much or all: an average of")
        print("networks whose hidden units learned different things is not a network between them. The mixture averages nothing.\n")
    base = "binary-cifar10, logistic, "
    print("## Mass of the region, and distance from which on a posterior is stored\n")
    print("CIFAR-10, the logistic head. Where `hdr_mass` is not said it is 0.99, where d is not said it is 0: all fifteen posteriors are")
    print("stored. d is a 2-Wasserstein distance, for the released code's reading its own distance per coordinate. The released code")
    print("covers what `hdr_mass` leaves: 0.01.\n")
    swept = [(f"{combine}, mass {mass}", f"{base}{combine}, mass {mass}") for combine in ("mixture", "linear") for mass in ("0.01", "0.5")]
    swept += [(f"mixture, d = {d}", f"{base}mixture, d {d}") for d in ("1",)]
    swept += [(f"released code, d = {d}", f"{base}repo, d {d}") for d in ("5e-3", "8e-3")]
    table(study, swept, "IBCL")
    grown = [(title, base + row) for title, row in METHODS[2:6]] + swept[4:]
    growth(study, [(title, row) for title, row in grown if row in study])
    if costs:
        overhead(costs)
    claims(study, costs)


main()
