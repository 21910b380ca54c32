#!/usr/bin/python3
"""capydeck-fetch on a network of its own, made of namespaces, with nothing of ours at the other end.

One namespace is the Deck: private addresses and baits that must not be asked. The other is the
internet: 203.0.113.1 and 2001:db8:1::1 with servers that are honest, lie, redirect inwards, trickle.

Usage: tests/e2e/fetch_test.py [CASE…]   (as root; skipped where namespaces cannot be made)
The program is the one beside $CAPYDECK, default build/capydeck.
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("CAPYDECK", ROOT / "build/capydeck")).parent / "capydeck-fetch"
PATIENCE_S = 60  # bounds a hang; no verdict depends on how fast things are
DEADLINE_MS = 50_000
MAX_BYTES = 1_000_000
SERVER, SERVER6 = "203.0.113.1", "2001:db8:1::1"
OWN, NEIGHBOUR = "198.51.100.1", "198.51.100.2"  # public, but of the Deck's own network
HOSTS = f"""127.0.0.1 localhost inward.test
::1 localhost
{SERVER} public.test secure.test
{SERVER} both.test
127.0.0.1 both.test
"""
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


# --- the internet -------------------------------------------------------------------------------

def answer(connection, path, head):
    def reply(status, *headers, body=b""):
        connection.sendall("\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""])
                           .encode() + body)

    def forever(start, part, pause_s=0.0):
        connection.sendall(start)
        while True:
            connection.sendall(part)
            time.sleep(pause_s)

    if path == "/image":
        reply("200 OK", f"Content-Length: {len(IMAGE)}", body=IMAGE)
    elif path == "/echo":
        reply("200 OK", body=head)
    elif path.startswith("/to/"):
        reply("302 Found", f"Location: {path[len('/to/'):]}")
    elif path.startswith("/count/"):
        left = int(path[len("/count/"):])
        reply("302 Found", f"Location: /count/{left - 1}" if left > 1 else "Location: /image")
    elif path == "/gzip":
        reply("200 OK", "Content-Encoding: gzip", body=b"not even packed")
    elif path == "/understated":
        reply("200 OK", "Content-Length: 10", body=IMAGE)
    elif path == "/overstated":
        reply("200 OK", f"Content-Length: {MAX_BYTES + 1}")
    elif path == "/flood":
        forever(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536))
    elif path == "/chunks":
        forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"10000\r\n" + bytes(65536) + b"\r\n")
    elif path == "/heads":
        forever(b"HTTP/1.1 200 OK\r\n", b"".join(b"X-%d: %s\r\n" % (i, b"x" * 900) for i in range(50)))
    elif path == "/trickle":
        forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.05)
    elif path == "/stall":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        connection.recv(1)
    elif path == "/silent":
        connection.recv(1)
    else:
        reply("404 Not Found", body=b"gone")


def serve_one(connection, context):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return
            head += part
        answer(connection, head.split()[1].decode(), head)
    except OSError:
        pass  # the client has had enough
    finally:
        connection.close()


def serve(address, port, handle):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def run_servers(folder):
    for address in (SERVER, SERVER6, NEIGHBOUR):
        serve(address, 80, lambda connection: serve_one(connection, None))
    for port, name in ((443, "known"), (8443, "stranger")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/{name}.pem")
        serve(SERVER, port, lambda connection, c=context: serve_one(connection, c))
    serve(SERVER, 8444, lambda connection: connection.recv(0) or time.sleep(PATIENCE_S))
    name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # has no answers
    name_server.bind((SERVER, 53))
    print("ready", flush=True)
    signal.pause()


# --- the Deck -----------------------------------------------------------------------------------

class Baits:
    """Servers on the Deck's own addresses; what asks them has broken the rules."""

    def __init__(self):
        self.asked = []
        for address in ("127.0.0.1", "::1", OWN, "10.0.0.1", "169.254.169.254"):
            serve(address, 80, lambda connection, a=address: self.bite(connection, a))

    def bite(self, connection, address):
        self.asked.append(address)
        serve_one(connection, None)


BAITS = None
FOLDER = None


def fetch(*urls, env=None, **orders):
    """(bytes or None, error or None) of each URL."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        orders = {"urls": urls, "dir": folder, "allowLocal": False, "deadlineMs": DEADLINE_MS,
                  "maxBytes": MAX_BYTES, **orders}
        child = subprocess.run([PROGRAM], input=json.dumps(orders).encode(), capture_output=True,
                               env={**os.environ, **(env or {})}, timeout=PATIENCE_S)
        assert child.returncode == 0, child
        results = [json.loads(line) for line in child.stdout.splitlines()]
        assert sorted(result["index"] for result in results) == list(range(len(urls))), results
        errors = {result["index"]: result.get("error") for result in results}
        files = sorted(int(entry.name) for entry in pathlib.Path(folder).iterdir())
        assert files == [i for i in range(len(urls)) if errors[i] is None], (files, errors)
        return [((pathlib.Path(folder) / str(i)).read_bytes() if errors[i] is None else None,
                 errors[i]) for i in range(len(urls))]


def expect_image(result):
    assert result == (IMAGE, None), result


def expect_error(result, *words):
    assert result[0] is None and all(word in result[1] for word in words), (result, words)


def case_public_servers():
    for result in fetch(f"http://{SERVER}/image", f"http://[{SERVER6}]/image",
                        "http://public.test/image", f"http://{SERVER}/to/http://public.test/image",
                        f"http://{SERVER}/count/5"):
        expect_image(result)
    for result in fetch(f"http://{SERVER}/count/6"):
        expect_error(result, f"'{SERVER}' redirects more than five times")


INWARD = ["127.0.0.1", "[::1]", "localhost", "inward.test", "10.0.0.1", "169.254.169.254", OWN,
          NEIGHBOUR, "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "2130706433",
          "0x7f.1", "017700000001", "127.1", "[64:ff9b::7f00:1]", "[fe80::1%25deck0]", "192.168.1.1"]


def case_nothing_leads_inwards():
    for prefix in ("", f"http://{SERVER}/to/", "http://public.test/to/"):
        for i in range(0, len(INWARD), 16):
            names = INWARD[i:i + 16]
            results = fetch(*[f"{prefix}http://{name}/image" for name in names])
            for _, result in zip(names, results, strict=True):
                expect_error(result, "artwork.localServers")
    assert not BAITS.asked, BAITS.asked
    for result in fetch(*[f"http://{name}/image" for name in INWARD[:4]], allowLocal=True):
        expect_image(result)


def case_of_several_addresses_the_public_one_is_used():
    expect_image(fetch("http://both.test/image")[0])
    assert not BAITS.asked, BAITS.asked


def case_redirects_stay_with_http():
    for target in ("file:///etc/hostname", "ftp://public.test/image", "gopher://public.test/image",
                   "http://someone:secret@public.test/image", "data:image/png,x"):
        result = fetch(f"http://{SERVER}/to/{target}")[0]
        expect_error(result, f"'{SERVER}' redirects to ")
        assert "secret" not in result[1] and "someone" not in result[1], result


def case_certificates_are_verified():
    secure = ["https://secure.test/image", "https://secure.test:8443/image",
              "https://public.test/image", f"http://{SERVER}/to/https://secure.test/image"]
    known, stranger, other_name, redirected = fetch(
        *secure, env={"SSL_CERT_FILE": f"{FOLDER}/ca.pem"})
    expect_image(known)
    expect_image(redirected)
    expect_error(stranger, "'secure.test' cannot be trusted", "issuer certificate")
    expect_error(other_name, "'public.test' cannot be trusted", "'public.test'")
    for result in fetch(*secure):  # with the system's own authorities
        expect_error(result, "cannot be trusted", "issuer certificate")
    for result in fetch(*secure, env={"SSL_CERT_FILE": "/nowhere"}):
        expect_error(result, "cannot be trusted", "/nowhere")


def case_the_deadline_is_for_all():
    slow = [f"http://{SERVER}/{path}" for path in ("trickle", "stall", "silent")]
    slow += [f"https://{SERVER}:8444/", f"http://{SERVER}/to/http://{SERVER}/trickle"]
    for result in fetch(*slow, deadlineMs=1000):
        expect_error(result, f"'{SERVER}' did not finish within 1 s")


def case_names_without_an_answer_do_not_hold_it_up():
    expect_error(fetch("http://unknown.test/image", deadlineMs=500)[0],
                 "'unknown.test' did not finish within 0.5 s")


def case_sizes_are_limited_whatever_is_announced():
    flood, chunks, overstated, understated, packed, heads = fetch(
        *[f"http://{SERVER}/{path}" for path in
          ("flood", "chunks", "overstated", "understated", "gzip", "heads")])
    for result in (flood, chunks, overstated):
        expect_error(result, f"'{SERVER}' sends more than {MAX_BYTES} bytes")
    assert understated == (IMAGE[:10], None), understated
    assert packed == (b"not even packed", None), packed
    expect_error(heads, f"'{SERVER}'")


def case_requests_say_nothing_about_the_owner():
    home = pathlib.Path(FOLDER)
    (home / ".netrc").write_text(f"machine {SERVER} login someone password secret\n")
    proxy = "http://127.0.0.1:80"
    head, error = fetch(f"http://{SERVER}/echo", env={
        "HOME": str(home), "http_proxy": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy})[0]
    assert error is None, error
    names = {line.split(b":")[0] for line in head.split(b"\r\n")[1:] if line}
    assert names == {b"Host", b"User-Agent", b"Accept"}, head
    assert not BAITS.asked, BAITS.asked


def case_it_ends_with_its_parent():
    orders = {"urls": [f"http://{SERVER}/silent"], "dir": FOLDER, "deadlineMs": 600_000,
              "maxBytes": MAX_BYTES}
    (pathlib.Path(FOLDER) / "orders").write_text(json.dumps(orders))
    parent = subprocess.Popen(["sh", "-c", f"{PROGRAM} <{FOLDER}/orders >/dev/null & echo $!; wait"],
                              stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    status = pathlib.Path(f"/proc/{child}/status")
    while not int(re.search(r"SigIgn:\s*(\w+)", status.read_text())[1], 16) & 1 << signal.SIGPIPE - 1:
        time.sleep(0.01)  # until it has made itself ready
    child_fd = os.pidfd_open(child)
    parent.kill()
    parent.wait()
    ready, _, _ = select.select([child_fd], [], [], PATIENCE_S)
    assert ready, "it is still there"


CASES = {name[len("case_"):]: function for name, function in list(globals().items())
         if name.startswith("case_")}


# --- how they are put together -------------------------------------------------------------------

def make_certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for ca, name in (("ca", "known"), ("unknown_ca", "stranger")):
        openssl("req", "-x509", *key, "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-days", "2",
                "-subj", f"/CN={ca}")
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2",
                "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-subj", "/CN=secure.test",
                "-addext", "subjectAltName=DNS:secure.test",
                "-addext", "basicConstraints=critical,CA:FALSE")
        (folder / f"{name}.pem").write_text((folder / f"{name}.key").read_text() +
                                            (folder / f"{name}.crt").read_text())


def replace_file(path, folder, text):
    """For this namespace of mounts alone."""
    target = pathlib.Path(os.path.realpath(path))
    if not target.exists():  # a link into /run, which is new
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    copy = folder / target.name
    copy.write_text(text)
    subprocess.run(["mount", "--bind", copy, target], check=True)


def build_network(folder):
    for command in (
            "mount -t tmpfs tmpfs /run",
            "ip link set lo up",
            "ip netns add internet",
            "ip link add deck0 type veth peer name net0 netns internet",
            f"ip addr add {OWN}/24 dev deck0",
            "ip addr add 10.0.0.1/24 dev deck0",
            "ip addr add 169.254.169.254/32 dev lo",
            "ip addr add 2001:db8:2::1/64 dev deck0 nodad",
            "ip link set deck0 up",
            "ip -n internet link set lo up",
            f"ip -n internet addr add {NEIGHBOUR}/24 dev net0",
            "ip -n internet addr add 2001:db8:2::2/64 dev net0 nodad",
            f"ip -n internet addr add {SERVER}/32 dev lo",
            f"ip -n internet addr add {SERVER6}/128 dev lo nodad",
            "ip -n internet link set net0 up",
            f"ip route add default via {NEIGHBOUR}",
            "ip route add default via 2001:db8:2::2"):
        subprocess.run(command.split(), check=True)
    replace_file("/etc/hosts", folder, HOSTS)
    replace_file("/etc/resolv.conf", folder,
                 f"nameserver {SERVER}\noptions timeout:30 attempts:5\n")


def run_cases(names):
    global BAITS, FOLDER
    with tempfile.TemporaryDirectory(prefix="capydeck-fetch-") as folder:
        FOLDER = folder
        build_network(pathlib.Path(folder))
        make_certificates(pathlib.Path(folder))
        BAITS = Baits()
        servers = subprocess.Popen(["ip", "netns", "exec", "internet", sys.executable, __file__,
                                    "--serve", folder], stdout=subprocess.PIPE, text=True)
        assert servers.stdout.readline() == "ready\n"
        failed = 0
        for name in names:
            BAITS.asked.clear()
            try:
                CASES[name]()
                print(f"fetch {name}: ok", flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as problem:
                failed += 1
                print(f"fetch {name}: FAILED\n{problem}", flush=True)
        servers.kill()
        servers.wait()
        subprocess.run(["umount", os.path.realpath("/etc/hosts"),
                        os.path.realpath("/etc/resolv.conf")], check=True)
    return 1 if failed else 0


def skip(reason):
    print(f"skipped: {reason}")
    return 0


def main(arguments):
    if arguments[:1] == ["--serve"]:
        return run_servers(arguments[1])
    if arguments[:1] == ["--in-namespaces"]:
        return run_cases(arguments[1:] or list(CASES))
    for tool in ("ip", "openssl", "unshare"):
        if not shutil.which(tool):
            return skip(f"no {tool}")
    unshare = ["unshare", "-n", "-m", "-p", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        return skip("cannot make namespaces here (run as root, and not in a chroot)")
    return subprocess.run([*unshare, sys.executable, __file__, "--in-namespaces",
                           *arguments]).returncode


sys.exit(main(sys.argv[1:]))
