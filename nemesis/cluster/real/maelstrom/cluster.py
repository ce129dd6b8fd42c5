"""A cluster of programs that speak the Maelstrom protocol."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from checker.history import Event
from checker.verdict import Failure
from nemesis.cluster.protocol import NodeStatus
from nemesis.cluster.real.cluster import SECOND, RealCluster
from nemesis.cluster.real.maelstrom.lin_kv import LinKv
from nemesis.cluster.real.maelstrom.messages import Message, ProtocolError, parse_body, shown
from nemesis.cluster.real.maelstrom.pipes import Pipes
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile
from nemesis.errors import ScheduleError
from nemesis.schedule import Knobs

PERFORMED = {"register": ("read", "write", "cas"), "kv": ("get", "put", "cas")}
"""The workloads that nodes can perform, and what of them: lin-kv knows nothing else."""

# Who sends ``init``, and its id.
_STARTER = "c0"
_INIT_ID = 1
# So many failures of the protocol are kept.
_MOST_FAILURES = 10


class MaelstromCluster(RealCluster):
    """The same program as every node.

    Nodes do not say who leads: whoever has sent the most of late to other nodes is taken for the
    leader, as faults are aimed at one.
    """

    kind = "maelstrom"
    names_leader = False
    judged = (*RealCluster.judged, "protocol")

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        program: str,
    ) -> None:
        self._program = program
        self._command = find_program(program)
        # Nodes that have answered ``init``.
        self._ready: set[str] = set()
        self._lin_kv: LinKv | None = None
        self._pipes = Pipes(
            knobs.members, run_file, seed, directory, self._convict, self._begun, self._ended
        )
        self._pipes.network.join(_STARTER, self._initialized)
        super().__init__(knobs, seed, directory, run_file, on_event, hosts=self._pipes)

    def command(self, node: str) -> list[str]:
        return self._command

    @property
    def variant(self) -> str:
        return f"{self.kind} ({self._program})"

    async def make_service(self) -> LinKv:
        timeout = self.knobs.operation_timeout / SECOND
        self._lin_kv = LinKv(self._pipes.network, self._ready.__contains__, timeout)
        return self._lin_kv

    # -- Nodes -----------------------------------------------------------------------------------

    def _begun(self, node: str) -> None:
        """``init`` is the first that a process reads, whatever else is under way to it."""
        body = {
            "type": "init",
            "msg_id": _INIT_ID,
            "node_id": node,
            "node_ids": list(self.nodes),
        }
        self._pipes.network.tell(_STARTER, node, body)

    def _initialized(self, message: Message) -> None:
        body = parse_body(message)
        if body["type"] != "init_ok" or body.get("in_reply_to") != _INIT_ID:
            raise ProtocolError(
                f"no init_ok with in_reply_to {_INIT_ID} in answer to init: {shown(message.body)}"
            )
        self._ready.add(message.src)

    def _ended(self, node: str) -> None:
        self._ready.discard(node)
        if self._lin_kv is not None:
            self._lin_kv.node_ended(node)

    def _convict(self, node: str, what: str) -> None:
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(Failure("protocol", what, self.now(), node))

    # -- What the nemesis may see ----------------------------------------------------------------

    def leader(self) -> str | None:
        now = time.monotonic_ns()
        return self._pipes.network.busyness.busiest(self.answering(), now)

    def status(self) -> list[NodeStatus]:
        busiest = self.leader()
        return [
            each._replace(role="leader") if each.name == busiest else each
            for each in super().status()
        ]


def find_program(program: str) -> list[str]:
    """The words of a command, so that it can be run from any directory: a program of PATH, and
    files of ours, by their absolute names. Raises ProcessError."""
    try:
        words = shlex.split(program)
    except ValueError as error:
        raise ProcessError(f"--program {program!r} is no command: {error}") from error
    if not words:
        raise ProcessError("--program is empty: it must say how a node is started")
    found = shutil.which(words[0])
    if found is None:
        raise ProcessError(
            f"--program: there is no program {words[0]!r}, neither in PATH nor as a file that can "
            "be executed"
        )
    return [
        str(Path(found).absolute()),
        *(str(Path(word).absolute()) if Path(word).is_file() else word for word in words[1:]),
    ]


def performed(workload: str) -> tuple[str, ...]:
    """What of a workload nodes can perform. Raises ScheduleError if it is not what lin-kv is
    for."""
    if workload not in PERFORMED:
        raise ScheduleError(
            f"the workload {workload} cannot be performed by nodes of Maelstrom, which read, write "
            f"and compare-and-set single keys; those that can: {', '.join(PERFORMED)}"
        )
    return PERFORMED[workload]
