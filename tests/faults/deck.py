"""The folders of one imaginary Deck and the agent on them."""
import os
import pathlib
import re
import selectors
import shutil
import signal
import subprocess
import time

from hub import Gone, Hub, Hung, Owner

START_SECONDS = 30
QUIET_SECONDS = 1  # after which an agent that has its socket but serves nobody is asked why
STOP_SECONDS = 30

_LOGIN_USERS = """"users"
{
\t"76561198012345678"
\t{
\t\t"AccountName"\t\t"gamer"
\t\t"PersonaName"\t\t"Gamer"
\t\t"MostRecent"\t\t"1"
\t\t"Timestamp"\t\t"1700000000"
\t}
}
"""
_ACCOUNT = "52079950"


class Deck:
    """Always at the same path, because what the agent stores has absolute paths in it."""

    def __init__(self, root, program):
        self.root = pathlib.Path(root)
        self.program = program
        self.home = self.root / "home"
        self.library = self.home / "Games"
        self.own = self.library / ".capydeck"
        self.steam = self.home / "steam"
        self.state = self.root / "state"
        self.config = self.root / "config"
        self.runtime = self.root / "run"
        self.shortcuts = self.steam / "userdata" / _ACCOUNT / "config/shortcuts.vdf"
        self.agent = None
        self.port = 0
        self.output = b""
        self.before_complete = None  # called when all of an upload is sent
        self.problem = ""
        self.code = None  # of an agent that did not begin to serve

    def _clear(self):
        """The root itself may be a disk."""
        self.root.mkdir(exist_ok=True)
        for entry in self.root.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink()

    def make(self):
        self._clear()
        self.library.mkdir(parents=True)
        self.shortcuts.parent.mkdir(parents=True)
        (self.steam / "config").mkdir()
        (self.steam / "config/loginusers.vdf").write_text(_LOGIN_USERS)

    def save(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.root, folder, symlinks=True, ignore=shutil.ignore_patterns("agent.sock"))

    def load(self, folder):
        """With the files' times, which the agent compares."""
        self._clear()
        shutil.copytree(folder, self.root, symlinks=True, dirs_exist_ok=True)

    def start(self, environment=None, limits=None):
        """
        True once it serves, or says to its owner why it does not, with port 0 then; False if it has ended
        instead. Raises Hung. limits: called in the child.
        """
        assert self.agent is None
        arguments = [self.program, "agent", "--port", "0", "--name", "Deck", "--library", self.library,
                     "--steam-dir", self.steam, "--config-dir", self.config, "--state-dir", self.state,
                     "--runtime-dir", self.runtime, "--no-mdns", "--no-overlay", "--exit-on-stdin-eof", "--verbose"]
        if os.getuid() == 0:
            arguments.append("--allow-root")
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        self.output = b""
        self.problem = ""
        self.agent = subprocess.Popen(arguments, env=base | (environment or {}), stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limits)
        os.set_blocking(self.agent.stdout.fileno(), False)
        deadline = time.monotonic() + START_SECONDS
        while True:
            found = re.search(rb"^listening on .*:(\d+)\s*$", self.output, re.MULTILINE)
            if found:
                self.port = int(found[1])
                return True
            is_quiet = re.search(rb"^socket /", self.output, re.MULTILINE)
            more = self._more(min(deadline, time.monotonic() + QUIET_SECONDS) if is_quiet else deadline)
            if more is False:
                self.code = self.wait()
                return False
            if more is None:
                self.port, self.problem = 0, self._ask_why()
                return True

    def _more(self, deadline):
        """More output: True; its end: False; none by then: None."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.agent.stdout, selectors.EVENT_READ)
            if not selector.select(max(0, deadline - time.monotonic())):
                return None
        data = self.agent.stdout.read()
        self.output += data or b""
        return bool(data)

    def _ask_why(self):
        """Why it serves nobody."""
        try:
            why = self.ask_owner("status").payload["agent"]["problem"]
        except (Gone, KeyError):
            why = ""
        if not why:
            raise Hung(f"the agent neither serves nor ends; it printed: {self.text[-500:]}")
        return why

    @property
    def text(self):
        if self.agent and self.agent.stdout:
            self.output += self.agent.stdout.read() or b""
        return self.output.decode(errors="replace")

    @property
    def runs(self):
        return self.agent is not None and self.agent.poll() is None

    def has_ended(self):
        """By itself. A connection that it closed may be known before its end is."""
        try:
            self.agent.wait(1)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait(self):
        """Its exit code, negative for a signal, once it has ended by itself."""
        deadline = time.monotonic() + STOP_SECONDS
        while self._more(deadline):
            pass
        try:
            code = self.agent.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise Hung("the agent does not end") from error
        self.agent.stdin.close()
        self.agent.stdout.close()
        self.agent = None
        return code

    def stop(self, by=signal.SIGTERM):
        """As wait(), asked to. None if none was running."""
        if self.agent is None:
            return None
        if self.agent.poll() is None:
            self.agent.send_signal(by)
        return self.wait()

    def kill(self):
        """Whatever state it is in."""
        if self.agent is not None:
            self.agent.kill()
            self.agent.wait()
            self.agent.stdin.close()
            self.agent.stdout.close()
            self.agent = None

    def owner(self):
        return Owner(self.runtime / "agent.sock")

    def ask_owner(self, method, params=None):
        owner = self.owner()
        try:
            return owner.ask(method, params)
        finally:
            owner.close()

    def connect(self, token, hub_id="hub-1"):
        """A Hub that has paired before."""
        hub = Hub(self.port, hub_id)
        hub.before_complete = self.before_complete
        reply = hub.hello(token)
        if reply.type != "agent_status":
            hub.close()
            raise Gone(f"the token is not accepted: {reply.message}")
        return hub

    def pair(self, hub_id="hub-1"):
        """A new Hub: the connection and the last reply, whose payload has the token if it is pair_success."""
        hub = Hub(self.port, hub_id)
        reply = hub.hello()
        if reply.type != "pairing_required":
            return hub, reply
        shown = self.ask_owner("pairing.get")
        if not shown.ok or not shown.payload.get("code"):
            return hub, shown
        return hub, hub.ask("pair_confirm", {"code": shown.payload["code"]})
