"""Commands as the bytes that the log holds: MessagePack.

Apart from the commands, which stay as msgspec reads them, so that this may be compiled: every entry
is decoded on every replica.
"""

from __future__ import annotations

from typing import Final

import msgspec

from raft.kv.commands import Command, CommandError

encode_command = msgspec.msgpack.Encoder().encode

_decode: Final = msgspec.msgpack.Decoder(Command).decode


def decode_command(data: bytes) -> Command:
    """Raises CommandError for bytes that are no command."""
    try:
        return _decode(data)
    except msgspec.DecodeError as error:
        raise CommandError(
            f"the log holds {len(data)} bytes that are no command: {error}"
        ) from error
