#!/usr/bin/python3
"""Publishing and browsing over real mDNS, between two hosts made of network namespaces.

One namespace is the Deck: an avahi-daemon that comes and goes on a D-Bus of its own, and
build/mdns_peer, which is native/discovery/mdns on a command line. The other is the Hub's PC, where
python3-zeroconf, which shares no code with us, watches and publishes.

Usage: tests/e2e/mdns_test.py [CASE…]   (as root; skipped where namespaces cannot be made)
"""
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEER = ROOT / "build/mdns_peer"
TYPE = "_capydeploy._tcp.local."
AGENT_ID = "1a2b3c4d"
PATIENCE_S = 40  # bounds a hang; no verdict depends on how fast things are
BUS = "/run/dbus/system_bus_socket"
DBUS_CONFIG = """<busconfig>
  <type>custom</type> <listen>unix:path={bus}</listen> <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
    <allow own="*"/>{deny}</policy>
</busconfig>"""
AVAHI_CONFIG = """[server]
host-name=deck
use-ipv4=yes
use-ipv6=yes
[publish]
publish-workstation=no
{publish}
"""


class Process:
    """A child whose output is waited for line by line."""

    running: typing.ClassVar = []

    def __init__(self, *command, hub=False):
        prefix = ["ip", "netns", "exec", "hub"] if hub else []
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={'/nowhere' if hub else BUS}"}
        self.lines, self.seen = queue.Queue(), []
        self.child = subprocess.Popen([*prefix, *map(str, command)], env=env, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()
        Process.running.append(self)

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def expect(self, *words, without=()):
        """The next line that has all the words."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"{self.child.args}: no line with {words}; it said:\n  " +
                                     "\n  ".join(self.seen))
            self.seen.append(line)
            if all(word in line for word in words) and not any(word in line for word in without):
                return line

    def expect_ever(self, word):
        """As expect(), where the line may have come before."""
        return word if word in self.seen else self.expect(word)

    def stop(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
        self.child.wait(PATIENCE_S)
        if self in Process.running:
            Process.running.remove(self)
        return self.child.returncode

    def stop_cleanly(self):
        code = self.stop()
        assert code == 0, f"{self.child.args} ended with {code}: {self.seen}"


def observe():
    """In the Hub's namespace: one line an event of another implementation's browser."""
    import zeroconf

    class Listener(zeroconf.ServiceListener):
        def _tell(self, event, zc, kind, name):
            info = zc.get_service_info(kind, name, timeout=3000)
            text = "unresolved"
            if info:
                pairs = " ".join(f"{k.decode()}={(v or b'').decode()}"
                                 for k, v in info.properties.items())
                text = f"{info.server} {','.join(info.parsed_addresses())} {info.port} {pairs}"
            print(event, name.split(".")[0], text, flush=True)

        def add_service(self, zc, type_, name):
            self._tell("added", zc, type_, name)

        def update_service(self, zc, type_, name):
            self._tell("updated", zc, type_, name)

        def remove_service(self, zc, type_, name):
            print("removed", name.split(".")[0], flush=True)

    browser = zeroconf.ServiceBrowser(zeroconf.Zeroconf(), TYPE, Listener())
    print("watching", flush=True)
    browser.join()


def offer(address, name="other", port=4321):
    """In the Hub's namespace: publishes a service with another implementation until SIGTERM."""
    import socket

    import zeroconf

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    info = zeroconf.ServiceInfo(TYPE, f"{name}.{TYPE}", port=port, server=f"{name}.local.",
                                addresses=[socket.inet_pton(family, address)],
                                properties={"id": name, "name": "Größe 10 „Deck“"})
    zc = zeroconf.Zeroconf(ip_version=zeroconf.IPVersion.All)
    zc.register_service(info)
    print("offered", flush=True)
    signal.sigwait({signal.SIGTERM})
    zc.unregister_service(info)
    zc.close()


def hostile_packet(index):
    """One of the kinds that cost a responder most: questions, services, records, noise."""
    import random
    import struct

    chance = random.Random(index)
    service = b"\x0b_capydeploy\x04_tcp\x05local\0"

    def some_service():
        return b"\x0c" + bytes(chance.choices(b"abcdefghij", k=12)) + service

    def record(name, kind, data):
        return name + struct.pack(">HHIH", kind, 1, 4500, len(data)) + data

    kind = index % 5
    if kind == 0:
        return struct.pack(">6H", 0, 0, 40, 0, 0, 0) + b"".join(
            some_service() + struct.pack(">HH", 255, 1) for _ in range(40))
    if kind == 1:  # more known answers are said to follow
        return struct.pack(">6H", 0, 0x0200, 1, 30, 0, 0) + service + struct.pack(">HH", 12, 1) + \
            b"".join(record(service, 12, some_service()) for _ in range(30))
    if kind == 2:
        return struct.pack(">6H", 0, 0x8400, 0, 20, 0, 0) + b"".join(
            record(some_service(), 16, bytes([250]) + chance.randbytes(250)) for _ in range(20))
    if kind == 3:
        return struct.pack(">6H", index & 0xFFFF, 0, 60, 0, 0, 0) + \
            (service + struct.pack(">HH", 12, 0x8001)) * 60
    return chance.randbytes(chance.randint(1, 1400))


def flood(count):
    """In the Hub's namespace: so many hostile packets, as fast as they can be sent."""
    import socket

    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sender.bind(("10.77.0.2", 5353))
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.77.0.2"))
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    packets = [hostile_packet(index) for index in range(2000)]
    for index in range(count):
        sender.sendto(packets[index % len(packets)], ("224.0.0.251", 5353))
    print("flooded", flush=True)


def start_dbus(deny=""):
    pathlib.Path(BUS).parent.mkdir(exist_ok=True)
    pathlib.Path("/run/dbus.conf").write_text(DBUS_CONFIG.format(bus=BUS, deny=deny))
    bus = Process("dbus-daemon", "--config-file=/run/dbus.conf", "--nofork", "--print-address")
    bus.expect("unix:")
    return bus


def start_avahi(publish=""):
    pathlib.Path("/run/avahi.conf").write_text(AVAHI_CONFIG.format(publish=publish))
    for stale in pathlib.Path("/run/avahi-daemon").glob("*"):
        stale.unlink()  # of one that was killed
    return Process("avahi-daemon", "-f", "/run/avahi.conf", "--no-drop-root", "--no-chroot",
                   "--no-rlimits", "--no-proc-title")


def start_agent(hub=False, refresh_ms=1000):
    return Process(PEER, "publish", AGENT_ID, 9999, refresh_ms, f"id={AGENT_ID}",
                   "name=My Deck", "version=0.1.0", "platform=steamdeck", hub=hub)


def start_observer():
    observer = Process(sys.executable, __file__, "--observe", hub=True)
    observer.expect("watching")
    return observer


def expect_refreshes(observer):
    """Two updates with different seq: the Hub has resolved the agent again twice."""
    def seq(line):
        return line.split("seq=")[1].split()[0]

    first = seq(observer.expect("updated", AGENT_ID, "seq="))
    while seq(observer.expect("updated", AGENT_ID, "seq=")) == first:
        pass


def expect_found(observer, *words):
    """The agent with its IPv4 address, which a Hub may learn a moment after the IPv6 one."""
    return observer.expect(AGENT_ID, "10.77.0.1", *words, without=("removed",))


def case_without_dbus():
    observer, agent = start_observer(), start_agent()
    agent.expect("state embedded", "cannot be reached")
    expect_found(observer, f"capydeck-{AGENT_ID}.local.", " 9999 ", f"id={AGENT_ID}", "name=My Deck",
                 "version=0.1.0", "platform=steamdeck")
    expect_refreshes(observer)
    agent.stop_cleanly()
    observer.expect("removed", AGENT_ID)


def case_daemon_comes_and_goes():
    start_dbus()
    observer, agent = start_observer(), start_agent()
    agent.expect("state embedded", "is not running")
    observer.expect(AGENT_ID, f"capydeck-{AGENT_ID}.local.", " 9999 ")
    avahi = start_avahi()
    agent.expect("state daemon")
    assert subprocess.run(["pgrep", "-P", str(agent.child.pid)]).returncode == 1, "it still has a child"
    observer.expect(AGENT_ID, "deck.local.", " 9999 ", without=["capydeck-"])
    expect_refreshes(observer)
    agent.child.send_signal(signal.SIGHUP)
    observer.expect("updated", AGENT_ID, "renamed=yes")
    avahi.stop(signal.SIGKILL)
    agent.expect("state embedded")
    observer.expect(AGENT_ID, f"capydeck-{AGENT_ID}.local.", "renamed=yes")
    start_avahi()
    agent.expect("state daemon")
    observer.expect(AGENT_ID, "deck.local.", "renamed=yes", without=["capydeck-"])
    agent.stop_cleanly()
    observer.expect("removed", AGENT_ID)


def case_daemon_refuses():
    for publish in ("disable-user-service-publishing=yes", "disable-publishing=yes"):
        bus = start_dbus()
        avahi = start_avahi(publish)
        avahi.expect("Server startup complete")
        observer, agent = start_observer(), start_agent()
        agent.expect("state embedded", "refuses", "Not permitted")
        observer.expect(AGENT_ID, f"capydeck-{AGENT_ID}.local.", "10.77.0.1", " 9999 ")
        expect_refreshes(observer)
        avahi.stop()
        avahi = start_avahi()  # its owner has relented
        agent.expect("state daemon")
        observer.expect(AGENT_ID, "deck.local.", without=["capydeck-"])
        for process in (agent, observer, avahi, bus):
            process.stop()


def case_bus_policy_forbids():
    for interface in ("Server", "EntryGroup"):
        bus = start_dbus(f'<deny send_interface="org.freedesktop.Avahi.{interface}"/>')
        avahi = start_avahi()
        avahi.expect("Server startup complete")
        agent = start_agent()
        agent.expect("state embedded", "denied")
        for process in (agent, avahi, bus):
            process.stop()


def case_bus_dies():
    bus = start_dbus()
    start_avahi().expect("Server startup complete")
    agent = start_agent()
    agent.expect("state daemon")
    bus.stop()
    agent.expect("state embedded")
    agent.stop_cleanly()


def ip(command):
    subprocess.run(["ip", *command.split()], check=True)


def case_network_changes():
    """Announced again without the refresh, which is too far away to help."""
    def seq(line):
        return int(line.split("seq=")[1].split()[0])

    for publisher in ("embedded", "daemon"):
        if publisher == "daemon":
            start_dbus()
            start_avahi().expect("Server startup complete")
        observer, agent = start_observer(), start_agent(refresh_ms=3_600_000)
        agent.expect(f"state {publisher}")
        last = seq(expect_found(observer))
        for change in (["addr add 10.77.0.9/24 dev deck0"], ["addr del 10.77.0.9/24 dev deck0"],
                       ["link set deck0 down", "link set deck0 up"]):
            for command in change:
                ip(command)
            line = observer.expect("updated", AGENT_ID, "seq=")
            while seq(line) == last:
                line = observer.expect("updated", AGENT_ID, "seq=")
            last = seq(line)
        agent.stop_cleanly()
        observer.stop()


def case_killed():
    """Its child says goodbye for it."""
    observer, agent = start_observer(), start_agent()
    agent.expect("state embedded")
    observer.expect("added", AGENT_ID)
    agent.stop(signal.SIGKILL)
    observer.expect("removed", AGENT_ID)


def case_child_is_not_believed():
    """Another program in capydeck-mdns's place; without one there is a sentence as well."""
    folder = pathlib.Path("/run/lying")
    folder.mkdir()
    peer, child = folder / PEER.name, folder / "capydeck-mdns"
    shutil.copy(PEER, peer)
    answers = {
        "not found: install it": None,
        "a malformed report": "echo nonsense; sleep 100",
        "a report that is too long": "head -c 100000 /dev/zero | tr '\\0' x; sleep 100",
        "exited with code 3": "exit 3",
        "has no network": """echo '{"event":"failed","error":"it has no network"}'; exit 1""",
    }
    for words, script in answers.items():
        if script is not None:
            child.write_text(f"#!/bin/sh\n{script}\n")
            child.chmod(0o755)
        agent = Process(peer, "publish", AGENT_ID, 9999, 0, "id=x")
        agent.expect("state failed", words)
        agent.stop_cleanly()
    child.write_text("""#!/bin/sh
echo '{"event":"seen","name":"odd","family":"ipv4","address":"no address","host":"odd.local","port":1}'
echo '{"event":"seen","name":"odd","family":"ipv4","address":"10.77.0.3","host":"odd.local","port":99999}'
echo '{"event":"gone"}'
echo '{"event":"seen","name":"other","family":"ipv4","address":"10.77.0.3","host":"other.local","port":1}'
echo '{"event":"allForNow"}'
sleep 100
""")
    browser = Process(peer, "browse")
    browser.expect("settled")
    assert browser.seen == ["found other other.local 10.77.0.3 1", "settled"], browser.seen


def case_same_name_twice():
    """The first keeps the name, the second waits for it and never takes another."""
    first = start_agent()
    first.expect("state embedded")
    second = start_agent(hub=True)
    second.expect("state failed", AGENT_ID, "another agent id")
    observer = start_observer()
    expect_found(observer)
    first.stop_cleanly()
    second.expect("state embedded")
    observer.expect(AGENT_ID, "10.77.0.2")
    names = {line.split()[1] for line in observer.seen if line != "watching"}
    assert names == {AGENT_ID}, names


def case_browse():
    for with_daemon in (False, True):
        if with_daemon:
            start_dbus()
            start_avahi().expect("Server startup complete")
        offered = Process(sys.executable, __file__, "--offer", "10.77.0.2", hub=True)
        offered.expect("offered")
        browser = Process(PEER, "browse")
        browser.expect("found other other.local 10.77.0.2 4321", "id=other", "name=Größe 10 „Deck“")
        browser.expect_ever("settled")
        agent = start_agent(hub=True, refresh_ms=1000)
        browser.expect(f"found {AGENT_ID} ", "10.77.0.2 9999", f"id={AGENT_ID}", "seq=")
        agent.child.send_signal(signal.SIGHUP)
        browser.expect(f"found {AGENT_ID} ", "renamed=yes")
        agent.stop()
        browser.expect(f"removed {AGENT_ID}")
        offered.stop()
        browser.expect("removed other")
        browser.stop_cleanly()


def case_browse_ipv6_only():
    offered = Process(sys.executable, __file__, "--offer", "fe80::2", hub=True)
    offered.expect("offered")
    browser = Process(PEER, "browse")
    browser.expect("found other other.local fe80::2%deck0 4321")
    browser.expect_ever("settled")


def case_browse_refuses_what_nobody_can_have():
    """No port, and addresses that no host can have: unspecified, multicast, broadcast, our own."""
    bad = ["0.0.0.0", "0.0.0.7", "224.0.0.251", "255.255.255.255", "240.0.0.1", "127.0.0.1",
           "10.77.0.255", "10.77.0.0", "169.254.0.0", "169.254.255.255", "::", "::1", "ff02::fb", "::ffff:10.77.0.2"]
    offers = [Process(sys.executable, __file__, "--offer", address, f"bad{index}", hub=True)
              for index, address in enumerate(bad)]
    offers.append(Process(sys.executable, __file__, "--offer", "10.77.0.2", "bad-port", 0, hub=True))
    for process in offers:
        process.expect("offered")
    good = Process(sys.executable, __file__, "--offer", "10.77.0.2", "good", hub=True)
    good.expect("offered")
    browser = Process(PEER, "browse")
    browser.expect("found good good.local 10.77.0.2 4321")
    browser.expect_ever("settled")
    browser.stop_cleanly()
    assert not [line for line in browser.seen if "bad" in line], browser.seen


def case_flood():
    agent = start_agent()
    agent.expect("state embedded")
    child = subprocess.run(["pgrep", "-P", str(agent.child.pid)], capture_output=True,
                           text=True).stdout.split()[0]
    flooder = Process(sys.executable, __file__, "--flood", 60000, hub=True)
    flooder.expect("flooded")
    status = pathlib.Path(f"/proc/{child}/status").read_text()
    peak_kb = int(status.split("VmHWM:")[1].split()[0])
    assert peak_kb < 12000, f"{peak_kb} kB"
    observer = start_observer()
    expect_found(observer, f"capydeck-{AGENT_ID}.local.", " 9999 ")
    agent.stop_cleanly()


def case_browse_nothing():
    browser = Process(PEER, "browse")
    browser.expect("settled")
    browser.stop_cleanly()
    assert browser.seen == ["settled"], browser.seen


CASES = {name[len("case_"):]: function for name, function in list(globals().items())
         if name.startswith("case_")}


def build_network():
    for command in (
            "mount -t tmpfs tmpfs /run",
            "ip link set lo up",
            "ip netns add hub",
            "ip link add deck0 type veth peer name hub0 netns hub",
            "ip addr add 10.77.0.1/24 dev deck0",
            "ip addr add fe80::1/64 dev deck0 nodad",
            "ip link set deck0 addrgenmode none up",
            "ip -n hub link set lo up",
            "ip -n hub addr add 10.77.0.2/24 dev hub0",
            "ip -n hub addr add fe80::2/64 dev hub0 nodad",
            "ip -n hub link set hub0 addrgenmode none up"):
        subprocess.run(command.split(), check=True)


def run_cases(names):
    build_network()
    failed = 0
    for name in names:
        started = time.monotonic()
        try:
            CASES[name]()
            result = "ok"
        except AssertionError as problem:
            failed += 1
            result = f"FAILED\n{problem}"
            for process in Process.running:
                while not process.lines.empty():
                    process.seen.append(process.lines.get())
                print(f"--- {process.child.args}:", *process.seen, sep="\n    ")
        print(f"mdns {name}: {result} ({time.monotonic() - started:.1f} s)", flush=True)
        for process in list(Process.running):
            process.stop(signal.SIGKILL)
    return 1 if failed else 0


def skip(reason):
    print(f"skipped: {reason}")
    return 0


def main(arguments):
    if arguments[:1] == ["--observe"]:
        return observe()
    if arguments[:1] == ["--offer"]:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        return offer(arguments[1], *arguments[2:3], *map(int, arguments[3:4]))
    if arguments[:1] == ["--flood"]:
        return flood(int(arguments[1]))
    if arguments[:1] == ["--in-namespaces"]:
        return run_cases(arguments[1:] or list(CASES))
    try:
        import zeroconf  # noqa: F401
    except ImportError:
        return skip(f"{sys.executable} has no zeroconf (python3-zeroconf)")
    for tool in ("avahi-daemon", "dbus-daemon", "ip", "unshare"):
        if not shutil.which(tool):
            return skip(f"no {tool}")
    unshare = ["unshare", "-n", "-m", "-p", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        return skip("cannot make namespaces here (run as root, and not in a chroot)")
    subprocess.run(["make", "-s", "-C", ROOT, "build/mdns_peer"], check=True)
    return subprocess.run([*unshare, sys.executable, __file__, "--in-namespaces",
                           *arguments]).returncode


sys.exit(main(sys.argv[1:]))
