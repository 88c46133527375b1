#!/usr/bin/env python3
"""Writes results/published/bayes.md out of the lines that scripts/study-bayes.sh collects.

usage: bayes.py LINES

Each line is a row's name, a tabulator, and what `clbench run --json` says of one run. Standard library alone.
"""

import statistics
import sys

from seeds import Study, say

KEYS = {"ACC": "acc.gem17", "BWT": "bwt.gem17", "FGT": "forgetting.chaudhry18"}
STREAMS = {"permuted-fashion": "Permuted Fashion-MNIST (small), five tasks"}
ROWS = [
    ("finetune", "finetune"),
    ("joint", "joint"),
    ("Bayes by backprop", "bbb"),
    ("VCL", "vcl"),
    ("VCL, coreset", "vcl+coreset coreset.steps=200"),
    ("coreset alone", "finetune+coreset coreset.steps=200"),
    ("GEM", "gem gem.batch=64"),
    ("A-GEM", "gem gem.form=average"),
    ("replay", "replay replay.capacity=200"),
]
HEAD = """# Variational continual learning and gradient episodic memory

Made by `scripts/study-bayes.sh` on `streams/permuted-fashion.toml` with 100 and 100 units, as Nguyen et al. 2018 have for permuted MNIST,
who train a hundred epochs; here it is six. Adam at 0.001, batches of 64. A coreset is 40 examples of each task, learned in 200
steps before answering; GEM and A-GEM remember 256 of each task (GEM draws 64 for each gradient), replay 200 in all. Five
seeds, ± half of the 95 % interval (Student's t), in percent.
"""


def main():
    study = Study(sys.argv[1], KEYS)
    print(HEAD)
    for stream, title in STREAMS.items():
        print(f"## {title}\n")
        print("| method | " + " | ".join(KEYS) + " | operations |")
        print("|---" * (len(KEYS) + 2) + "|")
        for name, row in ROWS:
            row = f"{stream}, {row}"
            if row in study:
                flops = statistics.median(run["manifest"]["spent"]["flops"] for run in study.runs[row].values())
                print(f"| {name} | " + " | ".join(study.cell(row, key) for key in KEYS) + f" | {flops:.1e} |")
        print()
    print("## What is claimed, and what comes out here\n")
    print("Differences are paired over seeds, in points.\n")
    for stream, title in STREAMS.items():
        for claim, better, worse in (
            ("the last posterior as a prior keeps earlier tasks (Nguyen et al. 2018)", "VCL", "Bayes by backprop"),
            ("VCL is better than fine-tuning (Nguyen et al. 2018)", "VCL", "finetune"),
            ("a coreset helps VCL (Nguyen et al. 2018)", "VCL, coreset", "VCL"),
            ("VCL with a coreset is better than a coreset alone (Nguyen et al. 2018)", "VCL, coreset", "coreset alone"),
            ("GEM is better than fine-tuning (Lopez-Paz & Ranzato 2017)", "GEM", "finetune"),
            ("A-GEM is about as good as GEM (Chaudhry et al. 2019)", "A-GEM", "GEM"),
        ):
            rows = dict(ROWS)
            a, b = f"{stream}, {rows[better]}", f"{stream}, {rows[worse]}"
            if a in study and b in study:
                judged = study.judged(a, b, "ACC", 1)
                if "as good as" in claim:
                    judged = {"undecided here": "not refuted here"}.get(judged, "not so here")
                say(f"{claim}; {title}", judged, study.words(a, b, "ACC", (better, worse)))


main()
