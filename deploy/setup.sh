#!/usr/bin/env bash
# Installs the Debian packages that are missing, or prints the apt-get line if this user may not.
#
# Usage: deploy/setup.sh NEED...      NEED: build, test, linux or bench
set -euo pipefail

declare -A packages=(
    [build]="libprotobuf-c-dev libfdt-dev zlib1g-dev libvixl-dev pkg-config"
    [test]="protobuf-c-compiler device-tree-compiler libunicorn-dev qemu-system-arm qemu-user spin llvm gcc tmux gzip python3 debian-archive-keyring chromium"
    [linux]="gzip debian-archive-keyring"
    [bench]="qemu-system-arm gzip debian-archive-keyring python3"
)

if ! command -v swift >/dev/null; then
    echo "setup: no swift in PATH; install the Swift 6.3 toolchain (https://swift.org/install)" >&2
    exit 1
fi

wanted=()
for need in "$@"; do
    if [ -z "${packages[$need]:-}" ]; then
        echo "setup: unknown need '$need'; give any of: ${!packages[*]}" >&2
        exit 64
    fi
    read -ra list <<<"${packages[$need]}"
    wanted+=("${list[@]}")
done
if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian; install what these Debian packages hold: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    # "|| true": dpkg-query fails for a package that it has never heard of.
    state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [[ $state == ii* ]] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
else
    echo "setup: packages are missing; run as root:  $line" >&2
    exit 1
fi
echo "setup: $line"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
    echo "setup: apt-get failed; run as root:  $line" >&2
    exit 1
}
