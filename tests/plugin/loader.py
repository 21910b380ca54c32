#!/usr/bin/python3
"""Decky as a plugin's backend meets it, for tests: what shared between process, environment,
life cycle and messages a plugin can notice, and all that it can stumble over.

Usage: loader.py PLUGIN_DIR HOME UID (as root). Standard input and output speak JSON, a line a message:
    → {"id": 1, "method": "ipc_call", "args": ["status", null]}   ← {"id": 1, "res": …, "success": true}
    → {"stop": true}                                              ← {"stopped": "exit", "code": 0}
    ← {"event": "ipc_event", "args": […]}   ← {"pid": 4711}   ← {"sigterm": true}: to this process
"""
import asyncio
import importlib.util
import json
import logging
import multiprocessing
import os
import signal
import sys
import types
from pathlib import Path

PLUGIN_DIR, HOME, UID = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
LIMIT = 1 << 20
SOCKET = HOME / "plugin_socket"
HOMEBREW = HOME / "homebrew"
FOLDERS = {
    f"DECKY_PLUGIN_{kind}_DIR": HOMEBREW / folder / PLUGIN_DIR.name
    for kind, folder in (("SETTINGS", "settings"), ("RUNTIME", "data"), ("LOG", "logs"))
}


# Of the standard library, in the frozen Python.
MISSING = ("configparser", "curses", "optparse", "sched", "tomllib", "zoneinfo")


class Sandbox:
    """The plugin's process."""

    def __init__(self):
        self.writer = None
        self.tasks = set()

    async def emit(self, event, *args):
        if self.writer is not None:  # lost otherwise
            await self.write({"event": event, "args": args}, ensure_ascii=True)

    async def write(self, message, ensure_ascii):
        line = json.dumps(message, ensure_ascii=ensure_ascii).encode() + b"\n"
        self.writer.write(line)
        await self.writer.drain()

    def decky_module(self):
        decky = types.ModuleType("decky")
        for name, value in os.environ.items():
            if name.startswith("DECKY_"):
                setattr(decky, name, value)
        decky.HOME, decky.USER = os.environ["HOME"], os.environ["USER"]
        logging.basicConfig(filename=FOLDERS["DECKY_PLUGIN_LOG_DIR"] / "plugin.log", level=logging.INFO)
        decky.logger = logging.getLogger()
        decky.emit = self.emit
        return decky

    def run(self):
        asyncio.set_event_loop(asyncio.new_event_loop())
        loop = asyncio.get_event_loop()
        os.setgid(UID)
        os.setuid(UID)
        os.environ.update(
            HOME=str(HOME), USER="deck", DECKY_USER="deck", DECKY_USER_HOME=str(HOME),
            DECKY_HOME=str(HOMEBREW), DECKY_VERSION="v3.1.0", DECKY_PLUGIN_DIR=str(PLUGIN_DIR),
            DECKY_PLUGIN_NAME="CapyDeck", DECKY_PLUGIN_VERSION="0.0.0", DECKY_PLUGIN_AUTHOR="a",
            **{name: str(folder) for name, folder in FOLDERS.items()},
        )
        sys.modules["decky"] = self.decky_module()
        sys.modules.update(dict.fromkeys(MISSING))
        spec = importlib.util.spec_from_file_location("_", PLUGIN_DIR / "main.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.plugin = module.Plugin()
        if hasattr(self.plugin, "_migration"):
            loop.run_until_complete(self.plugin._migration())
        self.start(self.plugin._main())
        self.start(asyncio.start_unix_server(self.serve, path=SOCKET, limit=LIMIT))
        try:
            loop.run_forever()
        except SystemExit:
            pass
        finally:
            loop.close()

    async def serve(self, reader, writer):
        self.writer = writer
        while True:
            self.start(self.handle(await self.line(reader)))

    def start(self, work):
        task = asyncio.get_event_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def line(self, reader):
        """At the end of the file this never waits: nothing else of the loop runs any more then."""
        line = b""
        while True:
            try:
                return line + await reader.readuntil()
            except asyncio.LimitOverrunError:
                line += await reader.read(LIMIT)
            except asyncio.IncompleteReadError as end:
                return line + end.partial

    async def handle(self, line):
        message = json.loads(line)
        if "stop" in message:
            await self.plugin._unload()
            loop = asyncio.get_event_loop()
            loop.call_soon_threadsafe(loop.stop)
            sys.exit(0)
        answer = {"id": message["id"], "res": None, "success": True}
        try:
            if message["method"].startswith("_"):
                raise PermissionError(message["method"])
            answer["res"] = await getattr(self.plugin, message["method"])(*message["args"])
        except Exception as why:
            answer.update(res=str(why), success=False)
        await self.write(answer, ensure_ascii=False)


class Loader:
    def __init__(self):
        self.process = multiprocessing.Process(target=Sandbox().run)

    def say(self, message):
        print(json.dumps(message), flush=True)

    async def relay(self, reader):
        while line := await reader.readline():
            if len(line) > LIMIT:
                self.say({"too_long": len(line)})
            sys.stdout.write(line.decode())
            sys.stdout.flush()

    async def stop(self, writer):
        writer.write(b'{"stop": true}\n')
        await writer.drain()
        self.relaying.cancel()
        writer.close()
        for signal_sent, wait_s in (("exit", 2), ("sigterm", 3), ("sigkill", 5)):
            if signal_sent != "exit":
                os.kill(self.process.pid, getattr(signal, signal_sent.upper()))
            for _ in range(wait_s * 20):
                if not self.process.is_alive():
                    self.say({"stopped": signal_sent, "code": self.process.exitcode})
                    return
                await asyncio.sleep(0.05)

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: self.say({"sigterm": True}))
        self.process.start()
        self.say({"pid": self.process.pid})
        commands = asyncio.StreamReader(limit=4 * LIMIT)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(SOCKET, limit=4 * LIMIT)
                break
            except OSError:
                await asyncio.sleep(0.02)
        self.relaying = asyncio.create_task(self.relay(reader))
        while line := await commands.readline():
            if "stop" in json.loads(line):
                await self.stop(writer)
            else:
                writer.write(line)
                await writer.drain()
        self.process.kill()  # the test runner is gone


def main():
    for folder in FOLDERS.values():
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, UID, UID)
    SOCKET.unlink(missing_ok=True)
    # The frozen program's own libraries, which are of no use to others.
    poison = HOME / "loader_libraries"
    poison.mkdir(exist_ok=True)
    for name in ("libc.so.6", "libz.so.1", "libcrypto.so.3", "libcjson.so.1", "libwebsockets.so.17"):
        (poison / name).write_text("not a library\n")
    os.environ["LD_LIBRARY_PATH"] = str(poison)
    os.environ["LOGNAME"], os.environ["SHELL"] = "root", "/bin/sh"
    for name in list(os.environ):
        if name.startswith(("XDG_", "DBUS_")) or name in ("DISPLAY", "WAYLAND_DISPLAY"):
            del os.environ[name]
    asyncio.run(Loader().run())


main()
