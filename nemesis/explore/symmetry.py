"""Servers renamed: states that differ by names alone are one state.

No rule of Raft looks at a name, but servers are told one after the other, in some order; so a world
that tells them in every order is the same under every renaming.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, cast

import msgspec

from nemesis.explore.servers import Disk, Log, LogEntry, Process, Promises, Server
from raft.consensus import Entry, Message, NodeId

# For each position of a server, the one that it comes to.
Permutation = tuple[int, ...]
# For each name, the one that takes its place.
Renaming = Mapping[NodeId, NodeId]


def all_permutations(count: int) -> tuple[Permutation, ...]:
    """All of so many positions, the identity first."""
    return tuple(permutations(range(count)))


def composition(first: Permutation, second: Permutation) -> Permutation:
    """One after the other."""
    return tuple([second[to] for to in first])


def sorting(ranks: Sequence[int]) -> tuple[Permutation, ...]:
    """The permutations that bring values into order: several if some of them are equal."""
    wanted = sorted(ranks)
    found = []
    for permutation in all_permutations(len(ranks)):
        placed = [0] * len(ranks)
        for rank, to in zip(ranks, permutation, strict=True):
            placed[to] = rank
        if placed == wanted:
            found.append(permutation)
    return tuple(found)


def renaming(names: tuple[NodeId, ...], permutation: Permutation) -> dict[NodeId, NodeId]:
    """What each name becomes."""
    return {name: names[to] for name, to in zip(names, permutation, strict=True)}


def rename_server(server: Server, names: Renaming) -> Server:
    """The server as it would be if everybody had had the other name."""
    disk, process, promises = server.disk, server.process, server.promises
    log = _rename_log(disk.log, names)
    return Server(
        names[server.name],
        Disk(disk.term, _rename(disk.voted_for, names), log),
        process
        and Process(
            process.term,
            _rename(process.voted_for, names),
            log if process.log == disk.log else _rename_log(process.log, names),
            process.role,
            process.commit_index,
            tuple((attribute, _rename(value, names)) for attribute, value in process.rest),
        ),
        Promises(promises.term, tuple((term, names[to]) for term, to in promises.votes)),
    )


def _rename_log(log: Log, names: Renaming) -> Log:
    return tuple([LogEntry(each.term, rename_command(each.command, names)) for each in log])


def rename_command(command: bytes, names: Renaming) -> bytes:
    """A command is named by who took it; a no-op by nobody."""
    return names[command.decode()].encode() if command else command


def _rename(value: Any, names: Renaming) -> Any:
    """In a frozen value; what has no order is put in order again."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, bytes):
        return rename_command(value, names) if value.decode() in names else value
    if not isinstance(value, tuple):
        return value
    renamed = [_rename(each, names) for each in value]
    if renamed and value[0] in ("set", "frozenset", "dict"):
        renamed[1:] = sorted(renamed[1:], key=repr)
    return tuple(renamed)


def rename_message(message: Message, names: Renaming) -> Message:
    """The message with the other names; its entries' commands too."""
    changes: dict[str, Any] = {}
    for field in message.__struct_fields__:
        value = getattr(message, field)
        if isinstance(value, str):
            changes[field] = names.get(value, value)
        elif isinstance(value, tuple):
            changes[field] = tuple(
                Entry(each.index, each.term, rename_command(each.command, names))
                for each in cast(tuple[Entry, ...], value)
            )
    return msgspec.structs.replace(message, **changes)
