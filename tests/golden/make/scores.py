#!/usr/bin/env python3
"""Golden values of scores: accuracy matrices through the code of the programs that define them.

Usage: python tests/golden/make/scores.py PROGRAMS WHEELS > results/tests/golden/scores.json

PROGRAMS holds checkouts, WHEELS unpacked wheels; README.md beside this file names both with their versions. Functions
are cut out of their files, because importing the whole programs would need their dependencies; nothing is retyped here.
"""

import ast
import contextlib
import io
import json
import pathlib
import sys
from types import SimpleNamespace as Some

import numpy as np
import torch

PROGRAMS, WHEELS = map(pathlib.Path, sys.argv[1:3])
N = None  # not evaluated

# In percent, so that test sets of hundreds have such accuracies exactly. `trained` says which task each row trains.
MATRICES = {
    "full": dict(baseline=[50, 40, 30], rows=[[90, 45, 20], [95, 80, 35], [60, 85, 70]], sizes=[200, 100, 300]),
    "known-early": dict(baseline=[10, 20, 30], rows=[[50, 90, 10], [50, 70, 10], [50, 60, 50]], sizes=[100, 300, 100]),
    "triangle": dict(rows=[[90, N, N], [95, 80, N], [60, 85, 70]], sizes=[200, 100, 300]),
    "mammoth-log": dict(rows=[[97, N, N], [70, 90, N], [50, 60, 88]], sizes=[100, 100, 100]),
    "four": dict(
        baseline=[12, 9, 31, 25],
        rows=[[81, 14, 37, 22], [88, 92, 8, 41], [70, 55, 77, 19], [58, 61, 49, 86]],
        sizes=[500, 100, 100, 200],
    ),
    "four-triangle": dict(rows=[[81, N, N, N], [88, 92, N, N], [70, 55, 77, N], [58, 61, 49, 86]], sizes=[100, 200, 300, 400]),
    "gains": dict(baseline=[0, 0, 0], rows=[[50, 10, 10], [60, 50, 10], [80, 60, 50]], sizes=[100, 100, 100]),
    "two": dict(baseline=[20, 30], rows=[[88, 42], [35, 93]], sizes=[300, 100]),
    "two-triangle": dict(rows=[[88, N], [35, 93]], sizes=[100, 300]),
    "one": dict(baseline=[10], rows=[[95]], sizes=[200]),
    "again": dict(rows=[[90, 20], [50, 80], [95, 60]], trained=[0, 1, 0], sizes=[200, 100]),
    "again-later": dict(rows=[[90, 20, 15], [50, 80, 25], [95, 60, 35], [70, 65, 85]], trained=[0, 1, 0, 2], sizes=[100, 200, 100]),
    "again-triangle": dict(rows=[[90, N, N], [50, 80, N], [95, 60, N], [70, 65, 85]], trained=[0, 1, 0, 2], sizes=[100, 100, 100]),
}


def cut(path, *names):
    """The functions of these names, run in a module of their own."""
    text = (PROGRAMS / path if (PROGRAMS / path).exists() else WHEELS / path).read_text()
    texts = [text] if path.endswith(".py") else ["".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    space = {"np": np, "torch": torch, "Dict": dict, "List": list}
    for text in texts:
        with contextlib.suppress(SyntaxError):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and node.name in names:
                    exec(compile(ast.Module([node], []), path, "exec"), space)
    return [space[name] for name in names]


def statement(path, start):
    """The first statement of a file that reads as `start`, compiled."""
    for node in ast.walk(ast.parse((PROGRAMS / path).read_text())):
        if isinstance(node, ast.stmt) and ast.unparse(node).startswith(start):
            return node
    raise SystemExit(f"{path} has no `{start}`")


def run(node, space):
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(ast.fix_missing_locations(ast.Module([node], [])), "cut", "exec"), {"np": np}, space)
    return space


def argument(node, place, space):
    """The value of an argument of the call that a statement is."""
    return eval(compile(ast.Expression(node.value.args[place]), "cut", "eval"), {"np": np}, space)


class Matrix:
    def __init__(self, baseline=None, rows=(), trained=None, sizes=()):
        share = lambda row: [None if cell is None else cell / 100 for cell in row]
        self.baseline = baseline and share(baseline)
        self.rows, self.sizes = [share(row) for row in rows], list(sizes)
        self.tasks = len(self.sizes)
        self.trained = trained or list(range(len(rows)))
        self.is_full = all(cell is not None for row in self.rows for cell in row)
        self.is_plain = self.trained == list(range(self.tasks))

    def seen(self, k):
        """What programs that evaluate tasks seen so far have of row k."""
        return self.rows[k][: k + 1]

    def zeros(self):
        """The matrix of a program that fills one of zeros with the tasks seen so far."""
        table = np.zeros((self.tasks, self.tasks))
        for k in range(self.tasks):
            table[k, : k + 1] = self.seen(k)
        return table

    def filled(self):
        """All that was evaluated, in a matrix of zeros."""
        return np.array([[cell or 0.0 for cell in row] for row in self.rows])

    def answers(self, k, tasks):
        """Labels, predictions and tasks of the test examples after row k."""
        labels, said, owners = [], [], []
        for task in tasks:
            n = self.sizes[task]
            right = round(n * self.rows[k][task])
            labels += [task] * n
            said += [task] * right + [(task + 1) % max(self.tasks, 2)] * (n - right)
            owners += [task] * n
        return np.array(labels), np.array(said), np.array(owners)


def plain(m):
    return m.is_plain


def full(m):
    return m.is_plain and m.is_full


def begun(m):
    return full(m) and m.baseline is not None


def several(m):
    return m.is_plain and m.tasks > 1


def mammoth():
    backward, forward, forgetting = cut("mammoth/utils/metrics.py", "backward_transfer", "forward_transfer", "forgetting")
    lists = lambda m: [m.seen(k) for k in range(m.tasks)]
    yield "forgetting.mammoth", several, lambda m: forgetting(lists(m))
    yield "bwt.gem17", several, lambda m: backward(lists(m))
    yield "fwt.gem17", lambda m: begun(m) and several(m), lambda m: forward(m.rows, m.baseline)


def pilot():
    forget = statement("LAMDA-PILOT/trainer.py", "if len(cnn_matrix) > 0:")
    mean = statement("LAMDA-PILOT/trainer.py", "print('Average Accuracy (CNN):'")
    (accuracy,) = cut("PyCIL/utils/toolkit.py", "accuracy")

    def forgetting(m):
        space = dict(cnn_matrix=[m.seen(k) for k in range(m.tasks)], task=m.tasks - 1, logging=Some(info=lambda _: None))
        return run(forget, space)["forgetting"]

    def average(m):
        totals = []
        for k in range(m.tasks):
            labels, said, _ = m.answers(k, range(k + 1))
            totals.append(accuracy(said, labels, k, 1)["total"])
        return argument(mean, 1, {"cnn_curve": {"top1": totals}})

    def last(m):
        labels, said, _ = m.answers(m.tasks - 1, range(m.tasks))
        return accuracy(said, labels, m.tasks - 1, 1)["total"]

    yield "forgetting.mammoth", several, forgetting
    yield "aia.icarl17", plain, average
    yield "acc.avalanche", plain, last


def facil():
    at = "FACIL/src/main_incremental.py"
    forgot, aux = statement(at, "forg_taw[t, u] ="), statement(at, "aux =")
    average = statement(at, "logger.log_result(acc_taw.sum(1)")
    weighted = statement(at, "logger.log_result((acc_taw * aux)")

    def forgetting(m):
        t = m.tasks - 1
        space = dict(acc_taw=m.zeros(), forg_taw=np.zeros((m.tasks, m.tasks)), t=t)
        for u in range(t):
            run(forgot, {**space, "u": u})
        return space["forg_taw"][t, :t].mean()

    def by_classes(m):
        # Sizes stand for numbers of classes here.
        space = run(aux, dict(taskcla=list(enumerate(m.sizes)), max_task=m.tasks, acc_taw=m.zeros()))
        return argument(weighted, 0, space)[-1]

    yield "forgetting.chaudhry18", several, forgetting
    yield "acc.gem17", plain, lambda m: argument(average, 0, dict(acc_taw=m.zeros()))[-1]
    yield "aia.capymoa", plain, lambda m: argument(average, 0, dict(acc_taw=m.zeros())).mean()
    yield "acc.avalanche", plain, by_classes


def agem():
    (mean,) = cut("agem/utils/utils.py", "compute_fgt")
    (both,) = cut("agem/plotting_code/agem_plots.ipynb", "compute_fgt")
    yield "forgetting.agem-code", several, lambda m: mean(m.filled())
    yield "forgetting.agem-worst", several, lambda m: both(m.filled(), "GEM")[1][-1]


def gem():
    (confusion,) = cut("GradientEpisodicMemory/metrics/metrics.py", "confusion_matrix")
    cut_changes = cut("GradientEpisodicMemory/metrics/metrics.py", "task_changes")[0]
    confusion.__globals__["task_changes"] = cut_changes

    def stats(m, which):
        rows = torch.tensor([m.baseline, *m.rows], dtype=torch.float64)
        # A row per evaluation with the task in training, the first of them before the first step.
        return confusion(torch.tensor([0, *range(m.tasks)]), rows)[which].item()

    yield "acc.gem17", begun, lambda m: stats(m, 0)
    yield "bwt.gem-code", lambda m: begun(m) and several(m), lambda m: stats(m, 1)
    yield "fwt.gem-code", lambda m: begun(m) and several(m), lambda m: stats(m, 2)


def libcontinual():
    backward, forgetting = cut("LibContinual/core/utils/utils.py", "compute_bwt", "compute_frgt")
    call = lambda f, m: f(m.zeros(), np.array(m.rows[-1]), m.tasks - 1)
    yield "forgetting.libcontinual", several, lambda m: call(forgetting, m)
    yield "bwt.libcontinual", several, lambda m: call(backward, m)


def continuum():
    names = ("accuracy_A", "backward_transfer", "forward_transfer", "forgetting", "_get_R_ij")
    area, backward, forward, forgetting, _ = cut("continuum-1.2.7/continuum/metrics/metrics.py", *names)

    def call(f, m):
        rows = [m.answers(k, range(k + 1)) for k in range(m.tasks)]
        return f([row[1] for row in rows], [row[0] for row in rows], [row[2] for row in rows])

    yield "acc.diaz18", plain, lambda m: call(area, m)
    yield "bwt.libcontinual", several, lambda m: call(backward, m)
    yield "fwt.continuum", several, lambda m: call(forward, m)
    yield "forgetting.continuum", several, lambda m: call(forgetting, m)


def capymoa():
    at = "capymoa-0.15.1-py3-none-any/capymoa/ocl/evaluation/"
    backward, forward = cut(at + "_metrics.py", "_backwards_transfer", "_forwards_transfer")
    (seen,) = cut(at + "_evaluator.py", "_accuracy_seen")
    table = lambda m: torch.tensor(m.filled())

    def average(m):
        seen.__globals__["accuracy_matrix"] = table(m)
        return np.mean([seen(t) for t in range(m.tasks)])

    yield "aia.capymoa", plain, average
    yield "bwt.diaz18", several, lambda m: backward(table(m))
    yield "fwt.diaz18", lambda m: full(m) and several(m), lambda m: forward(table(m))


def fusion_bench():
    at = "fusion_bench-0.2.33-py3-none-any/fusion_bench/metrics/continual_learning/backward_transfer.py"
    (backward,) = cut(at, "compute_backward_transfer")
    last = lambda m: {str(j): m.rows[-1][j] for j in range(m.tasks)}
    yield "bwt.gem-code", several, lambda m: backward(last(m), {str(j): m.rows[j][j] for j in range(m.tasks)})


def renate():
    at = "Renate-0.5.2-py3-none-any/renate/evaluation/metrics/classification.py"
    names = ("average_accuracy", "micro_average_accuracy", "forgetting", "backward_transfer", "forward_transfer")
    average, micro, forgetting, backward, forward = cut(at, *names)
    results = lambda m: {"accuracy": m.rows, "accuracy_init": [m.baseline]}
    call = lambda f: lambda m: f(results(m), m.tasks - 1, m.sizes)
    yield "acc.gem17", plain, call(average)
    yield "acc.avalanche", plain, call(micro)
    yield "forgetting.agem-code", lambda m: full(m) and several(m), call(forgetting)
    yield "bwt.gem17", several, call(backward)
    yield "fwt.gem17", lambda m: begun(m) and several(m), call(forward)


def avalanche():
    from avalanche.evaluation.metrics.accuracy import StreamAccuracy, TrainedExperienceAccuracy
    from avalanche.evaluation.metrics.forgetting_bwt import StreamBWT, StreamForgetting
    from avalanche.evaluation.metrics.forward_transfer import StreamForwardTransfer

    def life(make, m):
        """The values of a metric after each evaluation of a run with this matrix."""
        metric, values = make(), []
        metric._package_result = lambda _: None
        strategy = Some(eval_every=0, clock=Some(train_iterations=0))

        def evaluate(row):
            metric.before_eval(strategy)
            for task in (task for task in range(m.tasks) if row[task] is not None):
                n, right = m.sizes[task], round(m.sizes[task] * row[task])
                strategy.experience = Some(current_experience=task)
                metric.before_eval_exp(strategy)
                strategy.mb_y = torch.zeros(n, dtype=torch.long)
                strategy.mb_output = torch.eye(2)[[0] * right + [1] * (n - right)]
                metric.after_eval_iteration(strategy)
                metric.after_eval_exp(strategy)
            values.append(metric.result())
            metric.after_eval(strategy)

        if m.baseline:
            evaluate(m.baseline)
        for row, task in zip(m.rows, m.trained):
            strategy.experience = Some(current_experience=task)
            metric.before_training_exp(strategy)
            metric.after_training_exp(strategy)
            evaluate(row)
        return values[1:] if m.baseline else values

    # A last row whose task was all that was trained leaves nothing to forget.
    left = lambda m: m.tasks > 1
    yield "forgetting.avalanche", left, lambda m: life(StreamForgetting, m)[-1]
    yield "bwt.avalanche", left, lambda m: life(StreamBWT, m)[-1]
    yield "fwt.gem17", lambda m: begun(m) and several(m), lambda m: life(StreamForwardTransfer, m)[-1]
    yield "acc.avalanche", lambda m: True, lambda m: life(StreamAccuracy, m)[-1]
    yield "aia.icarl17", plain, lambda m: np.mean(life(TrainedExperienceAccuracy, m))


FAMILIES = [
    ("Mammoth", mammoth), ("PILOT and PyCIL", pilot), ("FACIL", facil), ("A-GEM", agem), ("GEM", gem), ("LibContinual", libcontinual),
    ("Continuum", continuum), ("CapyMOA", capymoa), ("FusionBench", fusion_bench), ("Renate", renate), ("Avalanche", avalanche),
]


def main():
    matrices = {name: Matrix(**parts) for name, parts in MATRICES.items()}
    values = []
    for program, family in FAMILIES:
        for key, fits, score in family():
            of = {name: float(score(m)) for name, m in matrices.items() if fits(m)}
            values.append({"program": program, "key": key, "values": of})
    shapes = {
        name: {"baseline": m.baseline, "rows": m.rows, "trained": m.trained, "sizes": m.sizes} for name, m in matrices.items()
    }
    lines = lambda items: ",\n".join(f"  {item}" for item in items)
    print('{"matrices": {\n' + lines(f"{json.dumps(name)}: {json.dumps(shape)}" for name, shape in shapes.items()), end="\n},\n")
    print('"values": [\n' + lines(json.dumps(entry) for entry in values) + "\n]}")


main()
