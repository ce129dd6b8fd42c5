"""What a leader knows of one follower's log.

    probe      where the logs part is unknown: one AppendEntries at a time, nextIndex steps back
    replicate  the logs are known to agree: AppendEntries are pipelined, nextIndex runs ahead

A refusal leads from replicate to probe, a success from probe to replicate.
"""

from __future__ import annotations


class Progress:
    """nextIndex and matchIndex of Figure 2, and the AppendEntries in flight."""

    __slots__ = ("in_flight", "match_index", "next_index", "probe_sent", "probing", "read_round")

    def __init__(self, next_index: int) -> None:
        self.next_index = next_index
        self.match_index = 0
        self.probing = True
        self.probe_sent = False
        # Last index of each AppendEntries with entries that has not been answered.
        self.in_flight: list[int] = []
        # The newest round of leadership confirmation that the follower answered (thesis, 6.4).
        self.read_round = 0

    def matched(self, index: int) -> bool:
        """The follower's log equals ours up to ``index``. True if that is news."""
        news = index > self.match_index
        if news:
            self.match_index = index
        self.probing = False
        self.probe_sent = False
        if self.next_index <= self.match_index:
            self.next_index = self.match_index + 1
        if self.in_flight:
            self.in_flight = [last for last in self.in_flight if last > index]
        return news

    def probe_from(self, index: int) -> None:
        """The logs part somewhere before; try ``index`` next, one message at a time."""
        self.next_index = max(index, self.match_index + 1)
        self.probing = True
        self.probe_sent = False
        self.in_flight.clear()
