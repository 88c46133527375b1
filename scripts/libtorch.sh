#!/usr/bin/env bash
# Finds or fetches PyTorch 2.11.0, for building and running clbench with `--features libtorch`.
#
#   scripts/libtorch.sh [--dir DIR]                 print the `export` lines
#   scripts/libtorch.sh [--dir DIR] COMMAND [ARG…]  run COMMAND with them set
#
#   scripts/libtorch.sh cargo build --release --features libtorch
#   eval "$(scripts/libtorch.sh)"
#
# Taken in this order: $LIBTORCH, if it is set; PyTorch 2.11 of the current python3; a virtual environment in DIR
# (target/libtorch unless given), filled by pip the first time and never downloaded again.
#
# Why a whole environment (about 2.7 GB of download, 5 GB on disk) and not the wheel alone? The wheel is all that a build
# needs. But its libtorch_cuda.so, and even its libtorch_cpu.so, are linked to the CUDA libraries, which pip installs
# beside it as packages of their own, so nothing would start on a machine that lacks them, with a GPU or without. The
# wheel finds them by its own run path (../../nvidia); a program only has to find the wheel's `lib`.
set -euo pipefail

version=2.11.0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=$root/target/libtorch

usage() {
    sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

# The folder of the PyTorch that the python $1 would import, if it is of the right version. Not imported: that takes
# seconds, and is no more certain.
torch_of() {
    "$1" - "${version%.*}." <<'PY' 2>/dev/null
import importlib.metadata, importlib.util, os, sys
if not importlib.metadata.version("torch").startswith(sys.argv[1]):
    sys.exit(1)
folder = os.path.dirname(importlib.util.find_spec("torch").origin)
if not os.path.exists(os.path.join(folder, "lib", "libtorch.so")):
    sys.exit(1)
print(folder)
PY
}

while (($#)); do
    case $1 in
        --dir)
            dir=${2:?--dir needs a folder}
            shift 2
            ;;
        -h | --help)
            usage
            exit
            ;;
        --)
            shift
            break
            ;;
        -*)
            echo "unknown option $1; see --help" >&2
            exit 2
            ;;
        *) break ;;
    esac
done

if [[ -n ${LIBTORCH:-} ]]; then
    torch=$LIBTORCH
elif torch=$(torch_of python3); then
    :
else
    # The mark is written last: an installation cut short is taken up again, from pip's cache.
    if [[ ! -e $dir/.complete ]]; then
        echo "installing PyTorch $version into $dir" >&2
        python3 -m venv "$dir"
        "$dir/bin/python" -m pip install --disable-pip-version-check "torch==$version" >&2
        touch "$dir/.complete"
    fi
    if ! torch=$(torch_of "$dir/bin/python"); then
        echo "$dir holds no PyTorch ${version%.*}; remove it and try again" >&2
        exit 1
    fi
fi

library_path=$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# burn-tch 0.22 asks for PyTorch 2.9, and its bindings build against 2.11 unchanged.
if (($#)); then
    export LIBTORCH=$torch LIBTORCH_BYPASS_VERSION_CHECK=1 LD_LIBRARY_PATH=$library_path
    exec "$@"
fi
printf 'export LIBTORCH=%q\n' "$torch"
printf 'export LIBTORCH_BYPASS_VERSION_CHECK=1\n'
printf 'export LD_LIBRARY_PATH=%q\n' "$library_path"
