"""How FACIL and PyCIL deal classes out over tasks, by their own code.

    python tests/golden/make/classes.py FACIL PYCIL > streams/tests/golden/classes.json

FACIL and PYCIL are checkouts of https://github.com/mmasana/FACIL (66e3e8e) and https://github.com/G-U-N/PyCIL (44cda2e).
Only `src/datasets/memory_dataset.py` and `utils/data_manager.py` are run; what they import beside NumPy (2.4.6) and is not
needed to count classes is replaced by empty modules, and PyCIL's data by labels alone.
"""

import json
import sys
import types
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np


class Anything(types.ModuleType):
    def __getattr__(self, name):
        return type(name, (), {})


for name in ["PIL", "torch", "torch.utils", "torch.utils.data", "torchvision", "utils", "utils.data"]:
    sys.modules[name] = Anything(name)


def module(path):
    spec = spec_from_file_location(path.stem, path)
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


facil = module(Path(sys.argv[1]) / "src/datasets/memory_dataset.py")
pycil = module(Path(sys.argv[2]) / "utils/data_manager.py")


def by_facil(classes, tasks, first):
    """Classes of each task; none where FACIL refuses."""
    data = {"x": np.zeros((classes, 1)), "y": np.arange(classes)}
    try:
        _, sizes, _ = facil.get_data(data, dict(data), tasks, first, 0.0, False)
    except AssertionError:
        return None
    return [int(size) for _, size in sizes]


def by_pycil(classes, base, increment):
    """Classes of each task; none where PyCIL refuses."""
    labels = np.arange(classes)

    class Data:
        train_data = test_data = np.zeros((classes, 1))
        train_targets = test_targets = labels
        use_path, class_order = False, labels.tolist()
        train_trsf = test_trsf = common_trsf = []

        def download_data(self):
            pass

    pycil._get_idata = lambda name: Data()
    try:
        manager = pycil.DataManager("labels", False, 0, base, increment)
    except AssertionError:
        return None
    return [int(manager.get_task_size(task)) for task in range(manager.nb_tasks)]


counts = [2, 3, 5, 7, 10, 12, 20, 100]
print(
    json.dumps(
        {
            "facil": [
                {"classes": n, "tasks": tasks, "base": first, "sizes": by_facil(n, tasks, first)}
                for n in counts
                for tasks in [2, 3, 4, 5, 6, 10, 11]
                for first in [None, 1, 2, 4, 6, 50, 101]
                if tasks <= n
            ],
            "pycil": [
                {"classes": n, "base": base, "increment": increment, "sizes": by_pycil(n, base, increment)}
                for n in counts
                for base in [1, 2, 4, 5, 10, 50, 101]
                for increment in [1, 2, 3, 5, 7, 10, 50]
            ],
        }
    )
)
