"""What a test attacks, and how it says so: a decorated function, or a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

if TYPE_CHECKING:
    from nemesis.run import Run

SIMULATED = "sim"
_ATTRIBUTE = "splitbrain_target"
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Target(NamedTuple):
    """What is attacked: a subject in the simulator by its name, or a real cluster by its kind.
    None leaves the choice to the generator of schedules."""

    cluster: str = SIMULATED
    # "healthy", "etcd-raft", or one of one's own, "package.module:function".
    subject: str = "healthy"
    workload: str | None = None
    faults: tuple[str, ...] | None = None
    nodes: int | None = None
    # Runs of the test, unless --splitbrain-runs or --splitbrain-time says otherwise.
    runs: int | None = None
    # Of real clusters: options of ``splitbrain test`` as they are on the command line.
    options: tuple[str, ...] = ()


class Attack:
    """Base of tests that are classes; nothing but the class body is needed. ``check`` is called
    with every run, after it was judged, and may assert more."""

    cluster: ClassVar[str] = SIMULATED
    subject: ClassVar[str] = "healthy"
    workload: ClassVar[str | None] = None
    faults: ClassVar[Sequence[str] | None] = None
    nodes: ClassVar[int | None] = None
    runs: ClassVar[int | None] = None
    options: ClassVar[Sequence[str]] = ()

    def check(self, run: Run) -> None:
        """Assert what else must hold of a run."""


def attacked(
    *,
    cluster: str = SIMULATED,
    subject: str = "healthy",
    workload: str | None = None,
    faults: Sequence[str] | None = None,
    nodes: int | None = None,
    runs: int | None = None,
    options: Sequence[str] = (),
) -> Callable[[_Function], _Function]:
    """Make a function a test of this target; it is called with every run, after it was judged, and
    may assert more. It takes the run, and no fixtures."""
    target = Target(
        cluster,
        subject,
        workload,
        None if faults is None else tuple(faults),
        nodes,
        runs,
        tuple(options),
    )

    def mark(function: _Function) -> _Function:
        setattr(function, _ATTRIBUTE, target)
        return function

    return mark


def target_of(obj: object) -> Target | None:
    """The target of a test; None if this is no test of a target."""
    if isinstance(obj, type):
        if not issubclass(obj, Attack) or obj is Attack:
            return None
        return Target(
            obj.cluster,
            obj.subject,
            obj.workload,
            None if obj.faults is None else tuple(obj.faults),
            obj.nodes,
            obj.runs,
            tuple(obj.options),
        )
    found = getattr(obj, _ATTRIBUTE, None)
    return found if isinstance(found, Target) else None


def check_of(obj: Any) -> Callable[[Run], None]:
    """What the test asserts of every run."""
    check: Callable[[Run], None] = obj().check if isinstance(obj, type) else obj
    return check
