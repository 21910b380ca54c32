#!/bin/sh
# Builds the programs and their libraries as `make package` does, in a copy: the mounted folders belong to
# somebody else. PLUGIN and OUT are for trying it without a container.
set -eu
plugin=${PLUGIN:-/plugin}
out=${OUT:-/backend/out}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$plugin/Makefile" "$plugin/native" "$plugin/scripts" "$work"
make -C "$work" -j"$(nproc)" package-bin
mkdir -p "$out"
cp -R "$work/build/package/bin/." "$out"
chmod -R a+rX "$out"
