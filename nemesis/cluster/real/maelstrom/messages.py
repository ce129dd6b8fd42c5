"""The messages of the protocol: a line of JSON each."""

from __future__ import annotations

from typing import Any

import msgspec

# More than this of a line is shown to nobody, in characters.
_SHOWN = 300

Body = dict[str, Any]


class Message(msgspec.Struct, frozen=True):
    """Who sends what to whom; the body is parsed by those who need it."""

    src: str
    dest: str
    body: msgspec.Raw


class ProtocolError(Exception):
    """A line that is no message, or one that must not be sent; the message says why."""


_decoder = msgspec.json.Decoder(Message)


def parse_message(line: bytes) -> Message:
    """The message on a line. Raises ProtocolError."""
    try:
        # Also what is not looked into must be UTF-8: it is passed on as it is.
        return _decoder.decode(line.decode())
    except msgspec.ValidationError as error:
        raise ProtocolError(f"a line that is no message ({error}): {shown(line)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(
            f"a line that is no JSON ({error}): {shown(line)}; standard output is for messages "
            "alone, standard error for everything else"
        ) from error


def parse_body(message: Message) -> Body:
    """The body, which must be an object with a type. Raises ProtocolError."""
    try:
        body = msgspec.json.decode(message.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"a body that is no JSON ({error}): {shown(message.body)}") from error
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise ProtocolError(
            f"a body to {message.dest} that is no object with a type: {shown(message.body)}"
        )
    return body


def encode_message(src: str, dest: str, body: Body) -> bytes:
    """The message as a line, its end included."""
    return msgspec.json.encode({"src": src, "dest": dest, "body": body}) + b"\n"


def shown(text: bytes | msgspec.Raw) -> str:
    """The text as it is shown to people."""
    told = bytes(text).decode("utf-8", "backslashreplace")
    return repr(told if len(told) <= _SHOWN else told[:_SHOWN] + " ...")
