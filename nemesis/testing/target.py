"""What a test attacks, and how it says so: a decorated function, or a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar
from unittest import SkipTest

import pytest

from nemesis.errors import NemesisError

if TYPE_CHECKING:
    from nemesis.run import Run

SIMULATED = "sim"
_MOST_NODES = 9
_ATTRIBUTE = "splitbrain_target"
_Function = TypeVar("_Function", bound=Callable[..., Any])


class TestMakesNoSense(NemesisError):
    """A test that could not fail, or asks for what there is not."""

    # Not a test itself.
    __test__ = False


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
        None if faults is None else _names(faults),
        nodes,
        runs,
        _names(options),
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
            None if obj.faults is None else _names(obj.faults),
            obj.nodes,
            obj.runs,
            _names(obj.options),
        )
    found = getattr(obj, _ATTRIBUTE, None)
    return found if isinstance(found, Target) else None


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """A string is one name, not its letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def require_sense(target: Target) -> None:
    """Raises TestMakesNoSense for numbers that would be taken for others."""
    if target.runs is not None and target.runs < 1:
        raise TestMakesNoSense(f"runs={target.runs}: must be at least 1")
    if target.nodes is not None and not 1 <= target.nodes <= _MOST_NODES:
        raise TestMakesNoSense(f"nodes={target.nodes}: must be 1 to {_MOST_NODES}")


def check_of(obj: Any) -> Callable[[Run], None]:
    """What the test asserts of every run. It raises AssertionError, whatever the test raised (the
    cause then); and TestMakesNoSense if the test returns something, since that asserts nothing."""
    called: Callable[[Run], object] = obj().check if isinstance(obj, type) else obj

    @wraps(called)
    def check(run: Run) -> None:
        try:
            returned = called(run)
        except (AssertionError, pytest.xfail.Exception):
            raise
        except SkipTest as skipped:
            pytest.skip(str(skipped))
        except pytest.fail.Exception as error:
            raise AssertionError(str(error)) from None
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}") from error
        if iscoroutine(returned):
            returned.close()
        if returned is not None:
            raise TestMakesNoSense(
                f"{obj.__name__}: returned a {type(returned).__name__}, which asserts nothing: use "
                "assert, and neither async nor yield"
            )

    return check
