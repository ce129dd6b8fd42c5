"""A node of a linearizable key-value store: the workload lin-kv of Maelstrom, by Raft.

Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), Figure 2, without
snapshots; reads are entries of the log. It needs the standard library alone, and keeps what it must
not forget in ``raft.log`` of its working directory.
"""

from __future__ import annotations

import json
import os
import random
import select
import time
from pathlib import Path
from typing import Any

HEARTBEAT = 0.06  # s
ELECTION = (0.3, 0.6)  # s
MOST_ENTRIES = 200

TEMPORARILY_UNAVAILABLE, CRASH, KEY_DOES_NOT_EXIST, PRECONDITION_FAILED = 11, 13, 20, 22

Body = dict[str, Any]
# Its term, and what a client has asked for; None for the first of a leader.
Entry = tuple[int, Body | None]


class Disk:
    """Term, vote and log, as a file of lines: what changed, appended and synced."""

    def __init__(self, path: Path) -> None:
        self.term, self.vote = 0, None
        self.log: list[Entry] = [(0, None)]
        self._file = open(path, "ab+")  # noqa: SIM115
        self._file.seek(0)
        size = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break  # It was being written as we died: nobody was told of it.
            size += len(line)
            record = json.loads(line)
            if "vote" in record:
                self.term, self.vote = record["term"], record["vote"]
            else:
                self.log[record["at"] :] = [tuple(each) for each in record["entries"]]
        self._file.truncate(size)
        self._is_synced = True

    def write_vote(self, term: int, vote: str | None) -> None:
        self.term, self.vote = term, vote
        self.append({"term": term, "vote": vote})

    def write_entries(self, at: int, entries: list[Entry]) -> None:
        """From ``at`` on the log is these."""
        self.log[at:] = entries
        self.append({"at": at, "entries": entries})

    def append(self, record: Body) -> None:
        self._file.write(json.dumps(record).encode() + b"\n")
        self._is_synced = False

    def sync(self) -> None:
        if not self._is_synced:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._is_synced = True


class Node:
    """One server. Whatever it sends waits until what it wrote is synced."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.name = ""
        self.peers: list[str] = []
        self.role = "follower"
        self.votes: set[str] = set()
        self.commit_index = self.last_applied = 0
        self.next_index: dict[str, int] = {}
        self.match_index: dict[str, int] = {}
        self.values: dict[str, Any] = {}
        # Who waits for the entry at an index: client and id of the request.
        self.waiting: dict[int, tuple[str, int]] = {}
        self.election_at = self.heartbeat_at = 0.0
        self.outbox: list[bytes] = []

    # -- Messages --------------------------------------------------------------------------------

    def send(self, dest: str, **body: Any) -> None:
        message = {"src": self.name, "dest": dest, "body": body}
        self.outbox.append(json.dumps(message).encode() + b"\n")

    def fail(self, client: str, number: int, code: int, text: str) -> None:
        self.send(client, type="error", in_reply_to=number, code=code, text=text)

    def receive(self, message: Body) -> None:
        source, body = message["src"], message["body"]
        kind = body["type"]
        if kind == "init":
            self.name = body["node_id"]
            self.peers = [each for each in body["node_ids"] if each != self.name]
            self.put_off_election()
            self.send(source, type="init_ok", in_reply_to=body["msg_id"])
        elif kind in ("read", "write", "cas"):
            self.request(source, body)
        else:
            if body["term"] > self.disk.term:
                self.step_down(body["term"])
            getattr(self, f"on_{kind}")(source, body)

    # -- Elections -------------------------------------------------------------------------------

    def put_off_election(self) -> None:
        self.election_at = time.monotonic() + random.uniform(*ELECTION)

    def step_down(self, term: int) -> None:
        if term > self.disk.term:
            self.disk.write_vote(term, None)
        self.role = "follower"
        for client, number in self.waiting.values():
            self.fail(client, number, CRASH, "no longer the leader: nobody knows what became of it")
        self.waiting.clear()

    def campaign(self) -> None:
        self.role = "candidate"
        self.disk.write_vote(self.disk.term + 1, self.name)
        self.votes = {self.name}
        self.put_off_election()
        last = len(self.disk.log) - 1
        for peer in self.peers:
            self.send(
                peer,
                type="request_vote",
                term=self.disk.term,
                last_index=last,
                last_term=self.disk.log[last][0],
            )
        self.count_votes()

    def on_request_vote(self, source: str, body: Body) -> None:
        last = len(self.disk.log) - 1
        is_up_to_date = (body["last_term"], body["last_index"]) >= (self.disk.log[last][0], last)
        is_free = self.disk.vote in (None, source)
        if body["term"] == self.disk.term and is_free and is_up_to_date:
            self.disk.write_vote(self.disk.term, source)
            self.put_off_election()
            self.send(source, type="vote", term=self.disk.term)

    def on_vote(self, source: str, body: Body) -> None:
        if self.role == "candidate" and body["term"] == self.disk.term:
            self.votes.add(source)
            self.count_votes()

    def count_votes(self) -> None:
        if len(self.votes) * 2 <= len(self.peers) + 1:
            return
        self.role = "leader"
        self.next_index = dict.fromkeys(self.peers, len(self.disk.log))
        self.match_index = dict.fromkeys(self.peers, 0)
        # Entries of older terms are committed by one of this term alone (5.4.2).
        self.disk.write_entries(len(self.disk.log), [(self.disk.term, None)])
        self.heartbeat_at = 0.0

    # -- Replication -----------------------------------------------------------------------------

    def replicate(self, peer: str) -> None:
        first = self.next_index[peer]
        entries = self.disk.log[first : first + MOST_ENTRIES]
        self.send(
            peer,
            type="append",
            term=self.disk.term,
            previous_index=first - 1,
            previous_term=self.disk.log[first - 1][0],
            entries=entries,
            commit=self.commit_index,
        )
        # Those that follow need not wait for the answer; a refusal sets it back.
        self.next_index[peer] = first + len(entries)

    def on_append(self, source: str, body: Body) -> None:
        log = self.disk.log
        if body["term"] < self.disk.term:
            self.send(source, type="appended", term=self.disk.term, match=None, length=len(log))
            return
        self.role = "follower"
        self.put_off_election()
        previous = body["previous_index"]
        if previous >= len(log) or log[previous][0] != body["previous_term"]:
            length = min(len(log), previous)
            self.send(source, type="appended", term=self.disk.term, match=None, length=length)
            return
        entries = [(term, command) for term, command in body["entries"]]
        for number, (term, _) in enumerate(entries):
            at = previous + 1 + number
            if at >= len(log) or log[at][0] != term:
                self.disk.write_entries(at, entries[number:])
                break
        match = previous + len(entries)
        self.commit_index = max(self.commit_index, min(body["commit"], match))
        self.send(source, type="appended", term=self.disk.term, match=match, length=0)

    def on_appended(self, source: str, body: Body) -> None:
        if self.role != "leader" or body["term"] != self.disk.term:
            return
        if body["match"] is None:
            self.next_index[source] = max(self.match_index[source] + 1, body["length"])
        else:
            self.match_index[source] = max(self.match_index[source], body["match"])

    def advance_commit_index(self) -> None:
        matches = sorted([len(self.disk.log) - 1, *self.match_index.values()], reverse=True)
        agreed = matches[len(matches) // 2]
        if self.disk.log[agreed][0] == self.disk.term:
            self.commit_index = max(self.commit_index, agreed)

    # -- Clients ---------------------------------------------------------------------------------

    def request(self, client: str, body: Body) -> None:
        if self.role != "leader":
            self.fail(client, body["msg_id"], TEMPORARILY_UNAVAILABLE, "not the leader")
            return
        self.waiting[len(self.disk.log)] = (client, body["msg_id"])
        self.disk.write_entries(len(self.disk.log), [(self.disk.term, body)])

    def apply(self) -> None:
        while self.last_applied < self.commit_index:
            self.last_applied += 1
            command = self.disk.log[self.last_applied][1]
            if command is None:
                continue
            answer = self.perform(command)
            if self.last_applied in self.waiting:
                client, number = self.waiting.pop(self.last_applied)
                self.send(client, **answer, in_reply_to=number)

    def perform(self, command: Body) -> Body:
        kind, key = command["type"], str(command["key"])
        if kind == "write":
            self.values[key] = command["value"]
            return {"type": "write_ok"}
        if key not in self.values:
            return {"type": "error", "code": KEY_DOES_NOT_EXIST, "text": "no such key"}
        if kind == "read":
            return {"type": "read_ok", "value": self.values[key]}
        if self.values[key] != command["from"]:
            return {"type": "error", "code": PRECONDITION_FAILED, "text": "it has another value"}
        self.values[key] = command["to"]
        return {"type": "cas_ok"}

    # -- Time ------------------------------------------------------------------------------------

    def tick(self) -> float:
        """Do what is due; for how long nothing will be."""
        if not self.name:
            return 1.0
        now = time.monotonic()
        if self.role != "leader" and now >= self.election_at:
            self.campaign()
        self.disk.sync()
        if self.role == "leader":
            self.advance_commit_index()
            is_due = now >= self.heartbeat_at
            for peer in self.peers:
                if is_due or self.next_index[peer] < len(self.disk.log):
                    self.replicate(peer)
            if is_due:
                self.heartbeat_at = now + HEARTBEAT
        self.apply()
        self.flush()
        due = self.heartbeat_at if self.role == "leader" else self.election_at
        return max(0.0, due - time.monotonic())

    def flush(self) -> None:
        data = b"".join(self.outbox)
        self.outbox.clear()
        while data:
            data = data[os.write(1, data) :]


def run(node: Node) -> None:
    """Until standard input ends."""
    unread = b""
    left = 1.0
    while True:
        if select.select([0], [], [], left)[0]:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                return
            *lines, unread = (unread + chunk).split(b"\n")
            for line in lines:
                node.receive(json.loads(line))
        left = node.tick()


if __name__ == "__main__":
    run(Node(Disk(Path("raft.log"))))
