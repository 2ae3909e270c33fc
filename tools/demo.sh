#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# See it work: build the echo server as a component of WASI 0.2, start it under
# the newest wasmtime in .hosts/bin, talk to it, and leave it running until
# Ctrl-C.
#
#   tools/demo.sh [PORT]
set -euo pipefail
cd "$(dirname "$0")/.."
port=${1:-8080}
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
    echo "usage: tools/demo.sh [PORT], 1 to 65535" >&2
    exit 2
fi

tools/setup.sh
{ cmake --preset wasip2 && cmake --build --preset wasip2; } >build.log 2>&1 || {
    cat build.log >&2
    exit 1
}
rm -f build.log

# Connecting succeeds as soon as somebody, whoever it is, listens there.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
if answers; then
    echo "demo: port $port is in use; try tools/demo.sh $((port + 1))" >&2
    exit 1
fi

wasmtime=$(printf '%s\n' .hosts/bin/wasmtime-* | sort -V | tail -n 1)
command=("$wasmtime" run -S inherit-network
    --env "WASOCK_LISTEN=127.0.0.1:$port" build/wasip2/examples/tcpecho.wasm)
echo "\$ ${command[*]}"
env -u RUST_BACKTRACE "${command[@]}" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
trap 'exit 0' INT TERM
until answers; do
    kill -0 $server 2>/dev/null || {
        echo "demo: the server ended before it answered" >&2
        exit 1
    }
done

exec 3<>"/dev/tcp/127.0.0.1/$port"
echo "sent:     hello from outside the sandbox"
echo "hello from outside the sandbox" >&3
IFS= read -r line <&3
echo "received: $line"
exec 3>&-
cat <<END

The server goes on. In another terminal:

    bash -c 'exec 3<>/dev/tcp/127.0.0.1/$port; echo hello >&3; head -n 1 <&3'

or nc 127.0.0.1 $port, and type. Ctrl-C ends it.
END
wait $server
