#!/usr/bin/env bash
# IBCL beside rehearsal that trains a network for each preference, on binary tasks: CIFAR-10 (class 2k against 2k + 1), 20
# Newsgroups (computers against other groups) and, where it is at hand, CIFAR-100 (animals against other things). Two heads, five
# seeds, ten drawn preferences after each task, ten models each. Writes results/published/ibcl.md and the runs behind it. It can
# be stopped and started again: finished runs are kept.
#
#   clbench data fetch cifar10 squeezenet newsgroups20; scripts/study-ibcl.sh
#
#   CLBENCH  target/release/clbench   RUNS  runs/ibcl-study   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/ibcl-study}
costs=$(mktemp)
trap 'rm -f "$costs"' EXIT
prefer="eval.random_preferences=10"
run() { # stream, name of the row, settings
    # shellcheck disable=SC2086 # settings are several words
    "$clbench" run "streams/$1.toml" $3 "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet \
        >/dev/null || echo "$1, $2: not all seeds came through"
    echo "$1, $2"
}
# As the released code, but for what all rows share: every posterior is stored, and outputs of matrices are drawn.
repo="method=ibcl ibcl.repo_compat=true ibcl.threshold=0 ibcl.local=true"
rows() { # stream, head, its settings
    run "$1" "$2, finetune" "$3 method=finetune"
    run "$1" "$2, joint" "$3 method=joint"
    run "$1" "$2, mixture" "$3 $prefer method=ibcl"
    run "$1" "$2, linear" "$3 $prefer method=ibcl ibcl.combine=linear"
    run "$1" "$2, sum" "$3 $prefer method=ibcl ibcl.combine=sum"
    run "$1" "$2, repo" "$3 $prefer $repo"
    run "$1" "$2, er" "$3 $prefer method=per-preference+replay replay.capacity=1000"
    [[ $2 == logistic ]] || return 0
    run "$1" "$2, gem" "$3 $prefer method=per-preference+gem gem.capacity=200 gem.batch=64 gem.rehearse=true"
    run "$1" "$2, vcl" "$3 $prefer method=vcl+replay vcl.per=preference replay.capacity=1000"
}
streams="binary-cifar10 groups-newsgroups20"
if "$clbench" data verify cifar100 >/dev/null 2>&1; then
    streams="$streams animals-cifar100"
else
    echo "SKIPPED: animals-cifar100; CIFAR-100 is not in the data folder (clbench data fetch cifar100 --from PLACE)"
fi
epochs() { # stream, head: half of the paper's epochs for the longest, and few with a hidden layer
    case "$1, $2" in
    "groups-newsgroups20, logistic") echo "train.epochs=50" ;;
    "groups-newsgroups20, hidden") echo "train.epochs=6" ;;
    "binary-cifar10, hidden") echo "train.epochs=3" ;;
    "animals-cifar100, hidden") echo "train.epochs=10" ;;
    esac
}
for stream in $streams; do rows "$stream" logistic "$(epochs "$stream" logistic)"; done
for mass in 0.01 0.5; do
    for combine in mixture linear; do
        run binary-cifar10 "logistic, $combine, mass $mass" "$prefer method=ibcl ibcl.combine=$combine ibcl.hdr_mass=$mass"
    done
done
run binary-cifar10 "logistic, mixture, d 1" "$prefer method=ibcl ibcl.threshold=1"
for d in 5e-3 8e-3; do run binary-cifar10 "logistic, repo, d $d" "$prefer ${repo/threshold=0/threshold=$d}"; done
for stream in $streams; do rows "$stream" hidden "net.widths=[64] $(epochs "$stream" hidden)"; done
# What one preference or a thousand cost: foretold, which is exact in updates.
for count in 1 10 100 1000; do
    for method in ibcl per-preference+replay; do # updates are the same for any reading; one linear model is quick to ask
        "$clbench" cost streams/binary-cifar10.toml "method=$method" $([[ $method == ibcl ]] && echo ibcl.combine=linear ibcl.samples=1) "eval.random_preferences=$count" --json |
            sed "s|^|$method $count\t|" >>"$costs"
    done
done
"$clbench" pack "$runs" --output results/published/ibcl.runs.gz
page=$(CLBENCH=$(realpath "$clbench") python3 scripts/ibcl.py "$costs")
echo "$page" >results/published/ibcl.md
echo "wrote results/published/ibcl.md"
