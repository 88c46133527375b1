#!/usr/bin/env bash
# Variational continual learning with and without a coreset, and gradient episodic memory, beside fine-tuning, joint training and
# replay, on permuted articles of clothing, which ship with clbench; five seeds. Writes results/published/bayes.md and the runs
# behind it. It can be stopped and started again: finished runs are kept.
#
#   CLBENCH  target/release/clbench   RUNS  runs/bayes-study   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/bayes-study}
run() { # stream, its settings, row
    # shellcheck disable=SC2086 # settings and rows are several words
    "$clbench" run "streams/$1.toml" $2 method=$3 "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet \
        >/dev/null || echo "$1, $3: not all seeds came through"
    echo "$1, $3"
}
rows=("finetune" "joint" "bbb" "vcl" "vcl+coreset coreset.steps=200"
    "finetune+coreset coreset.steps=200" "gem gem.batch=64" "gem gem.form=average" "replay replay.capacity=200")
for row in "${rows[@]}"; do
    run permuted-fashion "net.widths=[100,100] optim.rule=adamw optim.rate=0.001 optim.decay=0 train.batch=64 train.epochs=6" "$row"
done
"$clbench" pack "$runs" --output results/published/bayes.runs.gz
page=$(CLBENCH=$(realpath "$clbench") python3 scripts/bayes.py)
echo "$page" >results/published/bayes.md
echo "wrote results/published/bayes.md"
