#!/usr/bin/env bash
# The comparison of A64 of each CI run: a million comparisons at least, from one seed, and every row; and checks that the
# committed docs/coverage.md is what it makes. With --write, updates the page.
set -euo pipefail
cd "$(dirname "$0")/.."

page=docs/coverage.md
swift build -c release --package-path Fuzzing --product fuzz-a64
if [ "${1:-}" = --write ]; then
    fresh=$page
else
    fresh=$(mktemp)
    trap 'rm -f "$fresh"' EXIT
fi
Fuzzing/.build/release/fuzz-a64 --seed 1 --rounds 260 --minimum 1000000 --coverage "$fresh"
if ! diff -u --label "$page" --label generated "$page" "$fresh" >&2; then
    echo "check-coverage: $page does not match the rows; run deploy/check-coverage.sh --write" >&2
    exit 1
fi
