#!/usr/bin/env bash
# Installs CapyDeck as a service of your user, without root: it serves in desktop mode, and in game
# mode whenever the plugin does not. Running it again upgrades, also while the service runs.
#   scripts/install-desktop.sh [--from DIR] [--allow-root]
# DIR holds the programs: an unpacked package's bin/ or a build folder. Default: where this script
# is, its ../bin, or ../build. scripts/uninstall-desktop.sh removes it again.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lib=$HOME/.local/lib/capydeck
link=$HOME/.local/bin/capydeck
units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
unit=capydeck.service
from='' allow_root=''

fail() { echo "install-desktop.sh: $*" >&2 && exit 1; }

while [ $# -gt 0 ]; do
	case $1 in
	--from)
		[ $# -ge 2 ] || fail "--from needs a folder"
		from=$2
		shift
		;;
	--allow-root) allow_root=yes ;;
	--help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit 0 ;;
	*) fail "unknown option '$1'; see --help" ;;
	esac
	shift
done

if [ "$(id -u)" -eq 0 ] && [ -z "$allow_root" ]; then
	fail "refusing to run as root; run it as the user who plays, or add --allow-root"
fi
if [ -z "$from" ]; then
	for from in "$here" "$here/../bin" "$here/../build" ""; do
		[ -x "$from/capydeck" ] && break
	done
	[ -n "$from" ] || fail "no programs found; build them with 'make', or add --from DIR"
fi
for program in capydeck capydeck-fetch capydeck-mdns; do
	[ -f "$from/$program" ] || fail "'$from' does not contain $program"
done
[ -f "$here/$unit" ] || fail "'$here/$unit' is missing"

# A running program cannot be overwritten, but another file can take its name.
put() { # from, to, mode
	mkdir -p "$(dirname "$2")"
	install -m "$3" "$1" "$2.new"
	mv -f "$2.new" "$2"
}

# The programs, the libraries that are bundled with them, and their licences and versions.
parts() {
	(cd "$from" && find . -maxdepth 1 -type f \
		\( -name capydeck -o -name 'capydeck-*' ! -name '*.d' \
		-o -name '*.so.*' -o -name versions.txt \) -printf '%P\n' &&
		for folder in lib LICENSES; do
			[ ! -d "$folder" ] || find "$folder" -type f
		done)
}

# Plugins are unpacked without their modes.
list=$(parts)
while IFS= read -r part; do
	put "$from/$part" "$lib/$part" 755
done <<<"$list"
(cd "$lib" && find . -type f -printf '%P\n') | while IFS= read -r part; do
	grep -qxF -- "$part" <<<"$list" || rm -f "$lib/$part" # an older version's
done

mkdir -p "$(dirname "$link")"
if [ -e "$link" ] && [ ! -L "$link" ]; then
	echo "'$link' is another program and is kept; ours is $lib/capydeck"
else
	ln -sfn "$lib/capydeck" "$link"
fi
put "$here/$unit" "$units/$unit" 644

if systemctl --user show-environment >/dev/null 2>&1; then
	systemctl --user daemon-reload
	systemctl --user enable "$unit"
	systemctl --user restart "$unit" ||
		fail "the service did not start; see 'journalctl --user -u capydeck -n 20'"
	echo "CapyDeck is running; see 'capydeck ctl status' ($link)"
else
	mkdir -p "$units/default.target.wants"
	ln -sfn "../$unit" "$units/default.target.wants/$unit"
	echo "CapyDeck is installed and starts when you log in next"
fi
