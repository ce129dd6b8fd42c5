"""A tiny Raft that is right, for telling legal traces: it knows all nodes at once, so it needs no
messages. Each method does one legal thing at random, or nothing if it would not be legal now."""

from __future__ import annotations

from random import Random

from tests.checker.traces import Trace, names

# Voters, and the old majority of a joint configuration.
Voters = tuple[tuple[str, ...], tuple[str, ...]]
Entry = tuple[int, bytes, Voters | None]
FIRST = names(1, 2, 3)
NODES = (1, 2, 3, 4, 5)


def is_quorum(voters: Voters, servers: list[Server]) -> bool:
    there = {server.name for server in servers}
    return all(2 * len(there & set(each)) > len(each) for each in voters if each)


class Server:
    """Logs are kept whole, so that an entry is where its index says; ``snapshot`` tells what a
    real one would not have as entries."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.name = f"n{n}"
        self.term = 0
        self.vote: str | None = None
        self.first: Voters = (FIRST if self.name in FIRST else (), ())
        self.log: list[Entry] = []
        self.disk: list[Entry] = []
        self.snapshot = self.disk_snapshot = 0
        self.compacted = self.commit = self.applied = 0
        self.is_up = True
        # Whether it thinks that it leads, and whether it hands over.
        self.leads = self.transfers = False
        self.told: tuple[int, Voters] = (0, self.first)

    def configuration(self) -> tuple[int, Voters]:
        """The latest in the log; from the first entry on, that of a joining node is known too."""
        for index in range(len(self.log), 0, -1):
            voters = self.log[index - 1][2]
            if voters is not None:
                return index, voters
        return 0, (FIRST, ()) if self.snapshot else self.first

    @property
    def is_voter(self) -> bool:
        return any(self.name in voters for voters in self.configuration()[1])

    def last(self) -> tuple[int, int]:
        return (self.log[-1][0] if self.log else 0, len(self.log))


class RaftModel:
    """``step`` does one thing; ``trace`` tells what was done."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.trace = Trace(started=False)
        self.servers = {n: Server(n) for n in NODES}
        # Who leads the newest term, if it still does, and the newest term to commit anything.
        self.leader: Server | None = None
        self.commit_term = 0
        for server in self.servers.values():
            self.trace.start(server.n).persist(server.n, 0, 0)
            self.trace.configure(server.n, 0, *server.first)

    def step(self) -> None:
        many = (self.replicate, self.replicate, self.persist, self.commit, self.learn, self.apply)
        some = (self.propose, self.take, self.read)
        few = (self.change, self.restart, self.elect, self.transfer)
        self.random.choice((*many, *many, *many, *some, *some, *few))()

    def any_up(self) -> Server:
        """No more than one is ever down."""
        return self.random.choice([each for each in self.servers.values() if each.is_up])

    def append(self, server: Server, entry: Entry) -> None:
        server.log.append(entry)
        self.trace.append(server.n, len(server.log), entry[0], entry[1])
        self.tell_configuration(server)

    def tell_configuration(self, server: Server) -> None:
        if server.configuration() != server.told:
            server.told = server.configuration()
            self.trace.configure(server.n, server.told[0], *server.told[1])

    def meet(self, server: Server, term: int) -> None:
        if term > server.term:
            server.term, server.vote, server.leads = term, None, False
            self.trace.term(server.n, term).role(server.n, "follower", term)

    def elect(self) -> None:
        if self.leader and self.random.random() < 0.5:
            return
        servers = list(self.servers.values())
        term = max(server.term for server in servers) + 1
        for winner in self.random.sample(servers, len(servers)):
            granting = [each for each in servers if each.is_up and each.last() <= winner.last()]
            is_electable = winner.is_up and winner.is_voter and winner is not self.leader
            if not is_electable or not is_quorum(winner.configuration()[1], granting):
                continue
            for server in granting:
                self.meet(server, term)
                server.vote = winner.name
                self.trace.expose(server.n, term).vote(server.n, term, winner.name)
            self.lead(winner)
            return

    def lead(self, winner: Server) -> None:
        self.trace.role(winner.n, "leader", winner.term)
        self.leader = winner
        winner.leads, winner.transfers = True, False
        self.append(winner, (winner.term, b"", None))

    def any_leader(self) -> Server | None:
        """One that thinks so, of the newest term or not."""
        leading = [each for each in self.servers.values() if each.leads]
        return self.random.choice(leading) if leading else None

    def propose(self) -> None:
        leader = self.any_leader()
        if leader and not leader.transfers:
            self.append(leader, (leader.term, self.random.randbytes(2), None))

    def change(self) -> None:
        """Leave a joint configuration, enter one, or change one voter, the leader itself perhaps;
        only that needs an entry of the own term to be committed."""
        leader = self.any_leader()
        if (
            leader is None
            or leader.configuration()[0] > leader.commit
            or self.random.random() < 0.5
        ):
            return
        voters, outgoing = leader.configuration()[1]
        changed: Voters = (voters, ())
        if not outgoing and self.random.random() < 0.3:
            number = self.random.randint(1, len(NODES))
            changed = (names(*self.random.sample(NODES, number)), voters)
        elif not outgoing and self.has_committed_own(leader):
            name = f"n{self.random.choice(NODES)}"
            rest = tuple(each for each in voters if each != name)
            changed = (rest if rest != voters else (*voters, name), ())
        if changed[0] and changed != (voters, outgoing):
            self.append(leader, (leader.term, b"", changed))

    def has_committed_own(self, leader: Server) -> bool:
        return leader.commit > 0 and leader.log[leader.commit - 1][0] == leader.term

    def replicate(self) -> None:
        leader, server = self.leader, self.any_up()
        if leader is None or server is leader:
            return
        self.meet(server, leader.term)
        matched = self.matched(leader, server)
        if leader.snapshot > server.commit and (
            matched < leader.compacted or self.random.random() < 0.2
        ):
            self.receive_snapshot(leader, server, keeps=matched >= leader.snapshot)
        elif matched >= leader.compacted:
            entries = leader.log[matched : matched + self.random.randint(1, 3)]
            if entries and matched < len(server.log):
                del server.log[matched:]
                self.trace.truncate(server.n, matched + 1)
                self.tell_configuration(server)
            for entry in entries:
                self.append(server, entry)

    def matched(self, leader: Server, server: Server) -> int:
        pairs = zip(leader.log, server.log, strict=False)
        return next(
            (index for index, (mine, its) in enumerate(pairs) if mine[0] != its[0]),
            min(len(leader.log), len(server.log)),
        )

    def receive_snapshot(self, leader: Server, server: Server, *, keeps: bool) -> None:
        index = leader.snapshot
        if not keeps:
            server.log = leader.log[:index]
        server.snapshot = index
        server.commit = max(server.commit, index)
        server.applied = max(server.applied, index)
        self.trace.restore(server.n, index, leader.log[index - 1][0], len(server.log))
        self.tell_configuration(server)

    def persist(self) -> None:
        server = self.any_up()
        if len(server.disk) == len(server.log) and self.random.random() < 0.8:
            server = self.leader or server
        server.disk, server.disk_snapshot = list(server.log), server.snapshot
        self.trace.persist(server.n, len(server.log), server.term)

    def commit(self) -> None:
        leader = self.leader
        if leader is None:
            return
        voters = leader.configuration()[1]
        for index in range(len(leader.log), leader.commit, -1):
            holders = [
                server
                for server in self.servers.values()
                if server.disk[:index] == leader.log[:index]
            ]
            if leader.log[index - 1][0] == leader.term and is_quorum(voters, holders):
                leader.commit = index
                self.commit_term = leader.term
                self.trace.commit(leader.n, index)
                return

    def learn(self) -> None:
        leader, server = self.leader, self.any_up()
        if leader is None or server.term != leader.term:
            return
        index = min(leader.commit, self.matched(leader, server))
        if index > server.commit:
            server.commit = index
            self.trace.commit(server.n, index)

    def apply(self) -> None:
        server = self.any_up()
        while server.applied < server.commit:
            server.applied += 1
            self.trace.apply(server.n, server.applied, server.applied)
        if server.applied:
            self.trace.digest(server.n, server.applied)

    def take(self) -> None:
        server = self.any_up()
        index = server.applied
        if index <= server.snapshot:
            return
        server.snapshot = server.disk_snapshot = index
        if server.disk[:index] != server.log[:index]:
            server.disk = server.log[:index]
        server.compacted = self.random.randint(server.compacted, index)
        self.trace.take(server.n, index, server.log[index - 1][0])
        self.trace.compact(server.n, server.compacted)

    def restart(self) -> None:
        """Start one that is down, or stop one: the leader not as often as there are others."""
        down = [each for each in self.servers.values() if not each.is_up]
        server = self.random.choice(down or list(self.servers.values()))
        if server.is_up and (server is not self.leader or self.random.random() < 0.3):
            server.is_up = server.leads = False
            self.trace.stop(server.n)
            if server is self.leader:
                self.leader = None
        elif not server.is_up:
            server.is_up = True
            self.recover(server)

    def recover(self, server: Server) -> None:
        index = server.snapshot = server.disk_snapshot
        server.log = list(server.disk)
        server.commit = server.applied = server.compacted = index
        self.trace.start(server.n, server.term, server.vote)
        if index:
            self.trace.restore(server.n, index, server.log[index - 1][0])
        for at, (term, command, _) in enumerate(server.log[index:], start=index + 1):
            self.trace.append(server.n, at, term, command)
        self.trace.persist(server.n, len(server.log), server.term)
        server.told = server.configuration()
        self.trace.configure(server.n, server.told[0], *server.told[1])

    def read(self) -> None:
        """An old leader may, until a later one has committed an entry."""
        leader = self.any_leader()
        if leader and leader.term >= self.commit_term and self.has_committed_own(leader):
            self.trace.lease_read(leader.n, leader.commit, leader.term)

    def transfer(self) -> None:
        leader = self.any_leader()
        if leader and leader.transfers:
            self.trace.end_transfer(leader.n)
        elif leader:
            self.trace.hand_over(leader.n, "n2")
        if leader:
            leader.transfers = not leader.transfers
