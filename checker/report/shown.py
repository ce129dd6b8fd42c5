"""Values as people read them: short, on one line, and a table for what comes again."""

from __future__ import annotations

from typing import Any

from checker.events import printable

VALUE_MAX = 160
"""Characters of a value; what is longer is cut, and a note says so."""


SENTENCE_MAX = 1_000
"""Characters of a sentence that was made of values."""


class Table:
    """Words that come again and again, each once; columns hold their positions."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}

    def position(self, word: str) -> int:
        """Where the word stands, from now on."""
        return self._positions.setdefault(word, len(self._positions))

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(self._positions)


class Shortener:
    """Makes text of values, and counts what it had to cut."""

    def __init__(self, most: int = VALUE_MAX) -> None:
        self._most = most
        self.cut = 0

    def value(self, value: Any) -> str:
        """A value as it is written; "nil" for None."""
        if value.__class__ is int:
            return str(value) if -(1 << 64) < value < 1 << 64 else self.text(hex(value))
        return "nil" if value is None else self.text(repr(value))

    def text(self, text: str) -> str:
        """The text on one line, not longer than allowed."""
        return self._cut(text, self._most)

    def sentence(self, text: str) -> str:
        """A sentence that may hold values, on one line."""
        return self._cut(text, SENTENCE_MAX)

    def _cut(self, text: str, most: int) -> str:
        if len(text) > most:
            self.cut += 1
            text = f"{text[: most - 24]}... ({len(text):,} characters)"
        return printable(text)
