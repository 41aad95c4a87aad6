# Read by scripts that fetch packages of Debian for another machine (`. scripts/apt_world.sh`): no root, and nothing of
# this machine's apt changes. $tools is the folder that everything lies below.

say() { printf '%s\n' "$*" >&2; }

command -v apt-get >/dev/null || { say "this needs Debian's apt-get"; exit 1; }
# Debian's archive as this machine's own apt knows it
archive=$(apt-get indextargets --format '$(REPO_URI)' | grep -m1 '/debian/*$') || archive=
[ -n "$archive" ] || { say "apt knows no archive of Debian here: apt-get update, and again"; exit 1; }

# A world of its own for apt: its lists, its architecture, an empty set of installed packages. `in_world` asks there.
world() { # name suite architecture
    mkdir -p "$tools/$1/etc/apt/apt.conf.d" "$tools/$1/etc/apt/preferences.d" "$tools/$1/var/lib/apt/lists/partial" \
        "$tools/$1/var/cache/apt/archives/partial" "$tools/$1/var/lib/dpkg"
    : >"$tools/$1/var/lib/dpkg/status"
    for kind in deb deb-src; do
        echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $2 main"
    done >"$tools/$1/etc/apt/sources.list"
    printf 'Dir "%s";\nDir::State::status "%s";\nAPT::Architecture "%s";\nAPT::Architectures "%s";\nAPT::Sandbox::User "";\n' \
        "$tools/$1" "$tools/$1/var/lib/dpkg/status" "$3" "$3" >"$tools/$1.conf"
    in_world "$1" update
}

in_world() { # name, then apt-get's own words
    conf=$tools/$1.conf
    shift
    APT_CONFIG=$conf apt-get -qq "$@"
}

unpack() { # folder packages: without root, and without what a package runs when it is installed
    to=$1
    shift
    mkdir -p "$to"
    for package in "$@"; do
        dpkg-deb -x "$package" "$to"
    done
}
