"""What a search that has finished has proved: its bounds and its properties, in words."""

from __future__ import annotations

from typing import Final

from nemesis.counted import counted
from nemesis.explore.moves import Bounds

# The monitors of checker.invariants whose rules are judged in every state, or at every move.
PROPERTIES: Final = (
    "election-safety",
    "elected-by-quorum",
    "one-vote-a-term",
    "monotonic-term",
    "leader-completeness",
    "leader-append-only",
    "log-matching",
    "monotonic-commit",
    "own-term-commit",
    "state-machine-safety",
    "committed-on-majority",
    "linearizability (a read that misses the first acknowledged command)",
    "no exception",
)


def statement(bounds: Bounds) -> str:
    """The bounds, exactly."""
    parts = [counted(bounds.nodes, "server"), _moves(bounds), _messages(bounds)]
    parts.append(f"at most {counted(bounds.commands, 'command')}")
    if bounds.reads:
        parts.append(f"at most {counted(bounds.reads, 'read')}, each at a server that leads")
    if bounds.crashes is None:
        parts.append("any number of crashes and restarts")
    else:
        parts.append(f"at most {counted(bounds.crashes, 'crash', 'crashes')}, restarts at any time")
    parts.append(f"at most {counted(bounds.entries_per_append, 'entry', 'entries')} in one message")
    parts.append(
        "no pre-vote, check-quorum, snapshots or changes of the membership; what is saved is saved "
        "before anything leaves"
    )
    if not bounds.symmetry:
        parts.append("states that differ by names alone are told apart")
    return "; ".join(parts)


def _moves(bounds: Bounds) -> str:
    if bounds.fine:
        return (
            "each move is one time-out, heartbeat, command, crash, restart, or the arrival of one "
            "message"
        )
    answers = "and with each choice of answers left out" if bounds.unanswered else "all answer"
    return (
        "each move is an election, a replication, a command, a crash or a restart; elections and "
        f"replications reach each subset of the servers that are up, in each order, {answers}"
    )


def _messages(bounds: Bounds) -> str:
    again = ", each any number of times" if bounds.copies else ", each once"
    if bounds.fine:
        return f"every message may arrive at any time later{again}, or never; equal ones count once"
    if not bounds.deliveries:
        return "what a move does not deliver is lost"
    return (
        f"of what moves do not deliver at most {counted(bounds.deliveries, 'message')} may "
        f"arrive at any time later{again}; the others are lost"
    )
