#!/usr/bin/env bash
# Checks that the committed protobuf-c code is what protoc-c makes of vcpu.proto and control.proto; with --write, updates
# it.
set -euo pipefail
cd "$(dirname "$0")/.."

source_directory=Sources/CWire
protocols=(vcpu control)
if ! command -v protoc-c >/dev/null; then
    echo "check-wire: protoc-c is missing: apt-get install protobuf-c-compiler" >&2
    exit 1
fi
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
(cd "$source_directory" && protoc-c --c_out="$fresh" "${protocols[@]/%/.proto}")

if [ "${1:-}" = --write ]; then
    for protocol in "${protocols[@]}"; do
        cp "$fresh/$protocol.pb-c.c" "$source_directory/$protocol.pb-c.c"
        cp "$fresh/$protocol.pb-c.h" "$source_directory/include/$protocol.pb-c.h"
    done
    exit 0
fi

# Another release of protoc-c writes another oldest and own version into the header; that alone is no difference.
without_version() { sed -E 's/PROTOBUF_C_(MIN_COMPILER_)?VERSION(_NUMBER)? < [0-9]+|[0-9]+ < PROTOBUF_C_MIN_COMPILER_VERSION/VERSION/' "$1"; }
status=0
compare() {
    if ! diff -u --label "$1" --label "generated" <(without_version "$1") <(without_version "$2"); then
        status=1
    fi
}
for protocol in "${protocols[@]}"; do
    compare "$source_directory/$protocol.pb-c.c" "$fresh/$protocol.pb-c.c"
    compare "$source_directory/include/$protocol.pb-c.h" "$fresh/$protocol.pb-c.h"
done
if [ $status -ne 0 ]; then
    echo "check-wire: the committed code does not match its .proto files; run deploy/check-wire.sh --write" >&2
fi
exit $status
