#!/usr/bin/env bash
# Adapters and merging on FoMo-in-Flux in small: one pretrained start, one budget in memory-adjusted operations, five
# seeds. Writes results/published/merging.md, the runs behind it (merging.runs.gz) and pictures of accumulation against
# retention. It can be stopped and started again: finished runs are kept.
#
#   clbench data fetch streams/mini-flux.toml; scripts/study-merging.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/merging-study   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/merging-study}
# For each task every method may spend what fine-tuning takes for about 60 steps, in memory-adjusted operations; the
# stream's own cap on operations is lifted.
budget="budget.maf=1.8e10 budget.flops=1e15"
rows=()
for method in finetune joint ewc dora bitfit ema-merge zs-merge; do rows+=("method=$method"); done
for rank in 1 4 16 64; do rows+=("method=lora lora.rank=$rank"); done
for policy in all-all all-ft all-unrolled ft-all ft-unrolled unrolled-all unrolled-ft zs-unrolled; do
    for rule in interpolation ties magmax; do rows+=("method=time-$policy time-$policy.rule=$rule"); done
done
# The other adapters and merges, and two that need another network or another question: with normalisation, and told the
# task; each beside fine-tuning under the same conditions.
for method in vera olora inflora lora+freeze freeze ft-merge wise-ft paint magmax; do rows+=("method=$method"); done
rows+=("method=lora lora.per=task" "method=lora lora.per=task lora.end=fold" "method=finetune optim.rule=galore")
for method in finetune norms; do rows+=("method=$method net.batch_norm=true"); done
told="head.train=task head.test=task"
rows+=("method=finetune $told" "method=lora lora.per=task lora.end=route $told")
# TIME's own choice, the running merge in both places, under the other rules.
for rule in ties magmax; do rows+=("method=ema-merge ema-merge.rule=$rule"); done

for row in "${rows[@]}"; do
    # shellcheck disable=SC2086 # a row is several words
    "$clbench" run streams/mini-flux.toml $budget $row "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" \
        --quiet >/dev/null || echo "$row: not all seeds came through"
    echo "$row"
done
"$clbench" pack "$runs" --output results/published/merging.runs.gz
page=$(CLBENCH=$(realpath "$clbench") python3 scripts/merging.py)
echo "$page" >results/published/merging.md
# A picture has room for seven rows. Rows of other networks, questions and optimizers are left to the table.
beside='setting=optim.rule=*,net.batch_norm=*,head.*,lora.per=*'
picture() {
    "$clbench" picture zero-shot "$runs" --rank-all --only "method=$2" --without "$beside" --without "setting=$3" \
        --out "results/published/merging/$1.svg" >/dev/null || echo "no picture of $1"
}
mkdir -p results/published/merging
picture methods 'finetune,ewc,bitfit,dora,ema-merge,zs-merge' '*rule=*'
picture adapters 'finetune,lora,dora,bitfit' '*rule=*'
for rule in interpolation ties magmax; do
    others=$(printf '%s\n' interpolation ties magmax | grep -v "$rule" | sed 's/.*/*rule=&/' | paste -sd,)
    picture "from-all-$rule" 'finetune,time-all-*' "$others"
    picture "$rule" 'finetune,time-ft-*,time-unrolled-*,time-zs-*' "$others"
done
echo "wrote results/published/merging.md"
