#!/usr/bin/env bash
# How much of a batch should come from the buffer: the simplex of update and buffer on split MNIST, and four memories of
# 500 examples; five seeds, the same steps for every row. Writes results/published/mixtures.md and the runs behind it. It can
# be stopped and started again: finished runs are kept.
#
#   clbench data fetch mnist; scripts/study-mixtures.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/mixtures   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/mixtures}
source scripts/page.sh
stream=mixture-split-mnist
plain="mixture.update=1.0 mixture.buffer=0.0"
rows=("$plain" "method=joint $plain")
for buffer in 0.05 0.1 0.25 0.5 0.75 0.9; do
    rows+=("mixture.update=$(awk "BEGIN { print 1 - $buffer }") mixture.buffer=$buffer")
done
for keep in reservoir ring class-balanced herding loss; do
    rows+=("buffer.keep=$keep buffer.capacity=500")
done

for row in "${rows[@]}"; do
    # shellcheck disable=SC2086 # a row is several words
    "$clbench" run "streams/$stream.toml" $row "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" \
        --quiet >/dev/null || echo "$row: not all seeds came through"
    echo "$row"
done

"$clbench" pack "$runs" --output results/published/mixtures.runs.gz
# Of two rows; of a claim that the first is higher, whether it holds.
sentence() {
    echo
    made phases mixtures.runs.gz --compare "$1" "$2" ${3:+--claim "$3"}
}
row() { echo "finetune mixture.buffer=$1 mixture.update=$(awk "BEGIN { print 1 - $1 }")"; }
out=results/published/mixtures.md
{
    echo "# How much of a batch comes from the buffer"
    echo
    echo "Made by \`scripts/study-mixtures.sh\`: split MNIST, class-incremental, five tasks of two digits, 200 steps of 128"
    echo "examples a task whatever the mixture, MLP 400-400, AdamW without decay at 1e-3 (fresh in each task), five seeds."
    echo "A row without \`mixture\` takes half of each batch from the buffer; one without \`buffer\` keeps every example."
    echo "\`clbench verify results/published/mixtures.md\` makes every table and sentence again from the runs beside this"
    echo "page and trains them again."
    echo
    made phases mixtures.runs.gz --format md --against "$(row 0.5)"
    echo
    echo "Joint training, the upper bound:"
    echo
    made table mixtures.runs.gz --only joint=true --format md --metrics acc --columns seeds,scores,steps,operations
    echo
    echo "What FoMo-in-Flux says of replaying the stream's own data, and what memories of 500 examples do:"
    sentence "$(row 0.05)" "finetune mixture.buffer=0.0 mixture.update=1.0" "replaying streamed data is crucial"
    sentence "$(row 0.5)" "$(row 0.05)" "half of a batch is better than a twentieth"
    sentence "$(row 0.75)" "$(row 0.5)" "three quarters are better than half"
    sentence "$(row 0.9)" "$(row 0.5)" "nine tenths are better than half"
    for keep in ring class-balanced herding loss; do
        sentence "finetune buffer.capacity=500 buffer.keep=$keep" "finetune buffer.capacity=500 buffer.keep=reservoir"
    done
} >"$out"
echo "wrote $out"
