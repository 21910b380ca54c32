"""What of a history a power cut may leave: two models of a file system, and what each may do to data."""
import dataclasses
import os
import random

from history import CREATE, MKDIR, MODE, RENAME, SYNC, TRUNCATE, UNLINK, WRITE, Node

SECTOR_BYTES = 512

# What happens to data that was not synced.
KEPT, DROPPED, ZEROED, TORN = "kept", "dropped", "zeroed", "torn"
DATA = (KEPT, DROPPED, ZEROED, TORN)

# ext4, data=ordered: changes of names become durable in order, all together with any fsync(); data of a file
# with its own, and until then the file may be shorter, or empty.
ORDERED_EARLY = "ext4"  # nothing since the last fsync()
ORDERED_LATE = "ext4, later"  # all names, as after the journal's own commit
# POSIX promises no more than what was synced itself: the data with the file, a name with its folder.
STRICT_NONE = "strict"  # nothing else
STRICT_SOME = "strict, some"  # and any of the rest
STRICT_NAMES = "strict, names"  # and all names
MODELS = (ORDERED_EARLY, ORDERED_LATE, STRICT_NONE, STRICT_SOME, STRICT_NAMES)


@dataclasses.dataclass(frozen=True)
class Cut:
    """Power is cut before steps[at]."""
    scenario: str
    at: int
    model: str
    data: str
    seed: int = 0

    def __str__(self):
        return f"{self.scenario}/{self.at}/{self.model}/{self.data}/{self.seed}"

    @staticmethod
    def parse(text):
        scenario, at, model, data, seed = text.split("/")
        return Cut(scenario, int(at), model, data, int(seed))


class Disk:
    """After a cut: nodes, and entries (folder, name) → node."""

    def __init__(self, history, cut, forgets_syncs=False):
        self._steps = history.steps[:cut.at]
        self._cut = cut
        self._chance = random.Random(str(cut))
        self._last_sync = {}  # node → the last step that synced it
        if not forgets_syncs:
            for index, step in enumerate(self._steps):
                if step.kind == SYNC:
                    self._last_sync[step.node] = index
        self._last_of_all = max(self._last_sync.values(), default=-1)
        self.entries = dict(history.entries)
        self.nodes = {number: Node(node.is_folder, node.mode, node.mtime_ns, node.data)
                      for number, node in history.nodes.items()}
        self._root = history.root
        self._torn = self._choose_torn()
        for index, step in enumerate(self._steps):
            self._apply(index, step)

    def _is_synced(self, index, node):
        return self._last_sync.get(node, -1) > index

    def _choose_torn(self):
        unsynced = [index for index, step in enumerate(self._steps)
                    if step.kind == WRITE and not self._is_synced(index, step.node)]
        return self._chance.choice(unsynced) if unsynced and self._cut.data == TORN else -1

    def _apply(self, index, step):
        if step.kind in (CREATE, MKDIR, RENAME, UNLINK):
            self._apply_entries(index, step)
        elif step.kind == WRITE:
            self._write(index, step)
        elif step.kind in (TRUNCATE, MODE) and self._is_change_kept(index, step):
            node = self.nodes[step.node]
            if step.kind == MODE:
                node.mode = step.at & 0o7777
            else:
                node.data = node.data[:step.at].ljust(step.at, b"\0")
                node.mtime_ns = step.mtime_ns

    def _is_change_kept(self, index, step):
        """Of a file's size or mode."""
        if self._is_synced(index, step.node):
            return True
        if self._cut.model == ORDERED_EARLY:
            return index < self._last_of_all
        return self._cut.model in (ORDERED_LATE, STRICT_NAMES) or (
            self._cut.model == STRICT_SOME and self._chance.random() < 0.5)

    def _apply_entries(self, index, step):
        model = self._cut.model
        kept = [self._is_synced(index, entry.folder) for entry in step.entries]
        if model == ORDERED_EARLY:
            kept = [index < self._last_of_all] * len(kept)
        elif model in (ORDERED_LATE, STRICT_NAMES):
            kept = [True] * len(kept)
        elif model == STRICT_SOME:
            kept = [was or self._chance.random() < 0.5 for was in kept]
        if step.kind == RENAME:
            # Nobody loses what is renamed: it is in its old place as long as it is not in the new one. A folder
            # is never in both.
            if step.entries[0].folder == step.entries[1].folder or self.nodes[step.entries[0].node].is_folder:
                kept = [any(kept)] * 2
            elif kept[1]:
                kept[0] = True
        for entry, is_kept in zip(step.entries, kept):
            if is_kept:
                self.entries[entry.folder, entry.name] = entry.node

    def _write(self, index, step):
        node, data = self.nodes[step.node], step.data
        if not self._is_synced(index, step.node):
            data = self._unsynced(index, data)
            if self._cut.model == ORDERED_LATE:
                node.mtime_ns = step.mtime_ns  # the time is not the data
        if data is None:
            return
        node.data = node.data[:step.at].ljust(step.at, b"\0") + data + node.data[step.at + len(data):]
        node.mtime_ns = step.mtime_ns

    def _unsynced(self, index, data):
        """What is left of it; None: nothing."""
        kind = self._cut.data
        if kind == KEPT:
            return data
        if kind == ZEROED:
            return bytes(len(data))
        if kind == DROPPED or index != self._torn:
            return None if kind == DROPPED or self._chance.random() < 0.5 else data
        length = self._chance.randrange(len(data) + 1)
        return data[:length - length % SECTOR_BYTES if length > SECTOR_BYTES else length]

    def write_to(self, root):
        """Makes it real. root: an empty folder."""
        names = {}
        for (folder, name), node in self.entries.items():
            if node:
                names.setdefault(folder, []).append((name, node))
        self._write_folder(root, self._root, names)

    def _write_folder(self, path, folder, names):
        for name, number in names.get(folder, []):
            node, full = self.nodes[number], os.path.join(path, name)
            if node.is_folder:
                os.mkdir(full)
                self._write_folder(full, number, names)
            else:
                with open(full, "wb") as file:
                    file.write(node.data)
                os.chmod(full, node.mode)
                os.utime(full, ns=(node.mtime_ns, node.mtime_ns))


def cuts_at(scenario, at, seeds=2):
    """Everything that can happen to it at one step; where no data is at stake, much of it is the same."""
    for model in MODELS:
        for data in DATA:
            for seed in range(seeds if model == STRICT_SOME or data == TORN else 1):
                yield Cut(scenario, at, model, data, seed)
