"""What the tests of ``splitbrain check`` share: histories, and how to ask and read the command."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from nemesis.cli import run

Capture = pytest.CaptureFixture[str]

STALE = """{"format": "splitbrain-history", "version": 1}
{"index": 0, "process": 0, "type": "invoke", "f": "write", "key": "x", "value": 1, "time": 0}
{"index": 1, "process": 0, "type": "ok", "f": "write", "key": "x", "value": 1, "time": 5}
{"index": 2, "process": 1, "type": "invoke", "f": "read", "key": "x", "time": 10}
{"index": 3, "process": 1, "type": "ok", "f": "read", "key": "x", "value": null, "time": 15}
"""
GOOD = STALE.replace("null", "1")
WRONG = STALE.replace("null", "2")
BROKEN = STALE.replace('"invoke", "f": "read"', '"ok", "f": "read"')
LOST_UPDATE = """
{:process 0, :type :invoke, :f :txn, :value [[:append 1 1]]}
{:process 0, :type :ok, :f :txn, :value [[:append 1 1]]}
{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil] [:append 1 2]]}
{:process 2, :type :invoke, :f :txn, :value [[:r 1 nil] [:append 1 3]]}
{:process 1, :type :ok, :f :txn, :value [[:r 1 [1]] [:append 1 2]]}
{:process 2, :type :ok, :f :txn, :value [[:r 1 [1]] [:append 1 3]]}
{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}
{:process 1, :type :ok, :f :txn, :value [[:r 1 [1 2 3]]]}
"""


def hard(*keys: str) -> str:
    """Compare-and-sets that all overlap, and a read that takes a search of all orders to refute."""
    pairs = [(a, b) for a in range(9) for b in range(9) if a != b]
    asked: list[tuple[int, str, str, Any]] = []
    for key in keys:
        base = 1000 * len(asked)
        asked.append((base, "write", key, 0))
        asked.extend((base + at, "cas", key, pair) for at, pair in enumerate(pairs, 1))
    lines = ['{"format": "splitbrain-history", "version": 1}']

    def add(process: int, type_: str, f: str, key: str, value: Any) -> None:
        event = {"process": process, "type": type_, "f": f, "key": key, "value": value}
        lines.append(json.dumps({"index": len(lines), **event}))

    for type_ in ("invoke", "ok"):
        for process, f, key, value in asked:
            add(process, type_, f, key, value)
    for at, key in enumerate(keys):
        add(-1 - at, "invoke", "read", key, None)
        add(-1 - at, "ok", "read", key, 1)
    return "\n".join(lines) + "\n"


def check(*arguments: str, model: str = "register") -> int:
    return run(["check", "--model", model, *arguments])


def objects(capsys: Capture) -> list[dict[str, Any]]:
    """What --json printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def timeless(text: str) -> str:
    return re.sub(r"\d+\.\d+ s|\"seconds\": [0-9.e-]+", "some time", text)
