"""The stepped cluster: nothing happens in it but what a macro-step says.

There is one clock, which all servers read, and which only steps let go on. Messages that a step
does not deliver are held. A server that no step reaches stands still, as a paused process does; so
everything that happens here may happen to servers with true clocks on a network that delays,
doubles and loses messages.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from checker.history import Event
from checker.invariants import Monitors
from checker.verdict import Failure
from nemesis.cluster.sim.clients import History
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.recorder import Recorder, Trace
from nemesis.cluster.stepped.client import SteppedClient
from nemesis.cluster.stepped.node import SteppedNode
from nemesis.cluster.stepped.post import KINDS, Post
from nemesis.schedule import MILLISECOND, Knobs, Operate
from nemesis.subjects.own import OwnRaft, settings_of
from nemesis.workloads import WORKLOADS
from raft.client_messages import ClientReply, MembershipRequest, TransferRequest
from raft.consensus import Consensus, Message
from raft.consensus.changes import Change, Transition
from raft.consensus.state import LEADER
from raft.replica import HEALTHY, Outputs, Variant

# No time-out ends by itself within a run: it is a step that ends it.
_HOUR = 3_600_000 * MILLISECOND
# What one step delivers at most: far more than a healthy round needs.
MOST_DELIVERIES = 400
_VOTES = frozenset({"pre-vote", "vote", "pre-vote-reply", "vote-reply"})
_OPERATOR = "operator"

# Whether a message that comes up within a step is delivered by it.
Allowed = Callable[[Message], bool]


class SteppedCluster:
    """Servers, clients, the messages that are held, and who judges what happens."""

    def __init__(
        self,
        knobs: Knobs,
        variant: Variant = HEALTHY,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.servers = knobs.servers
        self.members = knobs.members
        self.effects: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.failures: list[Failure] = []
        # Only its time is used: nothing is ever due.
        self.time = EventQueue()
        self.monitors = Monitors(self.members)
        self.trace = Trace(self.time, self.monitors)
        self.history = History(self.time, on_event)
        self.post = Post(self.effects)
        self.delivered = 0
        self.election_timeout = knobs.election_timeout_min
        self._has_stickiness = knobs.check_quorum
        self._requests = 0
        subject = OwnRaft(
            variant,
            msgspec.structs.replace(
                settings_of(knobs), election_timeout_max=knobs.election_timeout_min + _HOUR
            ),
        )
        self.nodes = {
            name: SteppedNode(
                name,
                self.members if name in self.members else (),
                knobs,
                subject,
                self.time,
                Recorder(name, self.trace),
                self.effects,
                self.failures.append,
            )
            for name in self.servers
        }
        workload = WORKLOADS[knobs.workload]
        self.clients = [
            SteppedClient(
                number,
                knobs,
                workload,
                self.time,
                self.history,
                self.succeeded,
                self.trace.milestones,
            )
            for number in range(knobs.clients)
        ]
        self._client_names = {client.name: client for client in self.clients}
        # What a step delivers by itself, while there is one that does.
        self._allowed: Allowed | None = None
        # In which order a step reaches those that it names, if messages leave together.
        self._order: dict[str, int] = {}
        self._round: deque[Message] = deque()

    # -- What is to be seen ------------------------------------------------------------------------

    def consensus(self, node: str) -> Consensus | None:
        """The consensus module of a server that is up."""
        replica = self.nodes[node].replica
        return None if replica is None else replica.consensus

    @property
    def has_failed(self) -> bool:
        """Whether something is wrong now."""
        return bool(self.monitors.failures or self.failures)

    # -- Handling ----------------------------------------------------------------------------------

    def handle(self, node: str, *inputs: Any) -> None:
        """Hand inputs to a server; its messages are held, or join the round of the step."""
        self.nodes[node].handle(inputs, self._dispatch)

    def _dispatch(self, node: str, outputs: Outputs) -> None:
        allowed = self._allowed
        delivered: list[Message] = []
        for message in outputs.messages:
            if allowed is not None and allowed(message):
                delivered.append(message)
            else:
                self.post.hold(message)
        if len(delivered) > 1:
            order = self._order
            delivered.sort(key=lambda message: order.get(message.target, len(order)))
        self._round.extend(delivered)
        for reply in outputs.replies:
            if isinstance(reply, ClientReply):
                following = self._client_names[reply.client].receive(reply)
                if following is not None:
                    self.handle(node, following)
            else:
                outcome = reply.status if reply.status != "refused" else str(reply.reason)
                self.history.add("nemesis", "info", "operator", None, reply.request_id, outcome)

    def _exchange(self) -> None:
        """Deliver what is allowed of what comes up, until nothing is left."""
        waiting, handle = self._round, self.handle
        convictions, failures = self.monitors.failures, self.failures
        delivered = 0
        while waiting and delivered < MOST_DELIVERIES and not (convictions or failures):
            message = waiting.popleft()
            delivered += 1
            handle(message.target, message)
        for message in waiting:
            self.post.hold(message)
        waiting.clear()
        self.delivered += delivered
        self._allowed = None

    # -- Rounds ------------------------------------------------------------------------------------

    def elect(
        self, node: str, voters: Collection[str], unanswered: Collection[str], *, hasty: bool
    ) -> None:
        """See nemesis.macro.steps.Elect."""
        consensus = self.consensus(node)
        if consensus is None or consensus.role == LEADER:
            return
        self._outwait((node,) if hasty else (node, *voters))
        self._allowed = self._votes_of(node, voters, unanswered)
        self._order = _places(voters)
        # The time-out that was drawn for it is the one that ends first.
        consensus.election_deadline = consensus.deadline = self.time.now
        self.handle(node)
        self._exchange()

    def _votes_of(self, node: str, voters: Collection[str], unanswered: Collection[str]) -> Allowed:
        def is_allowed(message: Message) -> bool:
            if KINDS[type(message)] not in _VOTES:
                return False
            if message.source == node:
                return message.target in voters
            return (
                message.target == node
                and message.source in voters
                and message.source not in unanswered
            )

        return is_allowed

    def _outwait(self, nodes: Collection[str]) -> None:
        """Let time pass until none of these has heard from a leader for an election time-out. A
        leader among them finds out in two of these that no majority answers it."""
        if not self._has_stickiness:
            return
        for node in nodes:
            consensus = self.consensus(node)
            if consensus is not None and consensus.role != LEADER:
                contact = consensus.last_leader_contact
                if contact is not None:
                    self._wait_until(contact + self.election_timeout)
        for node in nodes:
            for _ in range(2):
                consensus = self.consensus(node)
                if consensus is None or consensus.role != LEADER:
                    break
                self._wait_until(consensus.quorum_deadline)
                self.handle(node)

    def _wait_until(self, time: int) -> None:
        self.time.now = max(self.time.now, time)

    def replicate(self, node: str, peers: Collection[str], unanswered: Collection[str]) -> None:
        """See nemesis.macro.steps.Replicate."""
        consensus = self.consensus(node)
        if consensus is None or consensus.role != LEADER:
            return
        self._wait_until(consensus.heartbeat_deadline)

        def is_allowed(message: Message) -> bool:
            if message.source == node:
                return message.target in peers
            return (
                message.target == node
                and message.source in peers
                and message.source not in unanswered
            )

        self._allowed = is_allowed
        self._order = _places(peers)
        self.handle(node)
        self._exchange()

    def transfer(self, node: str, target: str, voters: Collection[str], *, held: bool) -> None:
        """See nemesis.macro.steps.TransferTo."""
        self._requests += 1
        request = TransferRequest(_OPERATOR, self._requests, target)
        if held:
            self.handle(node, request)
            return
        votes = self._votes_of(target, voters, ())
        pair = (node, target)

        def is_allowed(message: Message) -> bool:
            if KINDS[type(message)] in _VOTES:
                return votes(message)
            return message.source in pair and message.target in pair

        # TimeoutNow makes the target campaign; what it sends once it leads is held.
        def until_elected(message: Message) -> bool:
            consensus = self.consensus(target)
            leads = consensus is not None and consensus.role == LEADER
            return is_allowed(message) and not (leads and message.source == target)

        self._allowed = until_elected
        self._order = _places(voters)
        self.handle(node, request)
        self._exchange()

    def deliver(self, message: Message) -> None:
        """One message arrives; what it leads to is held."""
        self.delivered += 1
        self.handle(message.target, message)

    # -- Clients and operators ---------------------------------------------------------------------

    def propose(self, node: str, operate: Operate, *, unanswered: bool) -> None:
        """A client asks the server; a busy client gives up what it waits for."""
        if self.nodes[node].replica is not None:
            client = self.clients[operate.client % len(self.clients)]
            self.handle(node, client.begin(operate, unanswered=unanswered))

    def retry(self, node: str, client: int, *, unanswered: bool) -> None:
        """A client that waits asks the server once more."""
        if self.nodes[node].replica is not None:
            request = self.clients[client % len(self.clients)].retry(unanswered=unanswered)
            if request is not None:
                self.handle(node, request)

    def change_members(
        self, node: str, changes: tuple[Change, ...], transition: Transition
    ) -> None:
        """An operator asks for changes of the membership."""
        self._requests += 1
        self.handle(node, MembershipRequest(_OPERATOR, self._requests, changes, transition))

    # -- Processes and time ------------------------------------------------------------------------

    def wait(self, duration: int, nodes: Collection[str]) -> None:
        """Time passes, and those servers do what is due."""
        self.time.now += duration
        for node in nodes:
            self.handle(node)

    def crash(self, node: str) -> None:
        """The process is gone."""
        if self.nodes[node].replica is not None:
            self.effects["crash"] += 1
            self.nodes[node].stop("crashed")

    def take_snapshot(self, node: str) -> None:
        """The server takes a snapshot, if there is anything new."""
        self.nodes[node].take_snapshot(self._dispatch)

    def perform(self, node: str, work: Any) -> None:
        """What a stalled server began is done."""
        self.nodes[node].perform(work, self._dispatch)

    def unstall(self, node: str) -> None:
        """What waits at a stalled server is done."""
        self.nodes[node].unstall(self._dispatch)


def _places(nodes: Collection[str]) -> dict[str, int]:
    """Those whom a step names are reached in the order in which it names them."""
    return {node: place for place, node in enumerate(nodes)}
