"""What a bug of the zoo is, and the registry of them.

A bug is the healthy Raft with one decision overridden, in one of its parts. It runs exactly as the
healthy one does, so whatever convicts it would convict an implementation that decides so.
"""

from __future__ import annotations

from difflib import get_close_matches
from textwrap import dedent
from typing import NamedTuple

from raft.errors import RaftError
from raft.replica import Variant


class UnknownBug(RaftError):
    """No bug of the zoo has this name; the message suggests one."""


class Bug(NamedTuple):
    """One bug.

    ``summary`` says what it decides wrongly, ``source`` who made it, ``convicted_by`` which kinds
    of failure may be found first: the invariant that it breaks, or those that fall with it.
    ``scenario`` tells in words how little it takes; ``witness`` is the same as macro-steps
    (nemesis.macro.text): it convicts the bug, and passes on the healthy Raft.
    """

    variant: Variant
    summary: str
    source: str
    convicted_by: frozenset[str]
    scenario: str
    witness: str

    @property
    def name(self) -> str:
        """The name of the bug and of its variant."""
        return self.variant.name


BUGS: dict[str, Bug] = {}


def register(
    variant: Variant,
    *,
    summary: str,
    source: str,
    convicted_by: set[str],
    scenario: str = "",
    witness: str = "",
) -> None:
    """Add a bug to the zoo, under the name of its variant."""
    if variant.name in BUGS:
        raise ValueError(f"two bugs are named {variant.name!r}")
    BUGS[variant.name] = Bug(
        variant,
        summary,
        source,
        frozenset(convicted_by),
        " ".join(scenario.split()),
        dedent(witness).strip(),
    )


def get_bug(name: str) -> Bug:
    """The bug of this name; UnknownBug with a suggestion if there is none."""
    bug = BUGS.get(name)
    if bug is None:
        close = get_close_matches(name, BUGS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnknownBug(f"unknown bug {name!r}: {hint}splitbrain zoo list tells all {len(BUGS)}")
    return bug
