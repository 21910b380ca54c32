"""What is done on a Deck while calls fail: each from a prepared home, with what must be true before and after."""
import contextlib
import copy
import dataclasses
import signal
import time
from collections.abc import Callable

import world
from control import ONCE
from hub import Gone, Reply, manifest

UPLOADED_PART = 0.5
# One pixel, as a PNG.
IMAGE = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
         "RU5ErkJggg==")


@dataclasses.dataclass
class Home:
    """A prepared Deck, saved in a folder."""
    folder: str
    token: str
    before: dict  # world.observe() of it
    after: dict  # the same once the scenario's change is made
    held: int  # bytes of the paused upload


@dataclasses.dataclass
class Scenario:
    name: str
    act: Callable  # (deck, token): the Reply that counts
    change: Callable  # (world): makes what was there before what is to be there after
    prepare: Callable | None = None  # (deck, token, injector): with an agent running on the common home
    at_start: bool = False  # calls fail while the agent starts
    at_stop: bool = False  # calls fail from act() until the agent has ended
    upload: str = ""  # one of this game may be left after an error, paused
    again: Callable | None = None  # the next try, if it is not act()
    completes: bool = False  # an upload, which begins while there is room


def reply_of(ok, text=""):
    return Reply({"payload": {"success": True}} if ok else {"error": {"message": text}})


# --- The common home ---

def furnish(deck):
    """Two games with shortcuts, one in the trash, half an upload, a changed setting; returns the token."""
    deck.make()
    assert deck.start()
    hub, paired = deck.pair()
    token = paired.payload["token"]
    for name, files in (("Game", "old"), ("Other", "other"), ("Gone", "gone")):
        reply = hub.push(name, world.BUILDS[files])
        assert reply.ok, reply.message
    for name in ("Game", "Other"):
        kept = deck.library / name / world.KEPT_FILE
        kept.parent.mkdir()
        kept.write_text("progress")
    reply = hub.ask("apply_artwork", {"appId": app_id(deck, "Game"), "artwork": {"grid": IMAGE}})
    assert not reply.payload["failed"], reply.message
    gone = next(game for game in games(deck) if game["name"] == "Gone")
    assert hub.ask("delete_game", {"appId": gone["appId"]}).ok
    assert deck.ask_owner("settings.set", {"key": world.SETTING, "value": world.SETTING_VALUE}).ok
    started = hub.ask("init_upload", manifest("Half", world.BUILDS["half"]))
    assert hub.send_files(started, world.BUILDS["half"], UPLOADED_PART) is None
    hub.close()
    return token


class Refused(Exception):
    """A question on the way was answered with an error."""

    def __init__(self, reply):
        super().__init__(reply.error)
        self.reply = reply


def answer(deck, method, params=None):
    reply = deck.ask_owner(method, params)
    if not reply.ok:
        raise Refused(reply)
    return reply.payload


def games(deck):
    return answer(deck, "games.list")["games"]


def app_id(deck, name):
    return next((game["appId"] for game in games(deck) if game["name"] == name), 0)


def trash_id(deck, name):
    return next((game["id"] for game in answer(deck, "games.trash")["games"] if game["name"] == name), "")


def check_common(before):
    """The home is what furnish() meant, whatever the agent says of it."""
    expected = {
        "games": {"Game": "old", "Other": "other"}, "kept": ["Game", "Other"], "registered": ["Game", "Other"],
        "shortcuts": ["Game", "Other"], "trash": ["gone"], "in the trash": ["Gone"], "hubs": ["hub-1"],
        "images": ["Game grid"], "uploads": {"Half": "paused"}, "setting": world.SETTING_VALUE, "set aside": [],
    }
    wrong = world.differences(before, expected)
    assert not wrong, wrong
    assert before["app ids"] == before["steam ids"] and all(before["app ids"].values()), before


# --- Pairing ---

def pair_second(deck, _token):
    hub, reply = deck.pair("hub-2")
    hub.close()
    if reply.type == "pair_success":
        return reply
    return reply if not reply.ok else reply_of(False, str(reply.message))


def is_paired(after):
    after["hubs"] = ["hub-1", "hub-2"]


def revoke(deck, _token):
    return deck.ask_owner("hubs.revoke", {"hubId": "hub-2"})


def prepare_second(deck, token, _injector):
    assert pair_second(deck, token).ok


def is_revoked(after):
    after["hubs"] = ["hub-1"]


# --- Uploads ---

def with_hub(deck, token, ask):
    hub = deck.connect(token)
    try:
        return ask(hub)
    finally:
        hub.close()


def push_first(deck, token):
    return with_hub(deck, token, lambda hub: hub.push("First", world.BUILDS["first"]))


def is_first_there(after):
    after["games"]["First"] = "first"
    _add_shortcut(after, "First")


def _add_shortcut(after, name):
    after["registered"] = sorted([*after["registered"], name])
    after["shortcuts"] = sorted([*after["shortcuts"], name])


def push_update(deck, token):
    return with_hub(deck, token, lambda hub: hub.push("Game", world.BUILDS["new"]))


def is_updated(after):
    after["games"]["Game"] = "new"


def prepare_update(deck, token, _injector):
    reply = push_update(deck, token)
    assert reply.ok, reply.message


def roll_back(deck, _token):
    """What the update added is removed, what it replaced comes back, and it is kept itself."""
    return deck.ask_owner("games.rollback", {"dir": str(deck.library / "Game")})


def roll_back_once(deck, token):
    """A second one would undo the first; one that is not finished yet finishes by itself."""
    until = time.monotonic() + world.SETTLE_SECONDS
    while time.monotonic() < until and any(
            upload["state"] == "completing" for upload in answer(deck, "uploads.list")["uploads"]):
        time.sleep(0.05)
    if world.name_of_build(world.read_tree(deck.library / "Game")) == "old":
        return reply_of(True)
    return roll_back(deck, token)


def is_rolled_back(after):
    after["games"]["Game"] = "old"


def resume(deck, token):
    return with_hub(deck, token, lambda hub: hub.push("Half", world.BUILDS["half"]))


def is_resumed(after):
    after["games"]["Half"] = "half"
    after["uploads"] = {}
    _add_shortcut(after, "Half")


def cancel(deck, token):
    def ask(hub):
        started = hub.ask("init_upload", manifest("Second", world.BUILDS["second"]))
        if not started.ok:
            return started
        refused = hub.send_files(started, world.BUILDS["second"], UPLOADED_PART)
        return refused or hub.ask("cancel_upload", {"uploadId": started.payload["uploadId"]})
    return with_hub(deck, token, ask)


def is_cancelled(after):
    after["uploads"] = after["uploads"] | {"Second": "paused"}  # for 24 hours


def discard_upload(deck, _token):
    upload = next((upload["uploadId"] for upload in answer(deck, "uploads.list")["uploads"]), "")
    return deck.ask_owner("uploads.discard", {"uploadId": upload})


def is_discarded(after):
    after["uploads"] = {}


def send_part(deck, token):
    """Half of an upload, left to the agent's last checkpoint."""
    hub = deck.connect(token)
    started = hub.ask("init_upload", manifest("Second", world.BUILDS["second"]))
    if not started.ok:
        return started
    return hub.send_files(started, world.BUILDS["second"], UPLOADED_PART) or reply_of(True)


def is_part_there(after):
    after["uploads"] = after["uploads"] | {"Second": "paused"}


# --- Games ---

def delete(deck, token):
    number = app_id(deck, "Other")
    return with_hub(deck, token, lambda hub: hub.ask("delete_game", {"appId": number}))


def is_deleted(after):
    del after["games"]["Other"]
    after["kept"] = ["Game"]
    after["trash"] = sorted([*after["trash"], "other"])
    after["in the trash"] = sorted([*after["in the trash"], "Other"])
    for key in ("registered", "shortcuts"):
        after[key] = [name for name in after[key] if name != "Other"]
    for key in ("app ids", "steam ids"):
        del after[key]["Other"]


def restore(deck, _token):
    return deck.ask_owner("games.restore", {"id": trash_id(deck, "Gone")})


def is_restored(after):
    after["games"]["Gone"] = "gone"
    after["trash"], after["in the trash"] = [], []
    _add_shortcut(after, "Gone")


def discard_game(deck, _token):
    return deck.ask_owner("games.discard", {"id": trash_id(deck, "Gone")})


def is_gone_for_good(after):
    after["trash"], after["in the trash"] = [], []


# --- Steam ---

def create_shortcut(deck, token):
    return with_hub(deck, token, lambda hub: hub.ask(
        "create_shortcut", {"shortcut": {"name": "By hand", "exe": "/usr/bin/true"}}))


def has_shortcut(after):
    after["shortcuts"] = sorted([*after["shortcuts"], "By hand"])


def apply_artwork(deck, token):
    number = app_id(deck, "Game")

    def ask(hub):
        reply = hub.ask("apply_artwork", {"appId": number, "artwork": {"hero": IMAGE}})
        failed = reply.payload.get("failed")
        return reply_of(False, str(failed)) if failed else reply
    return with_hub(deck, token, ask)


def has_artwork(after):
    after["images"] = sorted([*after["images"], "Game hero"])


# --- Settings, starting, stopping ---

def set_setting(deck, _token):
    return deck.ask_owner("settings.set", {"key": world.SETTING, "value": 11})


def is_set(after):
    after["setting"] = 11


def nothing(_deck, _token):
    return reply_of(True)


def unchanged(_after):
    pass


def prepare_commit(call, nth):
    """An update that a kill has cut off: at the nth call of this class after complete_upload came."""
    def prepare(deck, token, injector):
        deck.stop()
        assert deck.start(injector.environment)
        hub = deck.connect(token)
        started = hub.ask("init_upload", manifest("Game", world.BUILDS["new"]))
        assert hub.send_files(started, world.BUILDS["new"]) is None
        injector.control.arm(call, nth, "KILL", ONCE)
        with contextlib.suppress(Gone):
            hub.complete(started, "Game")
        hub.close()
        assert deck.wait() == -signal.SIGKILL
        injector.control.disarm()
        assert deck.own.joinpath("uploads").exists()
    return prepare


SCENARIOS = [
    Scenario("pair", pair_second, is_paired),
    Scenario("revoke", revoke, is_revoked, prepare_second),
    Scenario("upload", push_first, is_first_there, upload="First", completes=True),
    Scenario("update", push_update, is_updated, upload="Game", completes=True),
    Scenario("rollback", roll_back, is_rolled_back, prepare_update, again=roll_back_once, completes=True),
    Scenario("resume", resume, is_resumed, completes=True),
    Scenario("cancel", cancel, is_cancelled, upload="Second"),
    Scenario("discard-upload", discard_upload, is_discarded),
    Scenario("delete", delete, is_deleted),
    Scenario("restore", restore, is_restored),
    Scenario("discard-game", discard_game, is_gone_for_good),
    Scenario("shortcut", create_shortcut, has_shortcut),
    Scenario("artwork", apply_artwork, has_artwork),
    Scenario("setting", set_setting, is_set),
    Scenario("stop", send_part, is_part_there, at_stop=True, upload="Second"),
    Scenario("start", nothing, unchanged, at_start=True),
    # What cannot be finished may also be taken back, to be sent again.
    Scenario("start-in-commit", nothing, is_updated, prepare_commit("rename", 6), at_start=True, upload="Game",
             again=push_update),
]


def after_of(scenario, before):
    after = copy.deepcopy(before)
    scenario.change(after)
    return after

