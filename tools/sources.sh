#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Fetch the sources of the programs that the tests build, into .hosts/sources:
# Debian's tarballs, by apt. tests/programs/sources.txt has their checksums.
# Fetches only what is missing there and in WASOCK_THIRD_PARTY, a folder of
# tarballs. Exits with 1 if one cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
table=$PWD/tests/programs/sources.txt
sources=$PWD/.hosts/sources
mkdir -p "$sources"

# is_right FOLDER FILE CHECKSUM
is_right() {
    [ -f "$1/$2" ] && echo "$3  $1/$2" | sha256sum --check --status
}

# apt with a configuration of its own: the machine's sources, with the deb-src
# lines that they may lack, and with Debian's later releases.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=(-o Dir::Etc::SourceList=/dev/null
    -o "Dir::Etc::SourceParts=$folder/parts" -o "Dir::State::Lists=$folder/lists"
    -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User="$(id -un)")
configure_apt() {
    mkdir -p "$folder/parts" "$folder/lists/partial" \
        "$folder/cache/archives/partial"
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        case $file in
        *.sources)
            sed -E -e 's/^Types:.*/Types: deb-src/' \
                -e 's/^(Suites:.*[a-z]-updates)\b.*/\1 trixie sid/' \
                "$file" >"$folder/parts/${file##*/}" ;;
        *.list)
            [ -f "$file" ] || continue
            sed -nE -e 's/^deb /deb-src /; T; p' \
                -e 's/ [a-z]+-updates / trixie /; T; p; s/ trixie / sid /p' \
                "$file" >"$folder/parts/${file##*/}" ;;
        esac
    done
    # A source that is not Debian's may fail.
    apt-get -qq "${options[@]}" update >"$folder/log" 2>&1 || true
}

# fetch FILE PACKAGE: try all versions, as a pool may lack the latest one's.
fetch() {
    local version upstream=${1#*_}
    for version in $(apt-cache "${options[@]}" showsrc --only-source "$2" |
        sed -n 's/^Version: //p'); do
        case $version in *"${upstream%.orig.*}"-*) ;; *) continue ;; esac
        (cd "$folder" && apt-get -qq "${options[@]}" source --download-only \
            --tar-only "$2=$version" >/dev/null 2>>"$folder/log") && return
    done
}

status=0
while read -r checksum file package; do
    case $checksum in '' | '#'*) continue ;; esac
    is_right "${WASOCK_THIRD_PARTY:-/nonexistent}" "$file" "$checksum" &&
        continue
    is_right "$sources" "$file" "$checksum" && continue
    if ! command -v apt-get >/dev/null; then
        echo "sources: no apt-get to fetch $file" >&2
        status=1
        continue
    fi
    echo "sources: fetching $file"
    [ -d "$folder/parts" ] || configure_apt
    fetch "$file" "$package" || true
    if is_right "$folder" "$file" "$checksum"; then
        mv "$folder/$file" "$sources/"
    else
        echo "sources: apt does not have $file as it was:" >&2
        cat "$folder/log" >&2
        status=1
    fi
done <"$table"
exit $status
