"""PySyncObj's transport over streams: it offers its users to replace its own, and this is one.

As its own does: of two nodes the one with the greater name connects, again after
``connectionRetryTime``; a connection on which nothing has come for ``connectionTimeout`` is closed
when it is to be used; a new connection takes the place of an old one; what is sent without a
connection is dropped, and the sender told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nemesis.subjects.streams import Broken, Ended, Opened, Received, Segment, Streams


class Connections:
    """The connections of one process with its peers, at most one with each."""

    def __init__(
        self, streams: Streams, peers: dict[str, Any], *, retry_after: int, silent_after: int
    ) -> None:
        self._streams = streams
        # PySyncObj's nodes by name.
        self._peers = peers
        self._retry_after = retry_after
        self._silent_after = silent_after
        # Connections that are open, or that this side opens.
        self._by_peer: dict[str, int] = {}
        self._open: set[int] = set()
        self._heard_at: dict[int, int] = {}
        self._attempted_at: dict[str, int] = {}
        self.on_connected: Callable[[Any], None]
        self.on_disconnected: Callable[[Any], None]
        self.on_message: Callable[[Any, Any], None]

    # -- From the network --------------------------------------------------------------------------

    def receive(self, segment: Segment, now: int) -> bool:
        """A segment has arrived. False: it is nothing that the program takes notice of."""
        is_noticed = False
        for event in self._streams.receive(segment, now):
            is_noticed = True
            self._happens(event, now)
        return is_noticed

    def tick(self, now: int) -> None:
        """Send again, give up, and connect where there is no connection."""
        for event in self._streams.tick(now):
            self._happens(event, now)
        for peer in self._peers:
            self._connect(peer, now)

    @property
    def deadline(self) -> int:
        """When ``tick`` has something to do next."""
        times = [self._streams.deadline]
        for peer in self._peers:
            if self._is_ours_to_open(peer) and peer not in self._by_peer:
                times.append(self._attempted_at[peer] + self._retry_after)
        return min(times)

    def _happens(self, event: Opened | Received | Ended | Broken, now: int) -> None:
        connection = event.connection
        if type(event) is Received:
            peer = self._streams.peer(connection)
            if peer is None or self._by_peer.get(peer) != connection:
                return
            if self._is_silent(connection, now):
                self._close(peer, now)
                return
            self._heard_at[connection] = now
            self.on_message(self._peers[peer], event.payload)
        elif type(event) is Opened:
            before = self._by_peer.get(event.peer)
            if before is not None and before != connection:
                self._open.discard(before)
                self._streams.abort(before)
            self._by_peer[event.peer] = connection
            self._open.add(connection)
            self._heard_at[connection] = now
            self.on_connected(self._peers[event.peer])
        else:
            for peer, known in self._by_peer.items():
                if known == connection:
                    self._closed(peer, now)
                    break

    # -- From the program --------------------------------------------------------------------------

    def send(self, peer: str, message: Any, now: int) -> bool:
        """Send a message. False: there is no connection."""
        connection = self._by_peer.get(peer)
        if connection is None or connection not in self._open:
            return False
        if self._is_silent(connection, now):
            self._close(peer, now)
            return False
        return self._streams.send(connection, message, now)

    def _is_silent(self, connection: int, now: int) -> bool:
        return now - self._heard_at[connection] > self._silent_after

    def _close(self, peer: str, now: int) -> None:
        self._streams.abort(self._by_peer[peer])
        self._closed(peer, now)

    def _closed(self, peer: str, now: int) -> None:
        connection = self._by_peer.pop(peer)
        self._heard_at.pop(connection, None)
        if connection in self._open:
            self._open.remove(connection)
            self.on_disconnected(self._peers[peer])
        self._connect(peer, now)

    def _is_ours_to_open(self, peer: str) -> bool:
        return self._streams.name > peer

    def _connect(self, peer: str, now: int) -> None:
        if peer in self._by_peer or not self._is_ours_to_open(peer):
            return
        attempted_at = self._attempted_at.get(peer)
        if attempted_at is None or now - attempted_at >= self._retry_after:
            self._attempted_at[peer] = now
            self._by_peer[peer] = self._streams.connect(peer, now)
