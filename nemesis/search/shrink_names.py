"""Names that mean nothing, made those that a reader expects: keys, values, clients.

In the order of their use keys are x, y, z, values 1, 2, 3, clients 0, 1, 2. Different ones stay
different.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from nemesis.macro.steps import Propose, Retry
from nemesis.schedule import Operate, Schedule, Step
from nemesis.search.shrinker import with_steps
from nemesis.workloads import WORKLOADS

_KEYS = ("x", "y", "z", "u", "v", "w")
Rename = Callable[[str], str]


def keys_of(schedule: Schedule) -> list[str]:
    """The keys that its operations name, in the order of their use."""
    keys: dict[str, None] = {}

    def note(key: str) -> str:
        keys[key] = None
        return key

    _with_names(schedule, note, str)
    return list(keys)


def clients_of(schedule: Schedule) -> list[int]:
    """The clients that do something, in the order in which they begin."""
    return list(
        dict.fromkeys(
            step.client % schedule.knobs.clients
            for step in schedule.steps
            if isinstance(step, Operate | Propose | Retry)
        )
    )


def with_key_renamed(schedule: Schedule, old: str, new: str) -> Schedule:
    """One key called as another, so that there is one less."""

    def rename(key: str) -> str:
        return new if key == old else key

    return _with_names(schedule, rename, str)


def with_usual_names(schedule: Schedule) -> Schedule:
    """Keys and values named in the order of their use."""
    keys: dict[str, str] = {}
    values: dict[str, str] = {}

    def key_name(key: str) -> str:
        at = len(keys)
        return keys.setdefault(key, _KEYS[at] if at < len(_KEYS) else f"k{at + 1}")

    def value_name(value: str) -> str:
        return values.setdefault(value, str(len(values) + 1))

    return _with_names(schedule, key_name, value_name)


def with_clients_in_order(schedule: Schedule, least: int = 1) -> Schedule:
    """Clients numbered in the order in which they begin; those that do nothing are left out, but
    for so many that there are ``least``."""
    used = clients_of(schedule)
    numbers = {client: number for number, client in enumerate(used)}
    clients = max(least, len(used))
    renumbered = _with_clients(schedule, lambda client: numbers[client])
    knobs = msgspec.structs.replace(schedule.knobs, clients=clients)
    return msgspec.structs.replace(renumbered, knobs=knobs)


def with_client_renamed(schedule: Schedule, old: int, new: int) -> Schedule:
    """What one client did is done by another one."""
    return _with_clients(schedule, lambda client: new if client == old else client)


def _with_clients(schedule: Schedule, number: Callable[[int], int]) -> Schedule:
    clients = schedule.knobs.clients

    def renumbered(step: Step) -> Step:
        if isinstance(step, Operate | Propose | Retry):
            return msgspec.structs.replace(step, client=number(step.client % clients))
        return step

    return with_steps(schedule, map(renumbered, schedule.steps))


def _with_names(schedule: Schedule, key_name: Rename, value_name: Rename) -> Schedule:
    workload = WORKLOADS[schedule.knobs.workload]

    def renamed(step: Step) -> Step:
        if not isinstance(step, Operate | Propose):
            return step
        key = None if step.key is None else key_name(step.key)
        value = workload.renamed(step.value, key_name, value_name)
        return msgspec.structs.replace(step, key=key, value=value)

    return with_steps(schedule, map(renamed, schedule.steps))
