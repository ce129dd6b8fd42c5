"""What is installed where tasks are done: only the same splitbrain can read what is handed out.

Whoever runs workers may have forgotten it, or have another version; then each task would fail, in
words of Dask's. They are asked by functions of Python's own library, which any Python has.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pkgutil import resolve_name
from typing import Any, NamedTuple

from nemesis.campaigns.errors import WorkersUnfit
from nemesis.counted import counted
from nemesis.store import splitbrain_version

# What each task needs, of a campaign or of a check.
_NEEDED = "nemesis.campaigns.work:work", "nemesis.campaigns.histories:judge"

Ask = Callable[..., Mapping[str, Any]]
"""Have a function called with arguments: what it returned, or the exception, by who was asked."""


class Installed(NamedTuple):
    """``python``: its version. ``splitbrain``: likewise; None if there is none, ``why``."""

    python: str
    splitbrain: str | None
    why: str = ""


def here() -> Installed:
    """What this process has."""
    return Installed(platform.python_version(), splitbrain_version())


def installed_by(ask: Ask) -> dict[str, Installed]:
    """What those have that answer."""
    pythons, versions = ask(platform.python_version), ask(version, "splitbrain")
    imported = [ask(resolve_name, name) for name in _NEEDED]
    found: dict[str, Installed] = {}
    for who, python in pythons.items():
        told = [answers.get(who) for answers in (versions, *imported)]
        if not isinstance(python, str) or None in told:
            # It has gone meanwhile.
            continue
        wrong = [each for each in told if isinstance(each, ImportError | AttributeError)]
        if wrong:
            missing = not isinstance(told[0], str) or isinstance(told[0], PackageNotFoundError)
            found[who] = Installed(python, None, "" if missing else str(wrong[0]))
        elif isinstance(told[0], str):
            found[who] = Installed(python, told[0])
    return found


def require_fit(installed: Mapping[str, Installed], ours: Installed) -> None:
    """Raises WorkersUnfit, which says what differs, if that keeps somebody from doing tasks."""
    unfit = {who: words for who, there in installed.items() if (words := _difference(there, ours))}
    if unfit:
        who, words = next(iter(unfit.items()))
        others = f", and {counted(len(unfit) - 1, 'other')} likewise" if len(unfit) > 1 else ""
        raise WorkersUnfit(
            f"{who}{others}: has {words}: install splitbrain {ours.splitbrain} for a Python "
            f"{_minor(ours.python)} there, for the scheduler as for each worker"
        )


def _difference(there: Installed, ours: Installed) -> str:
    words: list[str] = []
    if there.splitbrain is None:
        words.append("no splitbrain" + (f" ({there.why})" if there.why else ""))
    elif there.splitbrain != ours.splitbrain:
        words.append(f"splitbrain {there.splitbrain}, and here it is {ours.splitbrain}")
    if _minor(there.python) != _minor(ours.python):
        # What is drawn from a seed may differ, and what is sent cannot be read everywhere.
        words.append(f"Python {there.python}, and here it is {ours.python}")
    return "; ".join(words)


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
