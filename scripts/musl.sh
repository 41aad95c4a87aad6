#!/bin/sh
# CPython on musl in place of glibc: .tools/machines/musl/python. Built from Debian's source with Debian's gcc and musl,
# unpacked below .tools/machines and installed nowhere. Needs Debian's apt (no root), gcc and make, and some minutes.
# ctypes is in it, so that a library of glibc's is refused by the loader, as on Alpine; zlib, OpenSSL and the like are
# not. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/.tools/machines
[ ! -x "$tools/musl/python" ] || exit 0
. scripts/apt_world.sh
for program in gcc make; do
    command -v $program >/dev/null || { say "this needs $program: apt-get install build-essential"; exit 1; }
done
[ "$(uname -m)" = x86_64 ] || { say "this builds for x86_64 alone"; exit 1; }

say "fetching musl and CPython's source (apt)"
rm -rf "$tools/musl" "$tools/musl-apt"
world musl-apt trixie amd64
work=$tools/musl-apt/work
mkdir -p "$work/source" "$work/build"
(
    cd "$work"
    in_world musl-apt download musl musl-dev musl-tools libffi-dev
    in_world musl-apt source --download-only python3.13
)
unpack "$tools/musl/root" "$work"/*.deb
tar -xJf "$work"/python3.13_*.orig.tar.xz -C "$work/source" --strip-components=1

# Debian's own specs, with the places where these packages lie; the loader is musl's, which is its C library, too.
root=$tools/musl/root specs=$tools/musl/gcc.specs
sed -e "s,/usr/\(include\|lib\)/x86_64-linux-musl,$root&,g" -e "s,/lib/ld-musl-x86_64.so.1,$root/usr&," \
    "$root/usr/lib/x86_64-linux-musl/musl-gcc.specs" >"$specs"
cat >"$tools/musl/gcc" <<END
#!/bin/sh
# --print-multiarch: gcc's own answer is glibc's, which CPython's configure holds against what it compiles.
[ "\${1:-}" != --print-multiarch ] || exec echo x86_64-linux-musl
exec gcc "\$@" -specs "$specs"
END
chmod +x "$tools/musl/gcc"

say "building CPython (ten minutes at most on 2 cores; $work/build/make.log)"
(
    cd "$work/build"
    ffi=$root/usr/include/x86_64-linux-gnu libffi=$root/usr/lib/x86_64-linux-gnu/libffi_pic.a
    # PKG_CONFIG: this machine's libraries are glibc's
    CC=$tools/musl/gcc PKG_CONFIG=false LIBFFI_CFLAGS="-I$ffi" LIBFFI_LIBS=$libffi \
        ../source/configure --prefix="$tools/musl" --without-ensurepip --disable-test-modules --without-static-libpython \
        >configure.log 2>&1 || { tail -n 20 configure.log >&2; exit 1; }
    { nice -n 5 make -s -j2 && make -s install; } >make.log 2>&1 || { tail -n 20 make.log >&2; exit 1; }
)
rm -r "$tools/musl-apt" "$tools/musl-apt.conf"
ln -s bin/python3.13 "$tools/musl/python"
