#!/usr/bin/env python3
"""Writes results/published/ibcl.md out of the lines that scripts/study-ibcl.sh collects.

usage: ibcl.py LINES

Each line is a row's name, a tabulator, and what `clbench run --json` says of one run, or a forecast of
`clbench cost --json` behind a name that begins with "cost". Standard library alone.
"""

import json
import statistics
import sys
import tempfile

from seeds import Study, say

KEYS = {
    "best": "preferred.ibcl23",
    "mean": "preferred.ibcl23-mean",
    "peak": "peak.ibcl23",
    "worst task": "worst.ibcl23",
    "BWT": "bwt.ibcl23-mean",
    "HV": "hypervolume.ibcl23",
    "plain": "acc.gem17",
}
HEAD = """# IBCL beside a network for each preference

Made by `scripts/study-ibcl.sh`: five binary tasks of CIFAR-10, class 2k against 2k + 1, the same two labels in each, on 512
features of SqueezeNet 1.1 at 64 pixels (a deviation from the paper's ResNet-18), all 50,000 and 10,000 pictures. Adam at 0.001, 10
epochs of batches of 64, priors N(0, s²) with s of 0.2, 0.25 and 0.3, five seeds, ± half of the 95 % interval (Student's t). Ten
preferences are drawn after each task, each answered by ten models. In percent: accuracy of a task weighed over preferences, then
the mean over tasks with the **best** of a preference's models counted or their **mean**; the task that fares best (**peak**) and worst
with the best model counted; backward transfer of the mean (**BWT**); the volume of what is reached (**HV**); and accuracy without a
preference (**plain**). Rehearsal trains a network for each preference on Σ w_k L_k, remembers 200 examples of each task, and has one
model for each preference (VCL ten), so that best and mean are the same. Updates are batches times networks in the last task.
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


def main():
    lines = open(sys.argv[1]).read().splitlines()
    costs = {}
    runs = tempfile.NamedTemporaryFile("w", suffix=".tsv")
    for line in lines:
        name, text = line.split("\t", 1)
        if name.startswith("cost "):
            _, method, count = name.split()
            costs[method, int(count)] = json.loads(text)
        else:
            runs.write(line + "\n")
    runs.flush()
    study = Study(runs.name, KEYS)

    def networks(name):
        row = name.split(", ")[2]
        return {"finetune": 1, "joint": 1}.get(row, 10 if row in ("er", "gem", "vcl") else 3)

    def table(rows, first):
        print(f"| {first} | " + " | ".join(KEYS) + " | stored | updates | operations |")
        print("|---" * (len(KEYS) + 4) + "|")
        for title, row in rows:
            if row not in study:
                continue
            manifests = [run["manifest"] for run in study.runs[row].values()]
            stored = statistics.median(manifest["spent"]["state_bytes"] for manifest in manifests) / 1e3
            updates = statistics.median(manifest["experiences"][-1]["steps"] for manifest in manifests) * networks(row)
            flops = statistics.median(manifest["spent"]["flops"] for manifest in manifests)
            cells = " | ".join(study.cell(row, key) for key in KEYS)
            print(f"| {title} | {cells} | {stored:.0f} kB | {updates:.0f} | {flops:.1e} |")

    print(HEAD)
    for stream, heads in (("cifar10", ("logistic", "hidden")),):
        for head in heads:
            what = "A logistic head (512-2)" if head == "logistic" else "A hidden layer (512-64-2), four epochs"
            print(f"## {what}\n")
            table([(title, f"{stream}, {head}, {row}") for title, row in METHODS], "method")
            print()
    print("With a hidden layer the readings that average parameters (linear, sum, the released code) answer near chance: an average of")
    print("networks whose hidden units learned different things is not a network between them. The mixture averages nothing.\n")
    print("## Mass of the region, and distance from which on a posterior is stored\n")
    print("The logistic head. Where `hdr_mass` is not said it is 0.99, where d is not said it is 0: all fifteen posteriors are stored. d is a")
    print("2-Wasserstein distance, for the released code's reading its own distance per coordinate.\n")
    base = "cifar10, logistic, "
    swept = [(f"{combine}, mass {mass}", f"{base}{combine}, mass {mass}") for combine in ("mixture", "linear") for mass in ("0.01", "0.5", "0.9")]
    swept += [(f"mixture, d = {d}", f"{base}mixture, d {d}") for d in ("1", "2", "4")]
    swept += [(f"released code, d = {d}", f"{base}repo, d {d}") for d in ("2e-3", "5e-3", "8e-3")]
    table(swept, "IBCL")
    print("\n## Updates by the number of preferences\n")
    print("As `clbench cost` foretells them for the last task, exact in steps: steps times networks.\n")
    counts = sorted({count for _, count in costs})
    print("| method | " + " | ".join(str(count) for count in counts) + " |")
    print("|---" * (len(counts) + 1) + "|")
    for title, method, each in (("IBCL", "ibcl", lambda count: 3), ("ER per preference", "per-preference+replay", lambda count: count)):
        cells = [f"{costs[method, count]['steps'][-1] * each(count)} ({costs[method, count]['flops']:.1e} op.)" for count in counts]
        print(f"| {title} | " + " | ".join(cells) + " |")
    claims(study, costs)


def claims(study, costs):
    print("\n## What is claimed, and what comes out here\n")
    print("Claims of the paper (arXiv 2305.14782); differences are paired over seeds, in points.\n")
    row = lambda head, name: f"cifar10, {head}, {name}"
    for head in ("logistic", "hidden"):
        rival = max(("er", "gem", "vcl"), key=lambda name: statistics.mean(study.values(row(head, name), "mean")))
        for key, what in (("best", "the best of ten models counted, as the paper does"), ("mean", "the mean of the models counted")):
            for name in ("mixture", "linear", "repo"):
                say(f"IBCL is better on average than a network per preference ({head}, {name}; {what})", study.judged(row(head, name), row(head, rival), key, 1),
                    study.words(row(head, name), row(head, rival), key, ("IBCL", f"{rival.upper()}, the best rival,")))
        say(f"its peak accuracy is higher ({head}, mixture)", study.judged(row(head, "mixture"), row(head, rival), "peak", 1),
            study.words(row(head, "mixture"), row(head, rival), "peak", ("IBCL", rival.upper())))
        for name in ("mixture", "linear"):
            values = study.values(row(head, name), "BWT")
            mean = statistics.mean(values)
            say(f"backward transfer is near zero ({head}, {name})", "holds here" if abs(mean) < 2 else "not so here",
                f"{mean:.1f} points; {rival.upper()} has {statistics.mean(study.values(row(head, rival), 'BWT')):.1f}")
    steps = [costs["ibcl", count]["steps"] for count in (1, 1000)]
    more = costs["per-preference+replay", 1000]["flops"] / costs["per-preference+replay", 1]["flops"]
    say("the cost does not depend on the number of preferences", "holds here" if steps[0] == steps[1] and costs["ibcl", 1]["flops"] == costs["ibcl", 1000]["flops"] else "not so here",
        f"a thousand preferences cost rehearsal {more:.0f} times what one costs, and IBCL the same {costs['ibcl', 1]['flops']:.2e} operations")
    for combine in ("mixture", "linear"):
        small, large = row("logistic", f"{combine}, mass 0.01"), row("logistic", combine)
        say(f"a smaller region is better ({combine}, mean of the models)", study.judged(small, large, "mean", 1), study.words(small, large, "mean", ("a region of mass 0.01", "one of 0.99")))
    bytes_of = lambda name: statistics.median(run["manifest"]["spent"]["state_bytes"] for run in study.runs[row("logistic", name)].values())
    full, least = bytes_of("repo"), bytes_of("repo, d 8e-3")
    say("with d = 8e-3 what is stored stops growing", "holds here" if least < 0.7 * full else "not so here", f"{least / 1e3:.0f} kB are held in place of {full / 1e3:.0f}")


main()
