"""What a model is: a sequential specification, as data and pure functions.

A model says what each operation may answer if operations happen one after another. Its ``step``
is all that it must have:

    step(state, f, argument, result) -> (allowed, next state)

States are immutable and can be hashed; ``step`` changes nothing and always answers the same. The
rest are hints and translations that make checking faster or messages better; each says what it
promises, and a checker believes it.

To add a model: one file in this package, a function with ``@register_model`` and a docstring that
explains it, and an import in ``checker/models/__init__.py``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from checker.errors import CheckerError
from checker.history import Operation
from checker.models.projection import Projection

State = Any
Key = Any
Step = Callable[[State, str, Any, Any], tuple[bool, State]]

Effect = Literal["observes", "overwrites", "applies", "depends"]
"""What a call does to the state.

- ``observes``: never changes it; it may be refused.
- ``overwrites``: is allowed in every state, and leaves one that does not depend on it (a put).
- ``applies``: is allowed in every state, and changes it (an append).
- ``depends``: anything else; always a safe answer.
"""


class _Sentinel:
    """A value that equals nothing but itself."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNKNOWN: Final = _Sentinel("UNKNOWN")
"""The result of a call that nobody was told: the model must allow every result there could be."""

DEAD: Final = _Sentinel("DEAD")
"""The state that stands for all those which no observation of the history can tell apart."""


ANY_STATE: Final = _Sentinel("ANY_STATE")
"""Of a call: nothing is known beforehand of the states that allow it."""


ANYTHING: Final = _Sentinel("ANYTHING")
"""The state of which nothing is known: where a history starts whose beginning was cut off."""


class Call(NamedTuple):
    """An operation as the model sees it: checked, in the model's words, and hashable.

    Two operations with equal calls are interchangeable.
    """

    f: str
    key: Key
    argument: Any
    result: Any
    effect: Effect


class Specification(NamedTuple):
    """The behaviour of one part of a history: a key, or several keys that depend on each other."""

    initial: State
    advance: Callable[[State, Call], tuple[bool, State]]
    needs: Callable[[Call], State] | None = None


Steer = Callable[[Sequence[Call], Sequence[int], Sequence[int | None]], Sequence[float | None]]


class Foresight(NamedTuple):
    """What all the calls of a part, read beforehand, tell about states and crashed calls.

    ``collapse(state)`` is the state that stands for it: equal for states that no call of the part,
    in whatever order, can tell apart. Values that nobody can confirm any more become ``DEAD``,
    which ``step`` must take: ``applies`` and refused comparisons leave it dead, ``overwrites``
    leads out of it.

    ``useless(call)``: if this call crashed, the part is linearizable with it if and only if it is
    without it.

    ``steer(calls, invoked, completed)`` only helps to find an order soon: for calls of the part in
    order of invocation, with the ranks of their events (never completed: None), a preference each:
    of those pending that have one the smallest is best tried first. None is no preference.

    ``sees(call)``: the one state that allows this observation (``collapse`` keeps it); UNKNOWN if
    there are several, or none.
    """

    collapse: Callable[[State], State]
    useless: Callable[[Call], bool]
    steer: Steer | None = None
    sees: Callable[[Call], State] | None = None


class CallError(ValueError):
    """An operation that this model does not know, or whose values are not what they must be."""


class ModelError(CheckerError):
    """A model that breaks its own rules: it is not deterministic, changes its state, or a hint does
    not hold. There is no verdict by it."""


def plain_parser(effects: Mapping[str, Effect] | None = None) -> Callable[[Operation], Call | None]:
    """A translation for models that have no need of their own.

    Lists become tuples, maps become tuples of sorted pairs; a failed operation did not happen, and
    one with unknown outcome has the result ``UNKNOWN``. ``effects`` gives the effect of each ``f``.
    """
    known: Mapping[str, Effect] = effects or {}

    def parse(operation: Operation) -> Call | None:
        if operation.outcome == "fail":
            return None
        effect = known.get(operation.f, "depends")
        if operation.outcome == "ok":
            result = freeze(operation.result)
        elif effect == "observes":
            return None
        else:
            result = UNKNOWN
        return Call(operation.f, freeze(operation.key), freeze(operation.argument), result, effect)

    return parse


def freeze(value: Any) -> Any:
    """A hashable copy of a JSON value: lists become tuples, maps tuples of sorted pairs."""
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, dict):
        return tuple(sorted((name, freeze(item)) for name, item in value.items()))
    return value


@dataclass(frozen=True, slots=True)
class _Typed:
    kind: str
    value: Any


def distinct(value: Any) -> Any:
    """A JSON value, made hashable such that different values differ.

    In Python ``True``, ``1`` and ``1.0`` are equal, in a history they are three values.
    """
    kind = type(value)
    if value is None or kind is str or kind is int:
        return value
    if isinstance(value, bool):
        return _Typed("boolean", value)
    if isinstance(value, float):
        return _Typed("float", repr(value))
    if isinstance(value, list | tuple):
        return tuple(distinct(item) for item in value)
    if isinstance(value, dict):
        return _Typed("map", tuple(sorted((name, distinct(item)) for name, item in value.items())))
    raise CallError(f"{value!r} is not a value that JSON knows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A sequential specification; only ``name``, ``initial`` and ``step`` are needed.

    ``parse`` translates an operation; None if it says nothing (it failed, or nobody was told what
    it read). It raises CallError for an operation that is not of this model.

    ``per_key``: operations on different keys are independent, and ``initial`` and ``step`` speak of
    one key. ``keys_of`` gives the keys of a call that touches several, None for any other; calls
    that share keys are then checked together, by ``joint(keys)`` and, where there is one,
    ``foresee_joint(keys, calls)``.

    ``ties`` names the operations that may touch several keys; None: any of them may.

    ``needs`` gives the only state (of one key) in which a call is allowed, or ``ANY_STATE``.

    ``foresee`` reads all calls of a part (of one key) beforehand; see Foresight.

    ``clusters`` groups calls of a part (of one key) for the search for a minimal conflict: it
    returns sets of positions such that, if the part is linearizable, then it is without any of
    them, also without several. It is asked only when no observation is left that can be dropped.
    ``clusters_joint``: the same for parts whose keys are tied together.

    ``reveals(call)``: the state after the call, if the call alone tells it (a read, a write);
    ANYTHING if it does not. A model that has it can judge a history whose beginning was cut off
    (``from_anywhere``); ``clusters`` and ``useless`` must then also be right where "linearizable"
    means "from some initial state".

    ``commutes``: whether two calls (of one key) may change places wherever they stand side by side:
    in every state both orders are allowed or neither is, and both lead to the same state.

    ``projection``: what operations say of a few elements, where the object is made of such.
    """

    name: str
    initial: State
    step: Step
    parse: Callable[[Operation], Call | None] = field(default_factory=plain_parser)
    per_key: bool = True
    needs: Callable[[Call], State] | None = None
    keys_of: Callable[[Call], tuple[Key, ...] | None] | None = None
    ties: frozenset[str] | None = None
    joint: Callable[[Sequence[Key]], Specification] | None = None
    foresee_joint: Callable[[Sequence[Key], Sequence[Call]], Foresight] | None = None
    foresee: Callable[[Sequence[Call]], Foresight | None] | None = None
    clusters: Callable[[Sequence[Call]], list[list[int]]] | None = None
    clusters_joint: Callable[[Sequence[Call]], list[list[int]]] | None = None
    reveals: Callable[[Call], State] | None = None
    commutes: Callable[[Call, Call], bool] | None = None
    projection: Projection | None = None
    summary: str = ""

    def specification(self) -> Specification:
        """The behaviour of one key (of everything, for a model that is not per key)."""
        step = self.step

        def advance(state: State, call: Call) -> tuple[bool, State]:
            f, _, argument, result, _ = call
            return step(state, f, argument, result)

        return Specification(self.initial, advance, self.needs)

    def from_anywhere(self) -> Specification | None:
        """As ``specification``, but nobody knows the initial state; None without ``reveals``.

        Whatever is allowed from some state is allowed from ANYTHING, and what follows from there
        too: after a call the state is either the right one or still ANYTHING.
        """
        step, reveals = self.step, self.reveals
        if reveals is None:
            return None

        def advance(state: State, call: Call) -> tuple[bool, State]:
            if state is ANYTHING:
                return True, reveals(call)
            return step(state, call.f, call.argument, call.result)

        return Specification(ANYTHING, advance)


class UnknownModelError(ValueError):
    """No model has this name; the message suggests one."""


class _Family(NamedTuple):
    """Models that differ in a parameter, which stands after a colon in the name."""

    build: Callable[[str], Model]
    default: str


_MODELS: dict[str, Model] = {}
_FAMILIES: dict[str, _Family] = {}


def register_model(build: Callable[[], Model]) -> Callable[[], Model]:
    """Decorator: make the model that this function builds known by its name."""
    model = build()
    _refuse_twin(model.name)
    _MODELS[model.name] = model
    return build


def register_family(
    name: str, *, default: str
) -> Callable[[Callable[[str], Model]], Callable[[str], Model]]:
    """Decorator: make ``name:parameter`` known; ``name`` alone has the default parameter.

    The function builds the model of a parameter, or raises ValueError with the reason.
    """

    def register(build: Callable[[str], Model]) -> Callable[[str], Model]:
        _refuse_twin(name)
        _FAMILIES[name] = _Family(build, default)
        return build

    return register


def _refuse_twin(name: str) -> None:
    if name in _MODELS or name in _FAMILIES:
        raise ValueError(f"there are two models with the name {name!r}")


def model_names() -> tuple[str, ...]:
    """The names of all models, sorted; of a family, that of the family."""
    return tuple(sorted((*_MODELS, *_FAMILIES)))


@cache
def _member(stem: str, parameter: str) -> Model:
    """That of a family, the same each time. Raises ValueError."""
    return _FAMILIES[stem].build(parameter)


def get_model(name: str) -> Model:
    """The model of this name; UnknownModelError with a suggestion if there is none."""
    model = _MODELS.get(name)
    if model is not None:
        return model
    stem, _, parameter = name.partition(":")
    family = _FAMILIES.get(stem)
    if family is not None:
        try:
            return _member(stem, parameter or family.default)
        except ValueError as error:
            raise UnknownModelError(f"there is no model {name!r}: {error}") from None
    close = difflib.get_close_matches(stem, model_names(), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise UnknownModelError(
        f"there is no model {name!r}{hint} (models: {', '.join(model_names())})"
    )
