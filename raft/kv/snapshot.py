"""What a snapshot of the state machine holds, in MessagePack."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from raft.errors import RaftError
from raft.kv.commands import Result


class SnapshotError(RaftError):
    """Bytes that are no snapshot of a key-value store."""


class Session(msgspec.Struct, array_like=True, gc=False):
    """One client's session: the log time of its last use in ns, and the last command that was
    executed for it, with the answer; sequence 0 if there is none yet."""

    name: str
    last_used: int
    sequence: int
    result: Result


class State(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The whole state. Equal states are encoded equally: ``values`` are in order of the keys,
    ``sessions`` in that of their last use; ``log_time`` is in ns."""

    log_time: int
    values: tuple[tuple[str, str], ...]
    sessions: tuple[Session, ...]


encode_state = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(State)


def decode_state(data: bytes) -> State:
    """Raises SnapshotError for bytes that ``encode_state`` never makes."""
    try:
        state = _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise SnapshotError(
            f"{len(data)} bytes are no snapshot of a key-value store: {error}"
        ) from error
    keys = [key for key, _ in state.values]
    uses = [session.last_used for session in state.sessions]
    names = {session.name for session in state.sessions}
    if (
        any(key >= following for key, following in pairwise(keys))
        or len(names) < len(uses)
        or uses != sorted(uses)
        or (uses and uses[-1] > state.log_time)
    ):
        raise SnapshotError(
            f"{len(data)} bytes are no snapshot of a key-value store: keys or sessions stand twice "
            f"or out of order"
        )
    return state
