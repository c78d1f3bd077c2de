#!/bin/sh
# Packs busybox, deploy/initramfs/init and programs of ours into an initramfs, with nothing but POSIX tools and gzip.
#
# Usage: deploy/make-initramfs.sh [LINUX]        (default: .cache/linux, as deploy/fetch-linux.sh leaves it)
#
# Writes LINUX/initrd.gz, unless it is newer than all that it is made of. The same input gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
linux=${1:-.cache/linux}
init=deploy/initramfs/init
programs="Guests/build/traced Guests/build/stressed"
output=$linux/initrd.gz

[ -f "$linux/busybox" ] || {
    echo "make-initramfs: $linux/busybox is missing; run deploy/fetch-linux.sh first" >&2
    exit 1
}
for program in $programs; do
    [ -f "$program" ] || deploy/build-guests.sh
done
# shellcheck disable=SC2086
if [ -f "$output" ] && [ -z "$(find "$linux/busybox" "$init" $programs deploy/make-initramfs.sh -newer "$output")" ]; then
    exit 0
fi

inode=0
padding() { # BYTES: up to the next multiple of 4
    head -c $(((4 - $1 % 4) % 4)) /dev/zero
}
# One entry of the "newc" format: hexadecimal numbers of eight digits, the name, the content, each padded.
entry() { # NAME MODE SIZE [MAJOR MINOR]
    inode=$((inode + 1))
    printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\0' \
        $inode $(($2)) 0 0 1 0 "$3" 0 0 "${4:-0}" "${5:-0}" $((${#1} + 1)) 0 "$1"
    padding $((110 + ${#1} + 1))
}
directory() { entry "$1" 0040755 0; }
device() { entry "$1" 0020600 0 "$2" "$3"; }
file() { # NAME SOURCE
    size=$(wc -c <"$2")
    entry "$1" 0100755 "$size"
    cat "$2"
    padding "$size"
}
link() { # NAME TARGET
    entry "$1" 0120777 ${#2}
    printf %s "$2"
    padding ${#2}
}

{
    for path in bin dev proc root sys tmp; do directory $path; done
    device dev/console 5 1
    file bin/busybox "$linux/busybox"
    link bin/sh busybox
    for program in $programs; do file "bin/${program##*/}" "$program"; done
    file init "$init"
    entry TRAILER!!! 0 0
} | gzip -9n >"$output.new"
mv "$output.new" "$output"
