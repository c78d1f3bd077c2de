#!/usr/bin/env bash
# Checks that docs/nisv.md is what the instruction set's loads and stores make of it, as `swift test` does; with --write,
# updates the page.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --write ]; then export ARMADA_WRITE_NISV=1; fi
swift test --filter CoordinatorTests.NISVTableTests
