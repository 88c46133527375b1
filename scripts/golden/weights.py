"""Small checkpoints as PyTorch writes them, for the tests of harness/src/weights/.

Made with Python 3.11, torch 2.11.0:

    python scripts/golden/weights.py harness/src/weights/golden
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch

out = Path(sys.argv[1])
conv = torch.arange(2 * 3 * 2 * 2, dtype=torch.float32).reshape(2, 3, 2, 2) / 8
weights = OrderedDict(
    [
        # Stored with the channels last, so that the file's order is not the tensor's.
        ("conv.weight", conv.to(memory_format=torch.channels_last)),
        ("half.bias", torch.tensor([0.5, -1.5, 65504.0], dtype=torch.float16)),
        ("brain.bias", torch.tensor([0.5, -3.0], dtype=torch.bfloat16)),
        ("double.bias", torch.tensor([0.1, -0.0], dtype=torch.float64)),
        ("norm.num_batches_tracked", torch.tensor(7)),
    ]
)
torch.save(weights, out / "zipped.pth")
torch.save(weights, out / "legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "state_dict": weights, "optimizer": {"step": torch.ones(2)}}, out / "nested.pth")
torch.save(OrderedDict(count=torch.tensor([1, 2])), out / "integers.pth")
torch.save(OrderedDict(broken=torch.tensor([1.0, float("nan")])), out / "nan.pth")
# A view that repeats one number is small on disk and 6 GB when it is read.
torch.save(OrderedDict(bomb=torch.ones(1).expand(1_500_000_000)), out / "expanded.pth")
