"""Subjects by name: our own Raft, healthy or with a bug of the zoo, and those of others.

    healthy, vote-twice, ...        our own (raft.bugs)
    pysyncobj, pysyncobj-0.3.17     those of others, in the version that is there, or this one
    package.module:function         any that a function without arguments returns; or the program
                                    whose main function this is, a coroutine function
                                    (nemesis.subjects.asyncio_programs)

A subject of others is a line here, and a module with a function ``subject(version)``, which returns
it, or raises SubjectMissing and says what to install. It is loaded when it is asked for.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from inspect import iscoroutinefunction, signature
from typing import Any

from nemesis.errors import UnknownName
from nemesis.subjects.errors import SubjectMisnamed, SubjectMissing
from nemesis.subjects.own import OWN, OwnRaft
from nemesis.subjects.subject import Subject
from raft.bugs import BUGS

# The names of those of others, without a version, and their modules.
FOREIGN = {
    "asyncio-raft": "nemesis.subjects.asyncio_programs",
    "c-raft": "nemesis.subjects.c_raft",
    "etcd-raft": "nemesis.subjects.etcd_raft",
    "pysyncobj": "nemesis.subjects.pysyncobj",
}

_OURS = ("nemesis", "raft", "checker")


def is_own(name: str) -> bool:
    """Whether this is the name of our own Raft, healthy or with a bug."""
    return name == OWN.name or name in BUGS


def is_exhibit(name: str) -> bool:
    """Whether what fails of it is kept as a proof that it is found: a bug of the zoo, or a subject
    of others that comes with splitbrain. All else is under test."""
    return name in BUGS or (name != OWN.name and ":" not in name)


def subject_named(name: str) -> Subject:
    """The subject of this name. Raises UnknownName, with a suggestion, SubjectMissing if it is not
    on this machine, SubjectMisnamed."""
    if name == OWN.name:
        return OWN
    if name in BUGS:
        return OwnRaft(BUGS[name].variant)
    if ":" in name:
        return _checked(name, name, _found(name))
    for family in FOREIGN:
        if name == family:
            return _checked(name, name, _loaded(family, None))
        if name.startswith(f"{family}-"):
            return _checked(name, family, _loaded(family, name.removeprefix(f"{family}-")))
    raise UnknownName("subject", name, (OWN.name, *FOREIGN), BUGS)


def _loaded(family: str, version: str | None) -> Any:
    module = FOREIGN[family]
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if f"{module}.".startswith(f"{missing}."):
            raise SubjectMissing(f"{family}: this splitbrain does not have it") from error
        if missing.partition(".")[0] in _OURS:
            raise
        raise SubjectMissing(f"{family}: needs the Python module {missing}") from error
    return found.subject(version)


def _found(name: str) -> Any:
    module, _, function = name.partition(":")
    # What lies in the working directory is found, as by python -m.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = getattr(import_module(module), function)
    except (ModuleNotFoundError, AttributeError) as error:
        raise SubjectMissing(f"{name}: {error}") from error
    if iscoroutinefunction(found):
        return import_module(FOREIGN["asyncio-raft"]).AsyncioSubject(found, name)
    try:
        signature(found).bind()
    except TypeError as error:
        raise SubjectMissing(
            f"{name}: is no subject, nor a function without arguments that gives one: {error}"
        ) from error
    return found()


def _checked(name: str, family: str, found: Any) -> Subject:
    """What was found, if it will be found again by its own name: saved runs tell no more of it."""
    subject: Subject = found
    called = getattr(found, "name", None)
    if called == name or (family == name and str(called).startswith(f"{family}-")):
        return subject
    if ":" not in name and str(called).startswith(f"{family}-"):
        raise SubjectMissing(f"{name}: not this version is here, but {called}")
    raise SubjectMisnamed(
        f"{name}: is found by this name, and calls itself {called!r}: its attribute name must be "
        "the one it is found by, as saved runs are replayed by that alone"
    )
