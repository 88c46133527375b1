#!/usr/bin/env bash
# Memory-adjusted operations: FoMo-in-Flux's table computed again, a CLIP's closed forms, what methods cost here, and what
# PyTorch keeps for a backward pass. Writes results/published/maf.md. Nothing is trained to the end, and nothing that is
# written holds a time, so it repeats.
#
#   scripts/maf.sh
#
#   CLBENCH  target/release/clbench
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
methods=(finetune joint ewc ema replay gem vcl "lora lora.rank=1" "lora lora.rank=4" "lora lora.rank=16" "lora lora.rank=64")

# A line of what the stream $1 costs with each method.
costs() {
    echo "| method | steps | operations | memory of a step | of full fine-tuning | memory-adjusted |"
    echo "|---|---:|---:|---:|---:|---:|"
    for method in "${methods[@]}"; do
        # shellcheck disable=SC2086
        "$clbench" cost "streams/$1.toml" method=$method "${@:2}" --json | python3 -c '
import json, sys
f = json.load(sys.stdin)
low, high = f["peak_bytes"]
memory = f"{low / 1e6:.3f} MB" + (f" to {high / 1e6:.3f}" if high > 1.01 * low else "")
ratio = low / f["reference_bytes"]
flops, maf, steps = f["flops"], f["maf"][0], sum(f["steps"])
print(f"| {sys.argv[1]} | {steps:,} | {flops:.4g} | {memory} | {ratio:.4f} | {maf:.4g} |")' "$method"
    done
}

{
    echo "# Memory-adjusted operations"
    echo
    echo "Not verified by \`clbench verify\`: nothing on this page was run to its end."
    echo "Made by \`scripts/maf.sh\`; \`tests/cost.rs\` holds the first section and the last two to be so."
    echo
    echo "## FoMo-in-Flux's table, computed again"
    echo
    echo "Roth et al. 2024, <https://arxiv.org/abs/2408.14471>: steps of each of T tasks for 1.8·10⁹ giga-operations in all."
    echo
    echo '```text'
    echo '$ clbench cost --fomo'
    "$clbench" cost --fomo
    echo '```'
    echo
    echo "EWC's line was charged a pass over 50,000 examples at every step. Charged to each task once, 14 steps are 1303,"
    echo "6 are 462, 3 are 182 and 1 is 42: what was concluded about EWC under that budget was concluded about 14 steps."
    echo
    echo "## What methods cost here"
    echo
    echo "\`clbench cost streams/NAME.toml method=METHOD\`: for as long as the stream file says."
    for stream in split-fashion split-digits; do
        printf '\n### %s\n\n' "$stream"
        costs "$stream"
    done
    printf '\n### split-fashion, the same memory-adjusted operations for all\n\n'
    echo "\`budget.maf=9.7e9 train.steps=2000\`: fewer bytes are more steps. An experience of fine-tuning's 5 epochs costs as much."
    echo
    costs split-fashion budget.maf=9.7e9 train.steps=2000
    echo
    echo "## What a backward pass needs"
    echo
    echo "Bytes that PyTorch 2.11 packs for the backward pass of a batch of 4, and bytes that clbench counts"
    echo "(\`tests/golden/make/held.py\`); the difference is the sum of the loss's weights, one number."
    echo
    python3 -c '
import json
print("| network | trained | PyTorch | clbench | ratio |\n|---|---|---:|---:|---:|")
for name, case in json.load(open("tests/golden/held.json"))["cases"].items():
    theirs = case["bytes"]
    ours, trained = theirs - 4, case["trained"]
    print(f"| {name} | {trained} | {theirs:,} | {ours:,} | {ours / theirs:.4f} |")'
    echo
    echo "## What a whole step holds"
    echo
    echo "Bytes of graphs and gradients that a step of three experiences holds at once in PyTorch 2.11, passes of hooks included"
    echo "(\`tests/golden/make/steps.py\`): digits, 16 examples, 24 hidden units. clbench counts the same, or 4 bytes less with texts."
    echo
    python3 -c '
import json
print("| settings | first | second | third |\n|---|---:|---:|---:|")
for settings, bytes in json.load(open("tests/golden/steps.json"))["cases"].items():
    print(f"| `{settings}` | " + " | ".join(f"{one:,}" for one in bytes) + " |")'
} >results/published/maf.md
