"""A small Raft, written as anybody would with asyncio: Figure 2 of the paper, and no more.

Messages are JSON objects, in datagrams or as lines of streams. Term, vote and log are saved before
anything that depends on them leaves. Reads are entries of the log like all commands. It knows
nothing of simulations: what it is given (``Host``) could be a machine as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from nemesis.subjects.asyncio_programs.host import Host, Look
from raft.consensus.state import Role

_PORT: Final = 7000
_SECOND: Final = 1_000_000_000
_MOST_ENTRIES: Final = 16

Message = dict[str, Any]


class SmallRaft:
    """One server."""

    def __init__(self, host: Host, send: Callable[[str, Message], None]) -> None:
        self.host = host
        self.send = send
        self.members = len(host.members)
        # Persistent state. Of each entry its term and its command; the first has the index 1.
        vote = json.loads(host.load("vote") or b'{"term": 0, "for": null}')
        self.term: int = vote["term"]
        self.voted_for: str | None = vote["for"]
        log = json.loads(host.load("log") or b"[]")
        self.log = [(term, bytes.fromhex(command)) for term, command in log]
        # Volatile state.
        self.role: Role = "follower"
        self.leader: str | None = None
        self.commit_index = self.last_applied = 0
        self.votes: set[str] = set()
        self.next_index: dict[str, int] = {}
        self.match_index: dict[str, int] = {}
        self.timer: asyncio.TimerHandle | None = None
        host.observe(self.look)
        self.wait_for_leader()

    def look(self) -> Look:
        """What a tester may see."""
        return Look(self.role, self.term, self.voted_for, self.log, self.commit_index)

    # -- Persistent state ------------------------------------------------------------------------

    def save_vote(self) -> None:
        """Term and vote, durable before anything else happens."""
        self.host.save("vote", json.dumps({"term": self.term, "for": self.voted_for}).encode())

    def save_log(self) -> None:
        """The log, durable before anything else happens."""
        log = [(term, command.hex()) for term, command in self.log]
        self.host.save("log", json.dumps(log).encode())

    def term_at(self, index: int) -> int:
        """The term of the entry at ``index``; 0 before the first."""
        return self.log[index - 1][0] if index else 0

    # -- Time ------------------------------------------------------------------------------------

    def set_timer(self, seconds: float, callback: Callable[[], None]) -> None:
        """There is one timer: for an election, or for the next heartbeat."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_later(seconds, callback)

    def wait_for_leader(self) -> None:
        """An election begins if nobody is heard of for a random time."""
        knobs = self.host.knobs
        timeout = self.host.random.uniform(knobs.election_timeout_min, knobs.election_timeout_max)
        self.set_timer(timeout / _SECOND, self.campaign)

    # -- Elections -------------------------------------------------------------------------------

    def campaign(self) -> None:
        """Become a candidate of the next term."""
        self.role, self.leader = "candidate", None
        self.term, self.voted_for = self.term + 1, self.host.name
        self.save_vote()
        self.votes = {self.host.name}
        self.wait_for_leader()
        last = len(self.log)
        self.broadcast({"kind": "vote?", "last": last, "last_term": self.term_at(last)})
        self.count_votes()

    def count_votes(self) -> None:
        """A majority of votes makes a leader, which begins its term with an empty entry."""
        if len(self.votes) * 2 <= self.members:
            return
        self.role, self.leader = "leader", self.host.name
        self.next_index = dict.fromkeys(self.host.peers, len(self.log) + 1)
        self.match_index = dict.fromkeys(self.host.peers, 0)
        self.append(b"")
        self.beat()

    def step_down(self, term: int) -> None:
        """Somebody is in a newer term, or leads in this one."""
        if term > self.term:
            self.term, self.voted_for = term, None
            self.save_vote()
        if self.role == "leader":
            self.wait_for_leader()
        self.role, self.leader = "follower", None
        self.host.give_up(None)

    def is_up_to_date(self, last: int, last_term: int) -> bool:
        """Whether a candidate's log holds all that may be committed (section 5.4.1)."""
        own_last = len(self.log)
        return (last_term, last) >= (self.term_at(own_last), own_last)

    def on_vote_request(self, source: str, message: Message) -> None:
        """RequestVote."""
        granted = (
            message["term"] == self.term
            and self.voted_for in (None, source)
            and self.is_up_to_date(message["last"], message["last_term"])
        )
        if granted:
            if self.voted_for is None:
                self.voted_for = source
                self.save_vote()
            self.wait_for_leader()
        self.tell(source, {"kind": "vote", "granted": granted})

    def on_vote(self, source: str, message: Message) -> None:
        """The answer to RequestVote."""
        if message["term"] == self.term and self.role == "candidate" and message["granted"]:
            self.votes.add(source)
            self.count_votes()

    # -- Replication -----------------------------------------------------------------------------

    def append(self, command: bytes) -> None:
        """A leader appends to its log."""
        self.log.append((self.term, command))
        self.save_log()
        self.advance_commit_index()

    def beat(self) -> None:
        """A leader sends everybody what they lack, or that it is still there."""
        for peer in self.host.peers:
            self.send_entries(peer)
        self.set_timer(self.host.knobs.heartbeat_interval / _SECOND, self.beat)

    def send_entries(self, peer: str) -> None:
        """AppendEntries."""
        previous = self.next_index[peer] - 1
        entries = self.log[previous : previous + _MOST_ENTRIES]
        self.tell(
            peer,
            {
                "kind": "append",
                "previous": previous,
                "previous_term": self.term_at(previous),
                "entries": [(term, command.hex()) for term, command in entries],
                "commit": self.commit_index,
            },
        )

    def on_append(self, source: str, message: Message) -> None:
        """AppendEntries arrives."""
        if message["term"] < self.term:
            self.tell(source, {"kind": "appended", "match": None, "last": len(self.log)})
            return
        if self.role != "follower":
            self.step_down(self.term)
        self.leader = source
        self.wait_for_leader()
        previous = message["previous"]
        if previous > len(self.log) or self.term_at(previous) != message["previous_term"]:
            last = min(previous - 1, len(self.log))
            self.tell(source, {"kind": "appended", "match": None, "last": last})
            return
        entries = [(term, bytes.fromhex(command)) for term, command in message["entries"]]
        if self.store(previous, entries):
            self.save_log()
        match = previous + len(entries)
        self.commit_index = max(self.commit_index, min(message["commit"], match))
        self.apply()
        self.tell(source, {"kind": "appended", "match": match, "last": len(self.log)})

    def store(self, previous: int, entries: list[tuple[int, bytes]]) -> bool:
        """Append what is new; only a conflict removes what is there, since the message may be an
        old one (section 5.3). Whether anything has changed."""
        for at, (term, _) in enumerate(entries, previous + 1):
            if at > len(self.log) or self.term_at(at) != term:
                self.log[at - 1 :] = entries[at - previous - 1 :]
                return True
        return False

    def on_appended(self, source: str, message: Message) -> None:
        """The answer to AppendEntries."""
        if message["term"] != self.term or self.role != "leader":
            return
        match = message["match"]
        if match is None:
            earlier = min(self.next_index[source], message["last"] + 1)
            self.next_index[source] = max(self.match_index[source] + 1, earlier)
            self.send_entries(source)
        elif match > self.match_index[source]:
            self.match_index[source] = match
            self.next_index[source] = match + 1
            self.advance_commit_index()
            if match < len(self.log):
                self.send_entries(source)

    def advance_commit_index(self) -> None:
        """What a majority holds is committed, if it is of this term (section 5.4.2)."""
        held = sorted([len(self.log), *self.match_index.values()])
        index = held[(self.members - 1) // 2]
        if index > self.commit_index and self.may_commit(index):
            self.commit_index = index
            self.apply()

    def may_commit(self, index: int) -> bool:
        """Entries of older terms are committed only by one of this term (section 5.4.2)."""
        return self.term_at(index) == self.term

    def apply(self) -> None:
        """Apply what is committed, in the order of the log."""
        while self.last_applied < self.commit_index:
            self.last_applied += 1
            term, command = self.log[self.last_applied - 1]
            self.host.apply(self.last_applied, term, command)

    # -- Messages and clients --------------------------------------------------------------------

    def tell(self, peer: str, message: Message) -> None:
        """Every message carries the term and its sender's name."""
        self.send(peer, {**message, "term": self.term, "from": self.host.name})

    def broadcast(self, message: Message) -> None:
        """To all others."""
        for peer in self.host.peers:
            self.tell(peer, message)

    def receive(self, message: Message) -> None:
        """A newer term makes anybody a follower (section 5.1)."""
        if message["term"] > self.term:
            self.step_down(message["term"])
        handlers = {
            "vote?": self.on_vote_request,
            "vote": self.on_vote,
            "append": self.on_append,
            "appended": self.on_appended,
        }
        handlers[message["kind"]](message["from"], message)

    async def serve_clients(self) -> None:
        """Commands of clients go through the log, reads too."""
        while True:
            request = await self.host.requests.get()
            if self.role != "leader":
                request.refuse(self.leader)
                continue
            index = len(self.log) + 1
            request.appended(index, self.term)
            self.append(request.command)
            for peer in self.host.peers:
                self.send_entries(peer)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.raft: SmallRaft | None = None

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if self.raft is not None:
            self.raft.receive(json.loads(data))


async def over_datagrams(host: Host, raft: type[SmallRaft] = SmallRaft) -> None:
    """The main function of a server that sends datagrams."""
    protocol = _Datagrams()

    def send(peer: str, message: Message) -> None:
        transport.sendto(json.dumps(message).encode(), (peer, _PORT))

    loop = asyncio.get_running_loop()
    server = protocol.raft = raft(host, send)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: protocol, local_addr=(host.name, _PORT)
    )
    await server.serve_clients()


async def over_streams(host: Host, raft: type[SmallRaft] = SmallRaft) -> None:
    """The main function of a server that sends lines over connections, one to each peer."""
    outgoing: dict[str, asyncio.Queue[Message]] = {peer: asyncio.Queue(8) for peer in host.peers}

    def send(peer: str, message: Message) -> None:
        if outgoing[peer].full():
            outgoing[peer].get_nowait()  # It is late; the next message says more.
        outgoing[peer].put_nowait(message)

    async def keep_connected(peer: str) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection(peer, _PORT)
                while True:
                    message = await outgoing[peer].get()
                    writer.write(json.dumps(message).encode() + b"\n")
                    await writer.drain()
            except OSError:
                await asyncio.sleep(0.05)

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                server.receive(json.loads(line))
        except OSError:
            pass
        finally:
            writer.close()

    server = raft(host, send)
    await asyncio.start_server(on_connection, port=_PORT)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve_clients())
        for peer in host.peers:
            tasks.create_task(keep_connected(peer))


class AnyLogMayLead(SmallRaft):
    """A bug: votes are granted whatever the candidate's log holds, so that committed entries get
    lost (section 5.4.1)."""

    def is_up_to_date(self, last: int, last_term: int) -> bool:
        return True


async def with_any_leader(host: Host) -> None:
    """The main function of a server with the bug."""
    await over_datagrams(host, AnyLogMayLead)
