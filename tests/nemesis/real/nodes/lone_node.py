"""A node that knows nothing of others: ``python3 lone_node.py [MISBEHAVIOUR]``.

prose, long-line    a line that is no message, after some requests
forged              a message in the name of another node
stranger            a message to somebody whom there is not
nonsense            writes are answered as reads
untyped             an answer without a type
no-init             another answer to init than init_ok
ends                the process ends after some requests
error-CODE          some writes are performed, and answered with this error
passes-on           all requests are passed on to n1, as they are
leaves-child        a process of another session goes on
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SOME = 5

misbehaviour = sys.argv[1] if len(sys.argv) > 1 else ""
name = ""
count = 0
values: dict[str, Any] = {}


def send(dest: str, body: dict[str, Any], src: str | None = None) -> None:
    print(json.dumps({"src": src or name, "dest": dest, "body": body}), flush=True)


def perform(body: dict[str, Any]) -> dict[str, Any]:
    key = str(body["key"])
    if body["type"] == "write":
        values[key] = body["value"]
        if misbehaviour.startswith("error-") and SOME < count <= 3 * SOME:
            return {"type": "error", "code": int(misbehaviour[6:]), "text": "so they say"}
        if misbehaviour == "untyped":
            return {}
        return {"type": "read_ok" if misbehaviour == "nonsense" else "write_ok"}
    if key not in values:
        return {"type": "error", "code": 20}
    if body["type"] == "read":
        return {"type": "read_ok", "value": values[key]}
    if values[key] != body["from"]:
        return {"type": "error", "code": 22, "text": "another value"}
    values[key] = body["to"]
    return {"type": "cas_ok"}


for line in sys.stdin:
    message = json.loads(line)
    source, body = message["src"], message["body"]
    if body["type"] == "init":
        name = body["node_id"]
        answer = {"type": "hello" if misbehaviour == "no-init" else "init_ok"}
        if misbehaviour == "leaves-child":
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
    elif misbehaviour == "passes-on" and name != "n1":
        send("n1", body, src=source)
        continue
    else:
        count += 1
        answer = perform(body)
    send(source, {**answer, "in_reply_to": body["msg_id"]})
    if count == SOME:
        if misbehaviour == "prose":
            print("now I am tired", flush=True)
        elif misbehaviour == "long-line":
            print("x" * (1 << 25), flush=True)
        elif misbehaviour == "forged":
            send("n1", {"type": "hello"}, src="n7")
        elif misbehaviour == "stranger":
            send("n7", {"type": "hello"})
        elif misbehaviour == "ends":
            sys.exit("had enough")
