"""What there is on a Deck, seen from outside: its folders, and what the agent says of them."""
import json
import os
import re
import struct
import time

from hub import manifest

# Bounds a hang. Work that goes on after the answer, like Steam's queue, takes milliseconds.
SETTLE_SECONDS = float(os.environ.get("FAULTS_SETTLE_SECONDS", "20"))

SETTING, SETTING_VALUE = "uploads.expireDays", 9
KEPT_FILE = "saves/kept.sav"  # not of any build: it stays


def _bytes(seed, size):
    """Data that differs in every place from that of another seed."""
    return b"".join(b"%8d %-23s" % (at, seed.encode()[:23]) for at in range(size // 32 + 1))[:size]


def build(seed, larger=False):
    """The files of one build."""
    files = {
        "run.sh": b"#!/bin/sh\n# " + seed.encode() + b"\n",
        "data/a.bin": _bytes(seed + " a", 5000),
        "data/sub/b.bin": _bytes(seed + " b", 70000),
        "lib/c.so": _bytes("the same in every build", 1234),
        "empty.txt": b"",
    }
    if larger:
        files["new/deep/d.bin"] = _bytes(seed + " d", 40000)
        files["new/e.bin"] = _bytes(seed + " e", 100)
    return files


BUILDS = {name: build(name) for name in ("old", "other", "gone", "half", "first", "second")}
BUILDS["new"] = build("new", larger=True)
BUILDS["newest"] = build("newest")


def read_tree(folder):
    return {os.path.relpath(os.path.join(at, name), folder): open(os.path.join(at, name), "rb").read()
            for at, _, names in os.walk(folder) for name in names}


def name_of_build(tree):
    """The build that a game's files are; otherwise what is odd about them."""
    tree = {path: data for path, data in tree.items() if path != KEPT_FILE}
    if not tree:
        return "none"
    for name, files in BUILDS.items():
        if files == tree:
            return name
    parts = {path: next((name for name, files in BUILDS.items() if files.get(path) == data), "unknown")
             for path, data in tree.items()}
    return f"mixed: {parts}"


def read_shortcuts(path):
    """Names and app ids in Steam's binary file, by a reader of our own."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    at = 0

    def text():
        nonlocal at
        end = data.index(0, at)
        value, at = data[at:end].decode(), end + 1
        return value

    def entries():
        nonlocal at
        found = {}
        while True:
            kind, at = data[at], at + 1
            if kind == 8:
                return found
            key = text().lower()
            if kind == 0:
                found[key] = entries()
            elif kind == 1:
                found[key] = text()
            else:
                found[key], at = struct.unpack_from("<I", data, at)[0], at + 4

    root = entries()
    return sorted((entry["appname"], entry["appid"]) for entry in root.get("shortcuts", {}).values())


def images_of(deck, names):
    """Which game has an image of which type, of those that are used here."""
    grid = deck.shortcuts.parent / "grid"
    found = []
    for file in grid.iterdir() if grid.exists() else []:
        match = re.fullmatch(r"(\d+)(p|_hero)\.png", file.name)
        if match and file.stat().st_size > 0:
            found.append(f"{names.get(int(match[1]), match[1])} {'grid' if match[2] == 'p' else 'hero'}")
    return sorted(found)


def on_disk(deck):
    """What can be seen without an agent."""
    library = {entry.name for entry in os.scandir(deck.library) if entry.name != ".capydeck"}
    trash = deck.own / "trash"
    shortcuts = read_shortcuts(deck.shortcuts)
    aside = [name for folder in (deck.state, deck.config) for _, _, names in os.walk(folder) for name in names
             if ".corrupt-" in name]
    return {
        "games": {name: name_of_build(read_tree(deck.library / name)) for name in library},
        "kept": sorted(name for name in library if (deck.library / name / KEPT_FILE).exists()),
        "trash": sorted(name_of_build(read_tree(entry.path)) for entry in os.scandir(trash)) if trash.exists() else [],
        "shortcuts": sorted(name for name, _ in shortcuts),
        "steam ids": dict(shortcuts),
        "images": images_of(deck, {number: name for name, number in shortcuts}),
        "set aside": aside,
    }


def from_agent(deck):
    """What a healthy agent says."""
    owner = deck.owner()
    try:
        status, hubs, games, trash, uploads, setting = (
            owner.ask(method, params).payload for method, params in (
                ("status", None), ("hubs.list", None), ("games.list", None), ("games.trash", None),
                ("uploads.list", None), ("settings.get", {"key": SETTING})))
    finally:
        owner.close()
    return {
        "agent id": status["agent"]["id"],
        "hubs": sorted(hub["hubId"] for hub in hubs["hubs"]),
        "registered": sorted(game["name"] for game in games["games"]),
        "app ids": {game["name"]: game["appId"] for game in games["games"]},
        "in the trash": sorted(game["name"] for game in trash["games"]),
        "uploads": {upload["gameName"]: upload["state"] for upload in uploads["uploads"]},
        "setting": setting["value"],
        "queued": status["steam"]["queued"],
        "notices": status["notices"],
    }


def held_bytes(deck, token, name, files, hub_id="hub-1"):
    """How much of a paused upload can be resumed. The upload stays paused."""
    hub = deck.connect(token, hub_id)
    try:
        reply = hub.ask("init_upload", manifest(name, files))
        return sum((reply.payload.get("resumeFrom") or {}).values()) if reply.ok else f"refused: {reply.error}"
    finally:
        hub.close()


def is_settled(seen):
    """Nothing is under way any more."""
    return seen["queued"] == 0 and not {"completing", "receiving"} & set(seen["uploads"].values())


def observe(deck, *wanted):
    """All of it, once nothing is under way; at the latest when it is one of the worlds wanted."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        seen = from_agent(deck) | on_disk(deck)
        if is_settled(seen) and (not wanted or any(not differences(seen, world) for world in wanted)):
            return seen
        if time.monotonic() > deadline:
            return seen
        time.sleep(0.01)


def differences(seen, wanted):
    """Lines: what is otherwise than in the world that is wanted."""
    found = []
    for key, value in wanted.items():
        has = seen.get(key)
        if key == "notices":
            continue
        if key in ("app ids", "steam ids"):  # new games get theirs; the others keep them
            found += [f"{key}: {name} has {has.get(name)}, not {number}" for name, number in value.items()
                      if has.get(name) != number]
        elif has != value:
            found.append(f"{key}: {json.dumps(has)[:300]}, not {json.dumps(value)[:300]}")
    for name, number in seen.get("app ids", {}).items():
        if name in seen["shortcuts"] and seen["steam ids"][name] != number:
            found.append(f"app ids: {name} has {number}, but {seen['steam ids'][name]} in Steam")
    return found
