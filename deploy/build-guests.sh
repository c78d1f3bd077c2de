#!/bin/sh
# Builds the guest programs with the Swift toolchain's own clang, lld and objcopy.
#
# Usage: deploy/build-guests.sh [OUTPUT]        (default: Guests/build)
#
# For each program NAME: OUTPUT/NAME, an arm64 Image, and OUTPUT/NAME.elf, the same with symbols. Does nothing if all of
# them are newer than the sources. Also OUTPUT/oneinsn, which is a program for Linux.
set -eu
cd "$(dirname "$0")/.."
output=${1:-Guests/build}

swift=$(command -v swift) || {
    echo "build-guests: no swift in PATH; install the Swift 6.3 toolchain (https://swift.org/install)" >&2
    exit 1
}
tools=$(dirname "$(readlink -f "$swift")")
if [ ! -x "$tools/clang" ] || [ ! -x "$tools/llvm-objcopy" ]; then
    # A version manager's proxy stands in PATH: ask it for the real place.
    tools=$(dirname "$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)\/lib\/swift".*/\1\/bin\/x/p')")
fi
for tool in clang ld.lld llvm-objcopy; do
    [ -x "$tools/$tool" ] || { echo "build-guests: the Swift toolchain at $tools has no $tool" >&2; exit 1; }
done

if [ -f "$output/.complete" ] &&
    [ -z "$(find Guests/lib Guests/programs Guests/kernels Guests/stress Guests/user deploy/build-guests.sh -type f -newer "$output/.complete")" ]; then
    exit 0
fi
rm -f "$output/.complete"
mkdir -p "$output/objects"

flags="--target=aarch64-none-elf -mcpu=cortex-a57 -ffreestanding -nostdlib -mgeneral-regs-only -mstrict-align
    -mno-outline-atomics -fno-pic -O2 -g -std=c17 -Wall -Wextra -Werror -Wno-gnu-statement-expression -IGuests/lib"

compile() { # SOURCE: prints the object's path
    object="$output/objects/$(echo "$1" | tr / -).o"
    # shellcheck disable=SC2086
    "$tools/clang" $flags -c "$1" -o "$object"
    echo "$object"
}
link() { # NAME OBJECT...
    name=$1
    shift
    "$tools/ld.lld" -T Guests/lib/guest.ld -z max-page-size=4096 --gc-sections "$@" -o "$output/$name.elf"
    "$tools/llvm-objcopy" -O binary "$output/$name.elf" "$output/$name"
}

library=
for source in Guests/lib/*.S Guests/lib/*.c; do library="$library $(compile "$source")"; done
kernel_main=$(compile Guests/kernels/main.c)

# shellcheck disable=SC2086
for source in Guests/programs/*.c; do
    link "$(basename "$source" .c)" $library "$(compile "$source")"
done
for source in Guests/programs/*.S; do
    link "$(basename "$source" .S)" "$(compile "$source")"
done
# shellcheck disable=SC2086
for source in Guests/kernels/*.c; do
    [ "$source" = Guests/kernels/main.c ] || link "$(basename "$source" .c)" $library "$kernel_main" "$(compile "$source")"
done

# The guest of `armada stress`.
objects=
for source in Guests/stress/*.c; do objects="$objects $(compile "$source")"; done
# shellcheck disable=SC2086
link stress $library $objects

# For qemu-aarch64: Linux programs without a library.
for source in Guests/user/oneinsn.c Guests/user/oneinsn.S; do
    "$tools/clang" --target=aarch64-linux-gnu -ffreestanding -nostdlib -mgeneral-regs-only -fno-stack-protector -fno-pic \
        -O2 -std=c17 -Wall -Wextra -Werror -c "$source" -o "$output/objects/$(basename "$source").o"
done
"$tools/ld.lld" -static -z noexecstack "$output/objects/oneinsn.c.o" "$output/objects/oneinsn.S.o" -o "$output/oneinsn"
"$tools/clang" --target=aarch64-linux-gnu -ffreestanding -nostdlib -static -fuse-ld=lld -fno-stack-protector -O2 -std=c17 \
    -Wall -Wextra -Werror -Wl,-e,start Guests/user/decode.c -o "$output/decode"
# For the initramfs.
for program in traced stressed; do
    # One file, or a folder of them.
    sources=Guests/user/$program.c
    [ -f "$sources" ] || sources=$(echo Guests/user/$program/*.c)
    # shellcheck disable=SC2086
    "$tools/clang" --target=aarch64-linux-gnu -ffreestanding -nostdlib -static -fuse-ld=lld -fno-stack-protector -O2 \
        -std=c17 -mgeneral-regs-only -mno-outline-atomics -Wall -Wextra -Werror -Wl,-e,start $sources -o "$output/$program"
done
touch "$output/.complete"
