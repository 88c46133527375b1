#!/usr/bin/env python3
"""Makes streams/data/word-counts.csv: how often the words of the class names that ship occur in English text.

usage: word-counts.py WHEEL DATA/*/*.pictures > streams/data/word-counts.csv

WHEEL is wordfreq-3.1.1-py3-none-any.whl, which `pip download --no-deps wordfreq==3.1.1` brings. Needs msgpack.
The words are those of the names between quotation marks in the lists of classes in datasets/src/sets/, and of the
classes of the collections of pictures that `clbench data fetch` packs. A count is per 10^9 words. A word that wordfreq
does not list has no row and counts as zero.
"""

import gzip
import hashlib
import json
import pathlib
import re
import sys
import zipfile

import msgpack

LIST = "wordfreq/data/large_en.msgpack.gz"
SHA256 = "dffae8066b78dce0a6667cf5f58e567054f902674667090a7ac8a8a44628b05c"
SOURCES = pathlib.Path(__file__).resolve().parent.parent / "datasets/src/sets"
NAMES = r"const [A-Z_]+: \[&str; \d+\] =\s*\[(.*?)\];"


def words():
    for file in ("mnist.rs", "fashion.rs", "cifar.rs"):
        for names in re.findall(NAMES, (SOURCES / file).read_text(), re.DOTALL):
            for name in re.findall(r'"([^"]*)"', names):
                yield from re.findall(r"[a-z0-9]+", name.lower())
    for file in sys.argv[2:]:
        with open(file, "rb") as pictures:
            pictures.readline()
            for name in json.loads(pictures.readline())["classes"]:
                yield from re.findall(r"[a-z0-9]+", name.lower())


def main():
    packed = zipfile.ZipFile(sys.argv[1]).read(LIST)
    if hashlib.sha256(packed).hexdigest() != SHA256:
        sys.exit(f"{sys.argv[1]} is not wordfreq 3.1.1")
    header, *bins = msgpack.unpackb(gzip.decompress(packed))
    assert header == {"format": "cB", "version": 1}, header
    # The words of bin i have a frequency of 10^(-i/100).
    counts = {word: round(10 ** (9 - centibels / 100)) for centibels, bin in enumerate(bins) for word in bin}
    print("word,count")
    for word in sorted(set(words()) & counts.keys()):
        print(f"{word},{counts[word]}")


main()
