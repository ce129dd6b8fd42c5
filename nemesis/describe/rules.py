"""Which rules of the healthy Raft a bug overrides, found by looking at its classes."""

from __future__ import annotations

import inspect
from typing import NamedTuple

from raft.replica import Variant

_BUGS = "raft.bugs"
# What the parts of Raft are about, by the module that holds them.
CHAPTERS = {
    "raft.consensus.election": "Elections",
    "raft.consensus.state": "Terms, votes and roles",
    "raft.consensus.durability": "What must be on the disk before a message leaves",
    "raft.consensus.replication": "Replication and commitment",
    "raft.consensus.consensus": "A server as a whole",
    "raft.consensus.snapshots": "Snapshots",
    "raft.consensus.membership": "Changes of the membership",
    "raft.consensus.reads": "Reads",
    "raft.consensus.follower_reads": "Reads at followers",
    "raft.consensus.leases": "Leases",
    "raft.consensus.transfer": "Transfer of leadership",
    "raft.storage": "The disk",
    "raft.kv": "The state machine and its sessions",
    "raft.waiting_clients": "Answers to clients",
}


class Rule(NamedTuple):
    """A method of the healthy Raft that a bug overrides, and the first paragraph of what it says
    of itself."""

    module: str
    owner: str
    method: str
    says: str

    @property
    def chapter(self) -> str:
        """What the module is about."""
        for module, chapter in CHAPTERS.items():
            if self.module == module or self.module.startswith(module + "."):
                return chapter
        return "Others"


def overridden_rules(variant: Variant) -> list[Rule]:
    """The rules that a variant's classes override, in the order in which they stand there; what
    they add of their own is none."""
    rules = []
    for part in parts_of(variant):
        healthy = [cls for cls in part.__mro__ if not cls.__module__.startswith(_BUGS)]
        for cls in part.__mro__:
            if cls.__module__.startswith(_BUGS):
                for name in cls.__dict__:
                    owner = _owner(name, healthy)
                    if owner is not None:
                        rules.append(_rule(owner, name))
    return rules


def parts_of(variant: Variant) -> list[type]:
    """The classes that a replica of this variant is put together from."""
    return [part for part in variant if isinstance(part, type)]


def _owner(method: str, healthy: list[type]) -> type | None:
    """The healthy class whose rule it is."""
    if method.startswith("__") and method != "__init__":
        return None
    owners = (cls for cls in healthy if cls is not object and method in cls.__dict__)
    owner = next(owners, None)
    return owner if owner is not None and callable(getattr(owner, method)) else None


def _rule(owner: type, method: str) -> Rule:
    says = inspect.getdoc(getattr(owner, method)) or ""
    first = " ".join(says.split("\n\n")[0].split())
    return Rule(owner.__module__, owner.__name__, method, first)
