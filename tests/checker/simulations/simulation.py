"""What a simulation of a model is: calls, what they do, and what they might have answered.

Simulations are plain, and know nothing of ``checker.models``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

Asked = tuple[str, Any, Any]
"""f, key and argument of an invocation."""

Store = dict[Any, Any]
"""The simulated state, key by key."""


class Answer(NamedTuple):
    """What a call answers; an outcome ``fail`` without the error ``mismatch`` changed nothing."""

    result: Any = None
    outcome: str = "ok"
    error: str | None = None


Ask = Callable[[Random, Store, Sequence[str], int], Asked]
"""``ask(random, store, keys, client)`` draws a call."""

Effect = Callable[[Random, Store, Asked, Any], Answer | None]
"""``answer(random, store, asked, owner)`` lets it take effect; None if it cannot yet."""

Guess = Callable[[Random, Asked], Any]
"""``guess(random, asked)`` draws a wrong result, or ``NOTHING``."""

NOTHING = object()
"""What a call answers whose answer says nothing."""


class Simulation(NamedTuple):
    ask: Ask
    answer: Effect
    guess: Guess


def some_value(random: Random) -> Any:
    return True if random.random() < 0.03 else random.randrange(3)
