#!/usr/bin/env bash
# Removes what scripts/install-desktop.sh has installed. Games and settings stay.
#   scripts/uninstall-desktop.sh [--purge]
# --purge also removes the settings, the paired Hubs, the list of installed games, and unfinished
# uploads and deleted games in every library folder; installed games always stay. It lists what
# will be removed, with sizes.
set -euo pipefail

lib=$HOME/.local/lib/capydeck
link=$HOME/.local/bin/capydeck
config=${XDG_CONFIG_HOME:-$HOME/.config}
state=${XDG_STATE_HOME:-$HOME/.local/state}
unit=capydeck.service
purge=''

fail() { echo "uninstall-desktop.sh: $*" >&2 && exit 1; }

for word in "$@"; do
	case $word in
	--purge) purge=yes ;;
	--help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit 0 ;;
	*) fail "unknown option '$word'; see --help" ;;
	esac
done

if systemctl --user show-environment >/dev/null 2>&1; then
	systemctl --user disable --now "$unit" 2>/dev/null || true # it may already be gone
fi
if [ -n "$purge" ] && [ -x "$lib/capydeck" ] && "$lib/capydeck" ctl status >/dev/null 2>&1; then
	fail "an agent, perhaps the plugin's, is still running; stop it before --purge"
fi

# The absolute paths in a JSON file, one per line.
paths_in() {
	[ -f "$1" ] || return 0
	{ grep -oE '"[/~]([^"\\]|\\.)*"' "$1" || true; } | while IFS= read -r text; do
		text=${text:1:-1}
		text=${text//\\\"/\"} text=${text//\\\//\/}
		printf '%b\n' "${text/#\~/$HOME}"
	done
}

# Library folders: those of the settings, and those that games were installed in or deleted from.
libraries() {
	echo "$HOME/Games"
	paths_in "$config/capydeck/settings.json"
	for list in "$state/capydeck"/{games,trash}.json; do
		paths_in "$list" | while IFS= read -r game; do
			dirname "$game"
		done
	done
}

# What --purge removes, one path per line.
leftovers() {
	libraries | sort -u | while IFS= read -r library; do
		own=$library/.capydeck
		if [ ! -d "$own" ] || [ -L "$own" ]; then
			continue
		fi
		for part in "$own"/{uploads,trash}; do
			[ ! -e "$part" ] || echo "$part"
		done
	done
	for part in "$config/capydeck" "$state/capydeck"; do
		[ ! -e "$part" ] || echo "$part"
	done
}

purge() {
	local list part
	paths_in "$config/capydeck/settings.json" | while IFS= read -r part; do
		[ -d "$part" ] || echo "'$part' does not exist; anything CapyDeck left in it stays"
	done
	list=$(leftovers)
	[ -n "$list" ] || return 0
	echo "Removing:"
	xargs -d '\n' du -shc -- <<<"$list" | sed 's/^/  /'
	while IFS= read -r part; do
		rm -rf -- "$part"
		if [[ $part == */.capydeck/* ]]; then
			rmdir -- "${part%/*}" 2>/dev/null || true # unless there is something else in it
		fi
	done <<<"$list"
}

rm -f "$config/systemd/user/$unit" "$config/systemd/user/default.target.wants/$unit"
if [ "$(readlink "$link" || true)" = "$lib/capydeck" ]; then
	rm -f "$link"
fi
rm -rf "$lib"
if systemctl --user show-environment >/dev/null 2>&1; then
	systemctl --user daemon-reload
fi
if [ -n "$purge" ]; then
	purge
	echo "removed CapyDeck and its settings"
else
	echo "removed CapyDeck; games and settings stay"
fi
