"""Reads one export with its own reader and compares it with the runs; see check-exports.sh.

    python check-exports.py tensorboard|parquet|model-index|l2logger OUT [FOLDER...]
"""

import csv
import json
import math
import struct
import sys
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


def l2logger(out, _):
    from l2metrics.report import MetricsReport

    folders = sorted({path.parent for path in Path(out).rglob("logger_info.json")})
    assert folders, f"no log in {out}"
    for folder in folders:
        MetricsReport(log_dir=folder, perf_measure="performance").calculate()
    print(f"l2logger: {len(folders)} logs")


CHECKS = {"tensorboard": tensorboard, "parquet": parquet, "model-index": model_index, "l2logger": l2logger}
CHECKS[sys.argv[1]](sys.argv[2], sys.argv[3:])
