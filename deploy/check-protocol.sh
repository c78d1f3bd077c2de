#!/usr/bin/env bash
# Checks with Spin, exhaustively within its bounds, that no wake-up is lost between coordinator and worker; and that
# the check finds it when a step of the protocol is left out (the mutations of Tests/Protocol/entry.pml).
set -euo pipefail
cd "$(dirname "$0")/.."

model=$PWD/Tests/Protocol/entry.pml
bounds="-DDEVICE=1 -DEXITS=1 -DSGIS=1 -DFOREIGN_REQUESTS=1"
for tool in spin gcc; do
    command -v "$tool" >/dev/null || { echo "check-protocol: $tool is missing: run deploy/setup.sh test" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# check MUTATION PROPERTY EXPECTED: verifies the property, with weak fairness, or "assertions": those and stuck processes.
check() {
    # shellcheck disable=SC2086
    spin $bounds ${1:+-D$1} -a "$model" >spin.log 2>&1 || { cat spin.log >&2; exit 1; }
    if [ "$2" = assertions ]; then
        gcc -O2 -DNOCLAIM -DSAFETY -o pan pan.c
        ./pan -m200000 >pan.log 2>&1 || true
    else
        gcc -O2 -DNFAIR=3 -o pan pan.c
        ./pan -m200000 -a -f -N "$2" >pan.log 2>&1 || true
    fi
    errors=$(grep -oE 'errors: [0-9]+' pan.log | cut -d' ' -f2)
    if [ -z "$errors" ] || grep -q 'max search depth too small' pan.log; then
        cat pan.log >&2
        exit 1
    fi
    echo "check-protocol: ${1:-the protocol}, $2: $errors errors, $(grep -oE '[0-9]+ states, stored' pan.log | head -1)"
    if [ $((errors > 0)) -ne "$3" ]; then
        echo "check-protocol: ${1:-the protocol} ought to have $3 errors" >&2
        cat pan.log >&2
        exit 1
    fi
}

for property in assertions interruptTaken requestServed runEnds; do check "" $property 0; done
for mutation in NO_RECHECK NO_BARRIER; do check $mutation requestServed 1; done
check EAGER_WAKE assertions 1
for mutation in NO_DOORBELL NO_MODE NO_WAKE NO_PENDING NO_ATTACH EARLY_FRAME; do check $mutation interruptTaken 1; done
