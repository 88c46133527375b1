"""Brier score, log loss and margins of twenty answers among four classes.

Packages: scikit-learn (its version is in the output), numpy 1.26.
Run as: python tests/golden/make/calibration.py > results/tests/golden/calibration.json
"""

import json

import numpy as np
import sklearn
from sklearn.metrics import brier_score_loss, log_loss

draws = np.random.default_rng(20)
scores = np.round(draws.normal(0.0, 2.0, (20, 4)), 3)
labels = draws.integers(0, 4, 20)
probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
classes = [0, 1, 2, 3]
others = np.where(np.eye(4, dtype=bool)[labels], -np.inf, scores).max(axis=1)
print(json.dumps({
    "scikit_learn": sklearn.__version__,
    "labels": labels.tolist(),
    "scores": scores.tolist(),
    "probabilities": probabilities.tolist(),
    "brier": float(brier_score_loss(labels, probabilities, labels=classes, scale_by_half=False)),
    "log_loss": float(log_loss(labels, probabilities, labels=classes)),
    "margins": (scores[np.arange(20), labels] - others).tolist(),
}))
