"""Programs written with asyncio, under a deterministic event loop (docs/testing-your-raft.md).

loop.py            virtual time, callbacks, timers, tasks; what a loop has and a simulation has not
networked_loop.py  with datagrams.py, connections.py, stream_transport.py: the network
environment.py     what of Python's own modules a program sees changed while it runs
fresh_modules.py   modules of a server's own
host.py            what a program is given;  watching.py: what it tells of itself
subject.py         a program as a subject of tests
small_raft.py      the subject asyncio-raft: a small Raft written that way
"""

from nemesis.errors import UnknownName
from nemesis.subjects.asyncio_programs import small_raft
from nemesis.subjects.asyncio_programs.errors import LeavesTheSimulation
from nemesis.subjects.asyncio_programs.host import Host, Look, Request
from nemesis.subjects.asyncio_programs.subject import AsyncioSubject, Main

__all__ = [
    "AsyncioSubject",
    "Host",
    "LeavesTheSimulation",
    "Look",
    "Main",
    "Request",
]

_SMALL_RAFTS = {
    "asyncio-raft": small_raft.over_datagrams,
    "asyncio-raft-streams": small_raft.over_streams,
    "asyncio-raft-any-leader": small_raft.with_any_leader,
}


def subject(version: str | None) -> AsyncioSubject:
    """The small Raft: over datagrams, in the version "streams" over connections, and in the version
    "any-leader" with a bug. Raises UnknownName."""
    name = "asyncio-raft" if version is None else f"asyncio-raft-{version}"
    if name not in _SMALL_RAFTS:
        raise UnknownName("subject", name, _SMALL_RAFTS)
    return AsyncioSubject(_SMALL_RAFTS[name], name)
