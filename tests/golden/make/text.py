"""Embeddings by the package wordllama itself, for the test of harness/src/network/text/wordllama.rs.

Made with Python 3.11, wordllama 0.4.0.post1 (its own model l2_supercat_256), tokenizers 0.23.3, numpy 2.4.6:

    pip install wordllama==0.4.0.post1
    python tests/golden/make/text.py harness/tests/golden/wordllama.json
"""

import json
import sys
from pathlib import Path

import numpy as np
import wordllama
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from wordllama.inference import WordLlamaInference

TEXTS = [
    "",
    " ",
    "cat",
    "a photo of a cat",
    "grinning face with big eyes",
    "  Two  spaces, a\ttab\nand a line.",
    "</s> is a token, <s> too",
    "Crème brûlée 🍮 naïve 東京 \u0000 end",
    "airplane",
    "the quick brown fox jumps over the lazy dog " * 7,
]

# The package looks for its own tokenizer in a folder that it does not have (`tokenizer` for `tokenizers`) and would
# download another copy, so its two files are named here.
folder = Path(wordllama.__file__).parent
vectors = load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
model = WordLlamaInference(vectors, tokenizer)
rows = []
for text in TEXTS:
    embedding = model.embed(text)[0]
    rows.append(
        {
            "text": text,
            "tokens": model.tokenize(text)[0].ids,
            "first": [float(value) for value in embedding[:4]],
            "sum": float(embedding.astype(np.float64).sum()),
            "norm": float(np.linalg.norm(embedding.astype(np.float64))),
        }
    )
with open(sys.argv[1], "w") as out:
    out.write("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")
