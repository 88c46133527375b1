#!/usr/bin/env python3
"""Makes the data that the crate embeds, from the originals, with nothing but the standard library.

usage: make.py DIGITS FASHION

DIGITS is the UCI digits as comma-separated values, 64 pixels of 0 to 16 and the label on each line, such as
`sklearn/datasets/data/digits.csv.gz` in a wheel of scikit-learn (which is `optdigits.tes`, line for line).
FASHION is a folder with the four files of Fashion-MNIST, compressed.

digits:               all 1,797 examples in the order of the file, pixels as they are (0 to 16).
fashion-mnist-small:  the first 800 examples of each class in the train file and the first 200 of each class in the
                      test file, in the order of the files.

The originals are compared with their checksums first. SHA256SUMS, written last, lists the checksum and the name of
what was made, uncompressed: the compressed bytes may differ between versions of zlib.
"""

import gzip
import hashlib
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


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sums = []
    digits(sums, sys.argv[1])
    fashion(sums, sys.argv[2], "train", "train", 800)
    fashion(sums, sys.argv[2], "test", "t10k", 200)
    (HERE / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
