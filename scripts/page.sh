# What the scripts of studies share: blocks of a page that `clbench verify` makes again. To be read with `source`, from the
# root of the repository, with $clbench set.
#
#   made COMMAND WORD…     a block with what `clbench COMMAND WORD…` prints; paths begin with the page's bundle, and are
#                          looked for beside the page
#   fenced COMMAND WORD…   the same for plain text

binary=$(realpath "$clbench")

marked() {
    local words=() word
    for word in "$@"; do
        if [[ $word =~ ^[A-Za-z0-9_./=,:*+-]+$ ]]; then words+=("$word"); else words+=("'$word'"); fi
    done
    printf '<!-- clbench: %s -->\n\n' "${words[*]}"
}

made() {
    marked "$@"
    (cd results/published && "$binary" "$@")
    printf '\n<!-- clbench: end -->\n'
}

fenced() {
    marked "$@"
    printf '```text\n'
    (cd results/published && "$binary" "$@")
    printf '```\n\n<!-- clbench: end -->\n'
}
