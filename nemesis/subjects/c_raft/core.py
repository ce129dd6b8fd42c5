"""One server of C-Raft, as a function: each call is one thing that happens, its result what libraft
asked for meanwhile (shim/calls.c), in the order in which it did.

Ids of servers are the numbers in their names.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Final

from nemesis.subjects.c_raft.build import build
from nemesis.subjects.c_raft.effects import (
    CoreEntry,
    CoreSnapshot,
    CoreStanding,
    Effect,
    decode,
    decode_servers,
    encode_loaded,
)
from nemesis.subjects.errors import SubjectFailed

_FAILURES: Final = {
    -1: "ended by a signal",
    -2: "failed its own assertion",
    -3: "did more than the shim has space for",
    -4: "was handed bytes that are no message",
    -5: "broke the contract of raft.h",
}


@cache
def _library() -> tuple[ctypes.CDLL, memoryview]:
    """The shim, and where it writes effects. Raises SubjectMissing."""
    # Deep binding: an assertion of libraft ends in the shim's __assert_fail, not in libc's.
    library = ctypes.CDLL(str(build()), mode=os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
    server, size, time, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_ulonglong, ctypes.c_int
    data = ctypes.c_char_p
    signatures: dict[str, list[object]] = {
        "server_start": [server, time, data, size],
        "server_tick": [server, time],
        "server_receive": [server, time, data, size],
        "server_apply": [server, time, ctypes.c_uint64, data, size],
        "server_barrier": [server, time, ctypes.c_uint64],
        "server_transfer": [server, time, ctypes.c_uint64, ctypes.c_ulonglong],
        "server_appended": [server, time, number],
        "server_snapshot_stored": [server, time, number],
        "server_snapshot_loaded": [server, time, data, size],
        "server_configuration": [server],
        "server_fail": [server, number],
        "first_configuration": [server, ctypes.POINTER(ctypes.c_uint64), ctypes.c_uint],
    }
    for name, arguments in signatures.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = ctypes.c_int64
    library.server_new.argtypes = [
        ctypes.c_ulonglong,
        ctypes.c_uint64,
        ctypes.c_uint,
        ctypes.c_uint,
        number,
        ctypes.c_uint,
        ctypes.c_uint,
    ]
    library.server_new.restype = ctypes.c_void_p
    library.server_error.argtypes = [server]
    library.server_error.restype = data
    library.server_free.argtypes = [server]
    library.server_free.restype = None
    effects = memoryview((ctypes.c_ubyte * (64 << 20)).in_dll(library, "effects")).cast("B")
    return library, effects


def count_of_servers() -> int:
    """How many cores are not closed."""
    return ctypes.c_int.in_dll(_library()[0], "servers").value


class Core:
    """A ``struct raft``. After each call ``standing`` is new. Times in ms; randomness from ``seed``
    alone. What libraft does not survive is raised as SubjectFailed, and the core is then only good
    to be closed."""

    def __init__(
        self,
        number: int,
        seed: int,
        *,
        election_timeout: int,
        heartbeat_timeout: int,
        pre_vote: bool,
        snapshot_threshold: int,
        snapshot_trailing: int,
    ) -> None:
        self._library, self._effects = _library()
        self.standing = CoreStanding(*[0] * 13)
        self._server: int | None = self._library.server_new(
            number,
            seed,
            election_timeout,
            heartbeat_timeout,
            pre_vote,
            snapshot_threshold,
            snapshot_trailing,
        )
        if self._server is None:
            raise MemoryError("libraft could not be initialised")

    def close(self) -> None:
        """The process is gone, with all its memory."""
        if self._server is not None:
            self._library.server_free(self._server)
            self._server = None

    __del__ = close

    # -- What happens ----------------------------------------------------------------------------

    def start(
        self,
        now: int,
        term: int,
        voted_for: int,
        start_index: int,
        entries: list[CoreEntry],
        snapshot: CoreSnapshot | None,
    ) -> list[Effect]:
        """The server starts on what its disk holds."""
        loaded = encode_loaded(term, voted_for, start_index, entries, snapshot)
        return self._taken(self._library.server_start(self._server, now, loaded, len(loaded)))

    def tick(self, now: int) -> list[Effect]:
        """The heartbeat time-out has passed since the last tick."""
        return self._taken(self._library.server_tick(self._server, now))

    def receive(self, now: int, message: bytes) -> list[Effect]:
        """A message arrives."""
        return self._taken(self._library.server_receive(self._server, now, message, len(message)))

    def apply(self, now: int, token: int, command: bytes) -> list[Effect]:
        """Propose a command; an ANSWER to ``token`` will tell what came of it: 0 once it is applied
        here, an error code if it may not be, a negated one if nothing was done."""
        return self._taken(
            self._library.server_apply(self._server, now, token, command, len(command))
        )

    def barrier(self, now: int, token: int) -> list[Effect]:
        """Propose a barrier; answered likewise, once everything before it is applied."""
        return self._taken(self._library.server_barrier(self._server, now, token))

    def transfer(self, now: int, token: int, target: int) -> list[Effect]:
        """Hand the leadership over; answered with 0 when that is over, however it ended."""
        return self._taken(self._library.server_transfer(self._server, now, token, target))

    def appended(self, now: int, status: int = 0) -> list[Effect]:
        """The oldest APPEND that has not ended has."""
        return self._taken(self._library.server_appended(self._server, now, status))

    def snapshot_stored(self, now: int, status: int = 0) -> list[Effect]:
        """The SNAPSHOT_PUT has ended."""
        return self._taken(self._library.server_snapshot_stored(self._server, now, status))

    def snapshot_loaded(self, now: int, snapshot: CoreSnapshot) -> list[Effect]:
        """The oldest SNAPSHOT_GET that has not ended has."""
        data = snapshot.encode()
        return self._taken(self._library.server_snapshot_loaded(self._server, now, data, len(data)))

    def fail(self, how: int) -> list[Effect]:
        """For tests: what an error in C does, 0 a wild pointer, 1 abort."""
        return self._taken(self._library.server_fail(self._server, how))

    # -- What it says ----------------------------------------------------------------------------

    def first_configuration(self, numbers: list[int]) -> bytes:
        """The data of the first entry of every log: these voters."""
        ids = (ctypes.c_uint64 * len(numbers))(*numbers)
        size = self._checked(self._library.first_configuration(self._server, ids, len(numbers)))
        return bytes(self._effects[:size])

    def servers(self) -> tuple[tuple[int, int], ...]:
        """The configuration in effect: ids and roles."""
        self._library.server_configuration(self._server)
        return decode_servers(self._effects, 0)[0]

    def error(self) -> str:
        """What libraft says of its last error; may be empty."""
        text: bytes = self._library.server_error(self._server)
        return text.decode(errors="replace")

    def _checked(self, size: int) -> int:
        if size < 0:
            what = _FAILURES[size]
            if size in (-1, -2, -5):
                text = ctypes.c_char.in_dll(self._library, "failure")
                what += f": {ctypes.string_at(ctypes.addressof(text)).decode(errors='replace')}"
            raise SubjectFailed(f"libraft {what}")
        return size

    def _taken(self, size: int) -> list[Effect]:
        """Decode what a call has written."""
        if size < 0:
            self._checked(size)
        effects, self.standing = decode(self._effects, size)
        return effects
