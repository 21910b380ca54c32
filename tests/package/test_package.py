#!/usr/bin/python3
"""The package: its layout as Decky wants it, the same bytes from the same commit, and that it runs
where nothing of what it was built with is installed.

Usage: tests/package/run [unittest's arguments], after `make package all`.
"""
import ast
import functools
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ZIP = ROOT / "build/package/CapyDeck.zip"
# What Decky's frozen Python has for sure.
STDLIB = {"asyncio", "collections", "json", "logging", "multiprocessing", "os", "pathlib", "select",
          "signal", "socket", "struct", "subprocess", "threading", "time"}
GLIBC = (2, 36)
OWN_GLIBC = tuple(map(int, platform.libc_ver()[1].split(".")))
GLIBC_LIBRARIES = {"libc", "libm", "libdl", "libpthread", "libresolv", "ld-linux-x86-64", "linux-vdso"}
PROGRAMS = {"capydeck", "capydeck-fetch", "capydeck-mdns", "capydeck-overlay", "capydeck-pango.so"}


def run(*command, **options):
    """What it printed on both; fails with that unless it succeeds."""
    done = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def needs_old_glibc(test):
    """Programs that were built with a newer glibc run with that or a newer one."""
    return unittest.skipIf(OWN_GLIBC > GLIBC, "the Deck has glibc {}.{}, this system {}.{}: packages are "
                           "built on Debian 12".format(*GLIBC, *OWN_GLIBC))(test)


class Unpacked(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="capydeck-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.folder.chmod(0o755)
        cls.archive = zipfile.ZipFile(ZIP)
        cls.addClassCleanup(cls.archive.close)
        # As Decky does it: the modes get lost, then everything may be executed.
        cls.archive.extractall(cls.folder)
        cls.plugin = cls.folder / "CapyDeck"
        run("chmod", "-R", "755", cls.plugin)
        cls.elves = [path for path in (cls.plugin / "bin").rglob("*")
                     if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]


class Layout(Unpacked):
    def test_one_top_folder_named_like_the_plugin(self):
        names = self.archive.namelist()
        self.assertEqual({name.split("/")[0] for name in names}, {ZIP.stem})
        self.assertFalse([name for name in names if "/src/" in name or name.startswith("/") or ".." in name])
        top = {path.name for path in self.plugin.iterdir()}
        self.assertEqual(top, {"plugin.json", "package.json", "main.py", "LICENSE", "README.md", "dist", "bin"})
        self.assertTrue((self.plugin / "dist/index.js").stat().st_size > 0)

    def test_plugin_json(self):
        plugin = json.loads((self.plugin / "plugin.json").read_text())
        self.assertEqual(plugin["name"], ZIP.stem)
        self.assertEqual((plugin["api_version"], plugin["flags"]), (1, []))
        self.assertNotIn(" ", plugin["name"])
        self.assertTrue(plugin["author"])
        self.assertEqual(plugin["publish"].keys(), {"tags", "description", "image"})

    def test_package_json(self):
        package = json.loads((self.plugin / "package.json").read_text())
        self.assertEqual(package["type"], "module")
        version = run(self.plugin / "bin/capydeck", "--version").split()[-1]
        self.assertEqual(package["version"], version)

    def test_main_imports_nothing_that_decky_lacks(self):
        tree = ast.parse((self.plugin / "main.py").read_text())
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                    for alias in node.names}
        imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        self.assertEqual(imported - STDLIB, {"decky"})

    def test_programs_are_stripped(self):
        self.assertLessEqual(PROGRAMS, {path.name for path in self.elves})
        for path in self.elves:
            self.assertNotIn(".symtab", run("readelf", "-SW", path), f"{path} is not stripped")

    @needs_old_glibc
    def test_programs_are_old_enough(self):
        for path in self.elves:
            versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "-VW", path))
            newest = max((tuple(map(int, version)) for version in versions), default=GLIBC)
            self.assertLessEqual(newest, GLIBC, f"{path} needs a newer glibc")

    def test_no_program_needs_both_of_avahis_libraries(self):
        """Both export avahi_entry_group_free, with different arguments."""
        for name in sorted(PROGRAMS):
            needed = run("readelf", "-d", self.plugin / "bin" / name)
            self.assertFalse("libavahi-client" in needed and "libavahi-core" in needed, name)

    def test_licences_and_versions(self):
        bin = self.plugin / "bin"
        bundled, _, built_on = (bin / "versions.txt").read_text().partition("# built on\n")
        packages = {line.split()[0] for line in bundled.splitlines()[1:]}
        self.assertEqual(len(built_on.splitlines()), 2)
        texts = {path.stem for path in (bin / "LICENSES").iterdir()}
        self.assertGreaterEqual(len(packages), 10)
        self.assertLessEqual(packages, texts)
        self.assertLessEqual({"npm-deckyapi", "npm-tslib", "NotoSans-Bold"}, texts)
        for path in (bin / "LICENSES").iterdir():
            self.assertGreater(path.stat().st_size, 200, path)

    def test_archive_tells_nothing_about_who_made_it(self):
        times = {entry.date_time for entry in self.archive.infolist()}
        self.assertEqual(len(times), 1)
        modes = {entry.external_attr >> 16 for entry in self.archive.infolist()}
        self.assertLessEqual(modes, {0o100755, 0o100644})
        for path in [*self.elves, self.plugin / "main.py"]:
            self.assertNotIn(str(ROOT).encode(), path.read_bytes(), path)


class Licences(unittest.TestCase):
    """scripts/licence_of in a tree of our own, with a package manager that only knows licences."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="capydeck-licences-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        self.out = self.root / "out"
        self.out.mkdir()

    def tree(self, **files):
        for name, text in files.items():
            path = self.root / "usr/share" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def pacman(self, field):
        program = self.bin / "pacman"
        program.write_text(f"#!/bin/sh\nprintf 'Name     : lib\\nLicenses : %s\\n' '{field}'\n")
        program.chmod(0o755)

    def texts(self, *, status=0):
        """What was written, file by file; with another status what it complained of."""
        done = subprocess.run([ROOT / "scripts/licence_of", "lib", self.out / "lib.txt"], text=True,
                              stderr=subprocess.PIPE, env={"ROOT": str(self.root), "LC_ALL": "C",
                                                           "PATH": f"{self.bin}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr or {path.name: path.read_text() for path in self.out.iterdir()}

    def test_debian_texts_that_a_copyright_file_refers_to_come_along(self):
        self.tree(**{"doc/lib/copyright": "See /usr/share/common-licenses/GPL-2.\n",
                     "common-licenses/GPL-2": "the GPL"})
        texts = self.texts()
        self.assertIn("See /usr", texts.pop("lib.txt"))
        self.assertEqual(texts, {"common-GPL-2.txt": "the GPL"})

    def test_arch_own_texts(self):
        self.pacman("MIT")
        self.tree(**{"licenses/lib/COPYING": "ours\n", "licenses/lib/more/NOTICE": "and more\n"})
        self.assertEqual(self.texts(), {"lib.txt": "ours\nand more\n"})

    def test_arch_common_texts(self):
        common = {"licenses/spdx/GPL-3.0-or-later.txt": "spdx GPL 3", "licenses/common/GPL2/license.txt": "old GPL 2",
                  "licenses/common/LGPL2.1/license.txt": "old LGPL 2.1",
                  "licenses/common/Apache/license.txt": "old Apache"}
        cases = {
            "GPL-3.0-or-later": ["spdx GPL 3"],
            "GPL-2.0-or-later": ["old GPL 2"],
            "GPL2  LGPL2.1": ["old GPL 2", "old LGPL 2.1"],
            "(LGPL-2.1-only OR GPL-3.0-or-later) AND Apache-2.0":
                ["old Apache", "old LGPL 2.1", "spdx GPL 3"],
            "GPL-2.0-only WITH Classpath-exception-2.0": ["old GPL 2"],
        }
        self.tree(**common)
        for field, expected in cases.items():
            with self.subTest(field):
                self.pacman(field)
                texts = self.texts()
                self.assertIn(field, texts.pop("lib.txt"))
                self.assertEqual(sorted(texts.values()), expected)
                for path in self.out.iterdir():
                    path.unlink()

    def test_common_texts_of_debian_s_names(self):
        self.pacman("LGPL-2.1-or-later  GPL-2.0-only")
        self.tree(**{"common-licenses/LGPL-2.1": "LGPL", "common-licenses/GPL-2": "GPL"})
        self.assertEqual(sorted(self.texts())[:2], ["common-GPL-2.0-only.txt", "common-LGPL-2.1-or-later.txt"])

    def test_nothing_is_left_out(self):
        self.tree(**{"licenses/common/GPL/license.txt": "the newest"})
        for field, complaint in {"": "names no licence", "MIT": "'MIT' has no common text",
                                 "GPL-2.0-only": "'GPL-2.0-only' has no common text"}.items():
            self.pacman(field)
            self.assertIn(complaint, self.texts(status=1))


def backward_locale(folder):
    """The environment of somebody whose language sorts from z to a."""
    source = pathlib.Path(folder, "backward.src")
    letters = [f"<U{code:04X}>" for code in range(0x7E, 0x20, -1)]
    source.write_text("\n".join(["escape_char /", "LC_COLLATE", "order_start forward", *letters,
                                 "order_end", "END LC_COLLATE", ""]))
    # It complains of the categories that are not in it.
    subprocess.run(["localedef", "-c", "-i", source, "-f", "ANSI_X3.4-1968", source.with_suffix("")],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    env = {"LOCPATH": folder, "LC_COLLATE": "backward"}
    # Where it is not understood, it would prove nothing.
    assert run("sort", input="a\nb\n", env={"PATH": os.environ["PATH"], **env}) == "b\na\n"
    return env


class Reproducible(unittest.TestCase):
    def test_another_folder_gives_the_same_bytes(self):
        """A source archive elsewhere, at another depth, of another time, made by somebody with other habits."""
        with tempfile.TemporaryDirectory(prefix="capydeck-again-") as folder:
            copy = pathlib.Path(folder, "some/where/else")
            copy.mkdir(parents=True)
            names = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines()
            for name in filter(lambda name: (ROOT / name).is_file(), names):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
                shutil.copymode(ROOT / name, copy / name)
            # Not from the registry again; the time stamps tell that they are there.
            run("cp", "-a", ROOT / "node_modules", copy)
            os.utime(copy / "node_modules/.modules.yaml")
            # No repository: a source archive's files have the commit's time.
            seconds = int(run("git", "log", "-1", "--format=%ct", cwd=ROOT))
            os.utime(copy / "package.json", (seconds, seconds))
            run("make", "-j2", "package", cwd=copy, umask=0o077,
                # HOME has the package manager's cache.
                env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"],
                     "TZ": "Pacific/Auckland", **backward_locale(folder)})
            again = copy / "build/package/CapyDeck.zip"
            with zipfile.ZipFile(ZIP) as first, zipfile.ZipFile(again) as second:
                self.assertEqual(first.namelist(), second.namelist())
                different = [name for name in first.namelist() if first.read(name) != second.read(name)]
            self.assertEqual(different, [])
            self.assertEqual(ZIP.read_bytes(), again.read_bytes())


@functools.cache
def systems():
    """The folder of scripts/bare_system, or why there is none."""
    done = subprocess.run([ROOT / "scripts/bare_system"], text=True, stdout=subprocess.PIPE)
    return pathlib.Path(done.stdout.strip()) if done.returncode == 0 else done.stdout.strip()


@needs_old_glibc
class Bare(Unpacked):
    """Inside of a system without any of our libraries; the tests' other side stays outside."""

    def enter(self, name):
        if isinstance(systems(), str):
            self.skipTest(systems())
        system = systems() / name
        for outside, inside in ((self.plugin, "plugin"), ("/proc", "proc"), ("/dev", "dev"), ("/tmp", "tmp")):
            (system / inside).mkdir(exist_ok=True)
            run("mount", "--rbind", outside, system / inside)
            self.addCleanup(run, "umount", "--recursive", "--lazy", system / inside)
        (system / "etc/hosts").touch()
        authorities = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")  # in its place on the Deck too
        (system / authorities.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
        shutil.copy(authorities, system / authorities.relative_to("/"))
        return system

    def outside_programs(self, system):
        """A folder with programs that run inside; a test's own /etc/hosts counts there too."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        for name in ("capydeck", "capydeck-fetch"):
            program = folder / name
            program.write_text(f"""#!/bin/bash
exec unshare --mount bash -c '
	mount --bind /etc/hosts {system}/etc/hosts
	exec chroot {system} /plugin/bin/{name} "$@"' - "$@"
""")
            program.chmod(0o755)
        for name in ("fake_game", "screen_picture"):
            shutil.copy(ROOT / "build" / name, folder)
        return folder / "capydeck"

    def libraries(self, system, program):
        """Name → path inside, of everything that the program loads."""
        text = run("chroot", system, "/lib64/ld-linux-x86-64.so.2", "--list", f"/plugin/bin/{program}")
        return {name.split(".so")[0].split("/")[-1]: path
                for name, path in re.findall(r"^\s+(\S+) => (\S+)", text, re.M)}

    def end_to_end(self, system, *arguments):
        text = run(ROOT / "tests/e2e/run", self.outside_programs(system), *arguments, cwd=ROOT)
        passed = re.search(r"e2e: (\d+) passed, 0 failed, (\d+) skipped", text)
        self.assertTrue(passed and int(passed[1]) > 0, text)

    def test_agent_and_fetch_load_nothing_but_glibc_from_the_system(self):
        system = self.enter("bare")
        for program in ("capydeck", "capydeck-fetch", "capydeck-mdns"):
            libraries = self.libraries(system, program)
            foreign = {name for name, path in libraries.items() if not path.startswith("/plugin/bin/lib/")}
            self.assertLessEqual(foreign, GLIBC_LIBRARIES)
            self.assertIn("libcjson", libraries)

    def test_overlay_takes_sdl_from_the_system(self):
        libraries = self.libraries(self.enter("steamos"), "capydeck-overlay")
        ours = {name for name, path in libraries.items() if path.startswith("/plugin/")}
        self.assertEqual(ours, {"libSDL2_ttf-2.0", "libcjson"})
        self.assertIn("libSDL2-2.0", libraries)

    def test_uploads(self):
        self.end_to_end(self.enter("bare"), "upload.test.mjs")

    def test_overlay(self):
        # Its window, its fonts, and what it says without a screen; reading codes is not the package's.
        names = "^(the card lets|a click on|no screen|settings:)"
        self.end_to_end(self.enter("steamos"), f"--test-name-pattern={names}", "overlay.test.mjs")

    def test_downloads(self):
        system = self.enter("bare")
        env = {**os.environ, "CAPYDECK": str(self.outside_programs(system))}
        for case in ("public_servers", "certificates_are_verified"):
            text = run("/usr/bin/python3", ROOT / "tests/e2e/fetch_test.py", case, env=env, cwd=ROOT)
            self.assertNotIn("skipped:", text)


if __name__ == "__main__":
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "e2e/lib"))
    import summary

    summary.main("package")
