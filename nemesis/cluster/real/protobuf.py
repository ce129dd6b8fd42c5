"""Messages of Protocol Buffers, field by field
(https://protobuf.dev/programming-guides/encoding/)."""

from __future__ import annotations

from typing import Final

from checker.errors import CheckerError

_VARINT: Final = 0
_FIXED64: Final = 1
_BYTES: Final = 2
_FIXED32: Final = 5
_FIXED_SIZES: Final = {_FIXED64: 8, _FIXED32: 4}


class ProtobufError(CheckerError):
    """Bytes that are no such message."""


class Fields:
    """The fields of a message, by number; one that is missing is 0, or empty."""

    __slots__ = ("_fields", "encoded")

    def __init__(self, encoded: bytes, fields: dict[int, list[int | bytes]]) -> None:
        self.encoded = encoded
        self._fields = fields

    def names(self) -> frozenset[int]:
        """Of the fields that are there."""
        return frozenset(self._fields)

    def has(self, field: int) -> bool:
        """Whether the field is there."""
        return field in self._fields

    def number(self, field: int) -> int:
        """A number, without a sign. Raises ProtobufError if it is something else."""
        value = self._fields.get(field, [0])[-1]
        if not isinstance(value, int):
            raise ProtobufError(f"field {field} is no number")
        return value

    def data(self, field: int) -> bytes:
        """Bytes, a string or a message. Raises ProtobufError if it is something else."""
        return self.all_data(field)[-1] if self.has(field) else b""

    def all_data(self, field: int) -> list[bytes]:
        """Of a field that stands there any number of times. Raises ProtobufError."""
        values = self._fields.get(field, [])
        found = [value for value in values if isinstance(value, bytes)]
        if len(found) != len(values):
            raise ProtobufError(f"field {field} holds no bytes")
        return found


def parse(data: bytes) -> Fields:
    """Raises ProtobufError."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind, field = tag & 7, tag >> 3
        value: int | bytes
        if kind == _VARINT:
            value, at = _varint(data, at)
        else:
            size = _FIXED_SIZES.get(kind)
            if kind == _BYTES:
                size, at = _varint(data, at)
            if size is None or field == 0:
                raise ProtobufError(f"byte {at}: field {field} of wire type {kind}")
            if at + size > len(data):
                raise ProtobufError(f"byte {at}: field {field} goes beyond the end")
            value = data[at : at + size]
            at += size
        fields.setdefault(field, []).append(value)
    return Fields(data, fields)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ProtobufError(f"byte {at}: a number without an end")
