"""Options of pytest for state machines: which Raft they run, and where failures are kept.

``--bug NAME`` runs the tests that ask for the fixture ``variant`` on a bug of the zoo, and no
others; they must fail then.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from nemesis.errors import NemesisError
from nemesis.search.databases import FORMS, parse_databases
from nemesis.search.judged_machine import JudgedMachine
from nemesis.search.profiles import choose_profile, register_profiles, seed_of_shard
from raft.bugs import UnknownBug, get_bug
from raft.replica import HEALTHY, Variant

_HYPOTHESIS_WARNINGS = "default::hypothesis.errors.HypothesisWarning"


def add_options(parser: pytest.Parser) -> None:
    """Call it in ``pytest_addoption``."""
    group = parser.getgroup("splitbrain")
    group.addoption("--bug", metavar="NAME", help="run the state machines on this bug of the zoo")
    group.addoption(
        "--hypothesis-database",
        action="append",
        default=[],
        metavar="WHERE",
        help=f"where Hypothesis keeps what failed: {FORMS}; may be given several times",
    )


def configure(config: pytest.Config) -> None:
    """Call it first in ``pytest_configure``. Raises UsageError for what is not known."""
    try:
        if config.getoption("--bug") is not None:
            get_bug(config.getoption("--bug"))
        names = config.getoption("--hypothesis-database")
        register_profiles(parse_databases(names) if names else None)
        settings.load_profile(choose_profile(config.getoption("--hypothesis-profile"), os.environ))
        forced_seed(config)
    except (UnknownBug, NemesisError) as error:
        raise pytest.UsageError(str(error)) from error
    if any(name.startswith("github:") for name in names):
        # An artifact that is not there, or cannot be had just now, is no failure of any test.
        config.addinivalue_line("filterwarnings", _HYPOTHESIS_WARNINGS)


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Call it in ``pytest_collection_modifyitems``: with ``--bug``, leave out what does not run
    the bug."""
    if config.getoption("--bug") is None:
        return
    concerned = [item for item in items if "variant" in getattr(item, "fixturenames", ())]
    others = [item for item in items if item not in concerned]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = concerned


def variant_of(config: pytest.Config) -> Variant:
    """The Raft that is to be run."""
    name = config.getoption("--bug")
    return HEALTHY if name is None else get_bug(name).variant


def forced_seed(config: pytest.Config) -> int | None:
    """The seed of ``--hypothesis-seed``, from which those of the shards are made; None if there is
    none. Raises UsageError if it is no integer: Hypothesis alone would take any text."""
    text = config.getoption("--hypothesis-seed")
    try:
        return None if text is None else int(text)
    except ValueError as error:
        raise pytest.UsageError(f"--hypothesis-seed {text!r} is no integer") from error


def run_shard(
    machine: type[JudgedMachine],
    shard: int,
    variant: Variant,
    limits: settings,
    forced_seed: int | None = None,
) -> None:
    """Run a shard of a machine on this variant, with a seed and examples of its own."""
    name = f"{machine.__name__}_{variant.name.replace('-', '_')}_{shard}"
    shard_machine = type(name, (machine,), {"variant": variant})
    chosen = seed_of_shard(shard, forced_seed)
    run_state_machine_as_test(seed(chosen)(shard_machine), settings=limits)
