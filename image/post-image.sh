#!/bin/bash
# Makes disk.img of a slot and a boot loader, whoever made these: Buildroot calls it last (BR2_ROOTFS_POST_IMAGE_SCRIPT), scripts/image too.
# In BINARIES_DIR: rootfs.squashfs, grub.img (core.img for i386-pc), efi-part/EFI/BOOT/bootx64.efi. BOOT_IMG is GRUB's boot.img;
# without it Buildroot's, which is in BUILD_DIR.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$BINARIES_DIR"

# One slot's content: what a slow line can bring, and far from what the partition holds.
limit=$((24 * 1024 * 1024))
size=$(stat -Lc %s rootfs.squashfs)
if [ "$size" -gt "$limit" ]; then
    echo "post-image.sh: rootfs.squashfs has $size bytes, a slot takes $limit" >&2
    exit 1
fi

rm -rf grub
mkdir grub
cp "$here/grub.cfg" grub/
echo 1 >grub/dozvon-esp.id
{
    printf '# GRUB Environment Block\nslot=a\ntrial=\ntries=\nfailed=\n'
    head -c 1024 /dev/zero | tr '\0' '#'
} | head -c 1024 >grub/grubenv || [ "$(stat -c %s grub/grubenv)" = 1024 ]
rm -f efi-part/EFI/BOOT/grub.cfg

# Number as so many bytes, the lowest first.
bytes() {
    local number=$1 count=$2 text=
    while [ "$count" -gt 0 ]; do
        text+="\\x$(printf %02x $((number & 255)))"
        number=$((number >> 8))
        count=$((count - 1))
    done
    # shellcheck disable=SC2059 # the format is the content
    printf "$text"
}

# GRUB without grub-install: boot.img is told that core.img starts at sector 2048, core.img that its rest follows there, and where in
# memory that goes.
if [ -z "${BOOT_IMG-}" ]; then BOOT_IMG=$(echo "$BUILD_DIR"/grub2-*/build-i386-pc/grub-core/boot.img); fi
head -c 440 "$BOOT_IMG" >boot-patched.img
cp grub.img core-patched.img
sectors=$((($(stat -c %s grub.img) + 511) / 512))
bytes 2048 8 | dd of=boot-patched.img bs=1 seek=92 conv=notrunc status=none
{ bytes 2049 8; bytes $((sectors - 1)) 2; bytes $((0x820)) 2; } | dd of=core-patched.img bs=1 seek=500 conv=notrunc status=none

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/root"
genimage --rootpath "$scratch/root" --tmppath "$scratch/tmp" --inputpath . --outputpath . --config "$here/genimage.cfg"
