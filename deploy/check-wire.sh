#!/usr/bin/env bash
# Checks that the committed protobuf-c code is what protoc-c makes of vcpu.proto; with --write, updates it.
set -euo pipefail
cd "$(dirname "$0")/.."

source_directory=Sources/CWire
if ! command -v protoc-c >/dev/null; then
    echo "check-wire: protoc-c is missing: apt-get install protobuf-c-compiler" >&2
    exit 1
fi
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
(cd "$source_directory" && protoc-c --c_out="$fresh" vcpu.proto)

if [ "${1:-}" = --write ]; then
    cp "$fresh/vcpu.pb-c.c" "$source_directory/vcpu.pb-c.c"
    cp "$fresh/vcpu.pb-c.h" "$source_directory/include/vcpu.pb-c.h"
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
compare "$source_directory/vcpu.pb-c.c" "$fresh/vcpu.pb-c.c"
compare "$source_directory/include/vcpu.pb-c.h" "$fresh/vcpu.pb-c.h"
if [ $status -ne 0 ]; then
    echo "check-wire: the committed code does not match vcpu.proto; run deploy/check-wire.sh --write" >&2
fi
exit $status
