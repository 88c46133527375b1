"""What the scripts that write pages share: runs by row and seed out of a page's bundle, blocks that `clbench verify` makes
again, means with intervals, differences paired over seeds. Nothing is trained: a page can be made anew from its bundle.

CLBENCH names the program, target/release/clbench without it. Standard library alone.
"""

import csv
import gzip
import json
import math
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "results/published"
# Two-sided 95 % points of Student's t by degrees of freedom.
T95 = [math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]


def clbench(*words):
    """What the program prints beside the pages."""
    program = os.path.abspath(os.path.join(ROOT, os.environ.get("CLBENCH", "target/release/clbench")))
    return subprocess.run([program, *words], cwd=PUBLISHED, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def made(*words):
    """A block with what a command prints; paths begin with the page's bundle."""
    plain = re.compile(r"[A-Za-z0-9_./=,:*+-]+")
    command = " ".join(word if plain.fullmatch(word) else f"'{word}'" for word in words)
    print(f"<!-- clbench: {command} -->\n\n{clbench(*words)}\n<!-- clbench: end -->")


def interval(values):
    """Mean and half of the 95 % interval."""
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / max(1, len(values) - 1))
    return mean, T95[len(values) - 1] * spread / math.sqrt(len(values))


def rows_of(text):
    """Rows of a file of a run."""
    return list(csv.DictReader(text.splitlines()))


NOBODY_KNOWS = "no verdict"


def classes_of(manifest, task):
    """Classes among which a question about `task` is answered at the end; as results/src/summary/guess.rs counts them."""
    stream = manifest["stream"]
    names = stream["classes"]
    if manifest["conditions"]["test_logits"] != "task":
        return len(names)
    own = stream["tasks"][task].split(", ")
    if all(name in names for name in own):
        return len(own)
    parted = stream["kind"].startswith(("task-", "class-"))
    return max(1, len(names) // len(stream["tasks"])) if parted else len(names)


def guess(run):
    """What guessing reaches at the end of a run, in percent: the mean over tasks, and 1.96 standard errors of it."""
    plain = lambda row: (row["at"], row["split"], row["preference"], row["sample"]) == ("end", "test", "", "")
    rows = [row for row in csv.DictReader(run["records"].splitlines()) if plain(row)]
    last = max(int(row["experience"]) for row in rows)
    ends = [(1 / classes_of(run["manifest"], int(row["task"])), int(row["n"])) for row in rows if int(row["experience"]) == last]
    share = sum(p for p, _ in ends) / len(ends)
    return 100 * share, 100 * 1.96 * math.sqrt(sum(p * (1 - p) / max(1, n) for p, n in ends)) / len(ends)


class Study:
    """Runs by row and seed; `keys` names scores, which are given in percent. A row is told by its stream, its method and its
    settings without those that all rows of the stream share: `permuted-fashion vcl+coreset coreset.steps=200`. `known` is the accuracy that says whether a row knows more than
    chance."""

    def __init__(self, page, keys, known="ACC"):
        self.known = known
        self.bundle, self.keys, self.runs, files = f"{page}.runs.gz", keys, {}, {}
        with gzip.open(PUBLISHED / self.bundle, "rt", encoding="utf-8") as lines:
            for line in lines:
                run = json.loads(line)
                run["manifest"] = json.loads(run["manifest"])
                files[run["manifest"]["run"]] = run
        words = ["table", self.bundle, "--format", "json", "--mix", "streams", "--metrics", ",".join(keys.values())]
        (table,) = json.loads(clbench(*words))
        common = {}
        for row in table["rows"]:
            given = set(row["overrides"])
            common[row["stream"]] = common.get(row["stream"], given) & given
        self.common = common
        for row in table["rows"]:
            own = sorted(set(row["overrides"]) - common[row["stream"]])
            name = " ".join([row["stream"], row["method"], *own])
            scores = {key: dict(map(tuple, score["by_seed"])) for key, score in row["scores"].items()}
            self.runs[name] = {}
            for seed, identity in zip(row["seeds"], row["runs"]):
                by_key = {key: values.get(seed) for key, values in scores.items()}
                self.runs[name][seed] = {**files[identity], "scores": by_key}

    def __contains__(self, row):
        return row in self.runs

    def score(self, row, seed, key):
        value = self.runs[row][seed]["scores"].get(self.keys[key])
        return None if value is None else 100 * value

    def values(self, row, key):
        return [self.score(row, seed, key) for seed in sorted(self.runs[row])]

    def cell(self, row, key):
        values = self.values(row, key)
        if not values or any(value is None for value in values):
            return "—"
        mean, half = interval(values)
        return f"{mean:.1f} ±{half:.1f}"

    def difference(self, a, b, key):
        """Mean of a − b over the seeds of both, and half of its interval."""
        seeds = sorted(self.runs[a].keys() & self.runs[b].keys())
        return interval([self.score(a, seed, key) - self.score(b, seed, key) for seed in seeds])

    def words(self, a, b, key, names):
        mean, half = self.difference(a, b, key)
        how = "more" if mean > 0 else "less"
        sure = "clearly" if abs(mean) > half else "not clearly"
        return f"{names[0]} has {abs(mean):.1f} ±{half:.1f} points {how} {key} than {names[1]} ({sure} different)"

    def knows(self, row, known=None):
        """Whether the interval of a row's accuracy lies above all that guesses reach: of models that guess no comparison
        says anything."""
        mean, half = interval(self.values(row, known or self.known))
        share, luck = guess(next(iter(self.runs[row].values())))
        return mean - (0 if math.isnan(half) else half) > share + luck

    def judged(self, a, b, key, sign, known=None):
        """Whether a − b has the claimed sign; no verdict where the row that comes out better knows no more than chance."""
        mean, half = self.difference(a, b, key)
        more = -mean if key == "FGT" else mean
        better = [a] if more > half else [b] if -more > half else [a, b]
        if not any(self.knows(row, known) for row in better):
            return NOBODY_KNOWS
        return "holds here" if sign * mean > half else "the contrary here" if -sign * mean > half else "undecided here"

    def table(self, *words, metrics=None):
        """A block with a table of the page's bundle."""
        keys = ",".join(metrics or self.keys.values())
        made("table", self.bundle, *words, "--brief", "--format", "md", "--metrics", keys)


def say(claim, verdict, what):
    why = "; the models know no more than chance" if verdict == NOBODY_KNOWS else ""
    print(f"- *{claim}*: **{verdict}**. {what[0].upper()}{what[1:]}{why}.")
