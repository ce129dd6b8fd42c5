"""Options of the tests: Hypothesis profiles and databases, a bug to run, scenarios to rewrite."""

from __future__ import annotations

import os

import pytest

from nemesis.search import pytest_options
from raft.replica import Variant
from tests.order import dealt


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--rewrite``: scenarios are written anew with what they print now. ``--all-needs``: pages of
    the documentation that cannot run as a whole fail."""
    parser.addoption("--rewrite", action="store_true", help="write scenarios anew")
    parser.addoption(
        "--all-needs", action="store_true", help="pages that lack something here fail (tests/docs)"
    )
    pytest_options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    pytest_options.configure(config)
    config.addinivalue_line("markers", "long: takes seconds; begun before the others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    pytest_options.select(config, items)
    processes = os.environ.get("PYTEST_XDIST_WORKER_COUNT")
    if processes is not None:
        long = [item for item in items if item.get_closest_marker("long")]
        short = [item for item in items if not item.get_closest_marker("long")]
        items[:] = dealt(long, short, int(processes))


@pytest.fixture
def variant(pytestconfig: pytest.Config) -> Variant:
    """The Raft that state machines run: the healthy one, or the bug of ``--bug``."""
    return pytest_options.variant_of(pytestconfig)
