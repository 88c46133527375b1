#!/usr/bin/env bash
# Puts real output into README.md, between marker comments.
#
#   scripts/readme.sh          write README.md anew
#   scripts/readme.sh --check  change nothing; fail if what stands there is not what comes out
#
#   <!-- output: COMMAND -->   one command, or
#   <!-- output:               several, one a line,
#   COMMAND
#   -->
#   …                          replaced by the commands and what they print to standard output
#   <!-- end -->
#
# A command after `! ` is expected to fail, and what it says on standard error is shown.
#
# The commands run one after the other in an empty folder that has `streams` and `published`. `clbench` and `cargo run --release --` are
# the release binary, or the one at $CLBENCH. Nothing printed holds a time, so on one machine it repeats bit for bit;
# processors with other instructions may differ in the last digits.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readme=$root/README.md
check=false
case "${1-}" in
    "") ;;
    --check) check=true ;;
    *)
        echo "usage: scripts/readme.sh [--check]" >&2
        exit 2
        ;;
esac

if [[ -n "${CLBENCH-}" ]]; then
    binary=$(realpath "$CLBENCH")
else
    (cd "$root" && cargo build --release >&2)
    binary=${CARGO_TARGET_DIR:-$root/target}/release/clbench
fi
export binary

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$root/streams" "$work/streams"
ln -s "$root/results/published" "$work/published"

# What the command $1 prints; it fails where the command does.
output() {
    local command=${1//cargo run --release -- /clbench }
    echo "running: $1" >&2
    (cd "$work" && NO_COLOR=1 bash -euo pipefail -c 'clbench() { "$binary" "$@"; }; eval "$1"' - "$command" </dev/null)
}

# What the command $1 says when it fails.
refusal() {
    local said
    if said=$(output "$1" 2>&1 >/dev/null); then
        echo "README.md: this does not fail: $1" >&2
        return 1
    fi
    grep -v '^running: ' <<<"$said"
}

# Prints the block of the commands that stand in $1, one a line.
block() {
    echo '```text'
    local command
    while IFS= read -r command <&3; do
        [[ -n "$command" ]] || continue
        echo "\$ ${command#! }"
        if [[ "$command" == '! '* ]]; then refusal "${command#! }"; else output "$command"; fi
    done 3<<<"$1"
    echo '```'
}

# Reads the README from standard input and writes it anew to standard output.
splice() {
    local line commands
    while IFS= read -r line; do
        printf '%s\n' "$line"
        [[ "$line" == '<!-- output:'* ]] || continue
        commands=${line#'<!-- output:'}
        while [[ "$line" != *'-->' ]]; do
            IFS= read -r line || { echo "README.md: a marker has no -->" >&2 && return 1; }
            printf '%s\n' "$line"
            commands+=$'\n'$line
        done
        commands=$(sed 's/-->$//; s/^ *//; s/ *$//' <<<"$commands")
        block "$commands"
        # What stood there before.
        while [[ "$line" != '<!-- end -->' ]]; do
            IFS= read -r line || { echo "README.md: a marker has no end" >&2 && return 1; }
        done
        printf '%s\n' "$line"
    done
}

splice <"$readme" >"$work/README.md"
if $check; then
    diff -u "$readme" "$work/README.md" >&2 || {
        echo "README.md is not what comes out; run scripts/readme.sh" >&2
        exit 1
    }
    echo "README.md is what comes out"
else
    cat "$work/README.md" >"$readme"
fi
