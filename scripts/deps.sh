#!/usr/bin/env bash
# Installs what is missing for building (the default), for `make demo`, or for `make test`: with apt on
# Debian and Ubuntu, as root or through sudo. Elsewhere it prints the command that installs it.
# Usage: scripts/deps.sh [build|demo|test]
set -euo pipefail
goal=${1:-build}

# The goal; what to look for: a pkg-config module, a program (cmd:), a file (file:), a font (font:), a
# Python module (py:) or a compiler's sanitizers (san:); then the package on Debian, Arch and Fedora ("-": there is none).
# core is what capydeck alone is built from, which is all that the demo needs.
table='
core   cmd:cc                 gcc                       gcc              gcc
core   cmd:make               make                      make             make
core   file:/usr/include/stdlib.h libc6-dev             glibc            glibc-devel
core   cmd:pkg-config         pkg-config                pkgconf          pkgconf-pkg-config
core   libwebsockets          libwebsockets-dev         libwebsockets    libwebsockets-devel
core   libcjson               libcjson-dev              cjson            cjson-devel
core   libcrypto              libssl-dev                openssl          openssl-devel
core   avahi-client           libavahi-client-dev       avahi            avahi-devel
core   avahi-core             libavahi-core-dev         avahi            avahi-devel
build  libcurl                libcurl4-openssl-dev      curl             libcurl-devel
build  sdl2                   libsdl2-dev               sdl2             SDL2-devel
build  SDL2_ttf               libsdl2-ttf-dev           sdl2_ttf         SDL2_ttf-devel
build  x11                    libx11-dev                libx11           libX11-devel
build  xext                   libxext-dev               libxext          libXext-devel
build  pangocairo             libpango1.0-dev           pango            pango-devel
demo   cmd:python3            python3                   python           python3
demo   py:vdf                 python3-vdf               python-vdf       python3-vdf
test   check                  check                     check            check-devel
test   cmd:git                git                       git              git
test   cmd:clang              clang                     clang            clang
test   cmd:clang-format       clang-format              clang            clang-tools-extra
test   san:clang              libclang-rt-CLANG-dev     compiler-rt      compiler-rt
test   san:gcc                -                         -                libasan,libubsan,libtsan
test   cmd:python3            python3                   python           python3
test   py:vdf                 python3-vdf               python-vdf       python3-vdf
test   py:zeroconf            python3-zeroconf          python-zeroconf  python3-zeroconf
test   py:ensurepip           python3-venv              python           python3
test   cmd:node               nodejs                    nodejs           nodejs
test   cmd:npm                npm                       npm              nodejs-npm
test   cmd:openssl            openssl                   openssl          openssl
test   cmd:pgrep              procps                    procps-ng        procps-ng
test   cmd:ip                 iproute2                  iproute2         iproute
test   cmd:avahi-daemon       avahi-daemon              avahi            avahi
test   cmd:avahi-browse       avahi-utils               avahi            avahi-tools
test   cmd:dbus-daemon        dbus                      dbus             dbus-daemon
test   cmd:mkfs.ext4          e2fsprogs                e2fsprogs        e2fsprogs
test   cmd:mkfs.exfat         exfatprogs               exfatprogs       exfatprogs
test   cmd:mount.exfat-fuse   exfat-fuse               exfat-utils      fuse-exfat
test   cmd:mkfs.vfat          dosfstools               dosfstools       dosfstools
test   cmd:mkfs.ntfs          ntfs-3g                  ntfs-3g          ntfsprogs
test   cmd:mkfs.btrfs         btrfs-progs              btrfs-progs      btrfs-progs
test   cmd:tmux               tmux                      tmux             tmux
test   cmd:Xvfb               xvfb                      xorg-server-xvfb xorg-x11-server-Xvfb
test   cmd:openbox            openbox                   openbox          openbox
test   cmd:picom              picom                     picom            picom
test   cmd:weston             weston                    weston           weston
test   cmd:xdotool            xdotool                   xdotool          xdotool
test   cmd:xprop              x11-utils                 xorg-xprop       xprop
test   cmd:xwininfo           x11-utils                 xorg-xwininfo    xwininfo
test   cmd:identify           imagemagick               imagemagick      ImageMagick
test   cmd:chromium           chromium                  chromium         chromium
test   cmd:localedef          locales                   glibc            glibc-common
test   file:/usr/share/i18n/locales/C locales           glibc            glibc-locale-source
test   font:Noto.Sans:        fonts-noto-core           noto-fonts       google-noto-sans-fonts
test   font:Noto.Sans.CJK     fonts-noto-cjk            noto-fonts-cjk   google-noto-sans-cjk-fonts
test   cmd:debootstrap        debootstrap               debootstrap      debootstrap
test   file:/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring debian-archive-keyring debian-keyring
test   cmd:shellcheck         shellcheck                shellcheck       ShellCheck
'

fail() { echo "deps.sh: $*" >&2 && exit 1; }

case $goal in
build) groups='core build' ;;
demo) groups='core demo' ;;
test) groups='core build test' ;;
*) fail "unknown goal '$goal'; expected build, demo or test" ;;
esac

links() { # compiler, sanitizers…
	local sanitizer
	for sanitizer in "${@:2}"; do
		echo 'int main(void) { return 0; }' |
			"$1" "-fsanitize=$sanitizer" -x c -o /dev/null - 2>/dev/null || return
	done
}

is_there() {
	case $1 in
	cmd:*) command -v "${1#*:}" >/dev/null ;;
	font:*) [ "$(fc-list 2>/dev/null | grep -c "${1#*:}")" != 0 ] ;;
	file:*) compgen -G "${1#*:}" >/dev/null ;;
	py:*) /usr/bin/python3 -c "import ${1#*:}" 2>/dev/null ;;
	san:clang) links clang address undefined fuzzer-no-link ;;
	san:*) links "${1#*:}" address undefined thread ;;
	*) pkg-config --exists "$1" 2>/dev/null ;;
	esac
}

column=0
for manager in apt-get pacman dnf; do
	column=$((column + 1))
	command -v "$manager" >/dev/null && break
	manager=
done

# One line per missing package, or, without a known package manager, what was looked for.
missing() {
	local group what debian arch fedora package packages
	while read -r group what debian arch fedora; do
		if [[ " $groups " != *" $group "* ]] || is_there "$what"; then
			continue
		fi
		packages=("" "$debian" "$arch" "$fedora")
		package=${packages[$column]}
		[ -n "$manager" ] || package=${what#*:}
		[ "$package" = - ] || echo "${package//,/$'\n'}"
	done <<<"${table:1:-1}" | sort -u
}

mapfile -t packages < <(missing)
[ ${#packages[@]} -gt 0 ] || exit 0
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
case $manager in
apt-get) ;;
pacman) fail "missing; install it with: ${as_root[*]} pacman -S --needed ${packages[*]} (python-vdf: AUR)" ;;
dnf) fail "missing; install it with: ${as_root[*]} dnf install ${packages[*]}" ;;
*) fail "missing, and no package manager is known here: ${packages[*]}" ;;
esac

[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
	fail "run this as root: apt-get install ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# clang's sanitizers are packaged by version.
clang=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
packages=("${packages[@]//CLANG/$clang}")
wanted=() unknown=()
for package in "${packages[@]}"; do
	if [[ $(apt-cache policy "$package") == *"Candidate: "[!\(]* ]]; then
		wanted+=("$package")
	else
		unknown+=("$package")
	fi
done
[ ${#unknown[@]} -eq 0 ] || echo "skipped, not in this distribution, along with what needs it: ${unknown[*]}"
[ ${#wanted[@]} -gt 0 ] || exit 0
echo "installing: ${wanted[*]}"
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
