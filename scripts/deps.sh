#!/usr/bin/env bash
# Installs what building and testing needs. Debian and Ubuntu: with apt, as root or through sudo.
# SteamOS and Arch: prints the pacman command (SteamOS' root is read-only; a container is better).
set -eu

packages=(
	build-essential pkg-config
	libwebsockets-dev libcjson-dev libssl-dev libavahi-core-dev libavahi-client-dev
	libcurl4-openssl-dev libsdl2-dev libsdl2-ttf-dev libx11-dev libxext-dev libpango1.0-dev
	check clang clang-format libclang-rt-14-dev
	avahi-daemon avahi-utils dbus python3-zeroconf python3-vdf
	nodejs npm iproute2 tmux chromium git
	xvfb openbox picom weston xdotool x11-utils imagemagick fonts-noto-cjk fonts-noto-core
	debootstrap debian-archive-keyring locales python3-venv
)

if command -v pacman >/dev/null; then
	echo "Install what the build needs with:"
	echo "  sudo pacman -S --needed base-devel libwebsockets cjson openssl avahi curl sdl2 sdl2_ttf libx11 libxext pango check clang nodejs npm"
	command -v pkg-config >/dev/null && pkg-config --exists libwebsockets libcjson avahi-core check
	exit
fi
if ! command -v apt-get >/dev/null; then
	echo "deps.sh: neither apt nor pacman here; install the packages named in $0 by hand" >&2
	exit 1
fi

missing=()
for package in "${packages[@]}"; do
	case $package in
	nodejs | npm) command -v "${package%js}" >/dev/null && continue ;;
	esac
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
		missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
