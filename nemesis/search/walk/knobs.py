"""The knobs of walks: small clusters, small windows, small files, so that little suffices."""

from __future__ import annotations

from typing import Any

from nemesis.chooser import Chooser
from nemesis.macro.scenario import PLAIN
from nemesis.schedule import MILLISECOND, Knobs

# What is written is small: an entry takes some 50 to 100 bytes.
_SMALL = 150

# What may differ from the plain Raft, and how; a walk differs in some of them.
_VARIATIONS: dict[str, tuple[Any, ...]] = {
    "pre_vote": (True,),
    "check_quorum": (True,),
    "reads": ("log", "follower", "lease"),
    "spares": (1, 2),
    "workload": ("register",),
    "max_entries_per_append": (1, 2),
    "max_appends_in_flight": (1, 2),
    "max_bytes_in_flight": (_SMALL,),
    "max_bytes_per_append": (_SMALL,),
    "max_uncommitted_bytes": (2 * _SMALL,),
    "snapshot_threshold_bytes": (_SMALL, 1),
    "snapshot_chunk_bytes": (60,),
    "entries_kept_after_snapshot": (1, 64),
    "segment_bytes": (200,),
    "session_timeout": (500 * MILLISECOND,),
    "asynchronous_storage": (True,),
}
# How often each differs, in per cent of the walks that are varied.
_USUAL = 20
_OFTEN = {"max_entries_per_append": 50, "reads": 30, "spares": 30}


def draw_walk_knobs(chooser: Chooser, **fixed: Any) -> Knobs:
    """Draw what is fixed for a walk, but for what is given."""
    chosen: dict[str, Any] = {"replicas": chooser.pick((3, 3, 3, 3, 3, 5, 5, 4))}
    if chooser.chance(70):
        for name, options in _VARIATIONS.items():
            if chooser.chance(_OFTEN.get(name, _USUAL)):
                chosen[name] = chooser.pick(options)
    elif chooser.chance(50):
        chosen["max_entries_per_append"] = 1
    chosen.update(fixed)
    if chosen.get("reads") == "lease":
        chosen["check_quorum"] = True
    return _knobs(chosen)


def _knobs(chosen: dict[str, Any]) -> Knobs:
    plain = {name: getattr(PLAIN, name) for name in Knobs.__struct_fields__}
    return Knobs(**{**plain, **chosen})
