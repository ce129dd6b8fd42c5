"""A run as a space-time sketch in text: servers side by side, steps downwards.

    L leader, C candidate, P pre-candidate, F follower, with the term; x is down. After it the log:
    the terms of its entries, those that the server knows as committed before the bar. A snapshot
    stands in parentheses, by the index of its last entry.

An arrow is what a step delivered, in one direction or in both.
"""

from __future__ import annotations

from collections.abc import Iterator

from nemesis.cluster.stepped.post import KINDS
from nemesis.describe.story import Scene, ServerState, Story

WIDTH = 100
LINES = 40
_STEP = 27
_ROLES = {"leader": "L", "candidate": "C", "pre-candidate": "P", "follower": "F"}


def sketch(story: Story) -> str:
    """The sketch; at most ``LINES`` lines, none longer than ``WIDTH``."""
    lines = _lines(story, arrows=True)
    if len(lines) > LINES:
        lines = _lines(story, arrows=False)
    if len(lines) > LINES:
        left_out = len(lines) - LINES + 1
        lines = [*lines[:2], f"... {left_out} lines are left out", *lines[2 + left_out :]]
    return "\n".join(lines)


def _lines(story: Story, *, arrows: bool) -> list[str]:
    columns = _Columns(story)
    lines = [columns.heading()]
    if story.scenes:
        lines.append(columns.states({}, story.scenes[0].before))
    for scene in story.scenes:
        drawn = list(columns.arrows(scene)) if arrows else []
        drawn.append(columns.states(scene.before, scene.after))
        label = f"{scene.number} {scene.line}"
        if len(label) >= _STEP:
            label = label[: _STEP - 2] + "…"
        # What changed nothing needs no line of its own.
        if len(drawn) > 1 and drawn[-1] == columns.states(scene.after, scene.after):
            drawn.pop()
        lines.append(label.ljust(_STEP) + drawn[0][_STEP:])
        lines += drawn[1:]
    return [line.rstrip() for line in lines]


class _Columns:
    """Where the line of each server is."""

    def __init__(self, story: Story) -> None:
        self._servers = story.servers
        self._width = min(20, (WIDTH - _STEP) // len(story.servers))
        self._at = {name: _STEP + at * self._width for at, name in enumerate(story.servers)}

    def heading(self) -> str:
        """The names of the servers."""
        return " " * _STEP + "".join(name.ljust(self._width) for name in self._servers)

    def states(self, before: dict[str, ServerState], after: dict[str, ServerState]) -> str:
        """What the servers are now, where it has changed."""
        cells = []
        for name in self._servers:
            words = _state_words(after[name])
            is_new = name not in before or words != _state_words(before[name])
            cells.append(self._fit(f"│ {words}" if is_new else "│").ljust(self._width))
        return " " * _STEP + "".join(cells)

    def _fit(self, cell: str) -> str:
        room = self._width - 1
        return cell if len(cell) <= room else cell[: room - 1] + "…"

    def arrows(self, scene: Scene) -> Iterator[str]:
        """A line for each two servers between which something arrived."""
        pairs: dict[tuple[str, str], set[str]] = {}
        kinds: dict[tuple[str, str], str] = {}
        for message in scene.delivered:
            one, other = message.source, message.target
            pair = (other, one) if (other, one) in pairs else (one, other)
            pairs.setdefault(pair, set()).add(other)
            kinds.setdefault(pair, KINDS[type(message)])
        for (one, other), reached in pairs.items():
            yield self._arrow(one, other, reached, kinds[one, other])

    def _arrow(self, one: str, other: str, reached: set[str], label: str) -> str:
        line = list(self._empty())
        left, right = sorted((self._at[one], self._at[other]))
        line[left : right + 1] = "─" * (right - left + 1)
        is_long = right - left > len(label) + 4
        text = " reply " if label.endswith("reply") and not is_long else f" {label} "
        middle = left + (right - left - len(text)) // 2 + 1
        if right - left > len(text) + 2:
            line[middle : middle + len(text)] = text
        names = {self._at[one]: one, self._at[other]: other}
        line[left] = "◀" if names[left] in reached else "●"
        line[right] = "▶" if names[right] in reached else "●"
        return "".join(line)

    def _empty(self) -> str:
        return " " * _STEP + "".join("│".ljust(self._width) for _ in self._servers)


def _state_words(state: ServerState) -> str:
    if not state.is_up:
        return "x"
    role = _ROLES[state.role or "follower"]
    snapshot = f"({state.base_index})" if state.base_index else ""
    committed = [str(entry.term) for entry in state.log if entry.index <= state.commit_index]
    others = [str(entry.term) for entry in state.log if entry.index > state.commit_index]
    bar = "|" if committed or snapshot else ""
    log = f"{snapshot}{' '.join(committed)}{bar}{' '.join(others)}"
    return f"{role}{state.term} {log or '-'}"
