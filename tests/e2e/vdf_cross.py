#!/usr/bin/python3
"""Holds our binary KeyValues against an independent implementation (Debian's python3-vdf), in both
directions, on generated files. Run from the top of the tree after `make`; $1: the build folder."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import zlib

import vdf

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["Celeste", "Überschall", "超音速", "Œuvre à l’été", "🚀🎮", "Łódź \"quoted\"", "a\\b", " ",
         "x" * 2000, "שלום", "tab\there", "नमस्ते"]
KEYS = ["AppName", "Exe", "StartDir", "icon", "LaunchOptions"]


def build(folder, build_dir):
    tool = folder / "vdf_tool"
    libs = subprocess.check_output(["pkg-config", "--libs", "libcjson"], text=True).split()
    subprocess.check_call(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-I", ROOT / "native", "-o", tool,
                           ROOT / "tests/e2e/vdf_tool.c", build_dir / "libcapydeck.a", *libs,
                           "-pthread"])
    return tool


def odd_case(rng, key):
    return rng.choice([key, key.lower(), key.upper(), key[0].swapcase() + key[1:]])


def make_entry(rng, number, unique):
    """An entry as any client version or tool may have left it, and the list row it stands for."""
    exe, start = f"/games/{rng.choice(NAMES)}/{number}", f"/games/{number}/"
    text = {
        "AppName": rng.choice(NAMES) + str(number),
        "Exe": f'"{exe}"' if rng.random() < 0.8 else exe,
        "StartDir": f'"{start}"' if rng.random() < 0.8 else start,
        "icon": rng.choice(["", "/icons/☃.png"]),
        "LaunchOptions": rng.choice(["", "VAR=1 %command% -x \"y z\""]),
    }
    app_id = unique
    played = rng.choice([0, 1700000000, 2**31 - 1])
    tags = rng.choice([[], [""], ["favorite", "Ünïcode", ""]])
    entry = {odd_case(rng, "appid"): app_id - 2**32}
    for key in KEYS:
        entry[odd_case(rng, key)] = text[key]
    entry[odd_case(rng, "LastPlayTime")] = played
    for i in range(rng.randrange(4)):
        entry[f"unknown{i} ключ"] = rng.choice(
            ["", "text", 7, -1, 2.5, vdf.UINT_64(2**64 - 1), vdf.INT_64(-2**63), vdf.COLOR(5),
             vdf.POINTER(9), {}, {"deep": {"er": "x"}}])
    entry[odd_case(rng, "tags")] = {str(i): tag for i, tag in enumerate(tags)}
    exe_listed = exe if '" ' not in exe else text["Exe"]
    return entry, [app_id, played, text["AppName"], exe_listed, start, text["icon"],
                   text["LaunchOptions"], *tags]


def make_file(rng, count):
    entries, rows = {}, []
    for number, app_id in enumerate(rng.sample(range(2**31, 2**32), count)):
        entries[str(number)], row = make_entry(rng, number, app_id)
        rows.append(row)
    return {rng.choice(["shortcuts", "Shortcuts"]): entries}, rows


def flat(value):
    """Order counts, and so do types."""
    if isinstance(value, dict):
        return [(key, flat(child)) for key, child in value.items()]
    return (type(value).__name__, value)


def expect(condition, what):
    if not condition:
        sys.exit(f"vdf_cross: {what}")


def check_file(tool, folder, rng, count):
    tree, rows = make_file(rng, count)
    source, result = folder / "in.vdf", folder / "out.vdf"
    source.write_bytes(vdf.binary_dumps(tree))
    run = lambda *args, **options: subprocess.check_output([tool, *map(str, args)], **options)
    load = lambda: vdf.binary_loads(result.read_bytes(), raise_on_remaining=True)

    listed = [json.loads(line) for line in run("list", source).splitlines()]
    expect(listed == rows, f"{count} entries: listed otherwise than written")
    run("copy", source, result)
    expect(result.read_bytes() == source.read_bytes(), f"{count} entries: the copy differs")

    entries = next(iter(tree.values()))
    new = [(f"/new/{i}/ü", f"New {rng.choice(NAMES)}", f"/new/{i}", "-o", rng.choice(["", "ť"]))
           for i in range(20)]
    ids = run("put", source, result,
              input="".join(f"{field}\0" for row in new for field in row).encode()).split()
    for (exe, name, start, options, tag), app_id in zip(new, map(int, ids), strict=True):
        expect(app_id == zlib.crc32(f'"{exe}"{name}'.encode()) | 0x80000000, f"app id of {exe}")
        entries[str(len(entries))] = {
            "appid": app_id - 2**32, "AppName": name, "Exe": f'"{exe}"', "StartDir": f'"{start}"',
            "icon": "", "ShortcutPath": "", "LaunchOptions": options, "IsHidden": 0,
            "AllowDesktopConfig": 1, "AllowOverlay": 1, "OpenVR": 0, "Devkit": 0,
            "DevkitGameID": "", "DevkitOverrideAppID": 0, "LastPlayTime": 0, "FlatpakAppID": "",
            "tags": {"0": tag} if tag else {},
        }
    expect(flat(load()) == flat(tree), f"{count} entries: read otherwise after 20 were added")

    if rows:
        victim = rng.randrange(len(rows))
        run("remove", result, result, rows[victim][0])
        kept = [entry for i, entry in enumerate(entries.values()) if i != victim]
        renumbered = {str(i): entry for i, entry in enumerate(kept)}
        expect(flat(load()) == flat({next(iter(tree)): renumbered}),
               f"{count} entries: read otherwise after entry {victim} was removed")


def main():
    build_dir = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    rng = random.Random(20)
    counts = [0, 1, 2, 10, 300, 1000] + [rng.randrange(40) for _ in range(30)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tool = build(folder, build_dir)
        for count in counts:
            check_file(tool, folder, rng, count)
    print(f"vdf_cross: {len(counts)} files, {sum(counts)} entries agree with python3-vdf")


main()
