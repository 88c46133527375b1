#!/usr/bin/env bash
# Hypernetworks on split and permuted MNIST, with the regulariser and without, with the magnitude-invariant
# parametrisation and without, beside fine-tuning and joint training; five seeds. Writes results/published/hypernets.md
# and the runs behind it. It can be stopped and started again: finished runs are kept.
#
#   clbench data fetch mnist; scripts/study-hypernets.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/hypernet-study   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/hypernet-study}
rows=("finetune" "joint" "hypernet hypernet.strength=0" "hypernet" "hypernet hypernet.lookahead=false" "hypernet hypernet.mip=true")
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
for stream in split-mnist-told permuted-mnist-told; do
    for row in "${rows[@]}"; do
        # shellcheck disable=SC2086 # a row is several words
        "$clbench" run "streams/$stream.toml" method=$row "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet --json |
            sed "s|^|$stream, $row\t|" >>"$lines" || echo "$stream, $row: not all seeds came through"
        echo "$stream, $row"
    done
done
python3 scripts/hypernets.py "$lines" >results/published/hypernets.md
"$clbench" pack "$runs" --output results/published/hypernets.runs.gz
echo "wrote results/published/hypernets.md"
