#!/usr/bin/env bash
# Runs one stream on the CPU and on a GPU, and compares what the two learnt.
#
#   scripts/gpu-check.sh BINARY [OUT]
#
# BINARY is a clbench built with `--features libtorch`. The machine needs a GPU and PyTorch 2.11 (a python3 that has it,
# or $LIBTORCH), no Rust. Writes a Markdown table to OUT (gpu-check.md unless given) and fails if any accuracy differs by
# more than TOLERANCE. The two devices add in different orders, so that their weights drift apart as training goes on:
# TOLERANCE is about what a change of seed does, not rounding.
#
#   STREAM     streams/split-fashion.toml
#   OPTIONS    further KEY=VALUE settings of both runs, separated by spaces
#   DEVICES    "flex libtorch:cuda:0"; the first is the reference
#   TOLERANCE  0.02
set -euo pipefail

if (($# < 1 || $# > 2)); then
    echo "usage: scripts/gpu-check.sh BINARY [OUT]" >&2
    exit 2
fi
binary=$(realpath "$1")
out=${2:-gpu-check.md}
stream=${STREAM:-streams/split-fashion.toml}
read -r -a devices <<<"${DEVICES:-flex libtorch:cuda:0}"
read -r -a options <<<"${OPTIONS:-}"
tolerance=${TOLERANCE:-0.02}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1) || {
    echo "no GPU: nvidia-smi failed" >&2
    exit 1
}
echo "GPU: $gpu"
environment=$("$here/libtorch.sh")
eval "$environment"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pairs=()
for device in "${devices[@]}"; do
    folder=$work/${device//:/-}
    echo "running on $device"
    started=$(date +%s.%N)
    "$binary" run "$stream" "device=$device" "runs=$folder" "${options[@]}"
    seconds=$(awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
    pairs+=("$device" "$seconds" "$folder")
done

# Under `runs=` there is one run, and in it records.csv: a row for each step, evaluated task and split.
python3 - "$out" "$tolerance" "$stream" "$gpu" "${pairs[@]}" <<'PY'
import csv, pathlib, sys

out, tolerance, stream, gpu, *rest = sys.argv[1:]
tolerance = float(tolerance)
MEASURED = {"accuracy", "loss", "brier", "confidence"}


def accuracies(folder):
    files = sorted(pathlib.Path(folder).rglob("records.csv"))
    if len(files) != 1:
        sys.exit(f"{folder} holds {len(files)} records.csv, not one")
    with open(files[0], newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "accuracy" not in rows[0]:
        sys.exit(f"{files[0]} has no column accuracy")
    return {tuple((k, v) for k, v in r.items() if k not in MEASURED): float(r["accuracy"]) for r in rows}


runs = [(d, s, accuracies(f)) for d, s, f in zip(rest[0::3], rest[1::3], rest[2::3])]
reference = runs[0][2]
ok = True
lines = [
    f"`{stream}` on {gpu}, tolerance {tolerance}.",
    "",
    "| device | seconds | accuracies | mean accuracy | largest difference | within |",
    "|---|--:|--:|--:|--:|---|",
]
for device, seconds, found in runs:
    if found.keys() != reference.keys():
        sys.exit(f"{device} and {runs[0][0]} evaluated different things")
    worst = max(abs(found[k] - reference[k]) for k in reference)
    within = worst <= tolerance
    ok &= within
    mean = sum(found.values()) / len(found)
    lines.append(f"| {device} | {seconds} | {len(found)} | {mean:.4f} | {worst:.4f} | {'yes' if within else 'NO'} |")
text = "\n".join(lines) + "\n"
pathlib.Path(out).write_text(text)
print(text, end="")
sys.exit(not ok)
PY
