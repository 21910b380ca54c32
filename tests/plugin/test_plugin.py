#!/usr/bin/python3
"""main.py and the real helper inside a stand-in for Decky (loader.py).

Usage: tests/plugin/run [build/capydeck] [unittest's arguments]
"""
import collections
import contextlib
import json
import os
import pathlib
import queue
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HUB = "/mnt/tests/plugin/half_upload.mjs"  # a copy that everybody may read, see run
ROOT = HERE.parent.parent
BINARY = pathlib.Path(os.environ["CAPYDECK"])
UID = 54321
PORT = 41234
PATIENCE_S = 60  # bounds a hang; no verdict depends on it
GONE_S = 5  # the promise: no helper is left after this time


class Lines:
    """What a child says, line by line."""

    def __init__(self, stream):
        self.queue = queue.Queue()
        threading.Thread(target=self._read, args=[stream], daemon=True).start()

    def _read(self, stream):
        with stream:
            for line in stream:
                self.queue.put(line.rstrip("\n"))
        self.queue.put(None)

    def next(self, patience_s=PATIENCE_S):
        line = self.queue.get(timeout=patience_s)
        if line is None:
            raise EOFError("it ended")
        return line


class Deck:
    """A plugin in its folder, and the home of its user."""

    def __init__(self, test, helper=BINARY, script="", constants=None, home=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="capydeck-plugin-"))
        test.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.root.chmod(0o755)
        self.plugin = self.root / "CapyDeck"
        (self.plugin / "bin").mkdir(parents=True)
        for name in ("main.py", "plugin.json", "package.json"):
            shutil.copy(ROOT / name, self.plugin)
        for name, value in (constants or {}).items():
            text = (self.plugin / "main.py").read_text()
            changed, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
            assert count == 1, name
            (self.plugin / "main.py").write_text(changed)
        self.program = self.plugin / "bin/capydeck"
        shutil.copy(helper, self.program)
        if helper == BINARY:
            shutil.copy(BINARY.with_name("capydeck-mdns"), self.plugin / "bin")
        self.program.chmod(0o755)
        (self.plugin / "script").write_text(script)
        self.home = home or self.root / "home"
        self.steam = self.home / ".local/share/Steam"
        settings = self.home / ".config/capydeck"
        for folder in (settings, self.steam.parent):
            folder.mkdir(parents=True, exist_ok=True)
        (settings / "settings.json").write_text(json.dumps({"version": 1, "agent.port": PORT}))
        for folder in (self.home, *self.home.rglob("*")):
            os.chown(folder, UID, UID)

    def log(self):
        file = self.home / "homebrew/logs/CapyDeck/plugin.log"
        return file.read_text() if file.exists() else ""

    def processes(self):
        """The helpers that were started from here and still run."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.program) in (folder / "cmdline").read_text().split("\0"):
                    found.append(Process(int(folder.name)))
        return found

    def leaves_no_process(self):
        return all(process.ends_within(PATIENCE_S) for process in self.processes())


def until(holds):
    """Waits for what, once it is so, stays so."""
    patience = time.monotonic() + PATIENCE_S
    while not (value := holds()):
        assert time.monotonic() < patience, "it is never so"
        time.sleep(0.05)
    return value


class Loader:
    """A running loader.py, and what came from it."""

    def __init__(self, test, deck, **env):
        self.deck = deck
        self.ids = 0
        self.answers, self.events, self.oddities = {}, collections.deque(), []
        self.child = subprocess.Popen(
            ["/usr/bin/python3", HERE / "loader.py", deck.plugin, deck.home, str(UID)],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, **env})
        test.addCleanup(self.end)
        self.lines = Lines(self.child.stdout)
        self.pid = self.wait(lambda message: message.get("pid"))
        test.addCleanup(self.kill_plugin)

    def kill_plugin(self):
        """Its helper ends with it, and writes nothing more when this returns."""
        try:
            helper = self.helper()
            os.kill(self.pid, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            return
        if helper is not None and not helper.ends_within(GONE_S):
            helper.kill()

    def end(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()

    def wait(self, found):
        """The first true value of found(message); other messages are kept."""
        while True:
            message = json.loads(self.lines.next())
            if "event" in message:
                self.events.append((message["event"], message["args"]))
            elif "id" in message:
                self.answers[message["id"]] = message
            elif not message.keys() & {"pid", "stopped"}:
                self.oddities.append(message)
            if value := found(message):
                return value

    def begin(self, method, *args):
        self.ids += 1
        self.send({"id": self.ids, "method": method, "args": args})
        return self.ids

    def send(self, message):
        self.child.stdin.write(json.dumps(message) + "\n")
        self.child.stdin.flush()

    def result(self, number):
        if number not in self.answers:
            self.wait(lambda message: message.get("id") == number)
        answer = self.answers.pop(number)
        assert answer["success"], answer
        return answer["res"]

    def call(self, method, *args):
        return self.result(self.begin(method, *args))

    def ipc(self, method, params=None):
        answer = self.call("ipc_call", method, params)
        assert "result" in answer, answer
        return answer["result"]

    def event(self, name, matches=lambda *args: True):
        """The next event of this name, past or future."""
        while True:
            while self.events:
                event, args = self.events.popleft()
                if event == name and matches(*args):
                    return args
            self.wait(lambda message: "event" in message)

    def poll_until(self, matches, after=0):
        """Polls as the frontend does when it has heard nothing."""
        def poll():
            answer = self.call("ipc_poll", after)
            return matches(answer) and answer
        return until(poll)

    def running(self):
        self.poll_until(lambda answer: answer["helper"]["state"] == "running")
        return self

    def helper(self):
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return Process(int(children[0])) if children else None


class Process:
    def __init__(self, pid):
        self.pid = pid
        self.fd = os.pidfd_open(pid)

    def kill(self):
        signal.pidfd_send_signal(self.fd, signal.SIGKILL)

    def stop(self):
        signal.pidfd_send_signal(self.fd, signal.SIGSTOP)

    def ends_within(self, seconds):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def environment(self):
        data = pathlib.Path(f"/proc/{self.pid}/environ").read_bytes().decode()
        return dict(entry.split("=", 1) for entry in data.split("\0") if entry)


class Hub:
    """half_upload.mjs: pairs and is in the middle of an upload when this returns."""

    def __init__(self, test, loader):
        self.child = subprocess.Popen(["node", HUB, str(PORT), loader.deck.steam],
                                      text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      user=UID, group=UID)
        test.addCleanup(self.end)
        self.lines = Lines(self.child.stdout)
        assert self.lines.next() == "code"
        self.say(loader.ipc("pairing.get")["code"])
        assert self.lines.next() == "sending"

    def say(self, line):
        self.child.stdin.write(f"{line}\n")
        self.child.stdin.flush()

    def goes_on(self):
        self.say(f"again {PORT}")
        return self.result()

    def result(self):
        return json.loads(self.lines.next())

    def end(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()


class RealHelper(unittest.TestCase):
    def setUp(self):
        self.deck = Deck(self)
        self.loader = Loader(self, self.deck).running()

    def test_calls_are_relayed_and_nothing_escapes(self):
        loader = self.loader
        status = loader.ipc("status")
        self.assertEqual(status["agent"]["port"], PORT)
        self.assertEqual(loader.ipc("status", {})["agent"], status["agent"])
        self.assertEqual(loader.call("ipc_call", "nonsense")["error"]["code"], -32601)
        self.assertEqual(loader.call("ipc_call", "settings.get", {"key": 5})["error"]["code"], -32602)
        self.assertEqual(loader.call("ipc_call", "status", [])["error"]["code"], -32600)
        for bad in (5, None, ["status"], {"a": 1}):
            self.assertIn("error", loader.call("ipc_call", bad))
            self.assertIsNone(loader.call("ipc_answer", bad if bad.__hash__ else "x", bad))
            self.assertIn("last", loader.call("ipc_poll", bad))
        self.assertIsNone(loader.call("ipc_answer", ["unhashable"], {}))
        long = loader.call("ipc_call", "settings.set", {"key": "agent.name", "value": "x" * (1 << 20)})
        self.assertIn("too long", long["error"]["message"])
        for value in ("\ud800", "\0", json.loads("[" * 500 + "]" * 500)):
            params = {"key": "agent.name", "value": value}
            self.assertIn("error", loader.call("ipc_call", "settings.set", params))
        self.assertEqual(loader.ipc("status")["agent"], status["agent"])

    def test_environment_of_the_helper(self):
        env = self.loader.helper().environment()
        self.assertNotIn("LD_LIBRARY_PATH", env)
        self.assertEqual((env["HOME"], env["LOGNAME"]), (str(self.deck.home), "deck"))
        self.assertFalse(env.keys() & {"XDG_RUNTIME_DIR", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"})

    def test_library_path_from_before_the_loader_is_restored(self):
        self.loader.kill_plugin()
        loader = Loader(self, self.deck, LD_LIBRARY_PATH_ORIG="/opt/lib").running()
        env = loader.helper().environment()
        self.assertEqual(env["LD_LIBRARY_PATH"], "/opt/lib")
        self.assertNotIn("LD_LIBRARY_PATH_ORIG", env)

    def test_found_and_paired_without_a_frontend(self):
        """Nobody has attached or opened anything."""
        found = subprocess.run([BINARY, "discover", "--json"], text=True, capture_output=True)
        self.assertIn(str(PORT), found.stdout, found.stderr)
        hub = Hub(self, self.loader)
        self.assertEqual(self.loader.ipc("hubs.list")["hubs"][0]["hubId"], "hub-abc123")
        hub.end()
        self.assertIn("upload", self.deck.log(), "the helper's lines are in Decky's log")

    def test_events_are_hints_of_what_a_poll_tells(self):
        before = self.loader.call("ipc_poll", 0)["last"]
        self.loader.ipc("settings.set", {"key": "agent.name", "value": "Büro"})
        seq, _, params = self.loader.event("ipc_event", lambda _, name, __: name == "settings_changed")
        self.assertEqual(params["value"], "Büro")
        poll = self.loader.call("ipc_poll", before)
        self.assertIn({"seq": seq, "name": "settings_changed", "params": params}, poll["events"])
        self.assertEqual(poll["last"], poll["events"][-1]["seq"])
        self.assertEqual(self.loader.call("ipc_poll", poll["last"])["events"], [])
        later = self.loader.call("ipc_poll", poll["last"] + 1000)
        self.assertEqual(later["events"][-1], poll["events"][-1], "what counts from another process")

    def test_requests_reach_the_frontends_and_the_first_answer_counts(self):
        loader = self.loader
        hub = Hub(self, loader)
        loader.ipc("ui.attach", {"name": "one"})
        loader.ipc("ui.attach", {"name": "two"})
        self.assertEqual(loader.ipc("status")["steam"]["state"], "ui")
        hub.say(f"again {PORT}")
        key, method, params = loader.event("ipc_request")
        self.assertEqual((method, params["action"], params["name"]), ("steam.apply", "put", "Half"))
        polled = loader.call("ipc_poll", 0)["requests"]
        self.assertEqual(polled, [{"id": key, "method": method, "params": params}])
        self.assertIsNone(loader.call("ipc_answer", key, {"result": {"appId": 3123456789}}))
        self.assertIsNone(loader.call("ipc_answer", key, {"result": {"appId": 2222222222}}))
        self.assertEqual(hub.result()["appId"], 3123456789)
        self.assertEqual(loader.call("ipc_poll", 0)["requests"], [])

    def test_two_frontends_at_once(self):
        numbers = [self.loader.begin("ipc_call", "status") for _ in range(12)]
        for number in reversed(numbers):
            self.assertEqual(self.loader.result(number)["result"]["agent"]["port"], PORT)

    def test_killed_helper_is_started_again_and_the_upload_goes_on(self):
        hub = Hub(self, self.loader)
        first = self.loader.helper()
        self.loader.events.clear()
        first.kill()
        _, detail = self.loader.event("helper_state", lambda state, _: state == "failed")
        self.assertIn("Killed", detail)
        self.assertIn("Killed", self.loader.call("ipc_call", "status")["error"]["message"])
        self.loader.event("helper_state", lambda state, _: state == "running")
        self.assertNotEqual(self.loader.helper().pid, first.pid)
        self.assertTrue(hub.goes_on()["complete"])

    def stopped_by(self, stop):
        """No helper is left, nothing is lost, and the folder can be rewritten."""
        hub = Hub(self, self.loader)
        helper = self.loader.helper()
        stop()
        self.assertTrue(helper.ends_within(GONE_S), "the helper outlived its plugin")
        shutil.copyfile(BINARY, self.deck.program)  # "Text file busy" while it runs
        self.loader.end()
        self.loader.kill_plugin()
        Loader(self, self.deck).running()
        resumed = hub.goes_on()
        self.assertTrue(resumed["complete"])
        self.assertGreater(resumed["held"], 0)

    def test_unload(self):
        def unload():
            self.loader.send({"stop": True})
            message = self.loader.wait(lambda message: "stopped" in message and message)
            self.assertEqual(message["code"], 0)
            self.assertNotEqual(message["stopped"], "sigkill")
            self.assertEqual(self.loader.oddities, [], "the loader got a signal that was not its own")
        self.stopped_by(unload)

    def test_sigterm(self):
        self.stopped_by(lambda: os.kill(self.loader.pid, signal.SIGTERM))

    def test_sigkill(self):
        self.stopped_by(lambda: os.kill(self.loader.pid, signal.SIGKILL))

    def test_sigkill_of_the_loader(self):
        plugin = Process(self.loader.pid)
        self.stopped_by(self.loader.end)
        self.assertTrue(plugin.ends_within(GONE_S), "the plugin outlived its loader")

    def test_another_copy_of_the_plugin(self):
        """It takes over; the first one waits for its turn instead of taking over in its turn."""
        other = Loader(self, Deck(self, home=self.deck.home)).running()
        waits = "waiting for the end of process"
        self.loader.poll_until(lambda answer: waits in answer["helper"]["detail"])
        self.assertIn(waits, self.loader.call("ipc_call", "status")["error"]["message"])
        other.send({"stop": True})
        self.loader.running()
        self.assertEqual(self.loader.ipc("status")["agent"]["port"], PORT)

    def test_settings_cannot_be_written(self):
        settings = self.deck.home / ".config/capydeck"
        os.chown(settings, 0, 0)
        settings.chmod(0o755)
        params = {"key": "agent.name", "value": "Other"}
        answer = self.loader.call("ipc_call", "settings.set", params)
        self.assertIn(str(settings), answer["error"]["message"])
        self.loader.kill_plugin()
        Loader(self, self.deck).running()


class NoFolders(unittest.TestCase):
    def test_state_cannot_be_kept(self):
        deck = Deck(self)
        (deck.home / ".local").chmod(0o555)
        os.chown(deck.home / ".local", 0, 0)
        loader = Loader(self, deck)
        loader.poll_until(lambda answer: ".local/state" in answer["helper"]["detail"])
        os.chown(deck.home / ".local", UID, UID)
        (deck.home / ".local").chmod(0o755)
        loader.running()


class HungHelper(unittest.TestCase):
    def is_replaced(self, loader, hung):
        _, detail = loader.event("helper_state", lambda state, _: state == "failed")
        self.assertEqual(detail, "the helper has not answered for 3 s")
        self.assertTrue(hung.ends_within(PATIENCE_S), "it was not killed")
        loader.event("helper_state", lambda state, _: state == "running")
        self.assertNotEqual(loader.helper().pid, hung.pid)

    def test_stopped_one_is_killed_and_replaced(self):
        loader = Loader(self, Deck(self, constants={"ASK_S": 1})).running()
        helper = loader.helper()
        helper.stop()
        call = loader.begin("ipc_call", "status")
        self.is_replaced(loader, helper)
        self.assertIn("before it answered", loader.result(call)["error"]["message"])
        self.assertEqual(loader.ipc("status")["agent"]["port"], PORT)

    def test_one_that_answers_no_call_or_cannot_be_reached_is_killed_and_replaced(self):
        for script in ("mute", "lost"):
            with self.subTest(script):
                deck = Deck(self, HERE / "fake_helper.py", script, {"ASK_S": 1})
                loader = Loader(self, deck)
                until(lambda deck=deck: "socket " in deck.log())
                (deck.plugin / "script").write_text("")
                self.is_replaced(loader, loader.helper())

    def test_one_that_answers_is_left_alone(self):
        deck = Deck(self, HERE / "fake_helper.py", "", {"ASK_S": 0.5})
        loader = Loader(self, deck).running()
        helper = loader.helper()
        until(lambda: deck.log().count("pairing.get") >= 8)
        self.assertEqual(loader.helper().pid, helper.pid)


class LoaderEnds(unittest.TestCase):
    def test_at_any_moment(self):
        """The plugin goes with it, and so does the helper, however far they are."""
        moments = {
            "forked": lambda loader: None,
            "started": lambda loader: until(loader.deck.processes),
            "serving": lambda loader: until(lambda: "socket " in loader.deck.log()),
            "running": lambda loader: loader.running(),
        }
        for moment, wait in moments.items():
            with self.subTest(moment):
                loader = Loader(self, Deck(self))
                plugin = Process(loader.pid)
                wait(loader)
                loader.end()
                self.assertTrue(plugin.ends_within(PATIENCE_S), "the plugin outlived its loader")
                self.assertTrue(loader.deck.leaves_no_process())


class BadHelper(unittest.TestCase):
    def start(self, script, **constants):
        self.deck = Deck(self, HERE / "fake_helper.py", script, constants)
        self.loader = Loader(self, self.deck)
        return self.loader

    def test_says_why_it_does_not_start(self):
        sentence = "port 9999 is taken by 'other' (pid 7)"
        loader = self.start(f"exit 1 capydeck agent: {sentence}")
        loader.poll_until(lambda answer: answer["helper"]["detail"] == sentence)
        self.assertEqual(loader.call("ipc_call", "status")["error"], {"code": -32000, "message": sentence})
        (self.deck.plugin / "script").write_text("")
        loader.running()  # the pauses grow, but do not end

    def test_cannot_be_run(self):
        """Missing; not executable; for another processor; not finished being unpacked."""
        loader = self.start("").running()
        program = self.deck.program
        good, spare = program.read_bytes(), program.with_name("spare")

        def become(data, mode):
            spare.write_bytes(data)  # it runs: it may be replaced, not written to
            spare.chmod(mode)
            spare.rename(program)

        breakages = {
            "No such file": program.unlink,
            "Permission denied": lambda: become(good, 0o644),
            "Exec format error": lambda: become(b"\x7fELF\x02\x01\x01".ljust(64, b"\0"), 0o755),
            "the helper exited with code 0": lambda: become(b"#!/bin/sh\n", 0o755),
        }
        loader.helper().kill()
        for words, breaks in breakages.items():
            breaks()
            poll = loader.poll_until(lambda answer, words=words: words in answer["helper"]["detail"])
            detail = poll["helper"]["detail"]
            self.assertIn(words, loader.call("ipc_call", "status")["error"]["message"])
            if "exited" not in words:
                self.assertIn("bin/capydeck", detail)
            self.assertNotIn("Traceback", self.deck.log())
        become(good, 0o755)
        loader.running()

    def test_hangs_before_it_serves(self):
        loader = self.start("hang\ndeaf", START_S=1)
        loader.poll_until(lambda answer: "did not serve within 1 s" in answer["helper"]["detail"])
        (self.deck.plugin / "script").write_text("")
        loader.running()

    def test_crashes_again_and_again(self):
        loader = self.start("crash", PAUSE_MAX_S=2)
        failed = ("failed", "the helper exited with code 3")
        for _ in range(3):
            loader.event("helper_state", lambda *args: args == failed)
        pauses = re.findall(r"starting it again in (\d+) s", self.deck.log())
        self.assertEqual(pauses[:3], ["1", "2", "2"])
        (self.deck.plugin / "script").write_text("")
        loader.running()
        self.assertEqual(len(self.deck.processes()), 1)

    def test_real_one_finds_the_port_taken(self):
        with socket.socket(socket.AF_INET6) as taken:
            taken.bind(("::", PORT))
            taken.listen()
            loader = Loader(self, Deck(self)).running()
            agent = loader.call("ipc_call", "status")["result"]["agent"]
            self.assertFalse(agent["listening"])
            self.assertIn(f"port {PORT} is in use by", agent["problem"])
        until(lambda: loader.call("ipc_call", "status")["result"]["agent"]["listening"])

    def test_garbage_from_the_socket(self):
        for garbage in ("nonsense", "[]", "5", "[" * 100_000, "x" * 3_000_000):
            loader = self.start(f"send {garbage}")
            loader.event("helper_state", lambda state, detail: state == "starting" and detail)
            self.assertIn("error", loader.call("ipc_call", "status"))
            loader.event("helper_state", lambda state, _: state == "running")  # it tries again
            loader.kill_plugin()

    def test_what_does_not_fit_into_a_message(self):
        loader = self.start("request steam.apply 1000000\nevent big 1000000\n" + "event some 300000\n" * 5)
        poll = loader.poll_until(lambda answer: answer["last"] == 5)
        self.assertEqual([event["seq"] for event in poll["events"]], [5], "older ones made room")
        self.assertEqual(poll["requests"], [])
        loader.poll_until(lambda answer: "too many to pass through Decky" in self.deck.log())
        self.assertIn("is too long", loader.call("ipc_call", "big")["error"]["message"])
        self.assertEqual(loader.oddities, [])

    def test_answer_that_is_none_is_an_error(self):
        for nonsense in (None, {}, "result", {"result": "x" * (1 << 20)}):
            loader = self.start("request steam.restart 1")
            request, = loader.poll_until(lambda answer: answer["requests"])["requests"]
            loader.call("ipc_answer", request["id"], nonsense)
            loader.poll_until(lambda answer: '"id": "r-1", "error"' in self.deck.log())
            loader.kill_plugin()

    def test_ring_is_bounded(self):
        loader = self.start("event tick 1\n" * 1000)
        poll = loader.poll_until(lambda answer: answer["last"] == 1000)
        self.assertEqual([event["seq"] for event in poll["events"]], list(range(745, 1001)))

    def test_told_to_end_twice(self):
        loader = self.start("deaf").running()
        helper, plugin = loader.helper(), Process(loader.pid)
        os.kill(loader.pid, signal.SIGTERM)
        os.kill(loader.pid, signal.SIGTERM)
        self.assertTrue(plugin.ends_within(PATIENCE_S))
        self.assertTrue(helper.ends_within(PATIENCE_S))

    def test_unloaded_before_it_serves(self):
        loader = self.start("hang\ndeaf")
        loader.send({"stop": True})
        message = loader.wait(lambda message: "stopped" in message and message)
        self.assertEqual(message["code"], 0)
        self.assertTrue(self.deck.leaves_no_process())

    def test_deaf_one_is_ended_too(self):
        loader = self.start("deaf").running()
        helper = loader.helper()
        loader.send({"stop": True})
        message = loader.wait(lambda message: "stopped" in message and message)
        self.assertEqual(message["code"], 0)
        self.assertTrue(helper.ends_within(PATIENCE_S))

    def test_frontend_that_answers_too_late_attaches_anew(self):
        """The helper holds it for gone then."""
        loader = self.start("", ANSWER_S='{"steam.restart": 1}').running()
        before = loader.call("ipc_poll", 0)["helper"]["session"]
        loader.begin("ipc_call", "ask")
        key, *_ = loader.event("ipc_request")
        loader.poll_until(lambda answer: answer["helper"]["session"] > before)
        self.assertIsNone(loader.call("ipc_answer", key, {"result": {}}))
        poll = loader.call("ipc_poll", 0)
        self.assertEqual((poll["requests"], poll["helper"]["session"]), ([], before + 1))
        self.assertNotIn('"id": "r-1"', self.deck.log())


if __name__ == "__main__":
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "e2e/lib"))
    import summary

    summary.main("plugin")
