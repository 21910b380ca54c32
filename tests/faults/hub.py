"""A Hub and an owner, written from the protocol pages alone: the agent as it is seen from outside."""
import base64
import hashlib
import json
import os
import socket
import struct
import time

REPLY_SECONDS = 35  # the protocol promises an answer within 30 (protocol.md §1.3)
CHUNK_BYTES = 32 * 1024


class Gone(Exception):
    """The connection ended, or never came to be."""


class Hung(Exception):
    """No answer in time."""


def _masked(data, key):
    if not data:
        return b""
    repeated = (key * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(data), "big")


class _Stream:
    """A socket that is read in parts, against a deadline."""

    def __init__(self, connected):
        self._socket = connected
        self._have = bytearray()

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Gone(f"cannot send: {error}") from error

    def fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise Hung("no answer in time")
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(1 << 18)
        except TimeoutError as error:
            raise Hung("no answer in time") from error
        except OSError as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("closed")
        self._have += data

    def take(self, count, deadline):
        while len(self._have) < count:
            self.fill(deadline)
        data = bytes(self._have[:count])
        del self._have[:count]
        return data

    def take_until(self, mark, deadline):
        while mark not in self._have:
            self.fill(deadline)
        return self.take(self._have.index(mark) + len(mark), deadline)

    def close(self):
        self._socket.close()


class Reply:
    """What came back for one request."""

    def __init__(self, message):
        self.message = message
        self.type = message.get("type")
        self.payload = message.get("payload") or {}
        self.error = (message.get("error") or {}).get("message")
        if self.error is None and self.payload.get("success") is False:
            self.error = self.payload.get("message") or self.payload.get("reason") or "success: false"

    @property
    def ok(self):
        return self.error is None and self.type != "error"


class Hub:
    """One WebSocket connection."""

    _KEY = b"\x11\x22\x33\x44"
    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, port, hub_id="hub-1"):
        self.hub_id = hub_id
        self.before_complete = None
        self._count = 0
        try:
            self._stream = _Stream(socket.create_connection(("127.0.0.1", port), timeout=REPLY_SECONDS))
        except OSError as error:
            raise Gone(f"cannot connect: {error}") from error
        key = base64.b64encode(os.urandom(16)).decode()
        self._stream.send((f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        head = self._stream.take_until(b"\r\n\r\n", time.monotonic() + REPLY_SECONDS)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Gone(head.split(b"\r\n")[0].decode())

    def _send(self, kind, data):
        size = len(data)
        if size < 126:
            head = bytes([0x80 | kind, 0x80 | size])
        elif size < 65536:
            head = bytes([0x80 | kind, 0x80 | 126]) + struct.pack(">H", size)
        else:
            head = bytes([0x80 | kind, 0x80 | 127]) + struct.pack(">Q", size)
        self._stream.send(head + self._KEY + _masked(data, self._KEY))

    def _frame(self, deadline):
        first, second = self._stream.take(2, deadline)
        size = second & 127
        if size == 126:
            size, = struct.unpack(">H", self._stream.take(2, deadline))
        elif size == 127:
            size, = struct.unpack(">Q", self._stream.take(8, deadline))
        return first & 0x80, first & 15, self._stream.take(size, deadline)

    def _message(self, deadline):
        """The next text message; pings are answered."""
        parts = b""
        while True:
            last, kind, data = self._frame(deadline)
            if kind == self.PING:
                self._send(self.PONG, data)
            elif kind == self.CLOSE:
                raise Gone(f"closed: {data[2:].decode(errors='replace')}")
            elif kind != self.PONG:
                parts += data
                if last:
                    return json.loads(parts)

    def _wait(self, request_id):
        deadline = time.monotonic() + REPLY_SECONDS
        while True:
            message = self._message(deadline)
            if message.get("id") == request_id or (message.get("id") == "" and message.get("error")):
                return Reply(message)  # without an id: the request could not be read

    def _new_id(self):
        self._count += 1
        return f"{self.hub_id}-{self._count}"

    def ask(self, kind, payload=None):
        request_id = self._new_id()
        self._send(self.TEXT, json.dumps({"id": request_id, "type": kind, "payload": payload or {}}).encode())
        return self._wait(request_id)

    def chunk(self, upload_id, path, offset, data):
        request_id = self._new_id()
        header = json.dumps({"id": request_id, "uploadId": upload_id, "filePath": path, "offset": offset,
                             "checksum": hashlib.sha256(data).hexdigest()}).encode()
        self._send(self.BINARY, struct.pack(">I", len(header)) + header + data)
        return self._wait(request_id)

    def hello(self, token=None):
        hello = {"name": "Hub", "version": "1.0", "hubId": self.hub_id}
        return self.ask("hub_connected", hello | ({"token": token} if token else {}))

    def send_files(self, started, files, part=1.0):
        """The chunks of what init_upload still wants; of every file only this part. None, or the first refusal."""
        held = started.payload.get("resumeFrom") or {}
        for path, data in files.items():
            for at in range(held.get(path, 0), int(len(data) * part), CHUNK_BYTES):
                reply = self.chunk(started.payload["uploadId"], path, at, data[at:min(at + CHUNK_BYTES, len(data))])
                if not reply.ok:
                    return reply
        return None

    def push(self, name, files, executable="run.sh"):
        """A whole upload; the reply that ended it."""
        started = self.ask("init_upload", manifest(name, files, executable))
        if not started.ok:
            return started
        refused = self.send_files(started, files)
        return refused or self.complete(started, name, executable)

    def complete(self, started, name, executable="run.sh"):
        if self.before_complete:
            self.before_complete()
        shortcut = {"name": name, "exe": executable, "startDir": "", "launchOptions": "", "tags": []}
        return self.ask("complete_upload", {"uploadId": started.payload["uploadId"], "createShortcut": True,
                                            "shortcut": shortcut})

    def close(self):
        self._stream.close()


def manifest(name, files, executable="run.sh"):
    return {"config": {"gameName": name, "installPath": "", "executable": executable},
            "totalSize": sum(map(len, files.values())),
            "files": [{"relativePath": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                      for path, data in files.items()]}


class Owner:
    """The local IPC, as control/README.md has it."""

    def __init__(self, path):
        self._count = 0
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.connect(str(path))
        except OSError as error:
            connected.close()
            raise Gone(f"cannot connect to the owner's socket: {error}") from error
        self._stream = _Stream(connected)

    def ask(self, method, params=None):
        self._count += 1
        request = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": params or {}}
        self._stream.send(json.dumps(request).encode() + b"\n")
        deadline = time.monotonic() + REPLY_SECONDS
        while True:
            answer = json.loads(self._stream.take_until(b"\n", deadline))
            if answer.get("id") in (self._count, None) and "method" not in answer:
                return Reply({"payload": answer.get("result"), "error": answer.get("error")})

    def close(self):
        self._stream.close()
