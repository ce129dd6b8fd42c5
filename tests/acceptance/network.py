"""The networks of the two series of scenarios, in virtual time.

    MIT 6.5840 (labrpc)   requests take up to 26 ms and one in ten is lost, one reply in ten too;
                          with long reordering, two replies in three come 200 to 2,200 ms late
    Implementing Raft     a call takes 1 to 5 ms; with RAFT_UNRELIABLE_RPC one in ten is lost and
                          one in ten comes 75 ms late

Messages overtake each other wherever their delays differ. A link that is cut drops what is sent
over it; what is under way arrives, as a request does that was written before its connection broke.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any, NamedTuple

import msgspec

from nemesis.cluster.protocol import Link
from nemesis.cluster.sim.events import Action, EventQueue
from raft.client_messages import ClientReply, ClientRequest

MILLISECOND = 1_000_000  # ns

_encode = msgspec.msgpack.Encoder().encode


class Rules(NamedTuple):
    """How messages are treated: delays in ns, rates per cent."""

    request_delay: tuple[int, int]
    reply_delay: tuple[int, int]
    # Of requests and of replies, each by itself.
    loss: int = 0
    # How many come late, and by how much.
    late: int = 0
    late_by: int = 0
    # Whether what clients say and hear is treated so too; if not, it takes as long as a reply does
    # and is never lost.
    for_clients: bool = False


MIT_RELIABLE = Rules((1 * MILLISECOND, 3 * MILLISECOND), (0, 1 * MILLISECOND), for_clients=True)
MIT_UNRELIABLE = Rules((0, 26 * MILLISECOND), (0, 1 * MILLISECOND), loss=10, for_clients=True)
SEED_RELIABLE = Rules((1 * MILLISECOND, 5 * MILLISECOND), (0, 1 * MILLISECOND))
SEED_UNRELIABLE = SEED_RELIABLE._replace(loss=10, late=10, late_by=75 * MILLISECOND)

_ON_TIME = Rules((0, 1 * MILLISECOND), (0, 1 * MILLISECOND))


class Network:
    """A nemesis.cluster.sim.node.Sender that counts what it carries."""

    def __init__(
        self, queue: EventQueue, random: Random, rules: Rules, receivers: dict[str, Action]
    ) -> None:
        self.rules = rules
        self.long_reordering = False
        # Requests that arrived, by whom they were for, and bytes that were sent; between servers.
        self.requests: Counter[str] = Counter()
        self.bytes = 0
        # What the rules did: "lost", "late", "reordered", "cut".
        self.effects: Counter[str] = Counter()
        # Replies to clients that are to be held back, by the server that sends them: ns.
        self.hold_next_answer: dict[str, int] = {}
        # Requests of servers still to be carried before the rest is dropped; others: no limit.
        self.requests_left: dict[str, int] = {}
        self._queue = queue
        self._random = random
        self._receivers = receivers
        self._cut: set[Link] = set()

    def cut(self, links: Iterable[Link]) -> None:
        """Drop what is sent over these links from now on."""
        self._cut.update(links)

    def mend(self, links: Iterable[Link]) -> None:
        """Carry it again."""
        self._cut.difference_update(links)

    def send(self, source: str, target: str, message: Any) -> None:
        """Put a message on its way, or lose it."""
        kind = type(message)
        is_reply = kind.__name__.endswith("Reply")
        is_for_client = kind is ClientRequest or kind is ClientReply
        if not is_for_client:
            self.bytes += len(_encode(message))
        if (source, target) in self._cut or not self._may_call(source, is_reply):
            self.effects["cut"] += 1
            return
        rules = self.rules if self.rules.for_clients or not is_for_client else _ON_TIME
        delay = self._delay(rules, is_reply)
        if delay is None:
            return
        if kind is ClientReply:
            delay += self.hold_next_answer.pop(source, 0)
        if not (is_reply or is_for_client):
            self.requests[target] += 1
        receive = self._receivers.get(target)
        if receive is not None:
            self._queue.at(self._queue.now + delay, receive, message)

    def _may_call(self, source: str, is_reply: bool) -> bool:
        left = self.requests_left.get(source)
        if left is None or is_reply:
            return True
        self.requests_left[source] = max(0, left - 1)
        return left > 0

    def _delay(self, rules: Rules, is_reply: bool) -> int | None:
        """How long a message takes, in ns; None if it is lost."""
        random = self._random
        if rules.loss and random.random() * 100 < rules.loss:
            self.effects["lost"] += 1
            return None
        low, high = rules.reply_delay if is_reply else rules.request_delay
        delay = low + int(random.random() * (high - low))
        if rules.late and random.random() * 100 < rules.late:
            self.effects["late"] += 1
            delay += rules.late_by
        if self.long_reordering and is_reply and random.random() * 3 < 2:
            self.effects["reordered"] += 1
            delay += (200 + random.randrange(1 + random.randrange(2000))) * MILLISECOND
        return delay
