# SPDX-License-Identifier: MIT
# Sourced by the other scripts.

# newest TOOL: of LLVM's tools, the newest installed.
newest() {
    local version
    for version in {40..14}; do
        command -v "$1-$version" && return
    done
    command -v "$1"
}
