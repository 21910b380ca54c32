"""Cuts the power of an agent at each step of what it does, in every way that two models of a file system allow,
and judges what the next agent makes of the disk: README.md.

Usage: run [--sample COUNT] [--seed SEED] [--only CUT] [--scenario NAMES] PROGRAM INJECTOR
"""
import argparse
import collections
import hashlib
import multiprocessing
import os
import pathlib
import random
import tempfile
import time
import traceback

import judge
import models
import scenarios
import world
from deck import Deck
from history import SENT, History

SHOWN = 40  # findings printed in full


class Recording:
    """A scenario's history, and from which step on it is answered as done."""

    def __init__(self, rig, scenario):
        self.rig, self.scenario, self.home = rig, scenario, rig.home(scenario)
        deck, log = rig.deck, rig.folder / "log"
        log.unlink(missing_ok=True)
        deck.load(self.home.folder)
        self.history = History(deck.root)
        assert deck.start(rig.injector.environment | {"FAULTS_RECORD": str(log), "FAULTS_RECORD_SCOPE": str(deck.root)})
        reply = scenario.act(deck, self.home.token)
        assert reply.ok, reply.message
        code = deck.stop()
        assert code == 0, deck.text
        self.history.read(log)
        self.answered_at = self._answered_at(reply)
        self._check()

    def _answered_at(self, reply):
        """The step after which whoever asked may know that it is done."""
        if self.scenario.at_start:
            return 0  # what an earlier agent has begun for good
        steps = self.history.steps
        if self.scenario.at_stop:
            return len(steps)
        answer = str(reply.message.get("id")).encode() if reply.message.get("id") else b'"jsonrpc"'
        return 1 + max(index for index, step in enumerate(steps) if step.kind == SENT and answer in step.data)

    def _check(self):
        """Without a cut the model's disk is the real one."""
        end = models.Cut(self.scenario.name, len(self.history.steps), models.STRICT_NAMES, models.KEPT)
        with tempfile.TemporaryDirectory(dir=self.rig.folder) as folder:
            models.Disk(self.history, end).write_to(folder)
            made, real = _files(folder), _files(self.rig.deck.root)
        wrong = set(made.items()) ^ set(real.items())
        assert not wrong, f"{self.scenario.name}: the log is not what happened: {wrong}"

    def cuts(self):
        steps = self.history.steps
        positions = [at for at in range(len(steps) + 1)
                     if at in (0, self.answered_at) or steps[at - 1].kind != SENT]
        for at in positions:
            yield from models.cuts_at(self.scenario.name, at)

    def judge(self, cut, forgets_syncs=False):
        disk = models.Disk(self.history, cut, forgets_syncs)
        verdict = self.rig.judge_disk(cut, self.scenario, disk.write_to, cut.at >= self.answered_at)
        if verdict.wrong:
            verdict.what = self._describe(cut)
        return verdict

    def signature(self, cut):
        """The same for cuts that leave the same disk."""
        digest = hashlib.sha256(str(cut.at >= self.answered_at).encode())
        disk = models.Disk(self.history, cut)
        for (folder, name), node in sorted(disk.entries.items()):
            found = disk.nodes.get(node)
            digest.update(f"{folder}/{name}/{node}/{found and found.mode}/{found and found.mtime_ns}".encode())
            digest.update(found.data if found else b"")
        return digest.digest()

    def _describe(self, cut):
        steps = self.history.steps
        last = steps[cut.at - 1] if cut.at else None
        names = [entry.name for entry in last.entries] if last else []
        return f"after step {cut.at} of {len(steps)} (kind {last and last.kind}, {names}, node {last and last.node})"


def _files(root):
    """Files and folders, but for the sockets; what they are in, byte for byte."""
    found = {}
    for at, folders, names in os.walk(root):
        for name in folders:
            found[os.path.relpath(os.path.join(at, name), root)] = None
        for name in names:
            path = os.path.join(at, name)
            if os.path.isfile(path):
                found[os.path.relpath(path, root)] = (open(path, "rb").read(), os.stat(path).st_mtime_ns)
    return found


# --- Workers: each has its own recordings, because what is recorded has its own paths in it ---

worker_rig = None


def begin_worker(folder, program, injector):
    global worker_rig
    own = pathlib.Path(tempfile.mkdtemp(dir=folder))
    worker_rig = judge.Rig(own, Deck(own / "deck", program), injector)


def _different(recording, cuts, count):
    """At most so many that leave different disks; 0: all of them."""
    seen = set()
    for cut in cuts:
        signature = recording.signature(cut)
        if signature not in seen:
            seen.add(signature)
            yield cut
            if count and len(seen) == count:
                return


def judge_in_worker(name, count, seed, only):
    """Some cuts of one scenario: their verdicts."""
    try:
        scenario = next(scenario for scenario in scenarios.SCENARIOS if scenario.name == name)
        recording = Recording(worker_rig, scenario)
        if only:
            return [recording.judge(models.Cut.parse(only))]
        cuts = list(recording.cuts())
        if count:
            random.Random(f"{seed} {name}").shuffle(cuts)
        return [recording.judge(cut) for cut in _different(recording, cuts, count)]
    except Exception:
        worker_rig.deck.kill()
        return [judge.Verdict(models.Cut(name, 0, "-", "-"), judge.WRONG, [f"the driver: {traceback.format_exc()}"])]


def self_test_in_worker():
    """An agent that never syncs loses what it has answered: is it found, in each model?"""
    failures, tried, settle = [], 0, world.SETTLE_SECONDS
    world.SETTLE_SECONDS = 0.5
    for name in ("update", "setting", "pair"):
        scenario = next(scenario for scenario in scenarios.SCENARIOS if scenario.name == name)
        recording = Recording(worker_rig, scenario)
        for model, data in ((models.ORDERED_EARLY, models.DROPPED), (models.ORDERED_LATE, models.DROPPED),
                            (models.ORDERED_LATE, models.ZEROED), (models.STRICT_NONE, models.DROPPED)):
            cut = models.Cut(name, recording.answered_at, model, data)
            if recording.judge(cut).wrong:
                failures.append(f"self-test {cut}: the agent as it is fails, see above")
            if not recording.judge(cut, forgets_syncs=True).wrong:
                failures.append(f"self-test {cut}: without a sync nothing is found")
            tried += 1
    world.SETTLE_SECONDS = settle
    return failures, tried


def print_table(verdicts):
    table = collections.Counter((verdict.case.model, verdict.outcome) for verdict in verdicts)
    outcomes = sorted({verdict.outcome for verdict in verdicts})
    print(f"\n{'':<15}" + "".join(f"{outcome:>20}" for outcome in outcomes))
    for model in models.MODELS:
        print(f"{model:<15}" + "".join(f"{table[model, outcome]:>20}" for outcome in outcomes))
    data = collections.Counter(verdict.case.data for verdict in verdicts)
    print("data that was not synced: " + ", ".join(f"{kind} {data[kind]}" for kind in models.DATA))


def print_findings(verdicts):
    kinds = collections.defaultdict(list)
    for verdict in verdicts:
        if verdict.wrong:
            kinds[verdict.case.scenario, verdict.case.model, verdict.wrong[0][:70]].append(verdict)
    for found in list(kinds.values())[:SHOWN]:
        first = found[0]
        print(f"\nFAILED {first.case}" + (f" and {len(found) - 1} like it" if len(found) > 1 else ""))
        print(f"  cut: {first.what}")
        for line in first.wrong:
            print(f"  wrong: {line}")
    if len(kinds) > SHOWN:
        print(f"\nand {len(kinds) - SHOWN} more kinds")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", default=os.environ.get("FAULTS_SEED", "random"))
    parser.add_argument("--only", default="")
    parser.add_argument("--scenario", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("program", type=os.path.realpath)
    parser.add_argument("injector", type=os.path.realpath)
    given = parser.parse_args()
    if given.seed == "random":
        given.seed = str(random.SystemRandom().randrange(10**6))
    return given


def main():
    given = arguments()
    names = [scenario.name for scenario in scenarios.SCENARIOS
             if scenario.name == given.only.split("/")[0] or (not given.only and (
                 not given.scenario or scenario.name in given.scenario.split(",")))]
    count = -(-given.sample // len(names)) if given.sample else 0
    if given.sample:
        print(f"FAULTS_SEED={given.seed}: {count} power cuts of each of {len(names)} scenarios")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="capydeck-powercut-", dir=memory) as folder, \
            multiprocessing.Pool(given.jobs, begin_worker, (folder, given.program, given.injector)) as pool:
        self_test = pool.apply_async(self_test_in_worker)
        running = {name: pool.apply_async(judge_in_worker, (name, count, given.seed, given.only)) for name in names}
        verdicts = []
        for name, result in running.items():
            of_one = result.get()
            verdicts += of_one
            wrong = sum(1 for verdict in of_one if verdict.wrong)
            print(f"{name:<16}{len(of_one):>6} disks{wrong:>5} wrong", flush=True)
        failures, tried = self_test.get()
        pool.close()
        pool.join()
    print_findings(verdicts)
    print_table(verdicts)
    for failure in failures:
        print(f"FAILED {failure}")
    failed = sum(1 for verdict in verdicts if verdict.wrong) + len(failures)
    print(f"in {time.monotonic() - begun:.0f} s")
    print(f"powercut: {len(verdicts) + tried - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
