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
run() { # stream, its settings, row
    # shellcheck disable=SC2086 # settings and rows are several words
    "$clbench" run "streams/$1.toml" $2 method=$3 "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet \
        >/dev/null || echo "$1, $3: not all seeds came through"
    echo "$1, $3"
}
# Half of the paper's steps, and five of its ten permutations.
for row in "finetune" "joint" "hypernet hypernet.strength=0" "hypernet" "hypernet hypernet.mip=true"; do
    run permuted-mnist-told "stream.tasks=5 train.steps=2500" "$row"
    run split-mnist-told "train.steps=1000" "$row"
done
"$clbench" pack "$runs" --output results/published/hypernets.runs.gz
page=$(CLBENCH=$(realpath "$clbench") python3 scripts/hypernets.py "$runs")
echo "$page" >results/published/hypernets.md
echo "wrote results/published/hypernets.md"
