#!/usr/bin/env bash
# Reads what `clbench export` writes with the readers that it is written for: TensorBoard, pyarrow,
# huggingface_hub, l2metrics.
#
#   tests/outside/check-exports.sh BINARY FOLDER...      folders with complete runs
#
# Makes virtual environments from package names, which takes the network; or give interpreters that have them:
#
#   PYTHON_READERS    tensorboard, pyarrow, huggingface_hub, pyyaml
#   PYTHON_L2         l2metrics, numpy<2, pandas<3, pyarrow<16; so an environment of its own
#   SKIP_L2           set it to leave l2metrics out
set -euo pipefail

if (($# < 2)); then
    echo "usage: tests/outside/check-exports.sh BINARY FOLDER..." >&2
    exit 2
fi
binary=$(realpath "$1")
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Makes an environment NAME with PACKAGES and prints its interpreter.
environment() {
    local name=$1
    shift
    python3 -m venv "$work/$name" >&2
    "$work/$name/bin/pip" install --quiet "$@" >&2
    echo "$work/$name/bin/python"
}

readers=${PYTHON_READERS:-$(environment readers tensorboard pyarrow huggingface_hub pyyaml setuptools)}
"$binary" export tensorboard "$@" -o "$work/tensorboard"
"$binary" export parquet "$@" -o "$work/records.parquet"
"$binary" export csv "$@" -o "$work/records.csv"
"$binary" export model-index "$@" -o "$work/model-index.yaml"
"$readers" "$here/check-exports.py" tensorboard "$work/tensorboard" "$@"
"$readers" "$here/check-exports.py" parquet "$work/records.parquet" "$@"
"$readers" "$here/check-exports.py" csv "$work/records.csv" "$@"
"$readers" "$here/check-exports.py" model-index "$work/model-index.yaml"

if [[ -z ${SKIP_L2:-} ]]; then
    l2=${PYTHON_L2:-$(environment l2 l2metrics==3.1.0 l2logger==1.8.2 'numpy<2' 'pandas<3' 'pyarrow<16' 'setuptools<81')}
    "$binary" export l2logger "$@" -o "$work/l2logger"
    "$l2" "$here/check-exports.py" l2logger "$work/l2logger" "$binary"
fi
echo "every export was read back"
