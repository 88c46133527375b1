#!/usr/bin/env python3
"""Writes results/published/ibcl.md out of the runs beside it, which scripts/study-ibcl.sh trains.

usage: ibcl.py [COSTS]

COSTS holds forecasts of `clbench cost --json`, each behind its method, the number of preferences and a tabulator; without it
that part of the page stays as it is. The page goes to standard output.
"""

import json
import statistics
import sys

from pages import NOBODY_KNOWS, PUBLISHED, Study, rows_of, say

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
Adam at the paper's rate and batch for each, five seeds. Ten preferences are drawn after each task, each answered by ten models.

Claims speak of accuracy of a task weighed over preferences, then the mean over tasks with the **best** of a preference's models
counted, as in the paper, or their **mean**; of the task that fares best (**peak**) with the best model counted; and of backward
transfer of the mean (**BWT**). `per-preference` trains a network for each preference on Σ w_k L_k, with ER (`+replay`) or GEM
(`+gem`), and so does `vcl+replay`. ER and VCL remember 1,000 examples in one reservoir, GEM the last 200 of each task; a
preference has one model (VCL ten), so that best and mean are the same. *state* is the most that is held beside the weights in
training, and steps stand with the networks that each updates. `ibcl` alone is the mixture of the paper; `ibcl.combine` names
other readings, `ibcl.repo_compat` that of the released code. A model of the mixture comes from one task's posterior: it knows
that task best, so that the best of ten is high and their mean low.

`clbench verify results/published/ibcl.md` makes the tables again from the runs beside this page and trains these again;
`scripts/ibcl.py` computes the claims, and what is stored after each task, from the same runs.
"""
DRAWN = "eval.random_preferences=10"
# Method and settings of each row.
ROWS = {
    "finetune": ["finetune"],
    "joint": ["joint"],
    "er": ["per-preference+replay", "replay.capacity=1000", DRAWN],
    "gem": ["per-preference+gem", "gem.batch=64", "gem.capacity=200", "gem.rehearse=true", DRAWN],
    "vcl": ["vcl+replay", "vcl.per=preference", "replay.capacity=1000", DRAWN],
    "mixture": ["ibcl", DRAWN],
    "linear": ["ibcl", "ibcl.combine=linear", DRAWN],
    "sum": ["ibcl", "ibcl.combine=sum", DRAWN],
    "repo": ["ibcl", "ibcl.against=batch", "ibcl.repo_compat=true", "ibcl.start=unit", DRAWN],
}
TITLES = {
    "er": "ER per preference",
    "gem": "GEM per preference",
    "vcl": "VCL with rehearsal per preference",
    "mixture": "IBCL, mixture",
}
STREAMS = {"binary-cifar10": "CIFAR-10", "groups-newsgroups20": "20 Newsgroups", "animals-cifar100": "CIFAR-100"}
HEADS = {"logistic": "a logistic head (512-2)", "hidden": "a hidden layer (512-64-2)"}
RIVALS = ("er", "gem", "vcl")
NAMES = {"er": "ER", "gem": "GEM", "vcl": "VCL"}
# Epochs and layers of each part, as scripts/study-ibcl.sh sets them.
PARTS = {
    ("groups-newsgroups20", "logistic"): ["train.epochs=50"],
    ("binary-cifar10", "hidden"): ["net.widths=[64]", "train.epochs=3"],
    ("groups-newsgroups20", "hidden"): ["net.widths=[64]", "train.epochs=6"],
    ("animals-cifar100", "hidden"): ["net.widths=[64]", "train.epochs=10"],
}
BEGIN = "<!-- clbench: not verified: forecasts are no runs -->"
END = "<!-- clbench: end -->"


def named(study, stream, head, row, *more):
    """The name of a row, without what all rows of its stream share."""
    method, *settings = ROWS[row]
    settings = {*settings, *PARTS.get((stream, head), []), *more}
    return " ".join([stream, method, *sorted(settings - study.common.get(stream, set()))])


def epochs(study, row):
    """Epochs of a row's runs, as they were configured."""
    run = next(iter(study.runs[row].values()))
    for line in run["config"].splitlines():
        if line.startswith("epochs = "):
            return int(line.split("=")[1])


def stored(study, row):
    """Median over seeds of the bytes held after each task, in kilobytes."""
    by_seed = []
    for run in study.runs[row].values():
        by_seed.append([int(line["state_bytes"]) / 1e3 for line in rows_of(run["ledger"]) if line["phase"] == "train"])
    return [statistics.median(values) for values in zip(*by_seed)]


def growth(study, rows):
    print("\n## What is stored after each task\n")
    print("Kilobytes held beside the weights in training, the median over seeds, out of the ledgers of the same runs.\n")
    print("<!-- clbench: not verified: made by scripts/ibcl.py from the ledgers of the runs beside this page -->\n")
    tasks = range(1, len(stored(study, rows[0][1])) + 1)
    print("| method | " + " | ".join(f"task {task}" for task in tasks) + " |")
    print("|---" * (len(tasks) + 1) + "|")
    for title, row in rows:
        print(f"| {title} | " + " | ".join(f"{value:.0f}" for value in stored(study, row)) + " |")
    print(f"\n{END}")


def foretold(costs):
    """Numbers of preferences for which both methods have a forecast."""
    return sorted(count for method, count in costs if method == "ibcl" and ("per-preference+replay", count) in costs)


def overhead(costs):
    print("As `clbench cost streams/binary-cifar10.toml` foretells them for the last task, exact in steps: steps times networks.\n")
    counts = foretold(costs)
    print("| method | " + " | ".join(str(count) for count in counts) + " |")
    print("|---" * (len(counts) + 1) + "|")
    for title, method, each in (("IBCL", "ibcl", lambda count: 3), ("ER per preference", "per-preference+replay", lambda count: count)):
        cells = [f"{costs[method, count]['steps'][-1] * each(count)} ({costs[method, count]['flops']:.1e} op.)" for count in counts]
        print(f"| {title} | " + " | ".join(cells) + " |")
    first, *_, last = counts
    same = costs["ibcl", first]["flops"] == costs["ibcl", last]["flops"]
    more = costs["per-preference+replay", last]["flops"] / costs["per-preference+replay", first]["flops"]
    print()
    say("the cost does not depend on the number of preferences", "holds here" if same else "not so here",
        f"{last} preferences cost rehearsal {more:.0f} times what {first} costs, and IBCL the same {costs['ibcl', first]['flops']:.2e} operations")


def claims_of(study, stream, head):
    row = lambda name: named(study, stream, head, name)
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
            verdict = NOBODY_KNOWS if not study.knows(row(name)) else "holds here" if abs(mean) < 2 else "not so here"
            say(f"backward transfer is near zero ({where}; {name})", verdict,
                f"{mean:.1f} points; {NAMES[rival]} has {statistics.mean(study.values(row(rival), 'BWT')):.1f}")


def claims(study, d):
    print("\n## What is claimed, and what comes out here\n")
    print("Claims of the paper (arXiv 2305.14782); differences are paired over seeds, in points. The rival is the one with the best mean.\n")
    for head in HEADS:
        for stream in STREAMS:
            claims_of(study, stream, head)
    base = ("binary-cifar10", "logistic")
    for combine in ("mixture", "linear"):
        small, large = named(study, *base, combine, f"ibcl.combine={combine}", "ibcl.hdr_mass=0.01"), named(study, *base, combine)
        if small in study:
            say(f"a smaller region is better ({combine}, mean of the models)", study.judged(small, large, "mean", 1), study.words(small, large, "mean", ("a region of mass 0.01", "one of 0.99")))
    for far in d:
        row = named(study, *base, "repo", f"ibcl.threshold={far}")
        if row in study:
            sizes = stored(study, row)
            # The map from posteriors to what stands for them takes a few bytes more for each task.
            full = next(task for task, size in enumerate(sizes, 1) if size > 0.98 * sizes[-1])
            say(f"with d = {far} what is stored stops growing", "holds here" if full < len(sizes) else "not so here",
                f"{' '.join(f'{size:.0f}' for size in sizes)} kB after the five tasks: nothing is added after task {full}; best {study.cell(row, 'best')} against {study.cell(named(study, *base, 'repo'), 'best')} with d = 0")


def main():
    study, costs = Study("ibcl", KEYS, "mean"), {}
    for line in open(sys.argv[1]).read().splitlines() if len(sys.argv) > 1 else []:
        name, text = line.split("\t", 1)
        method, count = name.split()
        costs[method, int(count)] = json.loads(text)
    before = (PUBLISHED / "ibcl.md").read_text() if not costs else ""
    hundred = any(row.startswith("animals-cifar100") for row in study.runs)
    print(HEAD.format(hundred=" and\n`streams/animals-cifar100.toml` (ten animals against ten other things, on SqueezeNet's features)" if hundred else ""))
    columns = ("--columns", "seeds,scores,state,steps,operations")
    swept = "setting=ibcl.hdr_mass=*,ibcl.threshold=*"
    for head, told in HEADS.items():
        for stream, title in STREAMS.items():
            first = named(study, stream, head, "finetune")
            if first in study:
                print(f"## {title}, {told}, {epochs(study, first)} epochs\n")
                layers = ("--only", "net.widths=*") if head == "hidden" else ("--without", "net.widths=*")
                study.table("--only", f"stream={stream}", *layers, "--without", swept, *columns)
                print()
    if any("net.widths=" in row for row in study.runs):
        print("With a hidden layer the readings that average parameters (linear, sum, the released code) lose much or all: an average of")
        print("networks whose hidden units learned different things is not a network between them. The mixture averages nothing.\n")
    print("## Mass of the region, and distance from which on a posterior is stored\n")
    print("CIFAR-10, the logistic head. Where `hdr_mass` is not said it is 0.99, where d (`threshold`) is not said it is 0: all fifteen")
    print("posteriors are stored. d is a 2-Wasserstein distance, for the released code's reading its own distance per coordinate. The")
    print("released code covers what `hdr_mass` leaves: 0.01.\n")
    study.table("--only", "stream=binary-cifar10", "--only", swept, *columns)
    base, d = ("binary-cifar10", "logistic"), ("5e-3", "8e-3")
    grown = [(title, named(study, *base, row)) for row, title in TITLES.items()]
    grown += [("mixture, d = 1", named(study, *base, "mixture", "ibcl.threshold=1"))]
    grown += [(f"released code, d = {far}", named(study, *base, "repo", f"ibcl.threshold={far}")) for far in d]
    growth(study, [(title, row) for title, row in grown if row in study])
    print("\n## Updates by the number of preferences\n")
    print(f"{BEGIN}\n")
    if costs:
        overhead(costs)
    else:
        print(before.split(BEGIN)[1].split(END)[0].strip("\n"))
    print(f"\n{END}")
    claims(study, d)


main()
