#!/bin/sh
# A Steam client that has only files: started as <folder>/steam, so that the kernel calls it
# "steam"; <folder>/root is a link to its installation. It reads shortcuts.vdf and config.vdf when
# it starts and writes what it read over them when it ends, which is why nobody else may write them
# while it runs. What it does is logged in <folder>/log. "steam -shutdown" asks the running one to
# end, "steam -tell WORD…" whatever the loop below knows.
#
# Files in <folder> change it:
#   ignore-shutdown  it does
#   hold-exit        asked to end, it waits for "-tell exit" first
set -u
folder=$(dirname "$0")
root=$folder/root

log() {
	echo "$*" >>"$folder/log"
}

# Opened for both, a pipe that nobody reads does not stop the writer.
tell() {
	[ ! -p "$folder/pipe" ] || echo "$*" 1<>"$folder/pipe"
}

case ${1-} in
-shutdown)
	log shutdown
	tell shutdown
	exit
	;;
-tell)
	shift
	tell "$@"
	exit
	;;
esac

# A second one leaves everything to the first.
exec 4>"$folder/lock"
if ! flock -n 4; then
	log again
	exit
fi

# The files that it has in memory, and what they are before anybody wrote them.
files() {
	for config in "$root"/userdata/*/config; do
		[ ! -d "$config" ] || "$1" "$config/shortcuts.vdf" '\000shortcuts\000\010\010'
	done
	"$1" "$root/config/config.vdf" '"InstallConfigStore"\n{\n}\n'
}

memory_of() {
	echo "$folder/memory.$$.$(echo "$1" | tr / _)"
}

read_file() {
	cat "$1" >"$(memory_of "$1")" 2>/dev/null || printf "$2" >"$(memory_of "$1")"
}

write_file() {
	mv "$(memory_of "$1")" "$1"
}

mkdir -p "$root/config"
files read_file
[ -p "$folder/pipe" ] || mkfifo "$folder/pipe"
exec 3<>"$folder/pipe"
echo $$ >"$root/steam.pid"
env >"$folder/env"
log "start $$"

games=
while read -r word argument <&3; do
	case $word in
	shutdown)
		if [ -e "$folder/ignore-shutdown" ]; then
			log ignored
		elif [ -e "$folder/hold-exit" ]; then
			log ending
		else
			break
		fi
		;;
	exit) break ;;
	crash)
		log crash
		kill -KILL $$
		;;
	game) # under Steam's reaper, which logs once it goes by that name; it ends with us
		[ -p "$folder/game" ] || mkfifo "$folder/game"
		log=$folder/log sh -c 'echo "game ${2#AppId=}" >>"$log"; read -r line' \
			reaper SteamLaunch "AppId=$argument" -- game <>"$folder/game" 3<&- 4>&- &
		games="$games $!"
		;;
	esac
done
for game in $games; do
	kill "$game"
	wait "$game" # or it is still to be seen when we are gone
done
files write_file
exec 4>&- # the next one may start as soon as this one says that it has ended
log "end $$"
