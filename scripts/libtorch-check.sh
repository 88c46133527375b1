#!/usr/bin/env bash
# Compares libtorch on the CPU with flex: every method on the perceptron, three methods on the other networks. Writes
# results/published/libtorch.md. The other networks take two steps a task: batch-norm over few values amplifies the
# last bit, and ResNet-18 on 8×8 pictures, whose last maps have one pixel,
# is after fifty steps as far from itself as from another seed.
#
#   scripts/libtorch-check.sh BINARY       a clbench built with `--features libtorch`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export OMP_NUM_THREADS=1 DEVICES="flex libtorch"
out=results/published/libtorch.md
part=$(mktemp)
trap 'rm -f "$part"' EXIT
networks=("" "net.body=cnn net.channels=[8,16] net.hidden=32" "net.body=cnn net.batch_norm=true net.channels=[8,16]"
    "net.body=resnet18 net.width=4" "net.body=vit net.patch=4 net.width=16 net.depth=2")
{
    echo "# libtorch beside flex"
    echo
    echo "Not verified by \`clbench verify\`: it compares two devices, with times; the runs are not kept."
    echo "Made by \`scripts/libtorch-check.sh BINARY\`."
    for network in "${networks[@]}"; do
        methods="finetune lora+ewc replay+ema"
        [[ -n $network ]] || methods="finetune joint ewc lora replay ema replay+ema lora+ewc"
        options=""
        [[ -z $network ]] || options="$network train.steps=2 optim.rate=0.02"
        METHODS=$methods OPTIONS=$options TOLERANCE=${TOLERANCE:-0.05} scripts/gpu-check.sh "$1" "$part" >&2
        echo
        echo "## ${network:-net.body=mlp, as the stream has it}"
        echo
        cat "$part"
    done
} >"$out"
echo "wrote $out"
