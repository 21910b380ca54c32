#!/usr/bin/python3 -I
"""In the helper's place, where a test needs what the real one never does. The file `script` in the
plugin's folder says what, line by line: `exit CODE SENTENCE`; `hang`: before it serves; `deaf`: to SIGTERM;
`mute`: no call is answered; `lost`: without its socket; and, once somebody subscribes, `send TEXT`, `event NAME BYTES`,
`request NAME BYTES`, and at last `crash`. The method `big` has a big answer, `ask` a request for an
answer, any other an empty one."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
import threading

script = (pathlib.Path(__file__).resolve().parent.parent / "script").read_text().splitlines()
folder = pathlib.Path(os.environ["HOME"], ".local/state/capydeck/run")
path = folder / "agent.sock"
folder.mkdir(parents=True, exist_ok=True)
path.unlink(missing_ok=True)
server = socket.socket(socket.AF_UNIX)
server.bind(str(path))
server.listen()


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def message(name, size, **more):
    return json.dumps({"jsonrpc": "2.0", **more, "method": name, "params": {"x": "x" * int(size)}})


says = []
for line in script:
    verb, _, rest = line.partition(" ")
    if verb == "exit":
        code, _, sentence = rest.partition(" ")
        say(sentence)
        sys.exit(int(code))
    elif verb == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif verb == "lost":
        path.unlink()
    elif verb == "send":
        says.append(rest)
    elif verb == "event":
        says.append(message(*rest.split()))
    elif verb == "request":
        says.append(message(*rest.split(), id="r-1"))

if "deaf" not in script:
    threading.Thread(target=lambda: os._exit(bool(sys.stdin.read())), daemon=True).start()
if "hang" in script:
    threading.Event().wait()
print(f"socket {path}", flush=True)
while True:
    client, _ = server.accept()
    with contextlib.suppress(OSError), client, client.makefile("rw") as stream:
        for line in stream:
            request = json.loads(line)
            if "mute" in script:
                answers = []
            elif request.get("method") == "subscribe":
                answers = [json.dumps({"id": request["id"], "result": {"events": []}}), *says]
            elif request.get("method") == "ask":
                answers = [message("steam.restart", 1, id="r-1")]
            elif request.get("method") == "big":
                answers = [json.dumps({"id": request["id"], "result": "x" * 1_048_000})]
            else:
                say(f"got {line.strip()}")
                answers = [json.dumps({"id": request["id"], "result": {}})] if "method" in request else []
            stream.writelines(f"{answer}\n" for answer in answers)
            stream.flush()
            if "crash" in script:
                os._exit(3)
