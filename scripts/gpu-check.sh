#!/usr/bin/env bash
# Runs every method on one stream on the CPU and on a GPU, and compares what the two learnt.
#
#   scripts/gpu-check.sh BINARY [OUT]
#
# BINARY is a clbench built with `--features libtorch`. The machine needs a GPU and PyTorch 2.11 (a python3 that has it,
# or $LIBTORCH), no Rust. Writes a Markdown table to OUT (gpu-check.md unless given) and fails if any accuracy differs by
# more than TOLERANCE. The two devices add in different orders, so that their weights drift apart as training goes on:
# TOLERANCE is about what a change of seed does, not rounding.
#
#   STREAM     streams/split-digits.toml
#   METHODS    finetune joint ewc lora replay ema replay+ema lora+ewc
#   OPTIONS    further KEY=VALUE settings of all runs, separated by spaces
#   DEVICES    "flex libtorch:cuda:0"; the first is the reference; "flex libtorch" needs no GPU
#   TOLERANCE  0.02
set -euo pipefail

if (($# < 1 || $# > 2)); then
    echo "usage: scripts/gpu-check.sh BINARY [OUT]" >&2
    exit 2
fi
binary=$(realpath "$1")
out=${2:-gpu-check.md}
stream=${STREAM:-streams/split-digits.toml}
read -r -a methods <<<"${METHODS:-finetune joint ewc lora replay ema replay+ema lora+ewc}"
read -r -a devices <<<"${DEVICES:-flex libtorch:cuda:0}"
read -r -a options <<<"${OPTIONS:-}"
tolerance=${TOLERANCE:-0.02}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

gpu="the CPU, OMP_NUM_THREADS=${OMP_NUM_THREADS:-unset}"
if [[ "${devices[*]}" == *cuda* ]]; then
    gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1) || {
        echo "no GPU: nvidia-smi failed" >&2
        exit 1
    }
fi
echo "devices: ${devices[*]} on $gpu"
environment=$("$here/libtorch.sh")
eval "$environment"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pairs=()
for method in "${methods[@]}"; do
    for device in "${devices[@]}"; do
        folder=$work/$method/${device//:/-}
        echo "$method on $device"
        started=$(date +%s.%N)
        "$binary" run "$stream" "method=$method" "device=$device" "runs=$folder" "${options[@]}" --quiet >/dev/null
        seconds=$(awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
        pairs+=("$method" "$device" "$seconds" "$folder")
    done
done

# Under `runs=` there is one run, and in it records.csv: a row for each step, evaluated task and split.
python3 - "$out" "$tolerance" "$stream" "$gpu" "${pairs[@]}" <<'PY'
import csv, pathlib, sys

out, tolerance, stream, gpu, *rest = sys.argv[1:]
tolerance = float(tolerance)
MEASURED = {"accuracy", "loss", "brier", "confidence"}


def answers(folder):
    files = sorted(pathlib.Path(folder).rglob("records.csv"))
    if len(files) != 1:
        sys.exit(f"{folder} holds {len(files)} records.csv, not one")
    with open(files[0], newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "accuracy" not in rows[0]:
        sys.exit(f"{files[0]} has no column accuracy")
    return {tuple((k, v) for k, v in r.items() if k not in MEASURED): (float(r["accuracy"]), float(r["loss"])) for r in rows}


runs = [(m, d, s, answers(f)) for m, d, s, f in zip(rest[0::4], rest[1::4], rest[2::4], rest[3::4])]
ok, references = True, {}
lines = [
    f"`{stream}` on {gpu}, by `scripts/gpu-check.sh`; every accuracy and loss of a run",
    f"compared with the first device's; the accuracies' tolerance is {tolerance}. Seconds include starting the program.",
    "",
    "| method | device | seconds | accuracies | mean accuracy | largest difference | of losses | within |",
    "|---|---|--:|--:|--:|--:|--:|---|",
]
for method, device, seconds, found in runs:
    reference = references.setdefault(method, found)
    if found.keys() != reference.keys():
        sys.exit(f"{method} on {device} evaluated different things than the first device")
    worst, loss = (max(abs(found[k][i] - reference[k][i]) for k in reference) for i in (0, 1))
    within = worst <= tolerance
    ok &= within
    mean = sum(accuracy for accuracy, _ in found.values()) / len(found)
    word = "yes" if within else "NO"
    lines.append(f"| {method} | {device} | {seconds} | {len(found)} | {mean:.4f} | {worst:.4f} | {loss:.1e} | {word} |")
text = "\n".join(lines) + "\n"
pathlib.Path(out).write_text(text)
print(text, end="")
sys.exit(not ok)
PY
