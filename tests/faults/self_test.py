"""Is a lie found? Each of these is planted between a scenario and its judging, and has to be told by name."""
import json
import re
import shutil
import signal
import subprocess

import deck as deck_module
import scenarios
import world
from control import CLASSES
from judge import RESTART, Case

NEVER = 10**6  # no scenario has so many calls
# Imports of a program that have to do with what is failed here.
SUSPECTS = re.compile(
    r"^(_*(p?(read|write)v?(64)?|open(at)?(64)?)(_chk|_2)?|f?open(dir|at)?(64)?|creat(64)?|fdopendir|readdir(64)?(_r)?|scandir"
    r"|(re)?name(at2?)?|rename(at2?)?|link(at)?|symlink(at)?|readlink(at)?|realpath|(un)?link(at)?|(mk|rm)dir(at)?|mkd?temp"
    r"|mkos?temp|mknod(at)?|fsync|fdatasync|sync|syncfs|sync_file_range|copy_file_range|sendfile(64)?|splice"
    r"|f?truncate(64)?|(posix_)?fallocate(64)?|[fl]?stat(at)?(64)?|statx|f?statvfs(64)?|statfs|f?access(at)?|f?chmod(at)?"
    r"|f?chown(at)?|futimens|utimensat|utimes?|close|epoll_\w+|poll|ppoll|select|eventfd|timerfd_create|pipe2?|inotify_\w+"
    r"|socket(pair)?|accept4?|bind|listen|recv(from|msg)?|send(to|msg)?|[mc]alloc|realloc|memfd_create|signalfd)$")
NOT_FAILED = {
    "inotify_rm_watch",  # its failure is ignored by everybody
    "reallocarray", "strdup",  # ask realloc() and malloc()
}


def symbols(file, *options):
    listed = subprocess.run(["nm", "-D", *options, file], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in listed.splitlines()}


def missed(program, injector):
    """Calls of the program that the injector does not see."""
    suspects = {name for name in symbols(program, "--undefined-only") if SUSPECTS.match(name)}
    return sorted(suspects - symbols(injector, "--defined-only") - NOT_FAILED)


def _stopped(change):
    def tamper(trial):
        trial.deck.stop()
        change(trial.deck)
    return tamper


def _edit(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def _set_aside(deck):
    (deck.config / "hubs.json.corrupt-20260101T000000Z").write_text("{")


def _lie_of_success(trial):
    trial.reply = scenarios.reply_of(True)


def _lie_of_failure(trial):
    trial.reply = scenarios.reply_of(False, "it did not work")


def _crash(trial):
    trial.deck.agent.send_signal(signal.SIGSEGV)


def _hang(trial):
    trial.deck.agent.send_signal(signal.SIGSTOP)
    deck_module.STOP_SECONDS = 0.5


def _mix(deck):
    (deck.library / "Game/data/a.bin").write_bytes(world.BUILDS["old"]["data/a.bin"])


def _lose_journal(deck):
    for journal in (deck.own / "uploads").glob("*/journal"):
        journal.unlink()


def _change_id(games):
    games["games"][0]["appId"] += 1


UNHARMED = f"open/{NEVER}/EIO/{RESTART}"
# What is planted, the case it is planted in, how, and what has to be said about it.
LIES = [
    ("a mixed game", f"update/{UNHARMED}", _stopped(_mix), "games: .*mixed"),
    ("another game's file", f"start/{UNHARMED}",
     _stopped(lambda deck: (deck.library / "Other/data/a.bin").unlink()), "games: .*mixed"),
    ("a game installed twice", f"update/{UNHARMED}",
     _stopped(lambda deck: shutil.copytree(deck.library / "Game", deck.library / "Game (2)")), r"Game \(2\)"),
    ("a kept file lost", f"start/{UNHARMED}",
     _stopped(lambda deck: (deck.library / "Game" / world.KEPT_FILE).unlink()), "kept:"),
    ("pairings forgotten", f"start/{UNHARMED}", _stopped(lambda deck: (deck.config / "hubs.json").unlink()), "hubs:"),
    ("the agent's id forgotten", f"start/{UNHARMED}",
     _stopped(lambda deck: (deck.config / "agent.json").unlink()), "agent id:"),
    ("games forgotten", f"start/{UNHARMED}", _stopped(lambda deck: (deck.state / "games.json").unlink()),
     "registered:"),
    ("the trash forgotten", f"start/{UNHARMED}", _stopped(lambda deck: (deck.state / "trash.json").unlink()),
     "in the trash:"),
    ("the trash emptied", f"start/{UNHARMED}", _stopped(lambda deck: shutil.rmtree(deck.own / "trash")), "trash:"),
    ("uploads forgotten", f"start/{UNHARMED}", _stopped(lambda deck: shutil.rmtree(deck.own / "uploads")), "uploads:"),
    ("progress forgotten", f"start/{UNHARMED}", _stopped(_lose_journal), "paused upload:"),
    ("a setting forgotten", f"start/{UNHARMED}", _stopped(lambda deck: (deck.config / "settings.json").unlink()),
     "setting:"),
    ("an app id changed", f"start/{UNHARMED}",
     _stopped(lambda deck: _edit(deck.state / "games.json", _change_id)), "app ids:"),
    ("something set aside", f"start/{UNHARMED}", _stopped(_set_aside), "set aside:"),
    ("success that is none", f"setting/rename/1/EIO/{RESTART}", _lie_of_success, "answered as done, but setting"),
    ("failure that is none", f"setting/{UNHARMED}", _lie_of_failure, "answered as an error, but done"),
    ("a crash", f"start/{UNHARMED}", _crash, "crash: .*SIGSEGV"),
    ("a hang", f"start/{UNHARMED}", _hang, "hang:"),
]


def run(rig, program, injector, counts):
    """Lines about what this harness would not find; the number of what was tried."""
    failures = [f"the injector does not see {name}(), which the program calls" for name in missed(program, injector)]
    failures += [f"no scenario makes a call of the class '{call}'" for call in CLASSES
                 if counts and not any(calls[call] for calls in counts.values())]
    settle, stop = world.SETTLE_SECONDS, deck_module.STOP_SECONDS
    world.SETTLE_SECONDS = 0.3
    for name, case, tamper, expected in LIES:
        rig.tamper = tamper
        wrong = rig.judge(Case.parse(case)).wrong
        rig.tamper = None
        deck_module.STOP_SECONDS = stop
        if not any(re.search(expected, line) for line in wrong):
            failures.append(f"planted and not found: {name}; found instead: {wrong}")
    world.SETTLE_SECONDS = settle
    return failures, len(LIES) + 2
