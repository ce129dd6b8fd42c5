"""Certificates: what makes a verdict something to check instead of something to believe.

A certificate is plain data about a history; ``checker.lincheck.verify`` says what it must prove,
and docs/certificates.md why that is enough. Its JSON form:

    {"format": "splitbrain-certificate", "version": 2, "verdict": "valid", "model": "kv",
     "order": [name, ...]}

    {"format": "splitbrain-certificate", "version": 2, "verdict": "invalid", "model": "kv",
     "first_event": name or null, "last_event": index or null, "elements": null or [value, ...],
     "operations": [name, ...], "refutation": null or [[[parent, name, ...], ...], ...]}

Version 1 is read too: it had no ``elements``.

An operation's *name* is the index of its invocation's event (its rank ``invoked``, where there are
no events). This module is data only: it finds nothing and proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from checker.history import Operation

FORMAT = "splitbrain-certificate"
VERSION = 2

Refutation = tuple[tuple[tuple[int, ...], ...], ...]
"""For each completion of the sub-history in turn, the configurations that are left after it, until
none is. A configuration: the position of the one before it from which it comes (0, before the first
completion), and the names of the operations linearized since, in order."""


class CertificateError(Exception):
    """This is no certificate, or it does not prove what it claims; the message says why."""


def require(condition: bool, why: str) -> None:
    """Raises CertificateError, which says why, unless the condition holds."""
    if not condition:
        raise CertificateError(why)


@dataclass(frozen=True, slots=True)
class Valid:
    """An order of operations that explains every answer."""

    model: str
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Invalid:
    """Operations that no order explains.

    What counts is what was known when event ``last_event`` (a completion) had happened, of the
    history from the invocation of ``first_event`` on, starting in any state; None: the end, the
    beginning. ``operations`` are those of it that are impossible by themselves; what was left out
    may be left out by the rules that the verifier knows. ``refutation`` shows that they are
    impossible; None: the verifier must find out by itself. ``elements``: operations are only what
    they say of these elements (``Model.projection``); None: all that they say.
    """

    model: str
    first_event: int | None
    last_event: int | None
    operations: tuple[int, ...]
    refutation: Refutation | None = None
    elements: tuple[Any, ...] | None = None


Certificate = Valid | Invalid


def name_of(operation: Operation) -> int:
    """What certificates call this operation."""
    return operation.invoked if operation.invocation is None else operation.invocation


def end_of(operation: Operation) -> int | None:
    """What certificates call its completion; None if there is none."""
    return operation.completed if operation.completion is None else operation.completion


def deadline_of(operation: Operation) -> float:
    """The rank of its completion; infinite if there is none: it may take effect or not."""
    return inf if operation.completed is None else operation.completed


def untold(operation: Operation) -> Operation:
    """The same operation as it was known before it ended."""
    return operation._replace(outcome="info", result=None, completed=None, error=None)


def known_between(operations: Iterable[Operation], start: float, end: float) -> list[Operation]:
    """Those invoked up to the rank ``end`` that had not completed before the rank ``start``, as
    they were known at ``end``."""
    return [
        operation if deadline_of(operation) <= end else untold(operation)
        for operation in operations
        if operation.invoked <= end and deadline_of(operation) >= start
    ]


def to_json(certificate: Certificate) -> dict[str, Any]:
    """As JSON-ready data."""
    head = {"format": FORMAT, "version": VERSION}
    if isinstance(certificate, Valid):
        order = list(certificate.order)
        return {**head, "verdict": "valid", "model": certificate.model, "order": order}
    refutation = None
    if certificate.refutation is not None:
        refutation = [[list(each) for each in listed] for listed in certificate.refutation]
    return {
        **head,
        "verdict": "invalid",
        "model": certificate.model,
        "first_event": certificate.first_event,
        "last_event": certificate.last_event,
        "elements": None if certificate.elements is None else list(certificate.elements),
        "operations": list(certificate.operations),
        "refutation": refutation,
    }


def from_json(data: Any) -> Certificate:
    """The certificate that this JSON value is; CertificateError if it is none."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise CertificateError(f'this is no certificate: it has no "format": "{FORMAT}"')
    version = data.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise CertificateError(f"versions up to {VERSION} are known, not {version!r}")
    if not isinstance(data.get("model"), str):
        raise CertificateError('"model" must be the name of a model')
    if data.get("verdict") == "valid":
        return Valid(data["model"], _names(data, "order"))
    if data.get("verdict") != "invalid":
        raise CertificateError(f'"verdict" must be valid or invalid, not {data.get("verdict")!r}')
    return Invalid(
        data["model"],
        _event(data, "first_event"),
        _event(data, "last_event"),
        _names(data, "operations"),
        _refutation(data.get("refutation")),
        _elements(data.get("elements"), version),
    )


def _names(data: dict[str, Any], field: str) -> tuple[int, ...]:
    names = data.get(field)
    if not isinstance(names, list) or not {type(name) for name in names} <= {int}:
        raise CertificateError(f'"{field}" must be a list of integers, the names of operations')
    return tuple(names)


def _event(data: dict[str, Any], field: str) -> int | None:
    event = data.get(field)
    if event is not None and type(event) is not int:
        raise CertificateError(f'"{field}" must be the index of an event or null, not {event!r}')
    return event


def _elements(data: Any, version: int) -> tuple[Any, ...] | None:
    if data is None:
        return None
    if version < 2 or not isinstance(data, list):
        raise CertificateError('"elements" must be a list or null, and there are none in version 1')
    return tuple(data)


def _refutation(data: Any) -> Refutation | None:
    if data is None:
        return None
    if (
        not isinstance(data, list)
        or not all(isinstance(listed, list) for listed in data)
        or not all(isinstance(each, list) and each for listed in data for each in listed)
        or not {type(n) for listed in data for each in listed for n in each} <= {int}
    ):
        raise CertificateError(
            '"refutation" must be a list with, for each completion, a list of lists of integers'
        )
    return tuple(tuple(tuple(each) for each in listed) for listed in data)
