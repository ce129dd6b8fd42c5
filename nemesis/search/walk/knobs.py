"""The knobs of walks: small clusters, small windows, small files, so that little suffices."""

from __future__ import annotations

from typing import Any

from nemesis.chooser import Chooser
from nemesis.macro.scenario import PLAIN
from nemesis.schedule import MILLISECOND, Knobs
from nemesis.search.walk.themes import SMALL, Theme

# What may differ from the plain Raft, and how; a walk differs in some of them.
_VARIATIONS: dict[str, tuple[Any, ...]] = {
    "pre_vote": (True,),
    "check_quorum": (True,),
    "reads": ("log", "follower", "lease"),
    "spares": (1, 2),
    "workload": ("register",),
    "max_entries_per_append": (1, 2),
    "max_appends_in_flight": (1, 2),
    "max_bytes_in_flight": (SMALL,),
    "max_bytes_per_append": (SMALL,),
    "max_uncommitted_bytes": (2 * SMALL,),
    "snapshot_threshold_bytes": (SMALL, 1),
    "snapshot_chunk_bytes": (4, 16, 60),
    "entries_kept_after_snapshot": (1, 64),
    "segment_bytes": (200,),
    "session_timeout": (500 * MILLISECOND,),
    "asynchronous_storage": (True,),
}
# In so many per cent of the walks the plain Raft varies; and how often in each of these.
_VARIED = 50
_EACH = 15


def draw_walk_knobs(chooser: Chooser, theme: Theme, fixed: dict[str, Any]) -> Knobs:
    """Draw what is fixed for a walk, but for what is given."""
    chosen: dict[str, Any] = {"replicas": chooser.pick((3, 3, 3, 3, 3, 5, 5, 4))}
    if chooser.chance(_VARIED):
        for name, options in _VARIATIONS.items():
            if chooser.chance(_EACH):
                chosen[name] = chooser.pick(options)
    for name, options in theme.knobs.items():
        chosen[name] = chooser.pick(options)
    chosen.update(fixed)
    if chosen.get("reads") == "lease":
        chosen["check_quorum"] = True
    plain = {name: getattr(PLAIN, name) for name in Knobs.__struct_fields__}
    return Knobs(**{**plain, **chosen})
