#!/usr/bin/env bash
# The study of measures: five methods beside joint training on three small streams, evaluated densely at the beginning
# of each experience, five seeds, with the references of intransigence. Writes results/published/measures.md, its
# pictures, and what the runs recorded. It can be stopped and started again: finished runs are kept.
#
#   scripts/study-measures.sh          trains what is missing, then writes
#   scripts/study-measures.sh --train  only trains
#   scripts/study-measures.sh --page   trains nothing, and writes out of the runs beside the page
#
#   CLBENCH  target/release/clbench   RUNS  runs/measures   SEEDS  0..5   JOBS  2
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=${CLBENCH:-target/release/clbench}
runs=${RUNS:-runs/measures}
seeds=${SEEDS:-0..5}
source scripts/page.sh
streams=(split-fashion permuted-fashion rotated-digits)
methods=(finetune joint ewc lora replay ema)

if [[ ${1-} != --page ]]; then
    for stream in "${streams[@]}"; do
        settings=("seeds=$seeds" "jobs=${JOBS:-2}" "runs=$runs" eval.log_spaced=true)
        for method in "${methods[@]}"; do
            "$clbench" run "streams/$stream.toml" "method=$method" "${settings[@]}" --quiet >/dev/null ||
                echo "$stream $method: not all seeds came through; the table says so"
            echo "$stream $method"
        done
        "$clbench" references "streams/$stream.toml" "${settings[@]}" --quiet
    done
    [[ "${1-}" != --train ]] || exit 0

    "$clbench" pack "$runs" -o results/published/measures.runs.gz
fi
out=results/published/measures.md
pictures=results/published/measures
rm -rf "$pictures"
{
    echo "# The study of measures"
    echo
    echo "Five methods beside joint training, five seeds each, on three small streams with their own networks and"
    echo "schedules (\`streams/NAME.toml\`), evaluated after 1 to 10, 20 to 100, 200, … steps of each experience. Made by"
    echo "\`scripts/study-measures.sh\`; \`clbench verify results/published/measures.md\` checks it."
    for stream in "${streams[@]}"; do
        echo
        echo "## $stream"
        echo
        "$clbench" table "results/published/measures.runs.gz/$stream" --format md --columns rank,seeds,scores \
            --metrics acc,bwt,forgetting,intransigence.chaudhry18,intransigence.single,stability,la,trade-off
        echo
        echo "Within experiences: anytime accuracy, the worst case, the stability gap, and what is left of a task."
        echo
        "$clbench" table "results/published/measures.runs.gz/$stream" --format md --columns scores \
            --metrics aaa,lca.agem19,min-acc,wc-acc,wf10,wp10,gap-depth,recovery-steps,retention-10,retention-100,pm,ft,bt
        echo
        echo "Beside accuracy:"
        echo
        "$clbench" table "results/published/measures.runs.gz/$stream" --format md --columns scores \
            --metrics acc,nll,brier,confidence,margin,resolution
        echo
        "$clbench" picture all "results/published/measures.runs.gz/$stream" --without method=ema -o "$pictures" >/dev/null
        for kind in course gap retention stability; do
            picture=$(cd results/published && ls measures/"$stream"-*-"$kind".svg 2>/dev/null | head -n 1)
            [[ -z "$picture" ]] || echo "![$stream: $kind]($picture)"
        done
    done
    echo
    echo "## Noise and ranks"
    echo
    fenced statistics measures.runs.gz
    echo
    echo "## Replay beside fine-tuning"
    echo
    fenced compare replay finetune measures.runs.gz
} >"$out"
find "$pictures" -name '*.png' -delete
echo "wrote $out"
