"""Hypothesis profiles: ``gate`` for every test run, ``dev`` while writing, ``fuzz`` for hours.

Chosen with HYPOTHESIS_PROFILE. Hypothesis' own profile under CI is derandomized and keeps no
database: it would never explore anything new, so it is not used.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "gate",
    deadline=None,
    print_blob=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("dev", settings.get_profile("gate"), max_examples=20)
settings.register_profile("fuzz", settings.get_profile("gate"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--rewrite``: scenarios are written anew with what they print now."""
    parser.addoption("--rewrite", action="store_true", help="write scenarios anew")
