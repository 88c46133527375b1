#!/usr/bin/env bash
# What each part of a stream does to fine-tuning, experience replay and joint training on the Fashion-MNIST subset that
# ships: every environment (with its policies), arrival and alteration, five seeds. Writes results/published/parts.md and
# the runs behind it. It can be stopped and started again: finished runs are kept.
#
#   scripts/study-parts.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/parts   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/parts}
source scripts/page.sh
stream=split-fashion
once="train.epochs=1"
environments=(cumulative uniform exponential budgeted-power-law power-law recurring bandit-uniform
    loss-proportional sec exp3 ucb successive-elimination gain-rl)
arrivals=("online" "blurry stream.arrival.share=0.1" "drift stream.arrival.width=0.5" "curriculum")
alterations=("stream.long-tailed.factor=100" "stream.label-noise.share=0.4" "stream.partially-labelled.share=0.1")

run() {
    # shellcheck disable=SC2068 # settings are words
    "$clbench" run "streams/$stream.toml" $@ "$once" "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet \
        >/dev/null || echo "$*: not all seeds came through"
    echo "$*"
}
for environment in "${environments[@]}"; do run "stream.environment=$environment"; done
for method in finetune replay joint; do
    run "method=$method"
    for arrival in "${arrivals[@]}"; do run "method=$method stream.arrival=$arrival"; done
    for alteration in "${alterations[@]}"; do run "method=$method $alteration"; done
done
"$clbench" pack "$runs" --output results/published/parts.runs.gz

scores() { # filters
    echo
    made table parts.runs.gz "$@" --mix streams --brief --format md --metrics acc,forgetting,la \
        --columns seeds,scores,examples,rehearsed,replayed
}
out=results/published/parts.md
{
    echo "# What each part of a stream does"
    echo
    echo "Made by \`scripts/study-parts.sh\`: split Fashion-MNIST (8,000 pictures that ship), class-incremental, five tasks of"
    echo "two classes, one epoch, all else as \`streams/split-fashion.toml\` and the parts' defaults say; five seeds, ± half of"
    echo "the 95 % interval. Rows with another hash are on another stream and are not ranked."
    echo "\`clbench verify results/published/parts.md\` makes every table again from the runs beside this page and trains them"
    echo "again."
    echo
    echo "## The stream as it is"
    scores --without 'setting=stream.*'
    echo
    echo "## Environments: what comes back, fixed and chosen while the run goes on"
    scores --only 'setting=stream.environment=*'
    echo
    echo "## Arrivals: how tasks come"
    scores --only 'setting=stream.arrival=*'
    echo
    echo "## Alterations: what is told of the training examples"
    scores --only 'setting=stream.long-tailed.*,stream.label-noise.*,stream.partially-labelled.*'
} >"$out"
echo "wrote $out"
