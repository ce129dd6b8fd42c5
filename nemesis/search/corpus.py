"""Schedules worth going on from: a few that showed what other runs did not.

Each entry stands for one word of what was observed (signatures.py), by the smallest schedule that
showed it. A batch of runs returns the schedules that showed its rarest words; whoever conducts
keeps them, and hands some to each batch. What is handed is part of the batch: the same batch with
the same entries runs the same schedules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nemesis.chooser import RandomChooser
from nemesis.outcome import Run
from nemesis.schedule import Schedule, encode_schedule
from nemesis.search.signatures import signatures_of

MOST_ENTRIES = 2_000
"""Words that may have an entry; there are fewer in practice."""
HANDED = 16
"""Entries that a batch is given."""
# Schedules that a batch returns, at most; and a word that more than so many per cent of its runs
# show is no rare one.
_RETURNED, _RARE = 8, 5


class Candidate(NamedTuple):
    """A schedule that showed a rare word, as JSON, and how many steps it has."""

    signature: str
    schedule: str
    steps: int


class Entry(NamedTuple):
    """A candidate that was kept, and in how many batches its word was among the rarest."""

    number: int
    signature: str
    schedule: str
    steps: int
    seen: int


class Observed:
    """What the runs of a batch have shown."""

    def __init__(self) -> None:
        self._runs = 0
        self._counts: Counter[str] = Counter()
        # By word: the number of a run, and its schedule.
        self._smallest: dict[str, tuple[int, Schedule]] = {}

    def add(self, run: Run) -> None:
        """Take note of a run. What failed is a finding, and nothing to go on from; runs on the
        simulated cluster have no macro-steps to go on with."""
        if run.verdict.failures or not run.schedule.is_macro:
            return
        self._runs += 1
        schedule = run.schedule
        for signature in signatures_of(run):
            self._counts[signature] += 1
            best = self._smallest.get(signature)
            if best is None or len(schedule.steps) < len(best[1].steps):
                self._smallest[signature] = self._runs, schedule

    def candidates(self) -> list[Candidate]:
        """Schedules that showed the rarest words, each once, the rarest first."""
        rarest = sorted(self._counts.items(), key=lambda item: (item[1], item[0]))
        found: dict[int, Candidate] = {}
        for signature, count in rarest:
            if len(found) == _RETURNED or (count > 1 and 100 * count > _RARE * self._runs):
                break
            number, schedule = self._smallest[signature]
            if number not in found:
                text = encode_schedule(schedule).decode()
                found[number] = Candidate(signature, text, len(schedule.steps))
        return list(found.values())


class Corpus:
    """The entries of a campaign, as they are now."""

    def __init__(self, entries: Iterable[Entry] = (), next_number: int = 0) -> None:
        """``next_number``: no entry that ever was had it, nor a greater one."""
        self._entries = {entry.signature: entry for entry in entries}
        self._next = next_number

    def __len__(self) -> int:
        return len(self._entries)

    def changes(self, candidates: Iterable[Candidate]) -> list[Entry]:
        """What would become of the corpus: new entries, those that give way to a smaller schedule,
        under a new number, and those whose word was seen once more."""
        changed: dict[str, Entry] = {}
        number = self._next
        room = MOST_ENTRIES - len(self._entries)
        for signature, schedule, steps in candidates:
            known = changed.get(signature) or self._entries.get(signature)
            if known is None:
                if room <= 0:
                    continue
                room -= 1
            if known is None or steps < known.steps:
                seen = 1 if known is None else known.seen + 1
                changed[signature] = Entry(number, signature, schedule, steps, seen)
                number += 1
            else:
                changed[signature] = known._replace(seen=known.seen + 1)
        return list(changed.values())

    def take(self, changes: Iterable[Entry]) -> None:
        """Make these changes."""
        for entry in changes:
            self._entries[entry.signature] = entry
            self._next = max(self._next, entry.number + 1)

    def for_batch(self, first_seed: int) -> list[Entry]:
        """Entries for the batch of this seed: half of those seen least, half of all."""
        entries = sorted(self._entries.values(), key=lambda entry: (entry.seen, -entry.number))
        if len(entries) <= HANDED:
            return entries
        chooser = RandomChooser(f"corpus {first_seed}")
        chosen: dict[int, Entry] = {}
        rare: Sequence[Entry] = entries[: max(HANDED, len(entries) // 4)]
        for options, goal in ((rare, HANDED // 2), (entries, HANDED)):
            while len(chosen) < goal:
                entry = chooser.pick(options)
                chosen[entry.number] = entry
        return list(chosen.values())
