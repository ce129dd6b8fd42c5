"""Who gets which message.

Whose message it is is known by the process that wrote it, never by what it says: who claims to be
another node is convicted. A client's request may be passed on to another node as it is, in the name
of the client, as Maelstrom's own nodes of Raft do; it goes over the link of who passes it on.
Between nodes messages go over links that can be attacked; clients, and the services that nodes may
use, are reached directly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

from nemesis.cluster.real.maelstrom.datagrams import Deliver
from nemesis.cluster.real.maelstrom.messages import (
    Body,
    Message,
    ProtocolError,
    encode_message,
    parse_body,
    parse_message,
    shown,
)
from nemesis.cluster.real.maelstrom.node import LONGEST_LINE

# After so long, in ns, what a node has sent counts half in who is the busiest.
_HALF_LIFE = 300_000_000
# Less than this is no business, in messages of late.
_LEAST_BUSINESS = 2.0

Receive = Callable[[Message], None]
Handle = Callable[[str, Body], Body]
"""A service: the answer to a request of a node."""


class Busyness:
    """How much nodes have sent to others of late; times in ns."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def note(self, node: str, now: int) -> None:
        """The node has sent a message."""
        self._seen[node] = (self._at(node, now) + 1, now)

    def busiest(self, among: Iterable[str], now: int) -> str | None:
        """Who of them has sent the most, if anybody has sent anything to speak of."""
        most = max(among, key=lambda node: self._at(node, now), default=None)
        return most if most is not None and self._at(most, now) >= _LEAST_BUSINESS else None

    def _at(self, node: str, now: int) -> float:
        amount, last = self._seen.get(node, (0.0, now))
        return amount * math.exp2((last - now) / _HALF_LIFE)


class Network:
    """The nodes, and whoever else can be written to.

    What a node sends to another is given to ``send(source, target, line)``, what is sent to a node
    directly to ``deliver``. ``convict`` is told of a node that breaks the protocol, and how.
    """

    def __init__(
        self,
        nodes: Iterable[str],
        send: Callable[[str, str, bytes], None],
        deliver: Deliver,
        convict: Callable[[str, str], None],
    ) -> None:
        self.busyness = Busyness()
        self.convict = convict
        self._nodes = tuple(nodes)
        self._send = send
        self._deliver = deliver
        self._clients: dict[str, Receive] = {}
        self._services: dict[str, Receive] = {}

    def join(self, name: str, receive: Receive) -> None:
        """A client can be written to from now on. ``receive`` may raise ProtocolError."""
        self._clients[name] = receive

    def serve(self, name: str, handle: Handle) -> None:
        """A service can be asked from now on."""

        def receive(message: Message) -> None:
            body = parse_body(message)
            answer = handle(message.src, body) | {"in_reply_to": body.get("msg_id")}
            self.tell(name, message.src, answer)

        self._services[name] = receive

    def tell(self, src: str, dest: str, body: Body) -> None:
        """What a client or a service sends to a node."""
        self._deliver(dest, encode_message(src, dest, body))

    def receive(self, node: str, line: bytes) -> None:
        """What a node has written, without the end of the line."""
        try:
            self._route(node, line)
        except ProtocolError as error:
            self.convict(node, f"{node} has written {error}")

    def _route(self, node: str, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise ProtocolError(f"more than {LONGEST_LINE} bytes without the end of a line")
        message = parse_message(line)
        receive = self._clients.get(message.dest) or self._services.get(message.dest)
        is_passed_on = message.src in self._clients and message.dest in self._nodes
        if message.src != node and not is_passed_on:
            raise ProtocolError(f"a message in the name of {message.src!r}: {shown(line)}")
        if message.dest == node:
            self._deliver(node, line + b"\n")
        elif message.dest in self._nodes:
            self.busyness.note(node, time.monotonic_ns())
            self._send(node, message.dest, line + b"\n")
        elif receive is not None:
            receive(message)
        else:
            known = ", ".join([*self._nodes, *self._services, *self._clients])
            raise ProtocolError(
                f"a message to {message.dest!r}, who is not among {known}: {shown(line)}"
            )
