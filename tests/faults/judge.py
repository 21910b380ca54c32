"""One case: calls that fail during a scenario, and what must be true afterwards whatever failed."""
import contextlib
import dataclasses
import re
import resource
import shutil
import signal

import scenarios
import world
from control import BURST, FROM_THEN_ON, ONCE, Control
from hub import Gone, Hung

NEXT_TRIES = 3
# How an answer says that what it could not finish will be finished.
FINISHED_LATER = re.compile(r"will be (finished|completed|installed|done|tried)|finish", re.IGNORECASE)

# once: the next try is made by the agent that met the fault, or by a new one; on: everything fails until it has ended.
LIVE, RESTART, ON = "live", "restart", "on"
VARIANTS = (LIVE, RESTART, ON)
NO_FILES = ("epoll", "socket")
# Classes of another kind: the agent has a limit all its life. nth is the limit.
LIMITS = {"nofile": (resource.RLIMIT_NOFILE, range(4, 64)),
          "fsize": (resource.RLIMIT_FSIZE, (0, 1, 50, 100, 200, 400, 700, 1000, 4096, 20000, 40000, 65536))}
LIMIT = "limit"  # their only error
BLOCKS = "blocks"  # a real disk on which nth blocks are free; its error:
FULL = "ENOSPC"


@dataclasses.dataclass(frozen=True)
class Case:
    scenario: str
    call: str
    nth: int
    error: str
    variant: str

    def __str__(self):
        return f"{self.scenario}/{self.call}/{self.nth}/{self.error}/{self.variant}"

    @staticmethod
    def parse(text):
        scenario, call, nth, error, variant = text.split("/")
        return Case(scenario, call, int(nth), error, variant)


# How a case went, apart from what is wrong with it.
NOT_REACHED = "not reached"  # there were fewer calls than in the run that counted them
UNHARMED = "done all the same"
REFUSED = "refused"
LATER = "finished later"
UNANSWERED = "no answer"  # the connection itself failed
ENDED = "ended with a message"
WRONG = "WRONG"


@dataclasses.dataclass
class Verdict:
    case: Case
    outcome: str = ""
    wrong: list = dataclasses.field(default_factory=list)
    what: str = ""  # the call that failed
    reply: str = ""
    output: str = ""  # the agent's, if something is wrong


@dataclasses.dataclass
class Injector:
    control: Control
    environment: dict


class Rig:
    """What a worker has: its own Deck, its own injector and a saved home for each scenario."""

    def __init__(self, folder, deck, library):
        self.folder = folder
        self.deck = deck
        control = Control(folder / "control", deck.root)
        self.injector = Injector(control, control.environment(library))
        self._homes = {}
        self._common = None
        self.disk = None  # a SmallDisk, where there can be one
        self.tamper = None  # self_test.py's: called between the fault and the judging

    def home(self, scenario):
        """Made when it is first needed."""
        if scenario.name not in self._homes:
            self._homes[scenario.name] = self._make_home(scenario)
        return self._homes[scenario.name]

    def _make_home(self, scenario):
        deck = self.deck
        if self._common is None:
            token = scenarios.furnish(deck)
            scenarios.check_common(world.observe(deck))
            held = world.held_bytes(deck, token, "Half", world.BUILDS["half"])
            assert 0 < held < sum(map(len, world.BUILDS["half"].values())), held
            deck.stop()
            deck.save(self.folder / "common")
            self._common = token, held
        token, held = self._common
        deck.load(self.folder / "common")
        assert deck.start()
        before = world.observe(deck)
        if scenario.prepare:
            scenario.prepare(deck, token, self.injector)
            if deck.runs:
                before = world.observe(deck)
        deck.stop()
        folder = self.folder / scenario.name
        deck.save(folder)
        return scenarios.Home(folder, token, before, scenarios.after_of(scenario, before), held)

    def count(self, scenario):
        """Runs it unharmed: how many calls of each class it makes."""
        home, deck, control = self.home(scenario), self.deck, self.injector.control
        deck.load(home.folder)
        if scenario.at_start:
            control.arm()
        assert deck.start(self.injector.environment), deck.text
        if not scenario.at_start:
            control.arm()
        reply = scenario.act(deck, home.token)
        assert reply.ok, reply.message
        if scenario.at_stop:
            deck.stop()
        control.disarm()
        calls = control.calls
        self._restart()
        wrong = world.differences(world.observe(deck, home.after), home.after)
        assert not wrong, f"{scenario.name} without a fault: {wrong}"
        deck.stop()
        return calls

    def _restart(self):
        self.deck.stop()
        assert self.deck.start(), self.deck.text

    def judge(self, case):
        scenario = next(scenario for scenario in scenarios.SCENARIOS if scenario.name == case.scenario)
        home = self.home(scenario)
        verdict = Verdict(case)
        with self.disk.mounted() if case.call == BLOCKS else contextlib.nullcontext(), self._judging(verdict):
            _Trial(self, scenario, home, verdict).run()
        return verdict

    @contextlib.contextmanager
    def _judging(self, verdict):
        try:
            yield
        except Hung as error:
            verdict.wrong.append(f"hang: {error}")
        except Gone as error:
            verdict.wrong.append(f"the healthy agent: {error}")
        finally:
            verdict.what = self.injector.control.what
            self.injector.control.disarm()
            verdict.output = self.deck.text[-3000:] if verdict.wrong else ""
            self.deck.kill()
        if verdict.wrong:
            verdict.outcome = WRONG

    def judge_disk(self, case, scenario, write_to, is_done):
        """What the next agent makes of a disk. is_done: the scenario was answered as done."""
        verdict = Verdict(case)
        trial = _Trial(self, scenario, self.home(scenario), verdict)
        with self._judging(verdict):
            trial.take_disk(write_to, is_done)
        return verdict

    def close(self):
        self.deck.kill()
        self.injector.control.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Trial:
    """The way of one case."""

    def __init__(self, rig, scenario, home, verdict):
        self.rig, self.deck, self.control = rig, rig.deck, rig.injector.control
        self.scenario, self.home, self.verdict, self.case = scenario, home, verdict, verdict.case
        self.reply = None

    def run(self):
        self.deck.load(self.home.folder)
        self._fail()
        if self.control.fired == 0 and self.case.call not in (*LIMITS, BLOCKS):
            self.verdict.outcome = NOT_REACHED
        if self.rig.tamper:
            self.rig.tamper(self)
        if self.case.variant == LIVE and self.deck.runs:
            self._try_again_at_once()
        self._end()
        self._judge_next_agent()

    def take_disk(self, write_to, is_done):
        shutil.rmtree(self.deck.root)
        self.deck.root.mkdir()
        write_to(self.deck.root)
        self.reply = scenarios.reply_of(True) if is_done else None
        self._judge_next_agent()

    def _judge_next_agent(self):
        if not self.deck.start():
            raise Gone(f"it does not start: {self.deck.text[-500:]}")
        self._judge_world()

    def _set_limit(self):
        which, _ = LIMITS[self.case.call]
        resource.setrlimit(which, (self.case.nth, resource.getrlimit(which)[1]))

    def _fill(self):
        """To the last blocks: now, or once an upload is sent."""
        if self.scenario.completes:
            self.deck.before_complete = lambda: self.rig.disk.fill(self.case.nth)
        else:
            self.rig.disk.fill(self.case.nth)

    def _arm(self):
        if self.case.call == BLOCKS:
            self._fill()
        if self.case.call in (*LIMITS, BLOCKS):
            return
        times = ONCE if self.case.variant != ON else BURST if self.case.call in NO_FILES else FROM_THEN_ON
        self.control.arm(self.case.call, self.case.nth, self.case.error, times)

    def _fail(self):
        """The scenario under the fault."""
        if self.scenario.at_start:
            self._arm()
        if not self.deck.start(self.rig.injector.environment, self._set_limit if self.case.call in LIMITS else None):
            self._has_ended(self.deck.code)
            return
        if self.deck.problem:  # it has said why it waits
            self.verdict.reply, self.verdict.outcome = self.deck.problem, REFUSED
            return
        if not self.scenario.at_start:
            self._arm()
        try:
            self.reply = self.scenario.act(self.deck, self.home.token)
        except scenarios.Refused as refused:
            self.reply = refused.reply
        except Gone as gone:
            self.verdict.reply = f"connection: {gone}"
        if self.reply:
            self.verdict.reply = "ok" if self.reply.ok else str(self.reply.error)
        if self.scenario.at_start:
            self.reply = None  # nobody has asked for anything
        if self.case.variant != ON and not self.scenario.at_stop:
            self._disarm()

    def _disarm(self):
        self.control.disarm()
        self.deck.before_complete = None
        if self.case.call == BLOCKS:
            self.rig.disk.empty()

    def _has_ended(self, code):
        """It ended by itself, which takes a sentence that says why."""
        text = self.deck.text.strip()
        last = text.splitlines()[-1] if text else ""
        if code < 0 and not (code == -signal.SIGABRT and "out of memory" in text):
            self.verdict.wrong.append(f"crash: ended by {signal.Signals(-code).name}; last line: {last}")
        elif not re.search(r"out of memory|cannot|fail|error|no space|too many", text, re.IGNORECASE):
            self.verdict.wrong.append(f"ended without a word: {last}")
        self.verdict.outcome = ENDED

    def _end(self):
        """Stops the agent that met the fault, if it still runs."""
        if self.deck.agent is not None:
            had_ended = not self.deck.runs
            code = self.deck.stop()
            if had_ended or code != 0:
                self._has_ended(code)
        self._disarm()

    def _try_again_at_once(self):
        if self.scenario.at_start or self.scenario.at_stop:
            return
        is_unknown = self.reply is None  # it may be done, which the next try would be told
        for _ in range(NEXT_TRIES):
            if self.reply and self.reply.ok:
                return
            self.reply = self._act()
        if is_unknown and not (self.reply and self.reply.ok):
            self.reply = None
        elif self.reply is None and self.deck.has_ended():
            pass  # judged by what it said
        elif not (self.reply and self.reply.ok):
            self.verdict.wrong.append(f"next try, same agent: {self.reply.error if self.reply else 'no answer'}")

    def _act(self, instead=None):
        try:
            return (instead or self.scenario.act)(self.deck, self.home.token)
        except scenarios.Refused as refused:
            return refused.reply
        except Gone:
            return None

    def _allowed(self, seen, wanted):
        """What is otherwise, except for an upload that may be left paused after an error."""
        if self.scenario.upload and not (self.reply and self.reply.ok):
            seen = seen | {"uploads": {name: state for name, state in seen["uploads"].items()
                                       if name != self.scenario.upload or name in wanted["uploads"]}}
        return world.differences(seen, wanted)

    def _judge_world(self):
        before, after = self.home.before, self.home.after
        left = before | {"uploads": before["uploads"] | {self.scenario.upload: "paused"}} if self.scenario.upload \
            else before
        seen = world.observe(self.deck, before, after, left)
        is_old, is_new = self._allowed(seen, before), self._allowed(seen, after)
        outcome = self._outcome(is_old, is_new)
        self.verdict.outcome = self.verdict.outcome or outcome
        self._judge_rest(is_new)

    def _outcome(self, is_old, is_new):
        wrong = self.verdict.wrong
        if self.reply and self.reply.ok:
            wrong += [f"answered as done, but {line}" for line in is_new]
            return UNHARMED
        if is_old and is_new:
            wrong += [f"neither old nor new: {line}" for line in min(is_old, is_new, key=len)]
        if self.reply and is_old and not is_new:
            if not FINISHED_LATER.search(self.reply.error):
                wrong.append(f"answered as an error, but done: {self.reply.error}")
            return LATER
        return REFUSED if self.reply else UNANSWERED

    def _judge_rest(self, is_new):
        """The next try, and what no scenario touches."""
        deck, wrong = self.deck, self.verdict.wrong
        if is_new and not wrong:
            with contextlib.suppress(Gone):
                again = self._act(self.scenario.again)
                if again is None or not again.ok:
                    wrong.append(f"next try, new agent: {again.error if again else 'no answer'}")
                else:
                    if self.scenario.at_stop:
                        deck.stop()
                        deck.start()
                    seen = world.observe(deck, self.home.after)
                    wrong += [f"after the next try {line}" for line in world.differences(seen, self.home.after)]
        if "Half" in self.home.after["uploads"]:
            held = world.held_bytes(deck, self.home.token, "Half", world.BUILDS["half"])
            if held != self.home.held:
                wrong.append(f"paused upload: {held} bytes of {self.home.held} are held")
        deck.stop()


__all__ = ["Case", "Rig", "Verdict"]
