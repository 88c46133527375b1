"""Writes event_file.json: the event file of a small run, made by TensorBoard's own record writer and messages.

tensorboard 2.21, protobuf as it comes with it:

    python tests/golden/make/event_file.py > results/tests/golden/event_file.json
"""

import io
import json

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

EVENTS = [
    (0, {"test/accuracy/0-1": 0.5, "test/loss/0-1": 0.5}),
    (50, {"train/loss": 0.75, "train/rate": 0.125, "train/gradient": 2.0, "train/accuracy": 0.5}),
    (100, {"train/loss": 0.3, "train/rate": 0.125, "train/gradient": 2.0}),
    (100, {"test/accuracy/0-1": 0.9, "test/loss/0-1": 0.5, "average/accuracy": 0.9}),
]


def main():
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(file_version="brain.Event:2").SerializeToString())
    for step, scalars in EVENTS:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        writer.write(Event(step=step, summary=Summary(value=values)).SerializeToString())
    print(json.dumps({"file": file.getvalue().hex()}))


main()
