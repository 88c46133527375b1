"""Reads one export with its own reader and compares it with the runs; see check-exports.sh.

    python check-exports.py tensorboard|parquet|csv|model-index OUT [FOLDER...]
    python check-exports.py l2logger OUT BINARY
    python check-exports.py golden EXPECTED BINARY LIFETIME [EXPERT...]
"""

import csv
import json
import logging
import math
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path


def runs(folders):
    """Manifest and records of every complete run below the folders."""
    manifests = sorted({path for folder in folders for path in Path(folder).rglob("manifest.json")})
    for path in manifests:
        with open(path.with_name("records.csv"), newline="") as file:
            yield json.loads(path.read_text()), list(csv.DictReader(file))


def same(a, b):
    return struct.pack("<d", a) == struct.pack("<d", b) or (math.isnan(a) and math.isnan(b))


def tensorboard(out, folders):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    files = sorted(Path(out).rglob("events.out.tfevents.*"))
    expected = list(runs(folders))
    assert len(files) == len(expected), f"{len(files)} event files of {len(expected)} runs"
    found = []
    for file in files:
        events = list(EventFileLoader(str(file)).Load())
        assert events[0].file_version == "brain.Event:2" and all(event.wall_time == 0 for event in events)
        accumulator = EventAccumulator(str(file.parent), size_guidance={"scalars": 0}).Reload()
        tags = accumulator.Tags()["scalars"]
        assert tags, f"{file} has no scalars"
        points = [p for tag in tags if tag.startswith("test/accuracy/") for p in accumulator.Scalars(tag)]
        found.append(sorted((p.step, p.value) for p in points))
    single = lambda text: struct.unpack("<f", struct.pack("<f", float(text)))[0]
    plain = lambda row: row["split"] == "test" and not row["preference"] and not row["sample"]
    wanted = [sorted((int(r["step"]), single(r["accuracy"])) for r in rows if plain(r)) for _, rows in expected]
    assert sorted(found) == sorted(wanted), "accuracies differ"
    print(f"tensorboard: {len(files)} files, {sum(map(len, found))} accuracies")


def parquet(out, folders):
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(out)
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["seed"] == "uint64" and types["step"] == "int64" and types["accuracy"] == "double", types
    assert types["joint"] == "bool" and types["run"] == "string", types
    column = file.metadata.row_group(0).column(0)
    assert column.compression == "SNAPPY" and column.has_dictionary_page
    table = file.read().to_pylist()
    expected = {(m["run"], index): row for m, rows in runs(folders) for index, row in enumerate(rows)}
    assert len(table) == len(expected), f"{len(table)} rows of {len(expected)}"
    counts = {}
    for row in table:
        index = counts[row["run"]] = counts.get(row["run"], -1) + 1
        record = expected[row["run"], index]
        for name in ["accuracy", "loss", "brier", "confidence"]:
            assert same(row[name], float(record[name])), (row, record)
        for name in ["experience", "step", "task", "n"]:
            assert row[name] == int(record[name]), (row, record)
        for name in ["at", "split", "preference"]:
            assert row[name] == record[name], (row, record)
        for name in ["sample", "margin"]:
            text = record.get(name) or ""
            assert row[name] is None if text == "" else same(row[name], float(text)), (row, record)
    print(f"parquet: {len(table)} rows in {file.num_row_groups} groups")


def model_index(out, _):
    import yaml
    from huggingface_hub import ModelCardData
    from huggingface_hub.repocard_data import model_index_to_eval_results

    metadata = yaml.safe_load(Path(out).read_text())
    name, results = model_index_to_eval_results(metadata["model-index"])
    assert name and results and all(math.isfinite(result.metric_value) for result in results)
    assert all(result.task_type == "image-classification" and not result.verified for result in results)
    again = yaml.safe_load(ModelCardData(**metadata).to_yaml())
    values = lambda card: sorted((r.dataset_revision, r.metric_type, r.metric_value)
                                 for r in model_index_to_eval_results(card)[1])
    assert values(again["model-index"]) == sorted((r.dataset_revision, r.metric_type, r.metric_value) for r in results)
    print(f"model-index: {len(results)} values of {name}")


def table(out, folders):
    """The CSV file: every record of every run in its order, text for text where it is a number."""
    with open(out, newline="") as file:
        found = list(csv.DictReader(file))
    expected = {(m["run"], index): row for m, rows in runs(folders) for index, row in enumerate(rows)}
    assert len(found) == len(expected), f"{len(found)} rows of {len(expected)}"
    counts = {}
    for row in found:
        index = counts[row["run"]] = counts.get(row["run"], -1) + 1
        record = expected[row["run"], index]
        for name in ["accuracy", "loss", "brier", "confidence"]:
            assert same(float(row[name]), float(record[name])), (row, record)
        for name in ["at", "split", "preference", "experience", "step", "task", "n"]:
            assert row[name] == record[name], (row, record)
    print(f"csv: {len(found)} rows")


def differences(path, ours, theirs):
    """Pairs of numbers, by path; values that are no numbers must be equal, and NaN is null here."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict) and ours.keys() == theirs.keys(), f"{path}: {ours} and {theirs}"
        for key in theirs:
            yield from differences(f"{path}/{key}", ours[key], theirs[key])
    elif isinstance(theirs, (list, tuple)) or hasattr(theirs, "tolist") and getattr(theirs, "ndim", 0):
        theirs = list(theirs)
        assert len(ours) == len(theirs), f"{path}: {ours} and {theirs}"
        # Values of single-task runs stand in the order of storing there.
        if "/ste_" in path or "/se_" in path or "sample_efficiency_vals" in path:
            ours, theirs = sorted(ours), sorted(theirs)
        for index, (a, b) in enumerate(zip(ours, theirs)):
            yield from differences(f"{path}/{index}", a, b)
    elif isinstance(theirs, str) or theirs is None:
        assert ours == theirs, f"{path}: {ours} and {theirs}"
    else:
        number = float(theirs)
        if not math.isfinite(number):
            assert ours is None, f"{path}: {ours} and {theirs}"
        else:
            assert ours is not None, f"{path}: nothing and {theirs}"
            yield path, abs(ours - number)


# The package rounds what it writes to ten decimals; sums in another order differ by far less than this.
TOLERANCE = 1e-6


def compare(name, ours, theirs):
    """How many numbers there are and the largest difference, which must be small."""
    found = list(differences("", ours, theirs))
    path, largest = max(found, key=lambda pair: pair[1])
    assert largest <= TOLERANCE, f"{name}{path} differs by {largest}"
    return len(found), largest


def score(binary, life, experts):
    words = [binary, "score", str(life), "--measure", "accuracy", "--format", "json"]
    words += ["--ste", *map(str, experts)] if experts else []
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def l2logger(out, rest):
    """Every lifetime passes L2Logger's validation and has L2Metrics' numbers in `clbench score`."""
    from l2logger.util import read_log_data, read_logger_info, validate_log
    from l2metrics import util
    from l2metrics.report import MetricsReport

    logging.disable(logging.WARNING)
    lifetimes = sorted(Path(out).glob("*/lifetimes/*"))
    experts = sorted(Path(out).glob("*/experts/*"))
    assert lifetimes, f"no lifetime in {out}"
    for folder in lifetimes + experts:
        validate_log(read_log_data(folder), read_logger_info(folder)["metrics_columns"])
    numbers, largest, none = 0, 0.0, set()
    for stream in sorted({life.parent.parent for life in lifetimes}):
        with tempfile.TemporaryDirectory() as data:
            os.environ["L2DATA"] = data
            own = [expert for expert in experts if expert.parent.parent == stream]
            for expert in own:
                util.store_ste_data(expert, "a")
            for index, life in enumerate(l for l in lifetimes if l.parent.parent == stream):
                ours = score(rest[0], life, own)
                report = MetricsReport(log_dir=life, perf_measure="accuracy", maintenance_method="both",
                                       transfer_method="both")
                report.calculate()
                count, difference = compare(life.name, ours, report.ll_metrics_dict)
                numbers, largest = numbers + count, max(largest, difference)
                none |= {key for key, value in ours.items() if value is None}
                if index == 0:
                    program(life, ours, data)
    print(f"l2logger: {len(lifetimes)} lifetimes and {len(experts)} experts are valid; {numbers} numbers of l2metrics, "
          f"the largest difference is {largest:.1e}; without value in some: {', '.join(sorted(none)) or 'none'}")


def program(life, ours, data):
    """The programs as a user runs them."""
    subprocess.run([sys.executable, "-m", "l2logger.validate", str(life.resolve())], check=True, capture_output=True)
    words = ["-p", "accuracy", "-m", "both", "-t", "both", "--no-plot", "-O", data, "-o", "out"]
    subprocess.run([sys.executable, "-m", "l2metrics", "-l", str(life.resolve()), *words], check=True,
                   capture_output=True, cwd=data)
    written = sorted(Path(data).rglob("out_metrics.json"))
    count, largest = compare(life.name, ours, json.loads(written[0].read_text()))
    print(f"python -m l2metrics on {life.name}: {count} numbers, the largest difference is {largest:.1e}")


def golden(expected, rest):
    """`clbench score` against a report that l2metrics wrote: EXPECTED BINARY LIFETIME [EXPERT...]."""
    ours = score(rest[0], rest[1], rest[2:])
    count, largest = compare(rest[1], ours, json.loads(Path(expected).read_text()))
    print(f"golden: {count} numbers, the largest difference is {largest:.1e}")


CHECKS = {"csv": table, "golden": golden, "tensorboard": tensorboard, "parquet": parquet, "model-index": model_index, "l2logger": l2logger}
CHECKS[sys.argv[1]](sys.argv[2], sys.argv[3:])
