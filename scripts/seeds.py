"""What the studies' scripts share: runs by row and seed, means with intervals, differences paired over seeds."""

import json
import math

# Two-sided 95 % points of Student's t by degrees of freedom.
T95 = [math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]


def interval(values):
    """Mean and half of the 95 % interval."""
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / max(1, len(values) - 1))
    return mean, T95[len(values) - 1] * spread / math.sqrt(len(values))


class Study:
    """Runs by row and seed; `keys` names scores, which are given in percent."""

    def __init__(self, lines, keys):
        """Each line is a row's settings, a tabulator, and what `clbench run --json` says of one run."""
        self.keys, self.runs = keys, {}
        for line in open(lines):
            settings, text = line.split("\t", 1)
            run = json.loads(text)
            self.runs.setdefault(settings, {})[run["manifest"]["seed"]] = run

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

    def judged(self, a, b, key, sign):
        """Whether a − b has the claimed sign."""
        mean, half = self.difference(a, b, key)
        return "holds here" if sign * mean > half else "the contrary here" if -sign * mean > half else "undecided here"


def say(claim, verdict, what):
    print(f"- *{claim}*: **{verdict}**. {what[0].upper()}{what[1:]}.")
