"""Which bugs can be explored: those that lie in what is run when a world is explored."""

from __future__ import annotations

from types import FunctionType

from nemesis.explore.frozen import NotModelled
from raft.replica import HEALTHY, Variant
from raft.storage import Storage

_OF_STORAGE = frozenset({"state_to_save", "must_sync"})


def check_variant(variant: Variant) -> None:
    """Raises NotModelled for a variant that would run here as if it were healthy."""
    for part, healthy in HEALTHY._asdict().items():
        if part not in ("name", "consensus", "storage") and getattr(variant, part) is not healthy:
            raise NotModelled(
                f"{variant.name}: its bug is in the {part.replace('_', ' ')}, which is not run "
                "when a world is explored"
            )
    mro = variant.storage.__mro__
    for cls in mro[: mro.index(Storage)]:
        for name, value in vars(cls).items():
            if isinstance(value, FunctionType) and name not in _OF_STORAGE:
                raise NotModelled(
                    f"{variant.name}: its bug is in {cls.__name__}.{name}; of the storage only "
                    f"{' and '.join(sorted(_OF_STORAGE))} are run when a world is explored"
                )
