"""
CapyDeck inside Decky: starts the helper, relays between it and the frontend, and stops it.

The helper, bin/capydeck, does everything else. It is reached over one connection to its local
socket, as native/control/README.md describes. The frontend calls ipc_call, ipc_answer and ipc_poll;
the events ipc_event(seq, name, params), ipc_request(id, method, params) and
helper_state(state, detail) are only hints, since Decky drops events while nobody listens: ipc_poll
returns what was missed. A gap before its first event means that older ones were dropped.

Decky's process is a frozen Python with parts of the standard library. Its event loop is blocked as
soon as Decky begins to unload the plugin (it reads a closed socket endlessly), so stopping the helper
is synchronous, and SIGTERM has a plain signal handler.
"""

import asyncio
import collections
import json
import multiprocessing
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import decky

# The desktop's service hands over to this helper and waits until it ends. A helper that had to hand
# over itself, to another copy of the plugin, waits too: the two would take over from each other endlessly.
TAKE_OVER = "--takeover"
WAIT = "--wait"
# Lines of the helper's standard output; `capydeck agent --help` describes them.
HANDED_OVER = "released"
SERVES = "socket "
WAITS = "waiting for the end of "
# Decky sends SIGKILL 3 s after SIGTERM.
STOP_S = 2.5
PAUSE_MIN_S = 1
PAUSE_MAX_S = 60
# A helper that ran this long was not failing.
STEADY_S = 60
# One that takes over gives up after 20 s; after this time it counts as hung.
START_S = 90
# A serving helper is pinged this often, and killed after this many misses in a row.
ASK_S = 20
ASKS_MISSED = 3
# The longest line from the helper, and the size of Decky's message around it.
LINE_BYTES = 1 << 20
ENVELOPE_BYTES = 1024
# Limits of one event or request, and of all kept events: a poll's answer stays below 1 MiB.
HINT_BYTES = 384 << 10
RING_EVENTS = 256
# After this time the helper ignores the answer; it may have made the change in another way.
ANSWER_S = {"steam.show_artwork": 10, "steam.restart": 5}
ANSWER_DEFAULT_S = 20

NOT_POSSIBLE_NOW = -32002
FAILED = -32000


def error(code, message):
    return {"error": {"code": code, "message": message}}


def is_readable(fd, timeout_s=None):
    """Waits; a pidfd is readable once its process has ended."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(None if timeout_s is None else timeout_s * 1000))


def helper_environment():
    """Decky's own, without the changes of its frozen Python and its root service."""
    env = dict(os.environ)
    original = env.pop("LD_LIBRARY_PATH_ORIG", "")
    env.pop("LD_LIBRARY_PATH", None)
    if original:
        env["LD_LIBRARY_PATH"] = original
    if "USER" in env:
        env["LOGNAME"] = env["USER"]
    return env


class Helper:
    """The process, from its start to its end."""

    def __init__(self, manner, on_waits):
        self._on_waits = on_waits
        self._rest = b""
        self._sentence = ""
        self._stop_at = None
        self.made_room = False
        self.serves = asyncio.Event()
        self.socket = ""  # the path of its socket, while it serves
        program = str(Path(decky.DECKY_PLUGIN_DIR, "bin", "capydeck"))
        # It exits at the end of its standard input, so also when this process is killed.
        self._process = subprocess.Popen(
            [program, "agent", manner, "--exit-on-stdin-eof"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=helper_environment(),
        )
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)
        self._loop = asyncio.get_running_loop()
        self.ended = self._loop.create_future()
        os.set_blocking(self._process.stdout.fileno(), False)
        self._loop.add_reader(self._process.stdout, self._read_output)
        self._loop.add_reader(self._pidfd, self._on_end)

    def _read_output(self):
        while (data := self._process.stdout.read(65536)) is not None:
            if not data:
                self._loop.remove_reader(self._process.stdout)
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            # The helper writes no lines of this length.
            if len(self._rest) > LINE_BYTES:
                self._rest = b""
            for line in lines:
                self._take_line(line.decode(errors="replace"))

    def _take_line(self, line):
        decky.logger.info("%s", line)
        told, _, sentence = line.partition("capydeck agent: ")
        if sentence and not told:
            self._sentence = sentence
        elif line == HANDED_OVER:
            self.made_room = True
            self._sentence = "another copy of CapyDeck has taken over"
        elif line.startswith(SERVES):
            self.socket = line.removeprefix(SERVES)
            self.serves.set()
        elif line.startswith(WAITS):
            self.serves.clear()
            self._on_waits(line)
        elif "error while loading shared libraries" in line:
            self._sentence = line

    def _on_end(self):
        # Its own children may hold the pipe open, so this does not wait for the end of the output.
        self._read_output()
        self._loop.remove_reader(self._process.stdout)
        self._loop.remove_reader(self._pidfd)
        pidfd, self._pidfd = self._pidfd, -1
        os.close(pidfd)
        code = self._process.wait()
        self._process.stdout.close()
        self._process.stdin.close()
        if self._sentence:
            self.ended.set_result(self._sentence)
        elif code < 0:
            self.ended.set_result(f"the helper was killed by a signal: {signal.strsignal(-code)}")
        else:
            self.ended.set_result(f"the helper exited with code {code}")

    def _has_ended_by(self, moment):
        return is_readable(self._pidfd, max(0, moment - time.monotonic()))

    def stop(self):
        """Returns when it has ended. May be interrupted by itself, from a signal handler."""
        if self._pidfd < 0:
            return
        if self._stop_at is None:
            self._stop_at = time.monotonic() + STOP_S
        self._process.stdin.close()
        signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)
        if not self._has_ended_by(self._stop_at):
            self.kill()
            self._has_ended_by(self._stop_at + STOP_S / 10)

    def kill(self):
        """For a hung helper. Unlike stop() this does not wait for its end."""
        if self._pidfd >= 0:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)


class Connection:
    """JSON-RPC with the helper: sends calls, receives notifications and requests."""

    def __init__(self, reader, writer, on_message):
        self._reader = reader
        self._writer = writer
        self._on_message = on_message
        self._waiting = {}
        self._last_id = 0
        self._is_alive = False
        self.closed = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, path, helper_pid, on_message):
        reader, writer = await asyncio.open_unix_connection(path, limit=2 * LINE_BYTES)
        credentials = writer.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
        )
        if struct.unpack("3i", credentials)[0] != helper_pid:
            writer.close()
            raise ConnectionError(f"'{path}' is the socket of another program")
        return cls(reader, writer, on_message)

    async def _read(self):
        """Returns when the connection has ended, with a sentence that says why."""
        try:
            while line := await self._reader.readline():
                self._take(json.loads(line))
            return "the helper closed its socket"
        except OSError as why:
            return f"lost the connection to the helper: {why}"
        except (ValueError, TypeError, KeyError, RecursionError) as why:
            return f"the helper sent a malformed message: {why!r}"
        finally:
            self._writer.close()
            self._end_calls(error(FAILED, "the helper ended before it answered"))

    def _end_calls(self, answer):
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(answer)

    def _take(self, message):
        self._is_alive = True
        if "method" in message:
            self._on_message(self, message)
        elif message["id"] is None:
            # It could not parse a call, and does not know which.
            self._end_calls({"error": message["error"]})
        elif (answer := self._waiting.pop(message["id"], None)) and not answer.done():
            kind = "error" if "error" in message else "result"
            answer.set_result({kind: message[kind]})

    def send(self, message):
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False)
        line = text.encode()
        if len(line) >= LINE_BYTES:
            raise ValueError(f"a message of {len(line)} bytes is too long for the helper")
        self._writer.write(line + b"\n")

    async def call(self, method, params):
        if self.closed.done():
            return error(FAILED, "the helper has ended")
        self._last_id += 1
        number = self._last_id
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self.send({"id": number, "method": method, "params": params})
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def shows_life(self):
        """Sends a cheap request; returns after ASK_S whether the helper has sent anything."""
        self._is_alive = False
        if not self.closed.done():
            self.send({"id": 0, "method": "pairing.get", "params": {}})
        await asyncio.sleep(ASK_S)
        return self._is_alive


class Ring:
    """The latest events, for a frontend that missed them."""

    def __init__(self):
        self._events = collections.deque()
        self._bytes = 0
        self.last = 0

    def add(self, name, params, size):
        self.last += 1
        self._events.append((size, {"seq": self.last, "name": name, "params": params}))
        self._bytes += size
        while len(self._events) > RING_EVENTS or self._bytes > HINT_BYTES:
            self._bytes -= self._events.popleft()[0]
        return self.last

    def after(self, seq):
        # A frontend may know numbers from before this process.
        known = seq if seq <= self.last else 0
        return [event for _, event in self._events if event["seq"] > known]


class Requests:
    """The helper's requests to the frontend, until they are answered or expire."""

    def __init__(self, on_late):
        self._on_late = on_late
        self._pending = {}
        self._count = 0

    def add(self, connection, message, size):
        # The helper's ids start again with each helper, and this count with each process, while the
        # frontend may outlive both.
        self._count += 1
        request = {
            "id": f"{os.getpid()}.{self._count}:{message['id']}",
            "method": message["method"],
            "params": message.get("params"),
        }
        limit_s = ANSWER_S.get(message["method"], ANSWER_DEFAULT_S)
        until = time.monotonic() + limit_s
        self._pending[request["id"]] = (connection, message["id"], request, size, until)
        return request

    def take(self, key):
        """Returns, once, the connection that asked and its own id of the request."""
        self._expire()
        connection, number, *_ = self._pending.pop(key, (None, None))
        return connection, number

    def _expire(self):
        now = time.monotonic()
        late = [key for key, (*_, until) in self._pending.items() if until <= now]
        for key in late:
            del self._pending[key]
        if late:
            self._on_late()

    def pending(self):
        """As many as fit into one answer; the rest follow when these have been answered."""
        self._expire()
        chosen, total = [], 0
        for _, _, request, size, _ in self._pending.values():
            total += size
            if total > HINT_BYTES:
                break
            chosen.append(request)
        return chosen

    def forget(self, connection):
        for key in [key for key, (asker, *_) in self._pending.items() if asker is connection]:
            del self._pending[key]


class Plugin:
    def __init__(self):
        # session: changes when the frontend has to attach again; never that of an earlier process.
        self._state = {"state": "starting", "detail": "", "session": int(time.time() * 1000)}
        self._helper = None
        self._connection = None
        self._ring = Ring()
        self._requests = Requests(self._attach_anew)
        self._hints = asyncio.Queue(RING_EVENTS)
        self._stopping = False

    # Called by the frontend. They raise nothing: Decky would not show it.

    async def ipc_call(self, method, params=None):
        try:
            if self._connection is None:
                return error(FAILED, self._state["detail"] or "the helper is starting")
            answer = await self._connection.call(method, {} if params is None else params)
            size = len(json.dumps(answer, ensure_ascii=False).encode())
            if size > LINE_BYTES - ENVELOPE_BYTES:
                return error(FAILED, f"the answer to {method} is too long ({size} bytes)")
            return answer
        except Exception as why:
            return error(FAILED, f"{method} failed: {why}")

    async def ipc_answer(self, id, answer):
        try:
            connection, number = self._requests.take(id)
            if connection is None:
                return
            try:
                kind = "error" if "error" in answer else "result"
                connection.send({"id": number, kind: answer[kind]})
            except Exception as why:
                refusal = error(FAILED, f"the plugin sent a malformed answer: {why}")
                connection.send({"id": number, **refusal})
        except Exception as why:
            decky.logger.warning("lost an answer of the frontend: %r", why)

    async def ipc_poll(self, after=0):
        try:
            events = self._ring.after(after)
        except Exception:
            events = self._ring.after(0)
        requests = self._requests.pending()
        return {"last": self._ring.last, "events": events, "requests": requests, "helper": self._state}

    # Called by Decky.

    async def _main(self):
        self._emitting = asyncio.create_task(self._emit_hints())
        try:
            # Inherited from Decky, which would get this process's signals.
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, self._on_sigterm)
            self._watch_loader()
        except Exception:
            decky.logger.exception("cannot handle SIGTERM or watch Decky's loader")
        pause_s = PAUSE_MIN_S
        manner = TAKE_OVER
        while not self._stopping:
            started = time.monotonic()
            try:
                detail = await self._run_helper(manner)
                manner = WAIT if self._helper.made_room else TAKE_OVER
            except Exception as why:
                detail = f"cannot start the helper: {why}"
            if self._stopping:
                return
            if time.monotonic() - started >= STEADY_S:
                pause_s = PAUSE_MIN_S
            decky.logger.error("%s; starting it again in %d s", detail, pause_s)
            self._set_state("failed", detail)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def _unload(self):
        self._stop()

    # Running the helper.

    def _stop(self):
        self._stopping = True
        if self._helper is not None:
            self._helper.stop()

    def _on_sigterm(self, number, frame):
        try:
            self._stop()
        finally:
            # The event loop may be blocked, and Decky's code around it would wait for it.
            os._exit(0)

    def _watch_loader(self):
        """Without Decky's loader this process would keep running, and its helper block the next one."""
        pid = os.getppid()
        loader = os.pidfd_open(pid)
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid != pid:
            os._exit(0)  # it had ended before it could be watched

        def wait():
            is_readable(loader)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, daemon=True).start()

    async def _run_helper(self, manner):
        """Runs one helper until it ends; returns why it did."""
        # Why the previous one ended is still of interest.
        self._set_state("starting", self._state["detail"])
        helper = self._helper = Helper(manner, lambda why: self._set_state("starting", why))
        relay = asyncio.create_task(self._relay(helper))
        hang = asyncio.create_task(self._hang(helper, manner))
        try:
            await asyncio.wait([helper.ended, hang], return_when=asyncio.FIRST_COMPLETED)
            if helper.ended.done():
                return helper.ended.result()
            relay.cancel()
            self._disconnected()
            self._set_state("failed", hang.result())
            helper.kill()
            await helper.ended
            return hang.result()
        finally:
            relay.cancel()
            hang.cancel()
            self._disconnected()

    async def _hang(self, helper, manner):
        """
        Returns a sentence once the helper hangs: it does not begin to serve, or has missed ASKS_MISSED
        questions in a row. Time alone does not count: a Deck that was asleep has heard nothing either.
        """
        if manner == TAKE_OVER:
            try:
                await asyncio.wait_for(helper.serves.wait(), START_S)
            except TimeoutError:
                return f"the helper did not serve within {START_S} s"
        missed = 0
        while missed < ASKS_MISSED:
            await helper.serves.wait()
            if self._connection is not None:
                is_alive = await self._connection.shows_life()
            else:
                await asyncio.sleep(ASK_S)
                is_alive = self._connection is not None or not helper.serves.is_set()
            missed = 0 if is_alive else missed + 1
        return f"the helper has not answered for {ASKS_MISSED * ASK_S} s"

    async def _relay(self, helper):
        while True:
            await helper.serves.wait()
            detail = "the helper refuses to be subscribed to"
            try:
                connection = await Connection.open(helper.socket, helper.pid, self._on_message)
                if "result" in await connection.call("subscribe", {}):
                    self._connection = connection
                    self._set_state("running", "")
                    detail = await connection.closed
                connection.closed.cancel()
            except Exception as why:
                detail = str(why)
            self._disconnected()
            if helper.serves.is_set():
                decky.logger.warning("%s; reconnecting", detail)
                self._set_state("starting", detail)
            await asyncio.sleep(PAUSE_MIN_S)

    def _disconnected(self):
        connection, self._connection = self._connection, None
        self._requests.forget(connection)

    def _on_message(self, connection, message):
        size = len(json.dumps(message))
        if "id" not in message:
            if size <= HINT_BYTES:
                seq = self._ring.add(message["method"], message.get("params"), size)
                self._hint("ipc_event", seq, message["method"], message.get("params"))
        elif size <= HINT_BYTES:
            request = self._requests.add(connection, message, size)
            self._hint("ipc_request", request["id"], request["method"], request["params"])
        else:
            refusal = error(NOT_POSSIBLE_NOW, f"{size} bytes are too many to pass through Decky")
            connection.send({"id": message["id"], **refusal})

    def _attach_anew(self):
        """The helper considers a frontend that did not answer gone until it attaches again."""
        self._state = {**self._state, "session": self._state["session"] + 1}

    # Hints.

    def _set_state(self, state, detail):
        session = self._state["session"] + (state == "running")
        self._state = {"state": state, "detail": detail, "session": session}
        self._hint("helper_state", state, detail)

    def _hint(self, *args):
        if self._hints.full():
            self._hints.get_nowait()
        self._hints.put_nowait(args)

    async def _emit_hints(self):
        while True:
            args = await self._hints.get()
            try:
                await decky.emit(*args)
            except Exception as why:
                decky.logger.debug("%s was not emitted: %r", args[0], why)
