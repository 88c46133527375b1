#!/usr/bin/env python3
"""Makes the data that the crate embeds, from the originals, with nothing but the standard library.

usage: make.py DIGITS FASHION DATA

DIGITS is the UCI digits as comma-separated values, 64 pixels of 0 to 16 and the label on each line, such as
`sklearn/datasets/data/digits.csv.gz` in a wheel of scikit-learn (which is `optdigits.tes`, line for line).
FASHION is a folder with the four files of Fashion-MNIST, compressed.
DATA is a data folder into which `clbench data fetch emoji-google emoji-twitter` brought those sets.

digits:               all 1,797 examples in the order of the file, pixels as they are (0 to 16).
fashion-mnist-small:  the first 800 examples of each class in the train file and the first 200 of each class in the
                      test file, in the order of the files.
emoji-*-small:        of each of the 12 largest subgroups of emoji the first 20 for training and the first 5 for testing.

The originals are compared with their checksums first. SHA256SUMS, written last, lists the checksum and the name of
what was made, uncompressed: the compressed bytes may differ between versions of zlib.
"""

import collections
import gzip
import hashlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
ORIGINALS = {
    "digits": "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    "emoji-google": "24d49b256bf6aa5e8ad4f61986e8dbfa1e46b9cea6c5e98677752c78a30d56da",
    "emoji-twitter": "389b3887818dd093752cbae9d33fc735e45279045d633a6ac3a15eb4baa73153",
}


def original(name, path):
    """The uncompressed content of an original, after its checksum was compared."""
    content = gzip.decompress(pathlib.Path(path).read_bytes())
    if hashlib.sha256(content).hexdigest() != ORIGINALS[name]:
        sys.exit(f"{path}: not the original {name}")
    return content


def idx(*sizes):
    """The header of an IDX file of bytes."""
    return struct.pack(f">HBB{len(sizes)}I", 0, 8, len(sizes), *sizes)


def write(sums, name, content):
    """Compresses one file without name and time, so that the same zlib gives the same bytes."""
    (HERE / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")


def digits(sums, path):
    rows = [[int(cell) for cell in line.split(b",")] for line in original("digits", path).split()]
    images = b"".join(bytes(row[:64]) for row in rows)
    write(sums, "digits-images-idx3-ubyte", idx(len(rows), 8, 8) + images)
    write(sums, "digits-labels-idx1-ubyte", idx(len(rows)) + bytes(row[64] for row in rows))


def fashion(sums, folder, split, prefix, each):
    names = [f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"]
    images, labels = (original(name, pathlib.Path(folder) / f"{name}.gz") for name in names)
    images, labels = images[16:], labels[8:]
    kept, counts = [], [0] * 10
    for at, label in enumerate(labels):
        if counts[label] < each:
            counts[label] += 1
            kept.append(at)
    pixels = b"".join(images[at * 784 : (at + 1) * 784] for at in kept)
    write(sums, f"fashion-mnist-small-{split}-images-idx3-ubyte", idx(len(kept), 28, 28) + pixels)
    write(sums, f"fashion-mnist-small-{split}-labels-idx1-ubyte", idx(len(kept)) + bytes(labels[at] for at in kept))


def emoji(sums, data, name):
    content = (pathlib.Path(data) / name / f"{name}.pictures").read_bytes()
    if hashlib.sha256(content).hexdigest() != ORIGINALS[name]:
        sys.exit(f"{name}: not the original")
    magic, header, pixels = content.split(b"\n", 2)
    header = json.loads(header)
    counts = collections.Counter(header["train"]["labels"])
    largest = sorted(label for label, _ in sorted(counts.items(), key=lambda of: (-of[1], of[0]))[:12])
    start, kept, sides = 0, [], {}
    for split, most in (("train", 20), ("test", 5)):
        side, seen, at = header[split], collections.Counter(), []
        for index, label in enumerate(side["labels"]):
            seen[label] += 1
            if label in largest and seen[label] <= most:
                at.append(index)
        kept += [pixels[3072 * (start + index) : 3072 * (start + index + 1)] for index in at]
        of = lambda key: [side[key][index] for index in at]
        labels = [largest.index(label) for label in of("labels")]
        sides[split] = {"labels": labels, "captions": of("captions"), "times": of("times")}
        start += len(side["labels"])
    header = {"classes": [header["classes"][label] for label in largest], **sides}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    write(sums, f"{name}-small.pictures", b"\n".join([magic, text, b"".join(kept)]))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sums = []
    digits(sums, sys.argv[1])
    fashion(sums, sys.argv[2], "train", "train", 800)
    fashion(sums, sys.argv[2], "test", "t10k", 200)
    emoji(sums, sys.argv[3], "emoji-google")
    emoji(sums, sys.argv[3], "emoji-twitter")
    (HERE / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
