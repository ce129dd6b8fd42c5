"""A search on disk: its tables and states, so that it can be gone on with."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any, Literal

import msgspec

from nemesis.errors import NemesisError
from nemesis.explore.moves import Bounds
from nemesis.explore.properties import Past
from nemesis.explore.search import Search
from nemesis.explore.servers import Server
from nemesis.explore.world import World
from nemesis.store import splitbrain_version, write_whole
from raft.consensus import Message
from raft.replica import Variant


class CheckpointError(NemesisError):
    """The file is no checkpoint, or one of another search; the message says which."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A search, whole. ``states`` are packed, ``width`` bytes each."""

    format: Literal["splitbrain-exploration"] = "splitbrain-exploration"
    version: str
    variant: str
    bounds: Bounds
    servers: list[Server]
    messages: list[Message]
    pasts: list[Past]
    held: list[tuple[int, ...]]
    width: int
    states: bytes
    parents: list[int]
    codes: list[int]
    layers: list[int]
    at: int
    transitions: int


def save_checkpoint(search: Search, path: Path) -> None:
    """Write the search down; what was there is replaced once it is complete. Raises
    CheckpointError if it cannot be written."""
    world = search.world
    width = (max(search.states).bit_length() + 7) // 8
    saved = Checkpoint(
        version=splitbrain_version(),
        variant=world.variant.name,
        bounds=world.bounds,
        servers=world.population.servers.values,
        messages=world.population.messages.values,
        pasts=world.pasts.values,
        held=world.held.values,
        width=width,
        states=b"".join(state.to_bytes(width, "big") for state in search.states),
        parents=search.parents.tolist(),
        codes=search.codes.tolist(),
        layers=search.layers,
        at=search.at,
        transitions=search.transitions,
    )
    try:
        write_whole(path, msgspec.msgpack.encode(saved))
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}") from error


def load_checkpoint(path: Path, bounds: Bounds, variant: Variant) -> Search:
    """The search of the file, which must have been within the same bounds, on the same variant, by
    the same version of this program. Raises CheckpointError."""
    saved = _read(path)
    for what, there, here in (
        ("version of splitbrain", saved.version, splitbrain_version()),
        ("Raft", saved.variant, variant.name),
        *(
            (name, getattr(saved.bounds, name), getattr(bounds, name))
            for name in Bounds.__struct_fields__
        ),
    ):
        if there != here:
            raise CheckpointError(
                f"{path}: is of another search: its {what} is {there}, here it is {here}"
            )
    world = World(bounds, variant)
    world.refill([_exact(each) for each in saved.servers], saved.messages, saved.pasts, saved.held)
    search = Search(world)
    width = saved.width
    search.refill(
        [
            int.from_bytes(saved.states[start : start + width], "big")
            for start in range(0, len(saved.states), width)
        ]
    )
    search.parents = array("L", saved.parents)
    search.codes = array("L", saved.codes)
    search.layers = saved.layers
    search.at = saved.at
    search.transitions = saved.transitions
    return search


def _read(path: Path) -> Checkpoint:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Checkpoint)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise CheckpointError(f"{path}: is no checkpoint of an exploration: {error}") from error


def _exact(server: Server) -> Server:
    """What may be anything is read as lists; it was saved as tuples."""
    process = server.process
    if process is None or not process.rest:
        return server
    return server._replace(process=process._replace(rest=_tuples(process.rest)))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
