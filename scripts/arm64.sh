#!/bin/sh
# An arm64 bundle built here and executed under emulation: `make arm64`.
# Needs Debian's apt (no root): QEMU 10 from bookworm-backports, since 7.2 crashes in ONNX Runtime, and an arm64 Python,
# both unpacked below .tools/arm64 and installed nowhere. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/.tools/arm64

say() { printf '%s\n' "$*" >&2; }

# A world of its own for apt: its lists, its architecture, an empty set of installed packages.
world() { # name suite architecture
    mkdir -p "$tools/$1/etc/apt/apt.conf.d" "$tools/$1/etc/apt/preferences.d" "$tools/$1/var/lib/apt/lists/partial" \
        "$tools/$1/var/cache/apt/archives/partial" "$tools/$1/var/lib/dpkg"
    : >"$tools/$1/var/lib/dpkg/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $2 main" \
        >"$tools/$1/etc/apt/sources.list"
    printf 'Dir "%s";\nDir::State::status "%s";\nAPT::Architecture "%s";\nAPT::Architectures "%s";\nAPT::Sandbox::User "";\n' \
        "$tools/$1" "$tools/$1/var/lib/dpkg/status" "$3" "$3" >"$tools/$1.conf"
}

if [ ! -e "$tools/.installed" ]; then
    command -v apt-get >/dev/null || { say "this needs Debian's apt-get"; exit 1; }
    # Debian's archive as this machine's own apt knows it
    archive=$(apt-get indextargets --format '$(REPO_URI)' | grep -m1 '/debian/*$') || archive=
    [ -n "$archive" ] || { say "apt knows no archive of Debian here: apt-get update, and again"; exit 1; }
    say "fetching QEMU 10 and an arm64 Python (apt)"
    rm -rf "$tools"
    mkdir -p "$tools/rootfs" "$tools/qemu"
    world host bookworm-backports amd64
    world guest bookworm arm64
    APT_CONFIG=$tools/host.conf apt-get -qq update
    APT_CONFIG=$tools/guest.conf apt-get -qq update
    (cd "$tools/qemu" && APT_CONFIG=$tools/host.conf apt-get -qq download qemu-user && dpkg-deb -x qemu-user_*.deb .)
    APT_CONFIG=$tools/guest.conf apt-get -qq install -y --no-install-recommends --download-only python3.11 libstdc++6 >/dev/null
    for package in "$tools"/guest/var/cache/apt/archives/*.deb; do
        dpkg-deb -x "$package" "$tools/rootfs"
    done
    touch "$tools/.installed"
fi
exec .venv/bin/python scripts/arm64.py "$tools/qemu/usr/bin/qemu-aarch64" "$tools/rootfs"
