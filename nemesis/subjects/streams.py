"""Connections over links that lose, repeat and reorder: in order, once, or broken.

What TCP gives to a program, message by message: what is sent on a connection arrives in the order
of sending, and once; what is lost is sent again; who gets no answer for long is told that the
connection is broken, and so is the other side, as soon as anything comes through. What a cut link
has held back may so arrive long after it was sent, as long as nobody has given up.

A process that is gone sends nothing, so its peers learn of it by their own time-out, or from the
process that comes after it, which knows no connection (RFC 9293, 3.5.1). Sans-IO: segments in,
segments and events out, times in ns of whatever clock is passed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import Any, Final, Literal, NamedTuple

# Later than any deadline, in ns.
NEVER: Final = 1 << 62
# So many segments are sent again at once; the rest follows as they are acknowledged.
_RESENT_AT_ONCE: Final = 16

Kind = Literal["open", "data", "end", "acknowledgement", "reset"]


class Segment(NamedTuple):
    """What travels over the network. ``number`` counts what one side has sent, from the opening on,
    which has the number 0; ``acknowledged`` is the number that it expects next."""

    source: str
    target: str
    connection: int
    kind: Kind
    number: int
    acknowledged: int
    payload: Any


class Opened(NamedTuple):
    """The connection can be used. ``purpose`` is what its opener said that it is for."""

    connection: int
    peer: str
    purpose: Any


class Received(NamedTuple):
    """The next message of the other side."""

    connection: int
    payload: Any


class Ended(NamedTuple):
    """The other side has ended its half, after all that it has sent; this one may go on."""

    connection: int


class Broken(NamedTuple):
    """The connection is no more: what was not acknowledged may or may not have arrived."""

    connection: int
    reason: Literal["reset", "timed-out"]


StreamEvent = Opened | Received | Ended | Broken


class _Connection:
    """One side of a connection."""

    __slots__ = (
        "acknowledge_at",
        "early",
        "expected",
        "has_ended",
        "has_peer_ended",
        "is_open",
        "is_opener",
        "next_number",
        "owes_acknowledgement",
        "peer",
        "progress_at",
        "purpose",
        "resend_at",
        "unacknowledged",
    )

    def __init__(self, peer: str, purpose: Any, *, is_opener: bool) -> None:
        self.peer = peer
        self.purpose = purpose
        self.is_opener = is_opener
        self.is_open = False
        self.has_ended = False
        self.has_peer_ended = False
        self.next_number = 0
        # The number that comes next from the other side, and what came before its turn.
        self.expected = 0
        self.early: dict[int, Segment] = {}
        self.unacknowledged: deque[tuple[int, Kind, Any]] = deque()
        self.owes_acknowledgement = False
        # When it is sent alone, if nothing else has been until then.
        self.acknowledge_at = NEVER
        self.resend_at = NEVER
        # When the other side last acknowledged something new, or was first asked to.
        self.progress_at = 0


class Streams:
    """All connections of one process. Nothing random but the names of connections, which no other
    process may have: an old segment must not be taken for one of a new connection.

    An acknowledgement may wait for ``acknowledge_after`` ns for a message that it can go with: far
    shorter than ``resend_after``."""

    def __init__(
        self,
        name: str,
        random: Random,
        *,
        resend_after: int,
        give_up_after: int,
        acknowledge_after: int = 0,
    ) -> None:
        self.name = name
        self._random = random
        self._resend_after = resend_after
        self._give_up_after = give_up_after
        self._acknowledge_after = acknowledge_after
        self._connections: dict[int, _Connection] = {}
        self._outbox: list[Segment] = []
        # No connection has anything to do before; it may be too early.
        self._deadline = NEVER

    # -- What the program asks for ---------------------------------------------------------------

    def connect(self, peer: str, now: int, purpose: Any = None) -> int:
        """Begin to open a connection; ``Opened`` or ``Broken`` will tell. Returns its name."""
        name = self._random.getrandbits(62)
        connection = _Connection(peer, purpose, is_opener=True)
        self._connections[name] = connection
        self._queue(name, connection, "open", purpose, now)
        return name

    def send(self, connection: int, payload: Any, now: int) -> bool:
        """Send a message, once the connection is open. False: it is not, or no longer."""
        held = self._connections.get(connection)
        if held is None or not held.is_open or held.has_ended:
            return False
        self._queue(connection, held, "data", payload, now)
        return True

    def end(self, connection: int, now: int) -> None:
        """End this half, after all that was sent: the other side is told so, in its turn."""
        held = self._connections.get(connection)
        if held is None or held.has_ended:
            return
        if not held.is_open:
            self.abort(connection)
            return
        self._queue(connection, held, "end", None, now)
        held.has_ended = True
        self._forget_if_over(connection, held)

    def abort(self, connection: int) -> None:
        """Drop the connection, and what is under way on it; the other side is told if it can be."""
        held = self._connections.pop(connection, None)
        if held is not None:
            self._reset(connection, held.peer)

    def peer(self, connection: int) -> str | None:
        """Who is at the other side; None if there is no such connection any more."""
        held = self._connections.get(connection)
        return None if held is None else held.peer

    def waiting(self, connection: int) -> int:
        """How many of the messages that were sent are not acknowledged."""
        held = self._connections.get(connection)
        return 0 if held is None else len(held.unacknowledged)

    # -- What happens ----------------------------------------------------------------------------

    def receive(self, segment: Segment, now: int) -> Iterator[StreamEvent]:
        """Take in a segment. What it leads to is told one by one: what the program does about one
        event, such as to abort, is heeded before the next."""
        name = segment.connection
        held = self._connections.get(name)
        if segment.kind == "reset":
            if held is not None:
                del self._connections[name]
                if _is_missed(held):
                    yield Broken(name, "reset")
            return
        if held is None:
            if segment.kind == "open" and not segment.acknowledged:
                self._accept(segment, now)
            elif segment.kind != "acknowledgement":
                # Of a connection that this process never had, or has dropped.
                self._reset(name, segment.source)
            return
        self._acknowledge(held, segment.acknowledged, now)
        if segment.kind != "acknowledgement":
            if not held.owes_acknowledgement:
                held.owes_acknowledgement = True
                if self._acknowledge_after:
                    held.acknowledge_at = now + self._acknowledge_after
                    self._deadline = min(self._deadline, held.acknowledge_at)
            if segment.number >= held.expected:
                held.early[segment.number] = segment
        if _opens(held):
            yield Opened(name, held.peer, held.purpose)
        while (following := held.early.pop(held.expected, None)) is not None:
            held.expected += 1
            if _opens(held):
                yield Opened(name, held.peer, held.purpose)
            if following.kind == "data":
                yield Received(name, following.payload)
            elif following.kind == "end":
                held.has_peer_ended = True
                yield Ended(name)
            if self._connections.get(name) is not held:
                return
        self._forget_if_over(name, held)

    def tick(self, now: int) -> Iterator[StreamEvent]:
        """Send again what is due, and give up what was not answered for too long."""
        if now < self._deadline:
            return
        for name, held in list(self._connections.items()):
            if self._connections.get(name) is not held:
                continue
            if held.owes_acknowledgement and now >= held.acknowledge_at:
                self._put(name, held, "acknowledgement", 0, None)
            if not held.unacknowledged:
                continue
            if now - held.progress_at >= self._give_up_after:
                del self._connections[name]
                self._reset(name, held.peer)
                if _is_missed(held):
                    yield Broken(name, "timed-out")
            elif now >= held.resend_at:
                held.resend_at = now + self._resend_after
                for position in range(min(_RESENT_AT_ONCE, len(held.unacknowledged))):
                    number, kind, payload = held.unacknowledged[position]
                    self._put(name, held, kind, number, payload)
        self._deadline = min(map(self._due, self._connections.values()), default=NEVER)

    def _due(self, held: _Connection) -> int:
        due = held.acknowledge_at if held.owes_acknowledgement else NEVER
        if held.unacknowledged:
            due = min(due, held.resend_at, held.progress_at + self._give_up_after)
        return due

    @property
    def deadline(self) -> int:
        """When ``tick`` is to be called at the latest."""
        return self._deadline

    def take(self) -> list[Segment]:
        """What is to be sent since this was last asked."""
        if not self._acknowledge_after:
            for name, held in self._connections.items():
                if held.owes_acknowledgement:
                    self._put(name, held, "acknowledgement", 0, None)
        outbox, self._outbox = self._outbox, []
        return outbox

    # -- One connection --------------------------------------------------------------------------

    def _accept(self, segment: Segment, now: int) -> None:
        """Somebody opens a connection. It is open once the answer is acknowledged: the opening may
        be an old copy, whose sender knows nothing of it any more."""
        held = _Connection(segment.source, segment.payload, is_opener=False)
        held.expected = 1
        self._connections[segment.connection] = held
        self._queue(segment.connection, held, "open", None, now)

    def _queue(self, name: int, held: _Connection, kind: Kind, payload: Any, now: int) -> None:
        number = held.next_number
        held.next_number = number + 1
        if not held.unacknowledged:
            held.progress_at = now
            held.resend_at = now + self._resend_after
            self._deadline = min(self._deadline, held.resend_at, now + self._give_up_after)
        held.unacknowledged.append((number, kind, payload))
        self._put(name, held, kind, number, payload)

    def _put(self, name: int, held: _Connection, kind: Kind, number: int, payload: Any) -> None:
        held.owes_acknowledgement = False
        self._outbox.append(
            Segment(self.name, held.peer, name, kind, number, held.expected, payload)
        )

    def _reset(self, name: int, peer: str) -> None:
        self._outbox.append(Segment(self.name, peer, name, "reset", 0, 0, None))

    def _acknowledge(self, held: _Connection, acknowledged: int, now: int) -> None:
        unacknowledged = held.unacknowledged
        if not unacknowledged or unacknowledged[0][0] >= acknowledged:
            return
        while unacknowledged and unacknowledged[0][0] < acknowledged:
            unacknowledged.popleft()
        held.progress_at = now
        held.resend_at = now + self._resend_after

    def _forget_if_over(self, name: int, held: _Connection) -> None:
        """Both halves have ended, and the other side knows."""
        if held.has_ended and held.has_peer_ended and not held.unacknowledged:
            if held.owes_acknowledgement:
                self._put(name, held, "acknowledgement", 0, None)
            self._connections.pop(name, None)


def _opens(held: _Connection) -> bool:
    """Whether it opens now: either side has heard that the other knows of it."""
    if held.is_open or not held.expected:
        return False
    held.is_open = not held.unacknowledged or held.unacknowledged[0][0] > 0
    return held.is_open


def _is_missed(held: _Connection) -> bool:
    """Whether the program has to be told that it is gone: not of what it never knew of, nor when
    both halves have ended, and only the last acknowledgement is lost."""
    return (held.is_open or held.is_opener) and not (held.has_ended and held.has_peer_ended)
