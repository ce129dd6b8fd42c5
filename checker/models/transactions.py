"""Transactions over several keys, in Jepsen's notation: ``txn`` with a list of small operations.

    multi-register   [["r", key, value], ["w", key, value], ...]        registers, nil at first
    list-append      [["r", key, list], ["append", key, element], ...]  lists, empty at first

The value of the invocation has nil where a read's answer will be; the completion's has the answers.
They happen one after the other, and all at once: this is strict serializability, of every history,
by search. (Weaker levels, of long histories: checker.isolation.) ``list-append`` also knows
``append`` and ``read`` of one key. A nil list reads as an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from checker.history import Operation
from checker.models.mentions import among, each_once, tied
from checker.models.model import (
    DEAD,
    UNKNOWN,
    Call,
    CallError,
    Effect,
    Foresight,
    Key,
    Model,
    Specification,
    State,
    distinct,
    register_model,
)
from checker.models.projection import Projection

# A small operation as part of a call: (f, key, value or answer).
Small = tuple[str, Key, Any]


def _parse_register(operation: Operation) -> Call | None:
    if operation.f != "txn":
        raise CallError(f"the model 'multi-register' knows txn, not {operation.f!r}")
    return _parse(("r", "w"), distinct, operation)


def _parse_list(operation: Operation) -> Call | None:
    f, outcome = operation.f, operation.outcome
    if f == "txn":
        return _parse(("r", "append"), _list_of, operation)
    if f not in ("append", "read"):
        raise CallError(f"the model 'list-append' knows txn, append and read, not {f!r}")
    key = distinct(operation.key)
    if f == "append":
        small = (("append", key, distinct(operation.argument)),)
        return None if outcome == "fail" else Call("txn", key, small, None, "applies")
    if outcome != "ok":
        return None
    return Call("txn", key, (("r", key, _list_of(operation.result)),), None, "observes")


def _list_of(answer: Any) -> Any:
    if answer is None:
        return ()
    if not isinstance(answer, list | tuple):
        raise CallError(f"a read of a list answers a list, not {answer!r}")
    return tuple(distinct(element) for element in answer)


def _parse(
    known: tuple[str, str], answer: Callable[[Any], Any], operation: Operation
) -> Call | None:
    asked = _smalls(known, operation.argument)
    if operation.outcome == "fail":
        return None
    told = operation.outcome == "ok"
    smalls = _smalls(known, operation.result) if told else asked
    if [(f, key) for f, key, _ in smalls] != [(f, key) for f, key, _ in asked]:
        raise CallError("the completion of a txn must have the operations of its invocation")
    small = tuple(
        (f, key, (answer(value) if told else UNKNOWN) if f == "r" else distinct(value))
        for f, key, value in smalls
    )
    writes = any(f != "r" for f, _, _ in small)
    if not writes:
        return Call("txn", None, small, None, "observes") if told else None
    effect: Effect = "depends" if told and len(small) > 1 else "applies"
    return Call("txn", None, small, None, effect)


def _smalls(known: tuple[str, str], value: Any) -> list[Small]:
    if not isinstance(value, list | tuple):
        raise CallError(f"the value of txn must be a list of operations, not {value!r}")
    smalls: list[Small] = []
    for small in value:
        if not isinstance(small, list | tuple) or len(small) != 3 or small[0] not in known:
            raise CallError(
                f"an operation of a txn must be [{known[0]!r} or {known[1]!r}, key, value], "
                f"not {small!r}"
            )
        smalls.append((small[0], distinct(small[1]), small[2]))
    return smalls


def _keys_of(call: Call) -> tuple[Key, ...] | None:
    if call.key is not None:
        return None
    return tuple(dict.fromkeys(key for _, key, _ in call.argument))


def _step(state: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    """One key: the state is its value."""
    for small, _, value in argument:
        if small == "r":
            if value is not UNKNOWN and value != state:
                return False, state
        elif small == "w":
            state = value
        elif state is not DEAD:
            state = (*state, value)
    return True, state


def clusters_of_list(calls: Sequence[Call]) -> list[list[int]]:
    """All appends of an element to one list together; a read ties all elements of its answer.

    Leave all appends of an element out of a legal sequence: a read whose answer did not hold it
    came before them, or is in the cluster.
    """
    mentions: list[list[Any]] = []
    for _, _, smalls, _, _ in calls:
        known: list[Any] = []
        for small, _, value in smalls:
            if value is not UNKNOWN:
                known.extend(value if small == "r" else (value,))
        mentions.append(known)
    return tied(mentions)


def _mentioned(operations: Iterable[Operation]) -> list[Any]:
    """All elements that were appended or answered."""
    return each_once(_elements(operations))


def _elements(operations: Iterable[Operation]) -> Iterator[Any]:
    for operation in operations:
        if operation.f == "append":
            yield operation.argument
        elif operation.f == "read":
            yield from operation.result or ()
        else:
            told = operation.outcome == "ok"
            for small, _, value in operation.result if told else operation.argument:
                if small == "append":
                    yield value
                else:
                    yield from value or ()


def _onto_lists(operations: Sequence[Operation], elements: Sequence[Any]) -> list[Operation]:
    """Lists as far as some elements are concerned (Projection.onto).

    Take the others out of each state of a legal sequence. An append of one of them changes nothing
    any more, and goes; a read answers what is left of its answer, in the same order. What is left
    of a transaction still happens at once.
    """
    is_wanted = among(elements)

    def only(answer: Any) -> Any:
        return None if answer is None else [each for each in answer if is_wanted(each)]

    left: list[Operation] = []
    for operation in operations:
        if operation.f == "append":
            if is_wanted(operation.argument):
                left.append(operation)
        elif operation.f == "read":
            left.append(operation._replace(result=only(operation.result)))
        else:
            asked = operation.argument
            told = operation.result if operation.outcome == "ok" else asked
            kept = [at for at, (f, _, value) in enumerate(told) if f == "r" or is_wanted(value)]
            smalls = [
                [[f, key, only(value) if f == "r" else value] for f, key, value in of]
                for of in ([asked[at] for at in kept], [told[at] for at in kept])
            ]
            if kept:
                result = smalls[1] if operation.outcome == "ok" else None
                left.append(operation._replace(argument=smalls[0], result=result))
    return left


def _joint(initial: State, keys: Sequence[Key]) -> Specification:
    place = {key: at for at, key in enumerate(keys)}

    def advance(state: State, call: Call) -> tuple[bool, State]:
        values = list(state)
        for small, key, value in call.argument:
            at = place[key]
            if small == "w":
                values[at] = value
            elif small == "append":
                if values[at] is not DEAD:
                    values[at] = (*values[at], value)
            elif value is not UNKNOWN and value != values[at]:
                return False, state
        return True, tuple(values)

    return Specification((initial,) * len(keys), advance)


def clusters_of_registers(calls: Sequence[Call]) -> list[list[int]]:
    """Transactions that may be dropped together (Model.clusters): registers forget what was there.

    A set holds all transactions that mention some values of some keys, each with its key; a
    transaction ties all that it reads and writes together. As in ``single_value.clusters``: what a
    remaining read answers was written by the last write before it, which mentions it and remains,
    and what is dropped in between was not there. An answer that nobody was told mentions nothing.
    """
    root: dict[Any, Any] = {}

    def find(value: Any) -> Any:
        while (above := root.setdefault(value, value)) != value:
            root[value] = value = root[above]
        return value

    mentions: list[Any] = []
    for position, call in enumerate(calls):
        mentioned = [(key, value) for _, key, value in call.argument if value is not UNKNOWN]
        for each in mentioned[1:]:
            root[find(each)] = find(mentioned[0])
        mentions.append(mentioned[0] if mentioned else ("nothing", position))
    found: dict[Any, list[int]] = {}
    for position, value in enumerate(mentions):
        found.setdefault(find(value), []).append(position)
    return list(found.values())


Alive = Callable[[State], bool]


def _foresee_values(keys: Sequence[Key], calls: Sequence[Call]) -> Foresight:
    """Of each register, the values that a read returned are alive; all others are DEAD."""
    reads = _reads(keys, calls)
    return Foresight(
        partial(_collapse, [reads[key].__contains__ for key in keys]),
        partial(_serves_nobody, reads),
    )


def _foresee_lists(keys: Sequence[Key], calls: Sequence[Call]) -> Foresight:
    """Of each list, the beginnings of what a read returned are alive; all others are DEAD.

    An append of which nobody was told serves nobody if no read of the list has its element.
    """
    longest = {key: _longest(read) for key, read in _reads(keys, calls).items()}
    return Foresight(
        partial(_collapse, [partial(_is_beginning, longest[key]) for key in keys]),
        partial(_serves_nobody, {key: set().union(*each) for key, each in longest.items()}),
    )


def _foresee_list(calls: Sequence[Call]) -> Foresight:
    """As ``_foresee_lists``, of one key: the state is its list."""
    keys = list(dict.fromkeys(key for call in calls for _, key, _ in call.argument))
    joint = _foresee_lists(keys, calls)
    return Foresight(lambda state: joint.collapse((state,))[0], joint.useless)


def _reads(keys: Sequence[Key], calls: Sequence[Call]) -> dict[Key, set[Any]]:
    """What reads returned, by key."""
    reads: dict[Key, set[Any]] = {key: set() for key in keys}
    for call in calls:
        for f, key, value in call.argument:
            if f == "r" and value is not UNKNOWN:
                reads[key].add(value)
    return reads


def _longest(reads: set[Any]) -> list[Any]:
    """Those that are not the beginning of another: one, where all reads agree."""
    longest: list[Any] = []
    for read in sorted(reads, key=len, reverse=True):
        if not _is_beginning(longest, read):
            longest.append(read)
    return longest


def _is_beginning(longest: list[Any], state: State) -> bool:
    length = len(state)
    for read in longest:
        # The last element first: where it differs, as it does mostly, that is all.
        if length <= len(read) and (
            not length or (read[length - 1] == state[-1] and read[:length] == state)
        ):
            return True
    return False


def _collapse(alive: Sequence[Alive], values: State) -> State:
    for value, is_alive in zip(values, alive, strict=True):
        if value is not DEAD and not is_alive(value):
            break
    else:
        return values
    return tuple(
        value if value is not DEAD and is_alive(value) else DEAD
        for value, is_alive in zip(values, alive, strict=True)
    )


def _serves_nobody(served: dict[Key, set[Any]], call: Call) -> bool:
    """Whether nobody read what this call writes; one that reads, crashed, reads nothing."""
    return all(f == "r" or value not in served[key] for f, key, value in call.argument)


@register_model
def multi_register() -> Model:
    """Registers read and written in transactions; the state is the value of each key."""
    return Model(
        name="multi-register",
        summary="txn of reads and writes of several registers",
        initial=None,
        step=_step,
        parse=_parse_register,
        keys_of=_keys_of,
        ties=frozenset({"txn"}),
        joint=partial(_joint, None),
        clusters_joint=clusters_of_registers,
        foresee_joint=_foresee_values,
    )


@register_model
def list_append() -> Model:
    """Lists read and appended to, alone or in transactions; the state is the list of each key."""
    return Model(
        name="list-append",
        summary="txn of reads of and appends to lists; append and read of one key",
        initial=(),
        step=_step,
        parse=_parse_list,
        keys_of=_keys_of,
        ties=frozenset({"txn"}),
        joint=partial(_joint, ()),
        clusters=clusters_of_list,
        projection=Projection(_mentioned, _onto_lists),
        foresee=_foresee_list,
        foresee_joint=_foresee_lists,
    )
