#!/usr/bin/env python3
"""Words, weights, rows and principal components of a few texts, by scikit-learn.

Made with Python 3.11 and scikit-learn 1.9.1 by
    python tests/golden/make/tfidf.py > datasets/tests/golden/tfidf.json

TfidfVectorizer(max_df=0.7, min_df=2) on eight texts, and PCA(3, svd_solver="full") of its rows; each component is turned
so that its loading of largest size is positive.
"""
import json

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

TEXTS = [
    "the windows driver for my graphics card does not load in windows",
    "a new graphics card and a driver for the mac",
    "the mac mouse driver fails, the mac hangs",
    "hockey: the team lost the game in overtime",
    "the pitcher threw a no-hitter; the game was won by the team",
    "the team and the pitcher; hockey and a card",
    "my motorcycle: the engine of my motorcycle fails",
    "the engine of the car; windows of the car",
]
vectorizer = TfidfVectorizer(max_df=0.7, min_df=2)
rows = vectorizer.fit_transform(TEXTS).toarray()
pca = PCA(3, svd_solver="full").fit(rows)
signs = np.sign(pca.components_[np.arange(3), np.abs(pca.components_).argmax(1)])
print(
    json.dumps(
        {
            "texts": TEXTS,
            "words": vectorizer.get_feature_names_out().tolist(),
            "idf": vectorizer.idf_.tolist(),
            "rows": rows.tolist(),
            "places": (pca.transform(rows) * signs).tolist(),
            "explained": pca.explained_variance_.tolist(),
        }
    )
)
