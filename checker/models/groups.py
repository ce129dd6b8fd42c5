"""Which calls must be judged together, and which may be left out, by what the model says."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from checker.models.model import Call, Foresight, Key, Model, Specification


class Group(NamedTuple):
    """Calls that must be judged together: of one key, or of keys that calls tie (``joint``).

    ``from_anywhere``: as Model.from_anywhere; None for tied keys.
    """

    keys: tuple[Key, ...]
    joint: bool
    specification: Specification
    from_anywhere: Specification | None
    positions: list[int]


def independent_groups(calls: Sequence[Call], model: Model) -> list[Group]:
    """The groups that these calls form; calls of different groups have nothing to do with each
    other (locality: Herlihy and Wing 1990)."""
    above: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while (up := above.setdefault(key, key)) != key:
            above[key] = key = above[up]
        return key

    several = [None if model.keys_of is None else model.keys_of(call) for call in calls]
    for keys in several:
        for key in keys or ():
            above[root(key)] = root((keys or ())[0])
    positions: dict[Key, list[int]] = {}
    members: dict[Key, dict[Key, None]] = {}
    tied: set[Key] = set()
    per_key = model.per_key
    for position, (call, keys) in enumerate(zip(calls, several, strict=True)):
        if keys is None and not above:
            # Most models tie nothing, and histories are long.
            key = call[1] if per_key else None
            if key in positions:
                positions[key].append(position)
            else:
                positions[key] = [position]
                members[key] = {key: None}
            continue
        touched = keys if keys is not None else (call.key if per_key else None,)
        # A transaction of no key at all belongs to a group of such.
        group = root(touched[0]) if touched else ()
        positions.setdefault(group, []).append(position)
        members.setdefault(group, {}).update(dict.fromkeys(touched))
        if keys is not None:
            tied.add(group)
    single, anywhere = model.specification(), model.from_anywhere()
    groups: list[Group] = []
    for group, found in positions.items():
        keys = tuple(members[group])
        if group not in tied:
            groups.append(Group(keys, False, single, anywhere, found))
        elif model.joint is None:
            raise ValueError(f"the model {model.name!r} ties keys but has no joint()")
        else:
            groups.append(Group(keys, True, model.joint(keys), None, found))
    return groups


def foresight_of(calls: Sequence[Call], group: Group, model: Model) -> Foresight | None:
    """What the model foresees of these calls of a group, where it foresees anything."""
    if not group.joint:
        return None if model.foresee is None else model.foresee(calls)
    return None if model.foresee_joint is None else model.foresee_joint(group.keys, calls)


def unneeded(
    calls: Sequence[Call], group: Group, model: Model, kept: Set[int], endless: Set[int]
) -> set[int]:
    """Positions of calls of a group that may be left out together, by what the model says of them.

    None of ``kept`` is among them; ``endless`` are the positions of those that crashed. After these
    were left out there may be others. The group's calls must be here, save observations.
    """
    clusters = model.clusters_joint if group.joint else model.clusters
    found = [] if clusters is None else clusters(calls)
    gone = {at for cluster in found if kept.isdisjoint(cluster) for at in cluster}
    foresight = None if gone else foresight_of(calls, group, model)
    if foresight is not None:
        gone = {at for at in endless - kept if foresight.useless(calls[at])}
    return gone
