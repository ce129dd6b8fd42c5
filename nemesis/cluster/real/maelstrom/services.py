"""Services that nodes may use over the network, as Maelstrom offers them.

https://github.com/jepsen-io/maelstrom/blob/main/doc/services.md: ``lin-kv``, ``seq-kv`` and
``lww-kv`` take what clients ask of nodes in the lin-kv workload, and a ``cas`` that creates its
key; ``lin-tso`` gives timestamps. They never fail, and links to them are never attacked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from nemesis.cluster.real.maelstrom.errors import (
    KEY_DOES_NOT_EXIST,
    MALFORMED_REQUEST,
    NOT_SUPPORTED,
    PRECONDITION_FAILED,
)
from nemesis.cluster.real.maelstrom.messages import Body

# Of so many replicas consists the store in which the last write wins.
_REPLICAS = 5


class _Failed(Exception):
    """An error that is answered."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class KeyValueService:
    """Reads, writes and compares; how, say the subclasses. An absent key reads as None, others as a
    tuple of their value."""

    def handle(self, src: str, body: Body) -> Body:
        """The answer to a request."""
        try:
            return self._handle(src, body)
        except _Failed as error:
            return {"type": "error", "code": error.code, "text": str(error)}

    def read(self, src: str, key: str) -> tuple[Any] | None:
        """What the client may be told, where nothing is written."""
        raise NotImplementedError

    def newest(self, src: str, key: str) -> tuple[Any] | None:
        """What a write of this client would overwrite."""
        raise NotImplementedError

    def write(self, src: str, key: str, value: Any) -> None:
        """Write over what ``newest`` has told."""
        raise NotImplementedError

    def _handle(self, src: str, body: Body) -> Body:
        kind = body["type"]
        if kind not in ("read", "write", "cas"):
            raise _Failed(NOT_SUPPORTED, f"no request {kind!r}")
        key = msgspec.json.encode(_field(body, "key"), order="sorted").decode()
        if kind == "read":
            found = self.read(src, key)
            if found is None:
                raise _Failed(KEY_DOES_NOT_EXIST, f"there is no key {key}")
            return {"type": "read_ok", "value": found[0]}
        if kind == "write":
            self.newest(src, key)
            self.write(src, key, _field(body, "value"))
            return {"type": "write_ok"}
        found = self.newest(src, key)
        expected, value = _field(body, "from"), _field(body, "to")
        if found is None and not body.get("create_if_not_exists"):
            raise _Failed(KEY_DOES_NOT_EXIST, f"there is no key {key}")
        if found is not None and found[0] != expected:
            raise _Failed(PRECONDITION_FAILED, f"{found[0]!r} is not {expected!r}")
        self.write(src, key, value)
        return {"type": "cas_ok"}


def _field(body: Body, name: str) -> Any:
    if name not in body:
        raise _Failed(MALFORMED_REQUEST, f"{body['type']} needs {name!r}")
    return body[name]


class LinearizableStore(KeyValueService):
    """lin-kv: one copy."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any]] = {}

    def read(self, src: str, key: str) -> tuple[Any] | None:
        return self._values.get(key)

    newest = read

    def write(self, src: str, key: str, value: Any) -> None:
        self._values[key] = (value,)


class SequentialStore(KeyValueService):
    """seq-kv: writes are in one order, and a client sees any state that is not older than the one
    that it saw last."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        # By key, what was written as which write.
        self._written: dict[str, list[tuple[int, Any]]] = {}
        # How many writes each client has seen.
        self._seen: dict[str, int] = {}

    def read(self, src: str, key: str) -> tuple[Any] | None:
        seen = self._random.randint(self._seen.get(src, 0), self._count)
        self._seen[src] = seen
        written = self._written.get(key, [])
        count = bisect_right(written, seen, key=lambda each: each[0])
        return (written[count - 1][1],) if count else None

    def newest(self, src: str, key: str) -> tuple[Any] | None:
        self._seen[src] = self._count
        written = self._written.get(key)
        return (written[-1][1],) if written else None

    def write(self, src: str, key: str, value: Any) -> None:
        self._count += 1
        self._written.setdefault(key, []).append((self._count, value))
        self._seen[src] = self._count


class LastWriteWins(KeyValueService):
    """lww-kv: replicas, of which any one answers, and that tell each other now and then what was
    written; of two writes of a key the one with the newer timestamp is kept, so that others get
    lost."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._replicas: list[dict[str, tuple[int, str, Any]]] = [{} for _ in range(_REPLICAS)]
        self._clocks = [0] * _REPLICAS
        self._at = 0

    def read(self, src: str, key: str) -> tuple[Any] | None:
        self._gossip()
        self._at = self._random.randrange(_REPLICAS)
        found = self._replicas[self._at].get(key)
        return None if found is None else (found[2],)

    newest = read

    def write(self, src: str, key: str, value: Any) -> None:
        self._clocks[self._at] += 1
        order = msgspec.json.encode(value, order="sorted").decode()
        self._replicas[self._at][key] = (self._clocks[self._at], order, value)

    def _gossip(self) -> None:
        one, other = (self._random.randrange(_REPLICAS) for _ in range(2))
        self._clocks[one] = max(self._clocks[one], self._clocks[other])
        mine = self._replicas[one]
        for key, theirs in self._replicas[other].items():
            if key not in mine or mine[key][:2] < theirs[:2]:
                mine[key] = theirs


class TimestampOracle:
    """lin-tso: every timestamp is given once, in order."""

    def __init__(self) -> None:
        self._next = 0

    def handle(self, src: str, body: Body) -> Body:
        """The answer to a request."""
        if body["type"] != "ts":
            text = f"no request {body['type']!r}"
            return {"type": "error", "code": NOT_SUPPORTED, "text": text}
        self._next += 1
        return {"type": "ts_ok", "ts": self._next - 1}


def make_services(random: Random) -> dict[str, Callable[[str, Body], Body]]:
    """All of them, by name."""
    return {
        "lin-kv": LinearizableStore().handle,
        "seq-kv": SequentialStore(random).handle,
        "lww-kv": LastWriteWins(random).handle,
        "lin-tso": TimestampOracle().handle,
    }
