"""A log entry, as in Figure 2 of the extended Raft paper: a command and the term it came in."""

from __future__ import annotations

import msgspec

from raft.consensus.configuration import Configuration
from raft.consensus.names import NodeId

__all__ = ["Entry", "NodeId"]


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of the log.

    ``index`` counts from 1; ``command`` is opaque to consensus, and empty for the no-op with which
    a leader begins its term (thesis, section 6.4). An entry with a ``configuration`` changes the
    cluster's membership; its command is empty.
    """

    index: int
    term: int
    command: bytes
    configuration: Configuration | None = None
