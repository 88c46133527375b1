#!/usr/bin/env bash
# Measures speed on one core and writes results/published/speed.md. Ratios only: what is compared runs in turns.
#
#   scripts/speed.sh [MNIST_FOLDER] [PYTHON]
#
# MNIST_FOLDER holds the IDX files (`clbench data fetch mnist`, then `clbench data path` and /mnist); PYTHON has
# PyTorch. Without them only the step is measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mnist=${1:-}
python=${2:-python3}
core=${CORE:-1}
out=results/published/speed.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --release
cargo bench --bench ratios --no-run
pinned() { taskset -c "$core" "$@"; }

{
    echo "# Speed"
    echo
    echo "Not verified by \`clbench verify\`: times are no records of runs, and differ from machine to machine."
    echo "Made by \`scripts/speed.sh MNIST_FOLDER PYTHON\` on one core of: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)."
    echo
    pinned cargo bench --bench ratios 2>/dev/null
} >"$work/speed.md"

if [[ -n $mnist ]]; then
    {
        echo
        echo "Permuted MNIST end to end: 10 tasks of 60,000 pictures, MLP 784-256-256-10, batch 128, one epoch, ten test"
        echo "sets after each task; in turns with a bare PyTorch loop over preloaded tensors"
        echo "(\`benches/pytorch_permuted_mnist.py\`), one thread each on the same core."
        echo
        echo "| round | clbench s | PyTorch s | ratio | clbench MB | PyTorch MB |"
        echo "|---|---|---|---|---|---|"
        for round in 1 2 3; do
            ours=$(pinned /usr/bin/env time -f "%e %M" target/release/clbench run streams/permuted-mnist.toml \
                "runs=$work/runs$round" "data=$(dirname "$mnist")" --quiet 2>&1 >/dev/null | tail -n 1)
            theirs=$(pinned "$python" benches/pytorch_permuted_mnist.py "$mnist")
            awk -v round="$round" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
                split(ours, a, " ")
                n = split(theirs, lines, "\n")
                for (i = 1; i <= n; i++) { split(lines[i], b, " "); value[b[1]] = b[2] }
                printf "| %d | %.1f | %.1f | %.2f | %.0f | %.0f |\n", round, a[1], value["total_s"],
                    a[1] / value["total_s"], a[2] / 1024, value["peak_rss_mb"]
            }'
        done
    } >>"$work/speed.md"
fi
mkdir -p results/published
mv "$work/speed.md" "$out"
echo "wrote $out"
