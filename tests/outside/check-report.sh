#!/usr/bin/env bash
# Opens reports in a browser and checks that they do what they say: sorting, filters, the download, themes, widths,
# contrast, numbers as in the CSV, and a silent console. Made-up runs with hostile names, 2 000 rows, and the runs below
# a directory where one is given.
#
#   tests/outside/check-report.sh [RUNS]
#
#   CHROMIUM  /usr/bin/chromium          PUPPETEER    target/check-report, where puppeteer-core is or will be installed
#   SCOPE     -p clbench-results, what cargo builds for it
#   PAGES     target/check-report/pages  SCREENSHOTS  a directory for pictures of the pages; none if empty
#
# Needs Chromium, node 20 or later and, where puppeteer-core is not yet installed, npm and its registry.
set -euo pipefail
runs=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export CHROMIUM=${CHROMIUM:-/usr/bin/chromium} PUPPETEER=${PUPPETEER:-target/check-report}
pages=$(realpath -m "${PAGES:-target/check-report/pages}")
for tool in node "$CHROMIUM"; do
    command -v "$tool" >/dev/null || { echo "$tool is not here; see the head of $0" >&2; exit 1; }
done
mkdir -p "$pages" "$PUPPETEER" ${SCREENSHOTS:+"$SCREENSHOTS"}
[ -d "$PUPPETEER/node_modules/puppeteer-core" ] || npm install --silent --prefix "$PUPPETEER" puppeteer-core@24

[ -z "$runs" ] || export CLBENCH_RUNS=$runs
CLBENCH_PAGES=$pages cargo test --quiet ${SCOPE:--p clbench-results} --lib pages_for_a_browser -- --ignored >/dev/null
for name in mixed hostile many ${runs:+runs}; do
    node tests/outside/check-report.mjs "$pages/$name.html" "$pages/$name.csv" ${SCREENSHOTS:+"$SCREENSHOTS"}
done
