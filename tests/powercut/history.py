"""What an agent did to its files: the recorder's log (../faults/recorder.h), and the disk that it began with."""
import dataclasses
import os
import stat
import struct

CREATE, MKDIR, WRITE, TRUNCATE, MODE, SYNC, RENAME, UNLINK, SENT = range(1, 10)
RENAME_EXCHANGE = 2

_RECORD = struct.Struct("=4I4Qq")


@dataclasses.dataclass
class Record:
    kind: int
    inode: int
    folder: int
    other_folder: int
    at: int
    mtime_ns: int
    name: str
    other_name: str
    data: bytes


@dataclasses.dataclass
class Entry:
    """A name in a folder stands for something else from here on; 0: for nothing."""
    folder: int
    name: str
    node: int


@dataclasses.dataclass
class Step:
    """One record. Nodes are files and folders, numbered anew when the file system uses an inode again."""
    kind: int
    node: int = 0
    entries: tuple = ()  # atomically: an entry is never lost for another one
    at: int = 0
    data: bytes = b""
    mtime_ns: int = 0


@dataclasses.dataclass
class Node:
    is_folder: bool
    mode: int
    mtime_ns: int
    data: bytes = b""


class History:
    """nodes and entries: as at the beginning; steps: everything after it."""

    def __init__(self, root):
        """Of the disk as it is now, below root."""
        self.nodes, self.entries, self.steps = {}, {}, []
        self._now, self._of_inode, self._count = {}, {}, 0
        self.root = self._add_node(os.lstat(root))
        self._walk(root, self.root)
        self._now = dict(self.entries)

    def _walk(self, path, folder):
        for entry in os.scandir(path):
            found = entry.stat(follow_symlinks=False)
            if not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
                continue
            data = b"" if stat.S_ISDIR(found.st_mode) else open(entry.path, "rb").read()
            node = self.entries[folder, entry.name] = self._add_node(found, data)
            if stat.S_ISDIR(found.st_mode):
                self._walk(entry.path, node)

    def _add_node(self, found, data=b""):
        node = self._new_node(found.st_ino)
        self.nodes[node] = Node(stat.S_ISDIR(found.st_mode), stat.S_IMODE(found.st_mode), found.st_mtime_ns, data)
        return node

    def _new_node(self, inode):
        self._count += 1
        self._of_inode[inode] = self._count
        return self._count

    def read(self, path):
        """Adds the steps of a log."""
        log = open(path, "rb").read()
        at = 0
        while at < len(log):
            kind, name, other, data, inode, folder, other_folder, offset, mtime = _RECORD.unpack_from(log, at)
            at += _RECORD.size
            parts = []
            for length in (name, other, data):
                parts.append(log[at:at + length])
                at += length
            self._step(Record(kind, inode, folder, other_folder, offset, mtime, os.fsdecode(parts[0]),
                              os.fsdecode(parts[1]), parts[2]))

    def _step(self, record):
        entries = ()
        if record.kind in (CREATE, MKDIR):
            node = self._new_node(record.inode)
            self.nodes[node] = Node(record.kind == MKDIR, 0o755 if record.kind == MKDIR else 0o600, record.mtime_ns)
            entries = (Entry(self._of_inode[record.folder], record.name, node),)
        elif record.kind == UNLINK:
            entries = (Entry(self._of_inode[record.folder], record.name, 0),)
        elif record.kind == RENAME:
            entries = self._renamed(record)
        for entry in entries:
            self._now[entry.folder, entry.name] = entry.node
        node = self._of_inode.get(record.inode, 0)
        self.steps.append(Step(record.kind, node, entries, record.at, record.data, record.mtime_ns))

    def _renamed(self, record):
        source = self._of_inode[record.folder], record.name
        target = self._of_inode[record.other_folder], record.other_name
        exchanged = self._now.get(target, 0) if record.at & RENAME_EXCHANGE else 0
        return Entry(*target, self._now[source]), Entry(*source, exchanged)
