"""The errors of the protocol, and what they prove.

https://github.com/jepsen-io/maelstrom/blob/main/doc/protocol.md#errors: a definite error says that
what was asked for has not happened and never will. Codes that the protocol does not know prove
nothing.
"""

from __future__ import annotations

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """What a code is called, and whether it is definite."""

    name: str
    is_definite: bool = True


TIMEOUT = 0
NODE_NOT_FOUND = 1
NOT_SUPPORTED = 10
TEMPORARILY_UNAVAILABLE = 11
MALFORMED_REQUEST = 12
CRASH = 13
ABORT = 14
KEY_DOES_NOT_EXIST = 20
KEY_ALREADY_EXISTS = 21
PRECONDITION_FAILED = 22
TRANSACTION_CONFLICT = 30

ERRORS = {
    TIMEOUT: ErrorCode("timeout", is_definite=False),
    NODE_NOT_FOUND: ErrorCode("node-not-found"),
    NOT_SUPPORTED: ErrorCode("not-supported"),
    TEMPORARILY_UNAVAILABLE: ErrorCode("temporarily-unavailable"),
    MALFORMED_REQUEST: ErrorCode("malformed-request"),
    CRASH: ErrorCode("crash", is_definite=False),
    ABORT: ErrorCode("abort"),
    KEY_DOES_NOT_EXIST: ErrorCode("key-does-not-exist"),
    KEY_ALREADY_EXISTS: ErrorCode("key-already-exists"),
    PRECONDITION_FAILED: ErrorCode("precondition-failed"),
    TRANSACTION_CONFLICT: ErrorCode("txn-conflict"),
}
_OF_OTHERS = ErrorCode("of the program's own", is_definite=False)


def error_code(code: int) -> ErrorCode:
    """What is known of a code."""
    return ERRORS.get(code, _OF_OTHERS)
