#!/usr/bin/env bash
# IBCL beside rehearsal that trains a network for each preference: five binary tasks of CIFAR-10 (class 2k against 2k + 1)
# on features of SqueezeNet 1.1. Two heads, five seeds, ten drawn preferences after each task, ten models each.
# Writes results/published/ibcl.md. It can be stopped and started again: finished runs are kept.
#
#   clbench data fetch cifar10; scripts/study-ibcl.sh WEIGHTS
#
#   WEIGHTS  squeezenet1_1.safetensors, converted from squeezenet_weights.pkl of the package ndf 0.1.4
#   CLBENCH  target/release/clbench   RUNS  runs/ibcl-study   SEEDS  0..5   JOBS  2
set -euo pipefail
weights=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/ibcl-study}
mkdir -p "$runs"
# Beside the stream file, so that no run names a folder of this computer.
cp "$weights" "$runs/squeezenet1_1.safetensors"
common='[optim]
rule = "adamw"
decay = 0.0'
cat >"$runs/cifar10.toml" <<END_OF_STREAM
name = "binary-cifar10"

[data.seen]
format = "features"
of = "cifar10"
body = "squeezenet"
weights = "squeezenet1_1.safetensors"
size = 64

[stream]
kind = "domain-incremental"
dataset = "seen"
tasks = 5

[net]
body = "mlp"
widths = []

$common
rate = 0.001

[train]
batch = 64
epochs = 10

[eval]
batch = 2000

[log]
every = 100
END_OF_STREAM
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
prefer="eval.random_preferences=10"
run() { # stream, name of the row, settings
    # shellcheck disable=SC2086 # settings are several words
    "$clbench" run "$runs/$1.toml" $3 "seeds=${SEEDS:-0..5}" "jobs=${JOBS:-2}" "runs=$runs" --quiet --json |
        sed "s|^|$1, $2\t|" >>"$lines" || echo "$1, $2: not all seeds came through"
    echo "$1, $2"
}
baselines() { # stream, head, its settings
    run "$1" "$2, finetune" "$3 method=finetune"
    run "$1" "$2, joint" "$3 method=joint"
    run "$1" "$2, er" "$3 $prefer method=per-preference+replay replay.capacity=1000"
    run "$1" "$2, gem" "$3 $prefer method=per-preference+gem gem.capacity=200 gem.batch=64 gem.rehearse=true"
    run "$1" "$2, vcl" "$3 $prefer method=vcl+replay vcl.per=preference replay.capacity=1000"
    run "$1" "$2, mixture" "$3 $prefer method=ibcl"
    run "$1" "$2, linear" "$3 $prefer method=ibcl ibcl.combine=linear"
    run "$1" "$2, sum" "$3 $prefer method=ibcl ibcl.combine=sum"
    # As the released code: it begins anew, charges the divergence to each batch, and reads all else its own way.
    run "$1" "$2, repo" "$3 $prefer method=ibcl ibcl.repo_compat=true ibcl.start=unit ibcl.against=batch"
}
baselines cifar10 logistic ""
for mass in 0.01 0.5 0.9; do
    for combine in mixture linear; do
        run cifar10 "logistic, $combine, mass $mass" "$prefer method=ibcl ibcl.combine=$combine ibcl.hdr_mass=$mass"
    done
done
for d in 1 2 4; do run cifar10 "logistic, mixture, d $d" "$prefer method=ibcl ibcl.threshold=$d"; done
for d in 2e-3 5e-3 8e-3; do
    run cifar10 "logistic, repo, d $d" "$prefer method=ibcl ibcl.repo_compat=true ibcl.start=unit ibcl.against=batch ibcl.threshold=$d"
done
baselines cifar10 hidden "net.widths=[64] train.epochs=4"
# What one preference or a thousand cost: foretold, which is exact in updates.
for count in 1 10 100 1000; do
    for method in ibcl per-preference+replay; do
        "$clbench" cost "$runs/cifar10.toml" "method=$method" "eval.random_preferences=$count" --json |
            sed "s|^|cost $method $count\t|" >>"$lines"
    done
done
python3 scripts/ibcl.py "$lines" >results/published/ibcl.md
echo "wrote results/published/ibcl.md"
