#!/usr/bin/env bash
# FoMo-in-Flux in small, from a pretrained start and under one budget: methods, mixtures, orderings and numbers of tasks;
# five seeds. Writes results/published/mini-flux.md, the runs behind it (mini-flux.runs.gz) and a picture. It can be stopped
# and started again: finished runs are kept.
#
#   clbench data fetch streams/mini-flux.toml; scripts/study-mini-flux.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/mini-flux-study   SEEDS  0..5   JOBS  2   STREAM  streams/mini-flux.toml
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/mini-flux-study}
rows=()
for method in finetune joint ema ewc lora replay; do rows+=("method=$method"); done
# Shares of pretraining pool, new examples and buffer.
for shares in "0.0 1.0 0.0" "0.0 0.5 0.5" "0.5 0.5 0.0" "0.1 0.8 0.1" "0.45 0.1 0.45"; do
    read -r pool new buffer <<<"$shares"
    rows+=("mixture.pretraining=$pool mixture.update=$new mixture.buffer=$buffer")
done
# The same budget in all: 5 and 20 tasks with twice and half as much for each.
for method in finetune replay; do
    rows+=("method=$method stream.tasks=5 budget.flops=3.6e10" "method=$method stream.tasks=20 budget.flops=0.9e10")
done
for method in finetune replay; do
    for order in difficulty frequency similarity time dataset; do rows+=("method=$method stream.order=$order"); done
done

for row in "${rows[@]}"; do
    # shellcheck disable=SC2086 # a row is several words
    "$clbench" run "${STREAM:-streams/mini-flux.toml}" $row "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" \
        --quiet >/dev/null || echo "$row: not all seeds came through"
    echo "$row"
done
"$clbench" pack "$runs" --output results/published/mini-flux.runs.gz
page=$(CLBENCH=$(realpath "$clbench") python3 scripts/mini-flux.py)
echo "$page" >results/published/mini-flux.md
"$clbench" picture zero-shot "$runs" --only 'method=finetune,ema,ewc,lora,replay' --without 'setting=*' \
    --out results/published/mini-flux 2>/dev/null || echo "no picture"
echo "wrote results/published/mini-flux.md"
