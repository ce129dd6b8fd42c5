"""A log entry, as in Figure 2 of the extended Raft paper: a command and the term it came in."""

from __future__ import annotations

import msgspec

# Replicas are named by short strings such as "n1".
NodeId = str


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of the log.

    ``index`` counts from 1; ``command`` is opaque to consensus, and empty for the no-op with which
    a leader begins its term (thesis, section 6.4).
    """

    index: int
    term: int
    command: bytes
