#!/usr/bin/env bash
# Measures how long streams take to build and what memory they need; writes results/published/streams.md.
#
#   clbench data fetch mnist; scripts/speed-streams.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=results/published/streams.md
table=$(cargo bench --bench streams 2>/dev/null)
{
    echo "# Building streams"
    echo
    echo "Not verified by \`clbench verify\`: times are no records of runs, and differ from machine to machine."
    echo "Made by \`scripts/speed-streams.sh\`, each line in a process of its own: seconds until the stream stands (data"
    echo "read, ordered, cut, hashed) and the process's peak of resident memory. *FoMo* are the 18,381 concepts of"
    echo "FoMo-in-Flux in 41 datasets with 1.8 million training examples, without pixels. Machines are shared: seconds are"
    echo "those of one run."
    echo
    echo "$table"
} >"$out"
echo "wrote $out"
