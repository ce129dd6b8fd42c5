"""Which calls of a container may be left out together, by the elements that they mention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from checker.models.model import distinct


def each_once(elements: Iterable[Any]) -> list[Any]:
    """The elements as they were recorded, the first of equal ones."""
    found: dict[Any, Any] = {}
    for element in elements:
        found.setdefault(distinct(element), element)
    return list(found.values())


def among(elements: Iterable[Any]) -> Callable[[Any], bool]:
    """Whether a recorded value is one of these elements."""
    wanted = frozenset(map(distinct, elements))
    return lambda element: distinct(element) in wanted


def tied(mentions: Sequence[Iterable[Any] | None]) -> list[list[int]]:
    """Positions grouped so that calls which mention an element in common are together.

    ``mentions`` has the elements of each call; one that mentions nothing is a group of its own, and
    one with None is in no group, for it may never be left out.
    """
    above: dict[Any, Any] = {}

    def find(element: Any) -> Any:
        while (root := above.setdefault(element, element)) != element:
            above[element] = element = above[root]
        return element

    firsts: list[Any] = []
    lone = object()
    for elements in mentions:
        first = lone
        for element in elements or ():
            if first is lone:
                first = element
            above[find(element)] = find(first)
        firsts.append(first)
    groups: dict[Any, list[int]] = {}
    alone: list[list[int]] = []
    for position, (first, elements) in enumerate(zip(firsts, mentions, strict=True)):
        if first is not lone:
            groups.setdefault(find(first), []).append(position)
        elif elements is not None:
            alone.append([position])
    return [*groups.values(), *alone]
