"""What is done to the servers of a real cluster, and what it means that one has ended."""

from __future__ import annotations

from typing import Any

from checker.verdict import Failure
from nemesis.cluster.real.clients import RealHistory
from nemesis.cluster.real.disk_faults import DiskFaults
from nemesis.cluster.real.hosts import Server
from nemesis.cluster.real.standing import Standing


class ServerFaults(DiskFaults):
    """The part of nemesis.cluster.protocol.Cluster that is about processes; what was seen of them
    is told in the history."""

    history: RealHistory
    standing: Standing
    failures: list[Failure]
    _processes: dict[str, Server]

    def crash(self, node: str) -> None:
        if self.take_down(node):
            self.effects["crash"] += 1

    def take_down(self, node: str) -> bool:
        """End the process; whether there was one."""
        process = self._processes[node]
        pid = process.pid
        was_killed = pid is not None and process.kill()
        if was_killed:
            self._tell(node, pid, "killed by SIGKILL")
            if self.disks is not None:
                self.tell("disk", {"node": node, "lost": self.disks.server_was_killed(node)})
        self.standing.forget(node)
        return was_killed

    def begin(self, server: Server) -> None:
        """Start a server that does not run."""
        if self.disks is not None:
            self.disks.server_starts(server.name)
        server.start()

    def restart(self, node: str) -> bool:
        self._look_after_processes()
        process = self._processes[node]
        if not process.is_running:
            self.begin(process)
        self._tell(node, process.pid, "started")
        return process.is_running

    def pause(self, node: str) -> None:
        process = self._processes[node]
        if process.pause():
            self.effects["pause"] += 1
            self._tell(node, process.pid, f"stopped by {process.stops_by}")

    def resume(self, node: str) -> None:
        process = self._processes[node]
        if process.resume():
            self._tell(node, process.pid, "goes on")

    def _tell(self, node: str, pid: int | None, state: str) -> None:
        """What was seen of a process in /proc, in the history."""
        self.tell("process", {"node": node, "pid": pid, "state": state})

    def tell(self, what: str, seen: dict[str, Any]) -> None:
        """Something that was seen of the servers, in the history."""
        self.history.add("nemesis", "info", what, None, seen)

    def _look_after_processes(self) -> None:
        """A server that ends without having been told to has failed."""
        for name, process in self._processes.items():
            code = process.ended_by_itself()
            if code is not None:
                self.standing.forget(name)
                if (why := self.explain_end(name)) is not None:
                    self.tell("ended", {"node": name, "code": code, "because": why})
                    continue
                what = f"{name} has ended by itself, with exit code {code}"
                self.tell("ended", {"node": name, "code": code})
                self.failures.append(
                    Failure(
                        "no-exception",
                        f"{what}; its log says:\n{process.last_words()}",
                        self.history.now(),
                        name,
                        {"exit code": code},
                    )
                )
