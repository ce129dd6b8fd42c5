"""What must hold in every state, and the little of the past that it takes to know.

The properties are those of checker.invariants, by their names. A server judges for itself what it
can (watcher.py); here is what takes several servers, or a memory that outlives them: who led in
which term, and what is committed. The past is forgotten as far as no future can tell: each memory
that is kept makes two states of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nemesis.explore.scratch import Outcome
from nemesis.explore.servers import Log, LogEntry, Server, Violation
from nemesis.explore.symmetry import Renaming, rename_command
from raft.consensus import NodeId
from raft.consensus.state import CANDIDATE, LEADER


class Committed(NamedTuple):
    """An entry that was found to be committed, and in which term; 0 for one before all that may
    still be led in."""

    entry: LogEntry
    commit_term: int


class Past(NamedTuple):
    """Who led, by term, the oldest first; the entries that are committed, from index 1 on; the
    index of the last command that a client knows of, if anybody reads."""

    leaders: tuple[tuple[int, NodeId], ...] = ()
    committed: tuple[Committed, ...] = ()
    acknowledged: int = 0


def rename_past(past: Past, names: Renaming) -> Past:
    """The past of servers with other names."""
    return Past(
        tuple((term, names[leader]) for term, leader in past.leaders),
        tuple(
            Committed(LogEntry(entry.term, rename_command(entry.command, names)), term)
            for entry, term in past.committed
        ),
        past.acknowledged,
    )


def horizon(server: Server, *, is_healthy: bool) -> int:
    """No term below can this server still be elected in, nor be again by a crash. Only a candidate
    of the healthy Raft can be elected in its present term; of a bug nothing is assumed."""
    after_crash = server.disk.term + 1
    process = server.process
    if process is None:
        return after_crash
    if is_healthy and process.role != CANDIDATE:
        return min(after_crash, process.term + 1)
    return min(after_crash, process.term)


def forget(past: Past, before: int, *, reads: bool) -> Past:
    """The past as far as elections in terms from ``before`` on can tell, and reads, if there are
    any."""
    return Past(
        tuple(each for each in past.leaders if each[0] >= before),
        tuple(
            each if each.commit_term >= before else each._replace(commit_term=0)
            for each in past.committed
        ),
        past.acknowledged if reads else 0,
    )


def judge(
    servers: Sequence[Server],
    at: int,
    before: Server,
    outcome: Outcome,
    past: Past,
    *,
    all_match: bool,
) -> Past | Violation:
    """What a server, at position ``at`` and as it was ``before``, has done to the rest: the past
    with it, or what is wrong. ``all_match``: its log is known to match all others."""
    server = outcome.server
    for term in outcome.elected:
        wrong = _judge_election(servers, at, term, past)
        if wrong is not None:
            return wrong
        if all(led != term for led, _ in past.leaders):
            past = past._replace(leaders=tuple(sorted((*past.leaders, (term, server.name)))))
    if not all_match:
        wrong = _judge_logs(servers, at)
        if wrong is not None:
            return wrong
    for index, term in outcome.committed:
        found = _judge_commitment(servers, at, before, index, term, past)
        if isinstance(found, Violation):
            return found
        past = found
    if outcome.committed:
        past = past._replace(acknowledged=_acknowledged(server, past))
    if outcome.disk_shrank and past.committed:
        return _judge_majority([each.disk.log for each in servers], past) or past
    return past


def _judge_election(servers: Sequence[Server], at: int, term: int, past: Past) -> Violation | None:
    """Election safety and leader completeness (Figure 3); the latter for what was committed in an
    *earlier* term: a delayed vote may legally elect a leader of an old one."""
    server = servers[at]
    for led, leader in past.leaders:
        if led == term and leader != server.name:
            what = f"{leader} and {server.name} both became leader of term {term}"
            return Violation("election-safety", what)
    voters = sum(each is server or _may_have_voted(each, server.name, term) for each in servers)
    if 2 * voters <= len(servers):
        what = f"{server.name} became leader of term {term} with {voters} of {len(servers)} votes"
        return Violation("elected-by-quorum", what)
    needed = [each.entry for each in past.committed if each.commit_term < term]
    assert server.process is not None
    if list(server.process.log[: len(needed)]) != needed:
        what = f"{server.name} became leader of term {term} without all that was committed before"
        return Violation("leader-completeness", what)
    return None


def _may_have_voted(server: Server, candidate: NodeId, term: int) -> bool:
    """Whether the server voted so, as far as is still known: votes of terms that are over for it
    are forgotten."""
    if server.disk.term > term:
        return True
    return server.promises.vote_in(term, server.disk) == candidate


def _judge_logs(servers: Sequence[Server], at: int) -> Violation | None:
    """Log matching (Figure 3)."""
    mine = log_of(servers[at])
    for other in servers:
        if not logs_match(mine, log_of(other)):
            what = f"the logs of {servers[at].name} and {other.name} have an entry in common, but"
            return Violation("log-matching", f"{what} differ before it")
    return None


def log_of(server: Server) -> Log:
    """The log in memory; of a server that is down, on its disk."""
    return server.disk.log if server.process is None else server.process.log


def logs_match(one: Log, other: Log) -> bool:
    """Whether they are the same up to the last entry of which index and term are the same."""
    for length in range(min(len(one), len(other)), 0, -1):
        if one[length - 1].term == other[length - 1].term:
            return one[:length] == other[:length]
    return True


def _judge_commitment(
    servers: Sequence[Server], at: int, before: Server, index: int, term: int, past: Past
) -> Past | Violation:
    """State machine safety; and whoever finds first that an entry is committed, it is on the disks
    of a majority. A follower finds it before it has saved what it received."""
    server = servers[at]
    assert server.process is not None
    log = server.process.log[:index]
    committed = past.committed
    known = [each.entry for each in committed[: len(log)]]
    if list(log[: len(known)]) != known:
        what = f"{server.name} committed up to {index} other entries than are committed there"
        return Violation("state-machine-safety", what)
    if len(log) <= len(committed):
        return past
    added = (Committed(entry, term) for entry in log[len(committed) :])
    past = past._replace(committed=(*committed, *added))
    disks = [each.disk.log for each in servers]
    if server.process.role != LEADER:
        disks[at] = before.disk.log
    return _judge_majority(disks, past) or past


def _acknowledged(server: Server, past: Past) -> int:
    """The last command that a client knows of: a leader answers for what it took in its term."""
    process = server.process
    assert process is not None
    if process.role == LEADER:
        for index in range(process.commit_index, past.acknowledged, -1):
            entry = process.log[index - 1]
            if entry.command and entry.term == process.term:
                return index
    return past.acknowledged


def _judge_majority(disks: Sequence[Log], past: Past) -> Violation | None:
    """What is committed is, and stays, on the disks of a majority."""
    committed = [each.entry for each in past.committed]
    holders = sum(list(log[: len(committed)]) == committed for log in disks)
    if 2 * holders > len(disks):
        return None
    what = f"entry {len(committed)} is committed, but only {holders} of {len(disks)} disks hold it"
    return Violation("committed-on-majority", what)
