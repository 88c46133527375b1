#!/usr/bin/env bash
# Does the order of concepts matter, for the end point or for the path? Every ordering over the 20 concepts of MNIST and
# Fashion-MNIST in ten tasks, five seeds. Writes results/published/orderings.md and the runs behind it. It can be stopped
# and started again: finished runs are kept.
#
#   clbench data fetch mnist fashion-mnist; scripts/study-orderings.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/orderings   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/orderings}
source scripts/page.sh
stream=concepts-mnist
rows=()
for seed in 0 1 2 3 4; do rows+=("stream.order=random stream.seed=$seed"); done
for order in difficulty frequency similarity time dataset curriculum-designer; do
    rows+=("stream.order=$order")
done
for order in difficulty frequency similarity time; do rows+=("stream.order=$order stream.order.reverse=true"); done
rows+=("stream.order=curriculum-designer stream.order.control=true")
# The same without a buffer, in which forgetting shows.
alone="mixture.update=1.0 mixture.buffer=0.0"
declare -A folders=([buffered]="" [alone]="$alone")

for folder in buffered alone; do
    for row in "${rows[@]}"; do
        # shellcheck disable=SC2086 # a row is several words
        "$clbench" run "streams/$stream.toml" $row ${folders[$folder]} "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" \
            "runs=$runs/$folder" --quiet >/dev/null || echo "$row: not all seeds came through"
        echo "$folder $row"
    done
    "$clbench" run "streams/$stream.toml" method=joint $alone "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" \
        "runs=$runs/joint" --quiet >/dev/null
done

"$clbench" pack "$runs" --output results/published/orderings.runs.gz
out=results/published/orderings.md
{
    echo "# Orderings of concepts"
    echo
    echo "Made by \`scripts/study-orderings.sh\`: the 20 concepts of MNIST and Fashion-MNIST in ten tasks of two, 100 steps of"
    echo "128 examples a task, MLP 400-400, AdamW without decay at 1e-3 (fresh in each task), five seeds of the runs; the"
    echo "random ordering with five seeds of the stream. *path* is the mean over all phases of the accuracy so far."
    echo "\`clbench verify results/published/orderings.md\` makes every table and sentence again from the runs beside this"
    echo "page and trains them again."
    for folder in buffered alone; do
        echo
        if [[ $folder == buffered ]]; then
            echo "## Half of each batch from a buffer of all that came before"
        else
            echo "## Without a buffer"
        fi
        echo
        made phases "orderings.runs.gz/$folder" --format md --against "finetune stream.order=random stream.seed=0"
        echo
        echo "FoMo-in-Flux is said to find that the ordering changes the path much more than the end point. Here:"
        echo
        made phases "orderings.runs.gz/$folder" --spread
    done
    echo
    echo "Joint training, the upper bound of both:"
    echo
    made table orderings.runs.gz/joint --format md --metrics acc --columns seeds,scores,steps,operations
} >"$out"
echo "wrote $out"
