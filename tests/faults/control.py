"""The driver's side of control.h: what calls the injector fails, and what it has counted."""
import errno
import mmap
import pathlib
import struct

CLASSES = ("open", "read", "write", "sync", "rename", "mkdir", "unlink", "truncate", "stat", "mode", "close", "epoll",
           "socket", "malloc")
SHORT, KILL = 0, -1  # in place of an errno
ONCE, FROM_THEN_ON = 1, 0
BURST = 20  # what a limit on descriptors or memory does to connections: it passes

_HEAD = struct.Struct("=Iiiii")
_COUNTS = struct.Struct(f"={1 + len(CLASSES)}I")
_TEXT_BYTES = 256
_SIZE = _HEAD.size + _COUNTS.size + 2 * _TEXT_BYTES

# What each class meets: the errors that a disk, a quota or a limit gives there. "short": fewer bytes than asked for.
ERRORS = {
    "open": ("EIO", "EMFILE", "ENOSPC", "EINTR"),
    "read": ("EIO", "SHORT", "EINTR"),
    "write": ("ENOSPC", "EIO", "EDQUOT", "SHORT", "EINTR"),
    "sync": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC", "EDQUOT"),
    "mkdir": ("ENOSPC", "EIO", "EDQUOT"),
    "unlink": ("EIO",),
    "truncate": ("EIO", "ENOSPC"),
    "stat": ("EIO", "ENOMEM"),
    "mode": ("EIO", "EPERM"),
    "close": ("EIO",),
    "epoll": ("ENOMEM", "EINTR"),
    "socket": ("EMFILE", "ENOMEM", "EINTR"),
    "malloc": ("ENOMEM",),
}


def number_of(error):
    """An error's name as the injector wants it."""
    return {"SHORT": SHORT, "KILL": KILL}.get(error) if error in ("SHORT", "KILL") else getattr(errno, error)


class Control:
    """One mapped file; lives as long as the worker that uses it."""

    def __init__(self, path, scope):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        self._file = open(self.path, "r+b")
        self._map = mmap.mmap(self._file.fileno(), mmap.PAGESIZE)
        self._scope = str(scope).encode()

    def environment(self, library):
        return {"LD_PRELOAD": str(library), "FAULTS_CONTROL": str(self.path)}

    def arm(self, call=None, nth=1, error="EIO", times=ONCE):
        """Counts from zero; without a class nothing fails. times: ONCE or FROM_THEN_ON."""
        self._map[0:4] = struct.pack("=I", 0)
        self._map[_HEAD.size:_SIZE] = bytes(_SIZE - _HEAD.size)
        at = _HEAD.size + _COUNTS.size
        self._map[at:at + len(self._scope)] = self._scope
        self._map[0:_HEAD.size] = _HEAD.pack(0, CLASSES.index(call) if call else -1, nth, times, number_of(error))
        self._map[0:4] = struct.pack("=I", 1)

    def disarm(self):
        self._map[0:4] = struct.pack("=I", 0)

    @property
    def fired(self):
        return self._counts()[0]

    @property
    def calls(self):
        """How many calls of each class there were since arm()."""
        return dict(zip(CLASSES, self._counts()[1:]))

    @property
    def what(self):
        """The first call that failed."""
        at = _HEAD.size + _COUNTS.size + _TEXT_BYTES
        return self._map[at:at + _TEXT_BYTES].split(b"\0")[0].decode(errors="replace")

    def _counts(self):
        return _COUNTS.unpack_from(self._map, _HEAD.size)

    def close(self):
        self._map.close()
        self._file.close()
