#!/usr/bin/env bash
# The core study: EWC, LoRA, replay, an average of weights and two stacks of them on four small streams, beside fine-tuning
# and joint training, five seeds each, all at their defaults. Writes results/published/core.md and, beside it,
# what the runs recorded. It can be stopped and started again: finished runs are kept.
#
#   scripts/study.sh
#   scripts/study.sh --page   trains nothing, and writes the page out of the runs beside it
#
#   CLBENCH  target/release/clbench   RUNS  runs/core   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/core}
streams=(split-fashion split-fashion-told permuted-fashion rotated-digits)
methods=(finetune joint ewc lora replay ema replay+ema lora+ewc)

if [[ ${1-} != --page ]]; then
    for stream in "${streams[@]}"; do
        for method in "${methods[@]}"; do
            "$clbench" run "streams/$stream.toml" "method=$method" "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" \
                --quiet >/dev/null || echo "$stream $method: not all seeds came through; the table says so"
            echo "$stream $method"
        done
    done

    "$clbench" pack "$runs" -o results/published/core.runs.gz
fi
out=results/published/core.md
{
    echo "# The core study"
    echo
    echo "EWC, LoRA, replay, an average of weights and two stacks of them, at their defaults, beside fine-tuning and joint"
    echo "training on four small streams, five seeds each. Made by \`scripts/study.sh\`; the network, optimizer, batch and"
    echo "epochs of each stream stand in its file, \`streams/NAME.toml\`. Five seeds on small data"
    echo "show the known effects; they are no ranking of methods. What the runs recorded lies beside this page:"
    echo "\`clbench verify results/published/core.md\` computes every number again and trains every run again."
    for stream in "${streams[@]}"; do
        echo
        "$clbench" table --format md "results/published/core.runs.gz/$stream"
    done
} >"$out"
echo "wrote $out"
