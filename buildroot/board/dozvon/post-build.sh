#!/bin/sh
# What a slot's tree needs beside its packages and ../image/rootfs. Buildroot calls it with the tree's path.
set -eu
tree=$1

# Buildroot's way to start things: here init's table (../image/rootfs/etc/inittab) says everything.
rm -f "$tree"/etc/init.d/S[0-9]* "$tree/etc/init.d/rcS" "$tree/etc/init.d/rcK" "$tree/etc/fstab" "$tree/etc/issue"

# The root is read-only; what changes is in memory or on the data partition.
rm -rf "${tree:?}/var"
ln -s run/var "$tree/var"
mkdir -p "$tree/data" "$tree/mnt" "$tree/etc/dozvon"
: >"$tree/etc/machine-id"

# No size for nothing: manuals and what only programmers want are removed by Buildroot, these are not.
rm -rf "$tree/usr/share/util-linux" "$tree/usr/share/et" "$tree/usr/share/ss" "$tree/boot/grub" "$tree/lib/grub" "$tree/usr/lib/grub"

version=${DOZVON_VERSION:-$("$tree/usr/bin/dozvon" --version | cut -d ' ' -f 2)}
printf 'product=dozvon-x86_64\nversion=%s\nformat=1\nbuilt=%s\n' "$version" "${SOURCE_DATE_EPOCH:-$(date +%s)}" >"$tree/etc/dozvon/release"
[ -z "${DOZVON_TRUST-}" ] || cp "$DOZVON_TRUST" "$tree/etc/dozvon/update.pub"
