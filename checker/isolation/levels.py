"""Isolation levels: which implies which, and which anomalies each forbids.

A level is a set of histories, given by what must not happen in them. The lattice (stronger at the
top; item histories only, for nothing here has predicates):

    strict-serializable                    real time
      strong-snapshot-isolation
        strong-read-committed
          strong-read-uncommitted
      strong-session-serializable          order within processes
        strong-session-snapshot-isolation
          ...
        serializable
          repeatable-read   snapshot-isolation
             monotonic-atomic-view
                read-committed
                   read-uncommitted

Sources: Adya 1999 (PL-1, PL-2, PL-2.99, PL-3: G0, G1, G2-item, G2); Cerone and Gotsman 2016 (a
history of snapshot isolation has no cycle without two adjacent rw edges; reads agree within a
transaction); Bailis and others 2013 (monotonic atomic view forbids OTV; lost update); Daudjee and
Salem 2006 (strong and strong session variants); Kingsbury and Alvaro 2020 (list anomalies).

A level stands violated if an anomaly that it, or a weaker level, forbids was found. The converse
does not hold: that none was found does not prove the level.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

LEVELS: Final = {
    "read-uncommitted": (),
    "read-committed": ("read-uncommitted",),
    "monotonic-atomic-view": ("read-committed",),
    "repeatable-read": ("monotonic-atomic-view",),
    "snapshot-isolation": ("monotonic-atomic-view",),
    "serializable": ("repeatable-read", "snapshot-isolation"),
    "strong-session-read-uncommitted": ("read-uncommitted",),
    "strong-session-read-committed": ("read-committed", "strong-session-read-uncommitted"),
    "strong-session-snapshot-isolation": ("snapshot-isolation", "strong-session-read-committed"),
    "strong-session-serializable": ("serializable", "strong-session-snapshot-isolation"),
    "strong-read-uncommitted": ("strong-session-read-uncommitted",),
    "strong-read-committed": ("strong-session-read-committed", "strong-read-uncommitted"),
    "strong-snapshot-isolation": ("strong-session-snapshot-isolation", "strong-read-committed"),
    "strict-serializable": ("strong-session-serializable", "strong-snapshot-isolation"),
}
"""Each level with the next weaker ones that it implies; weaker levels first."""

_FORBIDS: Final = {
    "read-uncommitted": ("G0", "garbage-read", "duplicate-elements"),
    "read-committed": (
        *("G1a", "G1b", "G1c", "future-read"),
        *("incompatible-order", "disordered-writes", "dirty-update", "cyclic-versions"),
    ),
    "monotonic-atomic-view": ("OTV",),
    "repeatable-read": ("internal", "lost-update", "G-single", "G-nonadjacent", "G2-item"),
    "snapshot-isolation": ("internal", "lost-update", "G-single", "G-nonadjacent"),
    "strong-session-read-uncommitted": ("G0-process",),
    "strong-session-read-committed": ("G1c-process",),
    "strong-session-snapshot-isolation": ("G-single-process", "G-nonadjacent-process"),
    "strong-session-serializable": ("G2-item-process",),
    "strong-read-uncommitted": ("G0-realtime",),
    "strong-read-committed": ("G1c-realtime",),
    "strong-snapshot-isolation": ("G-single-realtime", "G-nonadjacent-realtime"),
    "strict-serializable": ("G2-item-realtime",),
}
"""What each level forbids beyond the levels that it implies."""


class UnknownLevelError(ValueError):
    """No level has this name; the message suggests one."""


def require_level(level: str) -> None:
    """Raise UnknownLevelError, with a suggestion, if there is no such level."""
    if level in LEVELS:
        return
    close = difflib.get_close_matches(level, LEVELS, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise UnknownLevelError(
        f"there is no isolation level {level!r}{hint} (levels: {', '.join(LEVELS)})"
    )


def _with_weaker() -> dict[str, frozenset[str]]:
    closed: dict[str, frozenset[str]] = {}
    for level, weaker in LEVELS.items():
        closed[level] = frozenset((level,)).union(*(closed[each] for each in weaker))
    return closed


_IMPLIED: Final = _with_weaker()


def implies(stronger: str, weaker: str) -> bool:
    """Whether every history of one level is one of the other; a level implies itself."""
    return weaker in _IMPLIED[stronger]


def forbids(level: str, kind: str) -> bool:
    """Whether an anomaly of this kind violates this level."""
    return any(kind in _FORBIDS.get(weaker, ()) for weaker in _IMPLIED[level])


def violated(kinds: Iterable[str]) -> tuple[str, ...]:
    """The levels that anomalies of these kinds violate, weaker ones first."""
    found = tuple(kinds)
    return tuple(level for level in LEVELS if any(forbids(level, kind) for kind in found))


def weakest(levels: Iterable[str]) -> tuple[str, ...]:
    """Those that imply no other one of them."""
    among = tuple(levels)
    return tuple(
        level
        for level in among
        if not any(other != level and implies(level, other) for other in among)
    )


def strongest(levels: Iterable[str]) -> tuple[str, ...]:
    """Those that no other one of them implies."""
    among = tuple(levels)
    return tuple(
        level
        for level in among
        if not any(other != level and implies(other, level) for other in among)
    )
