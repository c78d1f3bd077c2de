#!/usr/bin/env bash
# Checks that the committed manual page is what the command's own help texts make; with --write, updates it.
set -euo pipefail
cd "$(dirname "$0")/.."

page=deploy/man/armada.1
# The debug build is the one that `swift test` needs too.
swift package generate-manual --configuration debug >/dev/null
fresh=$(find .build/plugins/GenerateManual/outputs -name armada.1 | head -n 1)
if [ -z "$fresh" ]; then
    echo "check-man: swift package generate-manual made no armada.1" >&2
    exit 1
fi
# Its date is the day it was made on.
dated=$(git log -1 --format=%cd --date=format:'%B %-d, %Y' 2>/dev/null || true)
if [ "${1:-}" = --write ]; then
    sed "s/^\.Dd .*/.Dd ${dated:-$(date '+%B %-d, %Y')}/" "$fresh" >"$page"
    exit 0
fi
if ! diff -u --label "$page" --label generated <(sed '/^\.Dd /d' "$page") <(sed '/^\.Dd /d' "$fresh"); then
    echo "check-man: $page does not match the help texts; run deploy/check-man.sh --write" >&2
    exit 1
fi
