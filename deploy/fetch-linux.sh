#!/bin/sh
# Fetches a real guest: Debian 12's arm64 cloud kernel and static busybox.
#
# Usage: deploy/fetch-linux.sh [--update] [OUTPUT]        (default: .cache/linux)
#
# Leaves OUTPUT/vmlinuz, OUTPUT/busybox and OUTPUT/versions. Does nothing if they are there and unchanged; --update looks for
# newer packages. Needs apt, dpkg and Debian's archive keyring, but neither root nor the host's package lists: apt works in
# folders of its own below OUTPUT, and verifies signatures as ever. ARMADA_DEBIAN_MIRROR and ARMADA_DEBIAN_SECURITY_MIRROR
# name other mirrors.
set -eu
cd "$(dirname "$0")/.."

update=
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
output=${1:-.cache/linux}
mirror=${ARMADA_DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${ARMADA_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "fetch-linux: $*" >&2
    exit 1
}
complete() { [ -f "$output/sums" ] && (cd "$output" && sha256sum --check --status sums); }

[ -n "$update" ] || ! complete || exit 0
for tool in apt-get apt-cache dpkg-deb; do
    command -v $tool >/dev/null || fail "$tool is missing; this script needs a Debian or Ubuntu host"
done
[ -f $keyring ] || fail "$keyring is missing; install debian-archive-keyring"

mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$output/apt
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/none" "$work/root"
: >"$work/status"
cat >"$work/sources.list" <<END
deb [signed-by=$keyring] $mirror bookworm main
deb [signed-by=$keyring] $mirror bookworm-updates main
deb [signed-by=$keyring] $security bookworm-security main
END
# Read after the host's own settings, of which proxies stay; hooks would work on the host's state.
cat >"$work/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$work";
Dir::State::status "$work/status";
Dir::State::Lists "$work/lists";
Dir::Cache "$work";
Dir::Cache::Archives "$work/archives";
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "$work/none";
Dir::Etc::Preferences "$work/none";
Dir::Etc::PreferencesParts "$work/none";
END

apt-get -qq -c "$work/apt.conf" update || fail "cannot read Debian's package lists from $mirror"
kernel=$(apt-cache -c "$work/apt.conf" depends linux-image-cloud-arm64 |
    sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
[ -n "$kernel" ] || fail "linux-image-cloud-arm64 depends on no kernel package"
echo "fetch-linux: $kernel and busybox-static from $mirror"

rm -rf "$work/root" "$work"/*.deb
mkdir "$work/root"
(cd "$work" && apt-get -qq -c "$work/apt.conf" download "$kernel" busybox-static) || fail "cannot download the packages"
: >"$work/versions"
for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/root"
    dpkg-deb -f "$package" Package Version >>"$work/versions"
done

# An uncompressed Image has its magic at 56; Armada also takes a gzip-ed one.
image=$(echo "$work"/root/boot/vmlinuz-*)
busybox=$work/root/bin/busybox
[ -f "$busybox" ] || busybox=$work/root/usr/bin/busybox
magic=$(dd if="$image" bs=1 skip=56 count=4 2>/dev/null | tr -d '\0')
gzip=$(dd if="$image" bs=1 count=2 2>/dev/null | od -An -tx1 | tr -d ' ')
[ "$magic" = ARMd ] || [ "$gzip" = 1f8b ] || fail "$kernel holds no arm64 Image"
machine=$(dd if="$busybox" bs=1 skip=18 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
[ "$machine" = 183 ] || fail "busybox-static holds no AArch64 program"

cp "$image" "$output/vmlinuz"
cp "$busybox" "$output/busybox"
cp "$work/versions" "$output/versions"
chmod 644 "$output/vmlinuz"
(cd "$output" && sha256sum vmlinuz busybox versions >sums)
rm -rf "$work"
