#!/usr/bin/env bash
# Removes what scripts/install-desktop.sh has installed. Games and settings stay.
#   scripts/uninstall-desktop.sh [--purge]
# --purge also removes the settings, the paired Hubs, the list of installed games, and what lies in
# ~/Games/.capydeck (unfinished uploads, deleted games); installed games stay even then.
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
	*) fail "what is '$word' for? --help says what there is" ;;
	esac
done

if systemctl --user show-environment >/dev/null 2>&1; then
	systemctl --user disable --now "$unit" 2>/dev/null || true # it may not be there any more
fi
if [ -n "$purge" ] && [ -x "$lib/capydeck" ] && "$lib/capydeck" ctl status >/dev/null 2>&1; then
	fail "an agent still runs and uses the settings, perhaps the plugin's: end it before --purge"
fi

rm -f "$config/systemd/user/$unit" "$config/systemd/user/default.target.wants/$unit"
if [ "$(readlink "$link" || true)" = "$lib/capydeck" ]; then
	rm -f "$link"
fi
rm -rf "$lib"
if systemctl --user show-environment >/dev/null 2>&1; then
	systemctl --user daemon-reload
fi
if [ -n "$purge" ]; then
	rm -rf "$config/capydeck" "$state/capydeck" "$HOME/Games/.capydeck"
	echo "CapyDeck is removed, with its settings"
else
	echo "CapyDeck is removed; games and settings stay"
fi
