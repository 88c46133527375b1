"""Logs of Avalanche, Mammoth and PILOT as these programs write them, and their own scores of them.

    pip install avalanche-lib==0.6.0 torch==2.11.0 numpy==2.4.6
    MAMMOTH=… PILOT=… python tests/golden/make/logs.py results/tests/golden/import

`MAMMOTH` and `PILOT` are checkouts of aimagelab/mammoth and sun-hailong/LAMDA-PILOT (17a8ea4). Avalanche trains a linear
model on three small tasks; Mammoth's loggers and PILOT's trainer write down accuracies of answers drawn here.
"""

import contextlib
import io
import json
import os
import re
import sys
import types
from pathlib import Path

import numpy
import torch

OUT = Path(sys.argv[1]).resolve()
TASKS = [[0, 1], [2, 3], [4, 5]]


def avalanche():
    from avalanche.benchmarks import benchmark_from_datasets, split_online_stream
    from avalanche.benchmarks.utils import as_classification_dataset
    from avalanche.evaluation.metrics import accuracy_metrics, bwt_metrics, forgetting_metrics, loss_metrics
    from avalanche.logging import CSVLogger, InteractiveLogger, TextLogger
    from avalanche.training.plugins import EvaluationPlugin
    from avalanche.training.supervised import JointTraining, Naive
    from torch.utils.data import TensorDataset

    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(6, 8, generator=torch.Generator().manual_seed(7))

    def data(count, classes):
        labels = torch.tensor(classes)[torch.randint(0, len(classes), (count,), generator=generator)]
        dataset = TensorDataset(centres[labels] + 0.8 * torch.randn(count, 8, generator=generator), labels)
        dataset.targets = labels.tolist()
        return as_classification_dataset(dataset)

    train, test = [data(120, task) for task in TASKS], [data(150, task) for task in TASKS]
    bench = benchmark_from_datasets(train=train, test=test)
    single = benchmark_from_datasets(train=train, test=[test[0].concat(test[1]).concat(test[2])])

    def naive(strategy):
        strategy.eval(bench.test_stream)
        for experience in bench.train_stream:
            strategy.train(experience)
            yield strategy.eval(bench.test_stream)

    def joint(strategy):
        strategy.train(bench.train_stream)
        yield strategy.eval(bench.test_stream)

    def stale(strategy):
        for experience, asked in zip(bench.train_stream, bench.test_stream):
            strategy.train(experience)
            yield strategy.eval([asked])

    def streams(strategy):
        for experience in bench.train_stream:
            strategy.train(experience)
            strategy.eval(bench.train_stream)
            yield strategy.eval(bench.test_stream)

    def reversed_streams(strategy):
        for experience in bench.train_stream:
            strategy.train(experience)
            strategy.eval(bench.test_stream)
            yield strategy.eval(bench.train_stream)

    def within(strategy):
        for experience in bench.train_stream:
            strategy.train(experience, eval_streams=[bench.test_stream])
            yield strategy.evaluator.get_last_metrics()

    def one_test(strategy):
        for experience in single.train_stream:
            strategy.train(experience)
            yield strategy.eval(single.test_stream)

    def online(strategy):
        for index in range(len(TASKS)):
            for piece in split_online_stream(bench.train_stream[index : index + 1], experience_size=40):
                strategy.train(piece)
            yield strategy.eval(bench.test_stream)

    def online_end(strategy):
        for piece in split_online_stream(bench.train_stream, experience_size=40):
            strategy.train(piece)
        yield strategy.eval(bench.test_stream)

    def log(name, kind, body, keep, **settings):
        folder = OUT / "avalanche"
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path("csvlogs")
        lines, screen = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(screen):
            plugin = EvaluationPlugin(
                accuracy_metrics(experience=True, stream=True),
                loss_metrics(experience=True),
                forgetting_metrics(stream=True),
                bwt_metrics(stream=True),
                loggers=[TextLogger(lines), CSVLogger(scratch), InteractiveLogger()],
            )
            torch.manual_seed(3)
            model = torch.nn.Linear(8, 6)
            strategy = kind(
                model=model,
                optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
                criterion=torch.nn.CrossEntropyLoss(),
                train_mb_size=16,
                train_epochs=2,
                eval_mb_size=64,
                evaluator=plugin,
                **settings,
            )
            returned = list(body(strategy))
        texts = {
            "txt": lines.getvalue(),
            "screen": re.sub(r"\d+:\d+<\d+:\d+, +[\d.]+it/s", "00:00<00:00, 99.9it/s", screen.getvalue()),
            "csv": (scratch / "eval_results.csv").read_text(),
            "json": json.dumps(returned, indent=0),
            "repr": repr(returned),
            "all.json": json.dumps(plugin.get_all_metrics(), indent=0),
        }
        for end in keep:
            (folder / f"{name}.{end}").write_text(texts[end])
        last = returned[-1]
        return {
            "accuracy": last["Top1_Acc_Stream/eval_phase/test_stream"],
            "forgetting": last["StreamForgetting/eval_phase/test_stream"],
        }

    return {
        "naive": log("naive", Naive, naive, ["txt", "screen", "csv", "json", "repr", "all.json"]),
        "joint": log("joint", JointTraining, joint, ["txt", "csv", "json"]),
        "stale": log("stale", Naive, stale, ["json", "txt"]),
        "streams": log("streams", Naive, streams, ["txt", "csv", "json"]),
        "reversed": log("reversed", Naive, reversed_streams, ["csv"]),
        "within": log("within", Naive, within, ["txt"], eval_every=0),
        "one-test": log("one-test", Naive, one_test, ["txt", "csv", "json"]),
        "online": log("online", Naive, online, ["txt", "screen", "csv"]),
        "online-end": log("online-end", Naive, online_end, ["txt", "csv"]),
    }


def drawn(random, tasks, future):
    """Accuracies in percent, as of 100 answers: a row per task, with the tasks to come or without."""
    row = lambda now: [float(random.integers(50, 100) if task <= now else random.integers(5, 30)) for task in range(tasks)]
    rows = [row(now) for now in range(tasks)]
    return rows if future else [row[: now + 1] for now, row in enumerate(rows)]


def mammoth():
    sys.path.insert(0, os.environ["MAMMOTH"])
    from argparse import Namespace

    from utils.loggers import Logger, log_accs
    from utils.metrics import backward_transfer, forgetting

    folder = OUT / "mammoth"
    folder.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(0)

    def log(name, setting="class-il", joint=0, future=False, epochs=1):
        args = Namespace(
            dataset="seq-cifar10", model="sgd", seed=None, joint=joint, eval_future=future, disable_log=False, nowand=1,
            device=torch.device("cpu"), lr=0.1, results_path="results",
        )
        logger = Logger(args, setting, args.dataset, args.model)
        classes, tasks = drawn(random, 3, future or joint), drawn(random, 3, True)
        rows = [(row, other[: len(row)]) for row, other in zip(classes, tasks)]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            for now, (row, other) in enumerate(rows[-1:] if joint else rows):
                print(f"Task {now + 1} - Epoch 1: 100%|██████████| 390/390 [05:38<00:00, 1.15it/s, loss=0.0466]", end="\r")
                for epoch in range(1, epochs):
                    half = [value / 2 for value in row], [value / 2 for value in other]
                    log_accs(args, logger, half, now, setting, epoch=epoch)
                so_far = len(row) if joint else now + 1
                log_accs(args, logger, (row[:so_far], other[:so_far]), now, setting)
                if future and now < len(rows) - 1:
                    log_accs(args, logger, (row[so_far:], other[so_far:]), now, setting, future=True)
            results = [row[: now + 1] for now, (row, _) in enumerate(rows)]
            expected = {"rows": classes[-1:] if joint else classes}
            if not joint:
                expected |= {"backward_transfer": backward_transfer(results)}
                expected |= {"forgetting": forgetting([list(row) for row in results])}
            args.__dict__.pop("results_path")
            logger.args = Namespace(results_path="results")
            logger.write(vars(args))
        (folder / f"{name}.console").write_text(printed.getvalue())
        path = Path("results") / setting / args.dataset / args.model / "logs.pyd"
        (folder / f"{name}.pyd").write_text(path.read_text())
        path.unlink()
        return expected

    return {
        "class-il": log("class-il"),
        "domain-il": log("domain-il", setting="domain-il"),
        "joint": log("joint", joint=1),
        "future": log("future", future=True),
        "epochs": log("epochs", epochs=3),
    }


def pilot(name, first, step, classes, nme):
    for module in [name for name in sys.modules if name == "utils" or name.startswith("utils.")]:
        del sys.modules[module]
    sys.path.insert(0, os.environ["PILOT"])
    random = numpy.random.default_rng(1)
    ends = list(range(first, classes + 1, step))

    class Model:
        def __init__(self):
            self._network, self.now = torch.nn.Linear(2, 2), -1

        def incremental_train(self, _):
            self.now += 1

        def answers(self):
            from utils.toolkit import accuracy

            labels = numpy.repeat(numpy.arange(ends[self.now]), 40)
            right = random.random(len(labels)) < 0.5 + 0.4 * labels / classes
            known = ends[self.now - 1] if self.now else 0
            grouped = accuracy(numpy.where(right, labels, labels - 1), labels, known, step)
            return {"grouped": grouped, "top1": grouped["total"], "top5": grouped["total"]}

        def eval_task(self):
            return self.answers(), self.answers() if nme else None

        def after_task(self):
            pass

    factory, manager = types.ModuleType("utils.factory"), types.ModuleType("utils.data_manager")
    model = Model()
    factory.get_model = lambda *_: model
    manager.DataManager = lambda *_: types.SimpleNamespace(nb_tasks=len(ends), nb_classes=classes)
    import utils

    utils.factory = factory
    sys.modules |= {"utils.factory": factory, "utils.data_manager": manager}
    sys.modules.pop("trainer", None)
    import trainer

    import logging

    for handler in logging.getLogger().handlers[:]:
        logging.getLogger().removeHandler(handler)
    printed = io.StringIO()
    settings = {
        "prefix": "demo", "dataset": "cifar224", "shuffle": True, "init_cls": first, "increment": step,
        "model_name": "simplecil", "backbone_type": "vit", "device": [-1], "seed": 1993,
    }
    failed = None
    with contextlib.redirect_stdout(printed):
        try:
            trainer._train(settings)
        except ValueError as error:  # its matrix has no place for a larger first experience
            failed = str(error)
    folder = OUT / "pilot"
    folder.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "2026-01-01 00:00:00,000", printed.getvalue())
    (folder / f"{name}.log").write_text(text)
    last = lambda key: [float(number) for number in re.findall(rf"{re.escape(key)}: ([-\d.]+)", text)][-1:]
    return {"average": last("Average Accuracy (CNN)"), "forgetting": last("Forgetting (CNN)"), "failed": failed}


def main():
    expected = {"avalanche": avalanche(), "mammoth": mammoth()}
    expected["pilot"] = {
        "even": pilot("even", 5, 5, 15, nme=True),
        "base": pilot("base", 10, 5, 20, nme=False),
    }
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
