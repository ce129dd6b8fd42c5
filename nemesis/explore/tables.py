"""Values by number: each distinct one is kept once, and a state is a few numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

_Value = TypeVar("_Value", bound=Hashable)


class Table(Generic[_Value]):
    """Numbers for values, in the order in which they first came, from 0."""

    __slots__ = ("_numbers", "_on_new", "values")

    def __init__(self, on_new: Callable[[_Value], None] | None = None) -> None:
        self._numbers: dict[_Value, int] = {}
        self._on_new = on_new
        self.values: list[_Value] = []

    def __len__(self) -> int:
        return len(self.values)

    def number(self, value: _Value) -> int:
        """The value's number, a new one if it has none."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
            if self._on_new is not None:
                self._on_new(value)
        return number

    def refill(self, values: Iterable[_Value]) -> None:
        """Give these values the numbers from 0 on, as they come."""
        for value in values:
            self.number(value)
