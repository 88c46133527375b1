#!/usr/bin/env python3
"""Writes results/published/hypernets.md out of the runs beside it, which scripts/study-hypernets.sh trains.

usage: hypernets.py [RUNS]

What training logs say needs the folder RUNS, since a bundle does not hold train.csv; without it that part of the page stays
as it is. The page goes to standard output.
"""

import pathlib
import statistics
import sys

from pages import PUBLISHED, Study, interval, rows_of, say

KEYS = {"ACC": "acc.gem17", "BWT": "bwt.gem17", "FGT": "forgetting.chaudhry18"}
STREAMS = {"split-mnist-told": "Split MNIST, five tasks", "permuted-mnist-told": "Permuted MNIST, five tasks"}
ROWS = [
    ("finetune", "finetune"),
    ("joint", "joint"),
    ("hypernet, β = 0", "hypernet hypernet.strength=0"),
    ("hypernet", "hypernet"),
    ("hypernet, MIP", "hypernet hypernet.mip=true"),
]
HEAD = """# Hypernetworks on split and permuted MNIST

Made by `scripts/study-hypernets.sh` with the settings of von Oswald et al. 2020, which `streams/split-mnist-told.toml` (MLP of 400 and
400 units, a head for each task) and `streams/permuted-mnist-told.toml` (100 and 100 units, pictures padded to 32 x 32) hold, but for half
of the steps (1000 and 2500 for each task) and five of ten permutations. Adam, batches of 128, the task is told to all.
`hypernet.strength=0` is β = 0, without the regulariser. `clbench verify results/published/hypernets.md` makes the tables again
from the runs beside this page and trains these again, but for what training logs say; `scripts/hypernets.py` computes the
claims from the same runs.
"""
THRESHOLDS = {"split-mnist-told": 0.99, "permuted-mnist-told": 0.9}
LAST_STEP = 250
BEGIN = "<!-- clbench: not verified: training logs are no part of what runs leave in a bundle -->"
END = "<!-- clbench: end -->"


def logged(run):
    """Step, accuracy and norm of the gradient of the first experience's logged steps."""
    path = pathlib.Path(sys.argv[1]) / run["place"] / "train.csv"
    rows = [row for row in rows_of(path.read_text()) if row["experience"] == "1"]
    return [(int(row["step"]), float(row["accuracy"] or "nan"), float(row["gradient"])) for row in rows]


def steps_to(run):
    rows, threshold = logged(run), THRESHOLDS[run["manifest"]["stream"]["name"]]
    for at in range(4, len(rows)):
        if statistics.mean(accuracy for _, accuracy, _ in rows[at - 4 : at + 1]) >= threshold:
            return rows[at][0]
    return None


def noise(run):
    norms = [norm for step, _, norm in logged(run) if step <= LAST_STEP]
    return statistics.pvariance(norms) / statistics.mean(norms) ** 2


def spread(values, digits):
    if any(value is None for value in values):
        return "—"
    mean, half = interval(values)
    return f"{mean:.{digits}f} ±{half:.{digits}f}"


def from_logs(study):
    print("**Steps to a threshold**: of the first task, the first logged step at which the mean accuracy of the last five logged")
    print("batches reaches 99 % (split) or 90 % (permuted). **Gradient noise**: variance of the gradient's norm over its squared")
    print("mean, over the logged steps up to 250 of the first task. Steps are logged by tens. ± half of the 95 % interval.\n")
    print("| stream, method | steps to a threshold | gradient noise |\n|---|---|---|")
    for stream, title in STREAMS.items():
        for name, row in ROWS:
            if f"{stream} {row}" in study:
                runs = study.runs[f"{stream} {row}"].values()
                cells = [spread([steps_to(run) for run in runs], 0), spread([noise(run) for run in runs], 2)]
                print(f"| {title}: {name} | " + " | ".join(cells) + " |")
    print()
    for stream, title in STREAMS.items():
        plain, mip = f"{stream} hypernet", f"{stream} hypernet hypernet.mip=true"
        seeds = sorted(study.runs[plain].keys() & study.runs[mip].keys())
        for name, of in (("gradient noise is less", noise), ("a threshold is reached in fewer steps", steps_to)):
            pairs = [(of(study.runs[mip][seed]), of(study.runs[plain][seed])) for seed in seeds]
            if any(None in pair for pair in pairs):
                say(f"with MIP {name} (Ortiz et al.; {title})", "undecided here", "not every run reached it")
                continue
            mean, half = interval([a - b for a, b in pairs])
            verdict = "holds here" if -mean > half else "the contrary here" if mean > half else "undecided here"
            say(f"with MIP {name} (Ortiz et al.; {title})", verdict, f"MIP less the plain parametrisation is {mean:.2f} ±{half:.2f}")


def main():
    study = Study("hypernets", KEYS)
    before = (PUBLISHED / "hypernets.md").read_text() if len(sys.argv) < 2 else ""
    print(HEAD)
    for stream, title in STREAMS.items():
        print(f"## {title}\n")
        study.table("--only", f"stream={stream}", "--columns", "seeds,scores,steps,operations,state")
        print()
    print("## What training logs say\n")
    print(f"{BEGIN}\n")
    if before:
        print(before.split(BEGIN)[1].split(END)[0].strip("\n"))
    else:
        from_logs(study)
    print(f"\n{END}")
    print("\n## What is claimed, and what comes out here\n")
    print("Differences are paired over seeds, in points.\n")
    for stream, title in STREAMS.items():
        at = lambda row: f"{stream} {row}"
        plain, free, mip = at("hypernet"), at("hypernet hypernet.strength=0"), at("hypernet hypernet.mip=true")
        say(f"the regulariser keeps earlier tasks (von Oswald et al.; {title})", study.judged(plain, free, "ACC", 1),
            study.words(plain, free, "ACC", ("with it a hypernetwork", "without")))
        say(f"a hypernetwork forgets less than fine-tuning ({title})", study.judged(plain, at("finetune"), "FGT", -1),
            study.words(plain, at("finetune"), "FGT", ("it", "fine-tuning")))
        judged = study.judged(mip, plain, "BWT", 1)
        say(f"MIP changes what is kept ({title})", "it does here" if judged in ("holds here", "the contrary here") else judged,
            study.words(mip, plain, "BWT", ("MIP", "without")))


main()
