"""Texts that are made of pieces: what a key of a store says of a few of the texts written to it.

Theory of operation
-------------------
If no text that was put or appended begins with another one (a prefix code), whatever a key can hold
is made of such *pieces* in one way only: reading from left to right, one piece at the most can come
next. Let h take the pieces that nobody asks about out of a text; what is then empty counts as
absent. In a legal sequence replace each state s by h(s):

- an append of a piece that is taken out changes nothing any more: strike it out;
- a put of such a piece leaves nothing, as a delete does;
- a get answers h of what it answered; and any other append, put or delete is what it was.

The sequence is legal again. An answer that cannot be read as pieces was never there, so in a legal
sequence there is none, and anything may be made of it: its pieces are taken out as far as they can
be told, and the rest stays.

Compare-and-sets may leave the text that another one looked for, and a failed one says only what was
not there. Keys with one that may have taken effect are left out (locality: Herlihy and Wing 1990);
so are keys with texts of which one begins with another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from checker.history import Operation
from checker.models.mentions import each_once
from checker.models.model import CallError, distinct


def elements(operations: Iterable[Operation]) -> list[Any]:
    """The texts that are put or appended."""
    return each_once(o.argument for o in operations if o.f in ("put", "append"))


def onto(
    absent: str | None, operations: Sequence[Operation], texts: Sequence[Any]
) -> list[Operation]:
    """What the operations say of these texts (Projection.onto); ``absent`` is what a key without a
    text reads as. Raises CallError for a transaction."""
    groups: dict[Any, list[Operation]] = {}
    for operation in operations:
        if operation.f == "txn":
            raise CallError("a transaction cannot be looked at as far as a few texts are concerned")
        groups.setdefault(distinct(operation.key), []).append(operation)
    wanted = {text for text in texts if isinstance(text, str)}
    left: list[Operation] = []
    for group in groups.values():
        known = _code(group)
        if known is not None:
            left += _of_key(group, wanted, _Decoder(known, wanted), absent)
    left.sort(key=lambda operation: operation.invoked)
    return left


def _code(operations: Iterable[Operation]) -> set[str] | None:
    """All pieces; None if they cannot be told apart."""
    pieces: set[str] = set()
    for operation in operations:
        if operation.f in ("put", "append"):
            pieces.add(operation.argument)
        elif operation.f == "cas" and operation.outcome != "fail":
            return None
    pieces.discard("")
    # Whatever stands between a text and one that begins with it begins with it, too.
    if any(following.startswith(piece) for piece, following in pairwise(sorted(pieces))):
        return None
    return pieces


def _of_key(
    operations: Iterable[Operation], wanted: set[str], decoder: _Decoder, absent: str | None
) -> Iterable[Operation]:
    for operation in operations:
        if operation.f == "append":
            if operation.argument in wanted:
                yield operation
        elif operation.f == "put" and operation.argument not in wanted:
            yield operation._replace(f="delete", argument=None, result=None)
        elif operation.f == "get" and isinstance(operation.result, str):
            yield operation._replace(result=decoder.read(operation.result) or absent)
        elif operation.f != "cas":
            yield operation


class _Decoder:
    """Reads texts, and leaves of them the pieces that are wanted.

    Most texts begin with the one read before, which is then not read again.
    """

    __slots__ = ("_before", "_kept", "_lengths", "_pieces", "_wanted")

    def __init__(self, pieces: set[str], wanted: set[str]) -> None:
        self._pieces = pieces
        self._wanted = wanted
        self._lengths = sorted(set(map(len, pieces)))
        self._before = self._kept = ""

    def read(self, text: str) -> str:
        at, kept = 0, []
        if text.startswith(self._before):
            at, kept = len(self._before), [self._kept]
        while at < len(text):
            for length in self._lengths:
                piece = text[at : at + length]
                if piece in self._pieces:
                    break
            else:
                return "".join(kept) + text[at:]
            if piece in self._wanted:
                kept.append(piece)
            at += length
        self._before, self._kept = text, "".join(kept)
        return self._kept
