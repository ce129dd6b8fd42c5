"""What a program says of itself, look by look, as an observer and the nemesis are told it."""

from __future__ import annotations

from collections.abc import Sequence

from nemesis.subjects.asyncio_programs.host import Look
from nemesis.subjects.observation import Observation
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Standing
from raft.consensus import Entry
from raft.observer import Observer


class Watching:
    """One life of a program."""

    def __init__(self, observer: Observer, service: KeyValueService) -> None:
        self._observer = observer
        self._observation = Observation(observer)
        self._service = service
        self._log: list[tuple[int, bytes]] = []
        self._durable: tuple[int, str | None, int] | None = None
        self.last = Look("follower", 0)

    def begin(self, look: Look) -> None:
        """The program has read its disk, and this is what was there."""
        self._log = list(look.log)
        entries = [Entry(at, term, command) for at, (term, command) in enumerate(self._log, 1)]
        self._observation.started(look.term, look.voted_for, entries)
        self._durable = look.durable or (look.term, look.voted_for, len(self._log))
        self.last = look

    def take(self, look: Look, sends: bool) -> None:
        """Tell what has changed. ``sends``: messages leave now."""
        observation = self._observation
        observation.stands(look.term, look.voted_for, look.role)
        has_changed = self._tell_log(look.log)
        durable = look.durable or (look.term, look.voted_for, len(self._log))
        if has_changed or durable != self._durable:
            self._durable = durable
            observation.persisted_as(*durable)
        if sends:
            observation.leaves()
        observation.committed(look.commit_index)
        observation.applied(self._service.take_applied())
        self.last = look

    def standing(self) -> Standing:
        """Role, term, log, as of the last look."""
        look = self.last
        return Standing(
            look.role,
            look.term,
            look.log[-1][0] if look.log else 0,
            len(look.log),
            look.commit_index,
            self._service.last_applied,
            look.voted_for is not None,
        )

    def _tell_log(self, log: Sequence[tuple[int, bytes]]) -> bool:
        """Whether it has changed."""
        known = self._log
        same = len(known)
        has_changed = len(log) < same or known != log[:same]
        if has_changed:
            same = _same(known, log)
            self._observer.truncated(same + 1)
            del known[same:]
            self._observation.last_index = same
        if len(log) > same:
            self._observation.appended_from(
                [Entry(at, *each) for at, each in enumerate(log[same:], same + 1)]
            )
            known.extend(log[same:])
            has_changed = True
        return has_changed


def _same(one: Sequence[tuple[int, bytes]], other: Sequence[tuple[int, bytes]]) -> int:
    """How many entries the two have in common."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)
