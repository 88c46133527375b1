#!/usr/bin/env python3
"""Writes results/published/bayes.md out of the runs beside it, which scripts/study-bayes.sh trains.

usage: bayes.py >results/published/bayes.md
"""

from pages import NOBODY_KNOWS, Study, say

KEYS = {"ACC": "acc.gem17", "BWT": "bwt.gem17", "FGT": "forgetting.chaudhry18"}
STREAMS = {"permuted-fashion": "Permuted Fashion-MNIST (small), five tasks"}
ROWS = {
    "finetune": "finetune",
    "Bayes by backprop": "bbb",
    "VCL": "vcl",
    "VCL, coreset": "vcl+coreset coreset.steps=200",
    "coreset alone": "finetune+coreset coreset.steps=200",
    "GEM": "gem gem.batch=64",
    "A-GEM": "gem gem.form=average",
}
HEAD = """# Variational continual learning and gradient episodic memory

Made by `scripts/study-bayes.sh` on `streams/permuted-fashion.toml` with 100 and 100 units, as Nguyen et al. 2018 have for permuted MNIST,
who train a hundred epochs; here it is six. Adam at 0.001, batches of 64. A coreset is 40 examples of each task, learned in 200
steps before answering (`vcl+coreset`; `finetune+coreset` is a coreset alone, `bbb` Bayes by backprop without a posterior as
prior); GEM and A-GEM (`gem.form=average`) remember 256 of each task (GEM draws 64 for each gradient), replay 200 in all. Five
seeds. `clbench verify results/published/bayes.md` makes the tables again from the runs beside this page and trains these
again; `scripts/bayes.py` computes the claims from the same runs.
"""


def main():
    study = Study("bayes", KEYS)
    print(HEAD)
    for stream, title in STREAMS.items():
        print(f"## {title}\n")
        study.table("--only", f"stream={stream}", "--columns", "seeds,scores,steps,operations,state")
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
            a, b = f"{stream} {ROWS[better]}", f"{stream} {ROWS[worse]}"
            if a in study and b in study:
                judged = study.judged(a, b, "ACC", 1)
                if "as good as" in claim:
                    judged = {"undecided here": "not refuted here", NOBODY_KNOWS: NOBODY_KNOWS}.get(judged, "not so here")
                say(f"{claim}; {title}", judged, study.words(a, b, "ACC", (better, worse)))


main()
