"""A client that writes for as long as it is let, and knows afterwards what must be there."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Sequence

from tests.server.processes import PATIENCE, Response, ServerProcess, text

# How many keys one writer holds at a time, so that the state stays small.
_SLOTS = 200


class Writer(threading.Thread):
    """Writes numbers to the servers by turns, and remembers which were accepted.

    A write that nobody knows the end of may take effect at any later time. So its key is not
    written again, and holds it or what was acknowledged before: never something older.
    """

    def __init__(self, servers: Sequence[ServerProcess], name: str = "written") -> None:
        super().__init__()
        self._servers = servers
        self._name = name
        self._ended = threading.Event()
        # By slot: how many keys it has had before the present one.
        self._given_up = [0] * _SLOTS
        self._has_finished = False
        self.acknowledged: dict[bytes, int] = {}
        # Answers that accepted a write, and attempts that did not end in one.
        self.accepted = 0
        self.refused = 0

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            self._write(number)
        self._has_finished = True

    def _write(self, number: int) -> None:
        slot = number % _SLOTS
        key = f"{self._name}-{slot}-{self._given_up[slot]}".encode()
        try:
            response = self._servers[number % len(self._servers)].put(key, b"%d" % number)
        except (OSError, http.client.HTTPException):
            self._give_up(slot)
            return
        if response.status == 200:
            self.acknowledged[key] = number
            self.accepted += 1
            return
        assert (response.status, response.code) in ((503, 14), (504, 14)), response.raw
        self._give_up(slot)

    def _give_up(self, slot: int) -> None:
        self.refused += 1
        self._given_up[slot] += 1
        # A server that is down refuses at once.
        self._ended.wait(0.001)

    def end(self) -> None:
        """Write no more. Raises AssertionError if the writer had ended before, by an error."""
        self._ended.set()
        self.join(PATIENCE)
        assert self._has_finished, f"{self._name}: the writer has failed, or still waits"

    def lost(self, server: ServerProcess) -> list[bytes]:
        """Keys that hold something older than what was acknowledged last, by a linearizable read
        of this server."""
        prefix = f"{self._name}-".encode()
        response: Response = server.get(prefix, range_end=text(f"{self._name}.".encode()))
        assert response.status == 200, response.raw
        held = response.kvs
        return [
            key for key, number in self.acknowledged.items() if int(held.get(key, b"0")) < number
        ]
