#!/usr/bin/python3
"""Holds what we do with Steam's files against an independent implementation (Debian's python3-vdf),
in both directions, on generated files: what it writes we read, copy, and edit so that nothing else
changes; what we write it reads. Run from the top of the tree after `make`; $1: the build folder."""
import json
import os
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
TOOLS = ["InstallConfigStore", "Software", "Valve", "Steam", "CompatToolMapping"]


def build(folder, build_dir):
    tool = folder / "vdf_tool"
    libs = subprocess.check_output(["pkg-config", "--libs", "libcjson", "libcrypto"], text=True).split()
    subprocess.check_call(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-I", ROOT / "native", "-o", tool,
                           ROOT / "tests/e2e/vdf_tool.c", build_dir / "libcapydeck.a", *libs,
                           "-pthread"])
    return tool


def expect(condition, what):
    if not condition:
        sys.exit(f"vdf_cross: {what}")


def flat(value):
    """Order counts, and so do types and repeated keys."""
    if isinstance(value, (dict, vdf.VDFDict)):
        return [(key, flat(child)) for key, child in value.items()]
    return (type(value).__name__, value)


def odd_case(rng, key):
    return rng.choice([key, key.lower(), key.upper(), key[0].swapcase() + key[1:]])


def derived_id(exe, name):
    return zlib.crc32((exe + name).encode()) | 0x80000000


def unquoted(path):
    whole = len(path) > 1 and path[0] == path[-1] == '"' and '" ' not in path[1:]
    return path[1:-1] if whole else path


def make_entry(rng, number, app_id):
    """An entry as any client version or tool may have left it, and the list row it stands for."""
    exe, start = f"/games/{rng.choice(NAMES)}/{number}", f"/games/{number}/"
    exe = rng.choice([exe, f'"{exe}"', f'"{exe}"', f'"{exe}" --run "x"', f'"/a "b" c/{number}"', ""])
    start = rng.choice([start, f'"{start}"', '""', ""])
    name = rng.choice(NAMES) + str(number)
    icon, options = rng.choice(["", "/icons/☃.png"]), rng.choice(["", 'V=1 %command% -x "y z"'])
    played = rng.choice([0, 1700000000, 2**31 - 1])
    tags = rng.choice([[], [""], ["favorite", "Ünïcode", ""]])
    entry = {}
    if rng.random() < 0.8:
        entry["appid"] = app_id - 2**32
    else:  # as before 2018, when it was derived each time
        app_id = derived_id(exe, name)
    entry |= {"AppName": name, "Exe": exe, "StartDir": start, "icon": icon}
    if rng.random() < 0.7:
        entry |= {"ShortcutPath": "", "LaunchOptions": options, "IsHidden": 0, "OpenVR": 0,
                  "Devkit": 0, "DevkitGameID": rng.choice(["", "capy_1"]), "DevkitOverrideAppID": 0,
                  "LastPlayTime": played, "FlatpakAppID": rng.choice(["", "org.x.Y"]), "sortas": ""}
    else:
        options, played = "", 0
    entry = {odd_case(rng, key): value for key, value in entry.items()}
    for i in range(rng.randrange(4)):
        entry[f"unknown{i} ключ"] = rng.choice(
            ["", "text", 7, -1, 2.5, vdf.UINT_64(2**64 - 1), vdf.INT_64(-2**63), vdf.COLOR(5),
             vdf.POINTER(9), {}, {"deep": {"er": "x"}}])
    entry[odd_case(rng, "tags")] = {str(i): tag for i, tag in enumerate(tags)}
    return entry, [app_id, played, name, unquoted(exe), unquoted(start), icon, options, *tags]


def make_file(rng, count):
    entries, rows = {}, []
    for number, app_id in enumerate(rng.sample(range(2**31, 2**32), count)):
        entries[str(number)], row = make_entry(rng, number, app_id)
        rows.append(row)
    return {rng.choice(["shortcuts", "Shortcuts"]): entries}, rows


def set_keys(entry, texts):
    """Where a key stands in whatever case, its value is replaced; others are added."""
    present = {key.lower(): key for key in entry}
    for key, value in texts.items():
        entry[present.get(key.lower(), key)] = value


def put_in_model(entry, app_id, exe, name, start, options, tag):
    """The entry as it should be after we have updated it."""
    if not any(key.lower() == "appid" for key in entry):
        entry = {"appid": app_id - 2**32, **entry}
    set_keys(entry, {"AppName": name, "Exe": f'"{exe}"', "StartDir": f'"{start}"',
                     "LaunchOptions": options})
    tags = next(value for key, value in entry.items() if key.lower() == "tags")
    if tag and tag not in tags.values():
        tags[str(len(tags))] = tag
    return entry


def new_in_model(exe, name, start, options, tag):
    return {
        "appid": derived_id(f'"{exe}"', name) - 2**32, "AppName": name, "Exe": f'"{exe}"',
        "StartDir": f'"{start}"', "icon": "", "ShortcutPath": "", "LaunchOptions": options,
        "IsHidden": 0, "AllowDesktopConfig": 1, "AllowOverlay": 1, "OpenVR": 0, "Devkit": 0,
        "DevkitGameID": "", "DevkitOverrideAppID": 0, "LastPlayTime": 0, "FlatpakAppID": "",
        "tags": {"0": tag} if tag else {},
    }


class Shortcuts:
    """One generated shortcuts.vdf, and every edit of it."""

    def __init__(self, tool, folder, rng, count):
        self.tool, self.rng, self.count = tool, rng, count
        self.tree, self.rows = make_file(rng, count)
        self.entries = next(iter(self.tree.values()))
        self.path, self.copy = folder / "shortcuts.vdf", folder / "copy.vdf"
        self.path.write_bytes(vdf.binary_dumps(self.tree))

    def run(self, command, *args, **options):
        return subprocess.check_output([self.tool, command, self.path, *map(str, args)], **options)

    def put(self, *puts):
        texts = "".join(f"{text}\0" for put in puts for text in put)
        return [int(line) for line in self.run("put", self.path, input=texts.encode()).split()]

    def check(self, what):
        found = vdf.binary_loads(self.path.read_bytes(), raise_on_remaining=True)
        expect(flat(found) == flat(self.tree), f"{self.count} entries: wrong after {what}")

    def check_all(self):
        self.read()
        self.add()
        if self.rows:
            self.update()
            self.set_icon()
            self.remove()

    def read(self):
        listed = [json.loads(line) for line in self.run("list").splitlines()]
        expect(listed == self.rows, f"{self.count} entries: listed otherwise than written")
        self.run("copy", self.copy)
        expect(self.copy.read_bytes() == self.path.read_bytes(),
               f"{self.count} entries: the copy differs")

    def add(self):
        new = [(f"/new/{i}/ü \"q\"", f"New {self.rng.choice(NAMES)}", f"/new/{i}", "-o",
                self.rng.choice(["", "ť"])) for i in range(20)]
        ids = self.put(*((0, *fields) for fields in new))
        for fields, app_id in zip(new, ids, strict=True):
            entry = new_in_model(*fields)
            expect(app_id == entry["appid"] + 2**32, f"app id of {fields[0]}")
            self.entries[str(len(self.entries))] = entry
        self.check("20 were added")

    def update(self):
        at = self.rng.randrange(len(self.rows))
        fields = (self.rows[at][0], "/moved/here/x y", "Renamed ☂", "/moved", "--new",
                  self.rng.choice(["", "favorite", "other"]))
        expect(self.put(fields) == [fields[0]], f"entry {at} got another app id")
        self.entries[str(at)] = put_in_model(self.entries[str(at)], *fields)
        self.check(f"entry {at} was updated")

    def set_icon(self):
        at = self.rng.randrange(len(self.rows))
        self.run("icon", self.path, self.rows[at][0], "/grid/ö_icon.png")
        set_keys(self.entries[str(at)], {"icon": "/grid/ö_icon.png"})
        self.check(f"entry {at} got an icon")

    def remove(self):
        at = self.rng.randrange(len(self.rows))
        self.run("remove", self.path, self.rows[at][0])
        kept = [entry for i, entry in enumerate(self.entries.values()) if i != at]
        self.entries.clear()
        self.entries.update((str(i), entry) for i, entry in enumerate(kept))
        self.check(f"entry {at} was removed")


def check_repeated_keys(tool, folder):
    """Of what is there twice, the first is edited."""
    def tree(first, second):
        return vdf.VDFDict([("shortcuts", vdf.VDFDict([
        ("0", vdf.VDFDict([("appid", -5), *first, ("AppName", "Shadow"), ("Exe", "other")])),
        ("0", vdf.VDFDict([("AppName", "Old"), ("appid", -6), *second])),
        ("0", "text"), ("0", vdf.VDFDict([("appid", -6), ("AppName", "Same id")]))]))])
    path = folder / "repeated.vdf"
    path.write_bytes(vdf.binary_dumps(tree([("AppName", "A"), ("Exe", "/a")], [])))
    subprocess.check_output([tool, "icon", path, path, str(2**32 - 6), "/i"])
    put = f"{2**32 - 5}\0/b\0B\0/\0-o\0\0"
    subprocess.check_output([tool, "put", path, path], input=put.encode())
    expected = tree([("AppName", "B"), ("Exe", '"/b"')], [("icon", "/i")])
    entry = expected["shortcuts"]["0"]
    entry["StartDir"], entry["LaunchOptions"], entry["tags"] = '"/"', "-o", vdf.VDFDict()
    found = vdf.binary_loads(path.read_bytes(), mapper=vdf.VDFDict, raise_on_remaining=True,
                             merge_duplicate_keys=False)
    expect(flat(found) == flat(expected), "repeated keys: the wrong one was edited")


def other_settings(rng):
    return {f"{rng.choice(NAMES)}{i}": rng.choice(["", "1", 'quo"ted', "C:\\x\\", {}, {"a": "b"}])
            for i in range(rng.randrange(4))}


def make_config(rng, app_id):
    """config.vdf with some or all of the maps on the way to the app's entry, and what it has."""
    mapping = {str(2**31 + i): {"name": "proton_7", "config": "", "priority": "250"}
               for i in range(rng.choice([0, 3, 300]))}
    own = rng.choice([None, None, {}, {"name": ""}, {"Name": "GE-Proton9", "config": ""},
                      {"name": "", "config": "", "priority": "0", "more": "kept"}])
    depth = rng.choice([*range(len(TOOLS)), *[len(TOOLS)] * 5])
    if own is not None:
        mapping[str(app_id)] = own
    tree = mapping if depth == len(TOOLS) else other_settings(rng)
    for key in reversed(TOOLS[:depth]):
        tree = {**other_settings(rng), odd_case(rng, key): tree, **other_settings(rng)}
    return tree


def set_in_model(tree, app_id, tool):
    """True: bytes were only added."""
    fresh = False
    for key in [*TOOLS, str(app_id)]:
        found = next((present for present in tree if present.lower() == key.lower()), key)
        fresh = found not in tree
        tree = tree.setdefault(found, {})
    if not any(value for key, value in tree.items() if key.lower() == "name"):
        set_keys(tree, {"name": tool, "config": "", "priority": "250"})
    return fresh


def check_config(tool, folder, rng):
    app_id, name = 4000000000, rng.choice(["proton_experimental", 'a "b" \\c\\', "Ünï"])
    tree = make_config(rng, app_id)
    line_end = rng.choice(["\n", "\r\n"])
    path = folder / "config.vdf"
    before = vdf.dumps(tree, pretty=True, escaped=True).replace("\n", line_end).encode()
    path.write_bytes(before)
    subprocess.check_call([tool, "compat", path, path, str(app_id), name])
    after = path.read_bytes()
    only_added = set_in_model(tree, app_id, name)
    found = vdf.loads(after.decode().replace(line_end, "\n"), escaped=True)
    expect(flat(found) == flat(tree), f"config.vdf is read otherwise: {after.decode()}")
    if b"\r" in before:
        expect(after.count(b"\n") == after.count(b"\r\n"), "config.vdf: a line end of another kind")
    if only_added:
        start = len(os.path.commonprefix([before, after]))
        expect(after.endswith(before[start:]), "config.vdf: more has changed than was added")
    subprocess.check_call([tool, "compat", path, path, str(app_id), "another"])
    expect(path.read_bytes() == after, "config.vdf: a tool that was chosen has changed")


def main():
    build_dir = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    rng = random.Random(20)
    counts = [0, 1, 2, 10, 300, 1000] + [rng.randrange(40) for _ in range(30)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tool = build(folder, build_dir)
        for count in counts:
            Shortcuts(tool, folder, rng, count).check_all()
        check_repeated_keys(tool, folder)
        for _ in range(100):
            check_config(tool, folder, rng)
    print(f"vdf_cross: {len(counts)} files, {sum(counts)} entries and 100 config.vdf agree with "
          "python3-vdf")


main()
