#!/usr/bin/env bash
# Goes over every page of results/published: what has runs beside it is made again from what they recorded, and the pages
# of studies and their pictures are what these make now; the others say at their heads why they are not verified.
# Nothing is trained, and nothing is changed.
#
#   scripts/verify-pages.sh
#
#   CLBENCH  target/release/clbench
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clbench=$(realpath "${CLBENCH:-target/release/clbench}")
wrong=0
fail() {
    echo "WRONG: $*"
    wrong=1
}
for page in results/published/*.md; do
    name=$(basename "$page" .md)
    if [[ -f results/published/$name.runs.gz ]]; then
        study=studies/$name.toml
        if [[ ! -f $study ]]; then
            fail "$page has no $study"
            continue
        fi
        said=$("$clbench" study "$study" --verify --page) || fail "$page"$'\n'"$said"
        echo "$page: $(sed -n '1p;2p;/^pictures drawn again/p' <<<"$said" | paste -sd ';')"
    elif why=$(head -n 12 "$page" | grep -F 'Not verified by `clbench verify`: '); then
        echo "$page: ${why#*: }"
    else
        fail "$page has no runs beside it and does not say why"
    fi
done
diff <(tail -n +5 results/published/names.md) <("$clbench" metrics --table) >/dev/null ||
    fail "results/published/names.md is not what clbench metrics --table prints"
exit $wrong
