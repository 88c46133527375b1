#!/usr/bin/env bash
# The study of measures: five methods beside joint training on three small streams, evaluated densely at the beginning
# of each experience, five seeds, with the references of intransigence. Writes results/published/measures.md and its
# pictures. It can be stopped and started again: finished runs are kept.
#
#   scripts/study-measures.sh          trains what is missing, then writes
#   scripts/study-measures.sh --train  only trains
#
#   CLBENCH  target/release/clbench   RUNS  runs/measures   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/measures}
seeds=${SEEDS:-0..5}
streams=(split-fashion permuted-fashion rotated-digits)
methods=(finetune joint ewc lora replay ema)

for stream in "${streams[@]}"; do
    settings=("seeds=$seeds" "jobs=${JOBS:-2}" "runs=$runs" eval.log_spaced=true)
    for method in "${methods[@]}"; do
        "$clbench" run "streams/$stream.toml" "method=$method" "${settings[@]}" --quiet >/dev/null ||
            echo "$stream $method: not all seeds came through; the table says so"
        echo "$stream $method"
    done
    "$clbench" references "streams/$stream.toml" "${settings[@]}" --quiet
done
