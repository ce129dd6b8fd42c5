"""What is changed in the library before it is built, each change a few lines of ours.

A change replaces a piece of a file that occurs in it exactly once, and puts it back together with
what is added: so what the library says elsewhere stays as it was published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nemesis.errors import NemesisError, UnknownName


class PatchError(NemesisError):
    """The library is not the one that the changes are for."""


class Change(NamedTuple):
    """In ``file``, ``new`` takes the place of ``old``."""

    file: str
    old: str
    new: str


class Fix(NamedTuple):
    """A bug of the library, and what mends it."""

    what: str
    changes: tuple[Change, ...]


_RAFT, _SERVER = "raft.go", "server.go"
_NOTICE = "cm.newCommitReadyChan <- struct{}{}"


def _before(anchor: str, added: str) -> Change:
    return Change(_RAFT, anchor, f"{added}\n{anchor}")


PLUMBING: tuple[Change, ...] = (
    # Else it listens at all addresses, on any port.
    Change(_SERVER, '"tcp", ":0"', '"tcp", ListenAddress'),
    # Whatever changes is told while the lock is held (go/observer.go).
    _before("go cm.commitChanSender()", "cm.observeStart()"),
    _before("var logData bytes.Buffer", "if cm.logIsStored() {\ncm.observe(true)\nreturn\n}"),
    Change(
        _RAFT,
        'cm.storage.Set("log", logData.Bytes())',
        'cm.storage.Set("log", logData.Bytes())\ncm.observe(true)',
    ),
    _before('cm.dlog("becomes Candidate', "cm.observe(false)"),
    _before('cm.dlog("becomes Leader;', "cm.observe(false)"),
    _before('cm.dlog("leader sets commitIndex', "cm.observe(false)"),
    _before('cm.dlog("sending RequestVote to', "observeCandidacy(args)"),
    _before('cm.dlog("... RequestVote reply', "observeVote(args, reply)"),
)
"""What every build needs: an address, a trace, and that heartbeats cost less."""

FIXES: Mapping[str, Fix] = {
    "candidacy-not-persisted": Fix(
        "a candidate sends its term and its vote for itself before they are on its disk",
        (Change(_RAFT, "cm.votedFor = cm.id", "cm.votedFor = cm.id\ncm.persistToStorage()"),),
    ),
    "vote-forgotten": Fix(
        "who returns to follower within a term forgets whom it voted for in that term",
        (
            Change(
                _RAFT,
                "cm.currentTerm = term\n\tcm.votedFor = -1",
                "if term != cm.currentTerm {\ncm.votedFor = -1\n}\ncm.currentTerm = term",
            ),
        ),
    ),
    "stale-votes": Fix(
        "votes of an earlier term elect the candidate of a later one, and set its term back",
        (
            Change(_RAFT, "if reply.Term > savedCurrentTerm", "if reply.Term > cm.currentTerm"),
            Change(_RAFT, "if reply.Term == savedCurrentTerm", "if reply.Term == cm.currentTerm"),
        ),
    ),
    "commit-notice-blocks": Fix(
        "a follower waits, its lock held, for who waits for this lock, once 16 notices are pending",
        (
            Change(
                _RAFT,
                f'commitIndex=%d", cm.commitIndex)\n\t\t\t\t{_NOTICE}',
                f'commitIndex=%d", cm.commitIndex)\nselect {{\ncase {_NOTICE}:\ndefault:\n}}',
            ),
        ),
    ),
}
"""By name. The first three its author mended in 2026; the others were found by our runs."""


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The fixes of these names, in our order. Raises UnknownName."""
    wanted = set(names)
    for name in sorted(wanted - FIXES.keys()):
        raise UnknownName("fix", name, FIXES)
    return tuple(name for name in FIXES if name in wanted)


def patched(sources: Mapping[str, str], fixes: Iterable[str]) -> dict[str, str]:
    """The library's files with the fixes of these names, and what every build needs. Raises
    PatchError if a piece that is to be replaced does not occur exactly once."""
    result = dict(sources)
    changes = [change for name in chosen(fixes) for change in FIXES[name].changes]
    for file, old, new in (*changes, *PLUMBING):
        count = result.get(file, "").count(old)
        if count != 1:
            raise PatchError(f"{file}: {old!r} occurs {count} times, and should once")
        result[file] = result[file].replace(old, new)
    return result
