#!/bin/sh
# A Python of Debian's for another processor, run by QEMU: `scripts/emulated.sh armhf|arm64|riscv64|s390x`.
# .tools/machines/NAME/python starts it. Needs Debian's apt (no root, no chroot, no binfmt): QEMU 10 from
# bookworm-backports, since 7.2 crashes in ONNX Runtime, and the packages of that Python, all unpacked below
# .tools/machines and installed nowhere. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/.tools/machines
name=${1:-}
case $name in
    armhf) emulator=qemu-arm suite=bookworm python=python3.11 more= ;;
    # -cpu: an old core, without what ONNX Runtime would rather use; libstdc++6: its library's
    arm64) emulator="qemu-aarch64 -cpu cortex-a53" suite=bookworm python=python3.11 more=libstdc++6 ;;
    # a release architecture since trixie
    riscv64) emulator=qemu-riscv64 suite=trixie python=python3.13 more= ;;
    s390x) emulator=qemu-s390x suite=bookworm python=python3.11 more= ;;
    *) echo "usage: scripts/emulated.sh armhf|arm64|riscv64|s390x" >&2; exit 2 ;;
esac
[ ! -x "$tools/$name/python" ] || exit 0
. scripts/apt_world.sh

if [ ! -x "$tools/qemu/qemu-arm" ]; then
    say "fetching QEMU 10 (apt)"
    rm -rf "$tools/qemu" "$tools/qemu-apt"
    world qemu-apt bookworm-backports "$(dpkg --print-architecture)"
    (cd "$tools/qemu-apt" && in_world qemu-apt download qemu-user)
    unpack "$tools/qemu-apt/root" "$tools/qemu-apt"/qemu-user_*.deb
    mkdir "$tools/qemu"
    for one in aarch64 riscv64 s390x arm; do
        mv "$tools/qemu-apt/root/usr/bin/qemu-$one" "$tools/qemu"
    done
    rm -r "$tools/qemu-apt" "$tools/qemu-apt.conf"
fi

say "fetching Debian's $python for $name (apt)"
rm -rf "$tools/$name" "$tools/$name-apt"
world "$name-apt" "$suite" "$name"
# shellcheck disable=SC2086 # several words are several packages
in_world "$name-apt" install -y --no-install-recommends --download-only $python $more >/dev/null
root=$tools/$name/root
unpack "$root" "$tools/$name-apt/var/cache/apt/archives"/*.deb
# what the package base-files would make: the loader is asked for under /lib
[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
rm -r "$tools/$name-apt" "$tools/$name-apt.conf"
cat >"$tools/$name/python" <<END
#!/bin/sh
exec "$tools/qemu"/$emulator -L "$root" "$root/usr/bin/$python" "\$@"
END
chmod +x "$tools/$name/python"
