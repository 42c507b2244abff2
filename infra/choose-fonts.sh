#!/bin/sh
# choose-fonts.sh <from> <to>: of each script one face, as captions are drawn in bold and without serifs.
set -eu
from=$1 to=$2
mkdir -p "$to"
for licence in "${from%/*}"/doc/fonts-*/copyright; do
    package=${licence%/copyright}
    cp "$licence" "$to/${package##*/}.copyright"
done
find "$from" -type f \( -name 'NotoSans*' -o -name 'NotoSerif*' -o -name 'NotoColorEmoji*' \) ! -name '*Italic*' |
    while read -r font; do
        name=${font##*/}
        sans='' bold=''
        case $name in
            NotoSansMono* | NotoSansDisplay* | NotoSerifDisplay*) continue ;;
            NotoSerif*) sans=$(find "$from" -name "NotoSans${name#NotoSerif}") ;;
        esac
        case $name in
            *-Bold.*) ;;
            *) bold=$(find "$from" -name "${name%-*}-Bold.*") ;;
        esac
        [ -n "$sans$bold" ] || cp "$font" "$to"
    done
