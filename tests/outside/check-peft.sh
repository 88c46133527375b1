#!/usr/bin/env bash
# Trains adapters of every kind on real data, exports them, and reads them with peft.
#
#   tests/outside/check-peft.sh BINARY
#
# Makes a virtual environment from package names, which takes the network; or give an interpreter that has torch, peft
# and safetensors in PYTHON_PEFT.
set -euo pipefail

if (($# != 1)); then
    echo "usage: tests/outside/check-peft.sh BINARY" >&2
    exit 2
fi
binary=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z ${PYTHON_PEFT:-} ]]; then
    python3 -m venv "$work/env"
    "$work/env/bin/pip" install --quiet torch==2.11.0 peft==0.21.2 safetensors numpy
    PYTHON_PEFT=$work/env/bin/python
fi

mlp="net.body=mlp net.widths=[32,16]"
cnn="net.body=cnn net.channels=[4,6] net.hidden=16"
vit="net.body=vit net.patch=2 net.width=8 net.depth=1 net.heads=2"
routed="stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true head.train=task head.test=task"
count=0
steps="optim.rate=0.02 train.epochs=2"
check() {
    count=$((count + 1))
    # shellcheck disable=SC2086
    "$binary" run "$here/../../streams/split-digits.toml" $steps $1 seed=0 keep.weights=true runs="$work/runs$count" >/dev/null 2>&1
    local run
    run=$(dirname "$(find "$work/runs$count" -name manifest.json)")
    "$binary" export peft "$run" -o "$work/out$count" >/dev/null 2>&1
    echo -n "$1: "
    "$PYTHON_PEFT" "$here/check-peft.py" "$run" "$work/out$count" 2>/dev/null
}
check "$mlp method=lora lora.rank=4"
check "$mlp method=lora lora.rank=4 lora.scaling=rank-stabilised lora.per=task"
check "$cnn method=lora lora.rank=2"
check "$cnn method=dora dora.rank=2"
check "$vit method=dora dora.rank=2 dora.on=query-value"
check "$vit method=vera vera.rank=8"
check "$mlp method=olora olora.rank=2"
check "$mlp $routed method=lora lora.rank=2 lora.per=task lora.end=route"
