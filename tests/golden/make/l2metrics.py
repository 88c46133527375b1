"""Golden values for `results/src/lifetime/`, from the real l2metrics 3.1.0.

    pip install "numpy<2" "pandas<3" "pyarrow" scipy matplotlib seaborn l2metrics==3.1.0 l2logger==1.8.2
    python tests/golden/make/l2metrics.py

Made with numpy 1.26.4, pandas 2.3.3, scipy 1.17, l2metrics 3.1.0, l2logger 1.8.2.

`l2metrics/demo.tsv` is an input: a simulated lifetime over three tasks and two single-task runs of each, drawn once
with Python's `random.seed(7)`. The other `.tsv` files are drawn here, from the seed that stands with each. In all of
them the column `log` tells the lifetime (`ll`) from the single-task runs (`0`, `1`, ...). `l2metrics/expected.json`
holds, per case, the file, the settings and what the package computed from them.
"""
import csv
import json
import math
import os
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[3] / "results/tests/golden/l2metrics"
# This file has the package's name and must not be taken for it.
sys.path.pop(0)
COLUMNS = ["log", "block_num", "exp_num", "block_type", "block_subtype", "task_name", "exp_status", "accuracy"]
STANDARD = ["block_num", "exp_num", "worker_id", "block_type", "block_subtype", "task_name", "task_params",
            "exp_status", "timestamp", "accuracy"]


class Lifetime:
    """Draws a lifetime: every task has a skill that grows while it is trained and fades while others are."""

    def __init__(self, seed, tasks, ceiling=0.95, floor=0.1, noise=0.02):
        self.random = random.Random(seed)
        self.skill = {task: floor for task in tasks}
        self.floor, self.ceiling, self.noise = floor, ceiling, noise
        self.rows, self.block, self.exp = [], 0, 0

    def see(self, task):
        value = self.skill[task] + self.random.gauss(0, self.noise)
        return round(min(1.0, max(0.0, value)), 4)

    def row(self, kind, subtype, task, value, status="complete", advance=1):
        self.rows.append(["ll", self.block, self.exp, kind, subtype, task, status, value])
        self.exp += advance

    def train(self, parts, subtype="wake", rate=0.08, **odd):
        for task, count in parts:
            for _ in range(count):
                self.skill[task] += rate * (self.ceiling - self.skill[task])
                for other in self.skill:
                    if other != task:
                        self.skill[other] += 0.01 * (self.floor + 0.15 - self.skill[other])
                value, status, advance = self.see(task), "complete", 1
                if self.random.random() < odd.get("missing", 0):
                    value = ""
                if self.random.random() < odd.get("incomplete", 0):
                    status = "incomplete"
                if self.random.random() < odd.get("same", 0):
                    advance = 0
                self.row("train", subtype, task, value, status, advance)
        self.exp += 1
        self.block += 1

    def test(self, tasks, count=3, subtype="wake"):
        for task in tasks:
            for _ in range(count):
                self.row("test", subtype, task, self.see(task))
        self.block += 1


def single(life, index, task, count, rate=0.08):
    skill = life.floor
    rows = []
    for exp in range(count):
        skill += rate * (life.ceiling - skill)
        value = round(min(1.0, max(0.0, skill + life.random.gauss(0, life.noise))), 4)
        rows.append([str(index), 0, exp, "train", "wake", task, "complete", value])
    return rows


def sleep():
    tasks = ["apple_1", "pear_1"]
    life = Lifetime(11, tasks)
    life.test(tasks)
    for _ in range(3):
        for task in tasks:
            life.train([(task, 24)])
            life.test(tasks)
            life.train([(task, 8)], subtype="sleep", rate=0.02)
            life.test(tasks, subtype="sleep")
    return life.rows + single(life, 0, "apple_1", 80) + single(life, 1, "pear_1", 50) + single(life, 2, "pear_1", 60)


def variants():
    tasks = ["apple_1", "apple_2", "pear_1", "plum_1"]
    life = Lifetime(12, tasks)
    life.test(tasks)
    for _ in range(2):
        for task in tasks:
            life.train([(task, 31)])
            life.test(tasks, 2)
    runs = [single(life, i, task, 60) for i, task in enumerate(["apple_1", "apple_2", "pear_1"])]
    return life.rows + sum(runs, [])


def holes():
    tasks = ["Apple_1", "pear_1", "plum_1"]
    life = Lifetime(13, tasks)
    life.test(tasks)
    for turn in range(3):
        for task in tasks:
            life.train([(task, 26 + 3 * turn)], missing=0.08, incomplete=0.08, same=0.2)
            life.test([other for other in tasks if other != task or turn != 1])
    return life.rows + single(life, 0, "apple_1", 70) + single(life, 1, "apple_1", 40)


def crowded():
    tasks = ["apple_1", "pear_1", "plum_1"]
    life = Lifetime(14, tasks, ceiling=1.1, noise=0.04)
    life.test(tasks, 1)
    life.train([("apple_1", 40), ("pear_1", 40)])
    life.test(tasks, 1)
    life.train([("plum_1", 12)])
    life.train([("apple_1", 2), ("plum_1", 1), ("pear_1", 1)])
    life.test(tasks, 1)
    life.train([("pear_1", 35)])
    life.train([("apple_1", 35)])
    life.test(tasks[:2], 4)
    life.test(tasks, 2)
    life.train([("pear_1", 20)])
    life.train([("apple_1", 1)])
    return life.rows + single(life, 0, "pear_1", 90) + single(life, 1, "plum_1", 4) + single(life, 2, "plum_1", 30)


def falling():
    tasks = ["apple_1", "pear_1"]
    life = Lifetime(15, tasks, ceiling=0.05, floor=0.6)
    life.test(tasks, 5)
    for _ in range(2):
        for task in tasks:
            # The rise keeps the largest value from the start, where a reflected curve is as large as itself and
            # the last bit would decide.
            life.ceiling = 1.2
            life.train([(task, 15)])
            life.ceiling = 0.05
            life.train([(task, 30)])
            life.test(tasks, 5)
    life.ceiling = 0.95
    return life.rows + single(life, 0, "apple_1", 60) + single(life, 1, "pear_1", 60)


def seen():
    """Tasks are not asked about before they are trained, as where unseen classes are masked."""
    tasks = ["apple_1", "pear_1", "plum_1"]
    life = Lifetime(16, tasks)
    for at, task in enumerate(tasks):
        life.train([(task, 30)])
        life.test(tasks[:at + 1], 1)
    return life.rows


BOTH = {"maintenance_method": "both", "transfer_method": "both"}
RANGES = {"apple_1": {"min": 0.1, "max": 1.0}, "apple_2": {"min": 0.05, "max": 0.9},
          "pear_1": {"min": 0.2, "max": 0.9}, "plum_1": {"min": 0.1, "max": 0.95}}
CASES = [
    ("demo", {}),
    ("demo", {"normalization_method": "run", "do_smooth_eval_data": True, "smoothing_method": "hamming"}),
    ("demo", {"normalization_method": "none", "aggregation_method": "median", "window_length": 7,
              "smoothing_method": "bartlett"}),
    ("sleep", {}),
    ("sleep", {"clamp_outliers": True, "smoothing_method": "hanning", "aggregation_method": "median"}),
    ("variants", {}),
    ("variants", {"variant_mode": "agnostic", "smoothing_method": "hanning"}),
    ("variants", {"variant_mode": "agnostic", "clamp_outliers": True, "data_range": RANGES}),
    ("variants", {"data_range": RANGES, "normalization_method": "run", "smoothing_method": "none"}),
    ("holes", {}),
    ("holes", {"normalization_method": "run", "smoothing_method": "blackman", "aggregation_method": "median"}),
    ("crowded", {}),
    ("crowded", {"normalization_method": "none", "window_length": 20}),
    ("crowded", {"clamp_outliers": True, "data_range": RANGES}),
    ("falling", {}),
    ("seen", {}),
]


def stamp(exp):
    return "20000101T%02d%02d%02d.000000" % (exp // 3600, exp // 60 % 60, exp % 60)


def scenario(folder, rows):
    """Lays rows out as L2Logger does."""
    folder.mkdir(parents=True)
    (folder / "logger_info.json").write_text(json.dumps({"metrics_columns": ["accuracy"], "log_format_version": "1.1"}))
    (folder / "scenario_info.json").write_text(json.dumps(
        {"complexity": "1-low", "difficulty": "2-medium", "scenario_type": "custom"}))
    with open(folder / "data-log.tsv", "w", newline="") as file:
        out = csv.writer(file, delimiter="\t", lineterminator="\n")
        out.writerow(STANDARD)
        for _, block, exp, kind, subtype, task, status, value in rows:
            out.writerow([block, exp, "w", kind, subtype, task, "", status, stamp(int(exp)), value])


def compute(name, settings):
    from l2metrics import util
    from l2metrics.report import MetricsReport
    import numpy as np

    with open(HERE / (name + ".tsv"), newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    logs = {}
    for row in rows:
        logs.setdefault(row[0], []).append(row)
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        os.environ["L2DATA"] = str(root / "data")
        # The package puts what is stored last in front.
        for log in sorted((log for log in logs if log != "ll"), reverse=True):
            scenario(root / log, logs[log])
            util.store_ste_data(root / log, "a")
        scenario(root / name, logs["ll"])
        report = MetricsReport(log_dir=root / name, perf_measure="accuracy", **BOTH, **json.loads(json.dumps(settings)))
        report.calculate()
        regimes = report.regime_metrics_df[["saturation", "exp_to_sat", "term_perf", "exp_to_term_perf", "avg_perf"]]

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(v) for key, v in value.items()}
        if isinstance(value, (list, tuple, np.ndarray)):
            return [plain(v) for v in value]
        value = value.item() if isinstance(value, np.generic) else value
        if isinstance(value, float):
            return float("%.12g" % value) if math.isfinite(value) else None
        return value

    return {"file": name, "settings": settings, "metrics": plain(report.ll_metrics_dict),
            "regimes": plain(regimes.to_numpy(dtype=float))}


def main():
    for make in [sleep, variants, holes, crowded, falling, seen]:
        with open(HERE / (make.__name__ + ".tsv"), "w", newline="") as file:
            out = csv.writer(file, delimiter="\t", lineterminator="\n")
            out.writerow(COLUMNS)
            out.writerows(make())
    cases = [json.dumps(compute(name, settings), separators=(",", ":")) for name, settings in CASES]
    (HERE / "expected.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")


if __name__ == "__main__":
    main()
