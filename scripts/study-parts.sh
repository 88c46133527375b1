#!/usr/bin/env bash
# What each part of a stream does to fine-tuning, experience replay and joint training on the Fashion-MNIST subset that
# ships: every environment (with its policies), arrival and alteration, five seeds. Writes results/published/parts.md.
# It can be stopped and started again: finished runs are kept.
#
#   scripts/study-parts.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/parts   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/parts}
stream=split-fashion
once="train.epochs=1"
environments=(none cumulative uniform exponential budgeted-power-law power-law recurring bandit-uniform
    loss-proportional sec exp3 ucb successive-elimination gain-rl)
arrivals=("whole" "online" "blurry stream.arrival.share=0.1" "drift stream.arrival.width=0.5" "curriculum")
alterations=("" "stream.long-tailed.factor=100" "stream.label-noise.share=0.4" "stream.partially-labelled.share=0.1")

run() {
    # shellcheck disable=SC2068 # settings are words
    "$clbench" run "streams/$stream.toml" $@ "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" --quiet >/dev/null ||
        echo "$*: not all seeds came through"
    echo "$*"
}
for environment in "${environments[@]}"; do
    run "stream.environment=$environment" "$once" "runs=$runs/environments"
done
run method=joint "$once" "runs=$runs/environments"
for method in finetune replay joint; do
    for arrival in "${arrivals[@]}"; do run "method=$method stream.arrival=$arrival" "$once" "runs=$runs/arrivals"; done
    for alteration in "${alterations[@]}"; do run "method=$method $alteration" "$once" "runs=$runs/alterations"; done
done

scores() { # folder
    echo "| method and settings | ACC (%) | FGT (%) | LA (%) | examples | rehearsed | replayed |"
    echo "|---|---|---|---|---|---|---|"
    "$clbench" table --format csv "$1" | python3 -c '
import csv, sys
def cell(row, name):
    mean, half = row[name], row[name + "_half_width_95"]
    return f"{100 * float(mean):.1f} ±{100 * float(half):.1f}" if mean and half else "—"
rows = sorted(csv.DictReader(sys.stdin), key=lambda row: (row["joint"] == "true", row["method"], row["overrides"]))
for row in rows:
    scores = [cell(row, name) for name in ("acc.gem17", "forgetting.chaudhry18", "la.mer19")]
    words = " ".join([row["method"], *row["overrides"].replace("train.epochs=1", "").split(";")]).split()
    print("|", " | ".join([" ".join(words), *scores, row["examples"], row["rehearsed"], row["replayed"]]), "|")'
}
out=results/published/parts.md
{
    echo "# What each part of a stream does"
    echo
    echo "Made by \`scripts/study-parts.sh\`: split Fashion-MNIST (8,000 pictures that ship), class-incremental, five tasks of"
    echo "two classes, one epoch, all else as \`streams/split-fashion.toml\` and the parts' defaults say; five seeds, ± half of"
    echo "the 95 % interval. Each row but joint is another stream, so rows are not ranked."
    echo
    echo "## Environments: what comes back, fixed and chosen while the run goes on"
    echo
    scores "$runs/environments"
    echo
    echo "## Arrivals: how tasks come"
    echo
    scores "$runs/arrivals"
    echo
    echo "## Alterations: what is told of the training examples"
    echo
    scores "$runs/alterations"
} >"$out"
echo "wrote $out"
