#!/usr/bin/env bash
# How well a linear classifier tells CIFAR-10's classes apart by what SqueezeNet 1.1, trained on ImageNet, makes of the
# pictures: 5,000 to train on, 2,000 to test on, at 64 and 96 pixels. Writes results/published/squeezenet.md.
# Features are computed once (some minutes on a processor) and kept in the data folder's cache.
#
#   scripts/probe-squeezenet.sh WEIGHTS
#
#   WEIGHTS  squeezenet1_1.safetensors, converted from squeezenet_weights.pkl of the package ndf 0.1.4
#   CLBENCH  target/release/clbench   RUNS  runs/squeezenet   SEEDS  0..5   JOBS  2
#   CLBENCH_DATA  the data folder, with cifar10/
set -euo pipefail
weights=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/squeezenet}
mkdir -p "$runs"
for size in 64 96; do
    cat >"$runs/probe-$size.toml" <<END
method = "joint"

[data.seen]
format = "features"
of = "cifar10"
body = "squeezenet"
weights = "$weights"
size = $size
train = 5000
test = 2000

[stream]
kind = "class-incremental"
dataset = "seen"
tasks = 1

[net]
body = "mlp"
widths = []

[optim]
rule = "adamw"
rate = 0.001
decay = 0.1

[schedule]
shape = "cosine"

[train]
batch = 64
epochs = 30
END
    "$clbench" run "$runs/probe-$size.toml" "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet >/dev/null
done

scores() {
    echo "| pixels | documented (%) | here (%) |"
    echo "|---|---|---|"
    "$clbench" table --format csv "$runs" | python3 -c '
import csv, sys
documented = {"probe-64": ("64", "61.8"), "probe-96": ("96", "74.8")}
for row in sorted(csv.DictReader(sys.stdin), key=lambda row: row["stream"]):
    pixels, known = documented[row["stream"]]
    mean, half = float(row["acc.gem17"]), row["acc.gem17_half_width_95"]
    print("|", pixels, "|", known, "|", f"{100 * mean:.1f}" + (f" ±{100 * float(half):.1f}" if half else ""), "|")'
}
out=results/published/squeezenet.md
{
    echo "# What SqueezeNet's features tell of CIFAR-10"
    echo
    echo "Not verified by \`clbench verify\`: the runs are not kept."
    echo "Made by \`scripts/probe-squeezenet.sh\`: a linear classifier on 512 features, the mean over space of what the last"
    echo "fire module of SqueezeNet 1.1 gives for a picture that was enlarged bilinearly to so many pixels. The first 5,000"
    echo "training and 2,000 test pictures; 30 epochs of AdamW with a cosine schedule; \`${SEEDS:-0..5}\` seeds, ± half of the"
    echo "95 % interval over them. The documented figures are those that came with the converted weights; how their probe"
    echo "was trained, and on which pictures, is not known."
    echo
    scores
} >"$out.new"
mv "$out.new" "$out"
echo "wrote $out"
