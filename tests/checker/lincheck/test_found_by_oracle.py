"""Histories on which a long comparison with brute force once found lincheck wrong, by their seeds."""

from __future__ import annotations

import pytest

from checker.lincheck import check
from checker.lincheck.verify import verify
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.engines import small

FOUND = (
    # A guess of who wrote a text, forgotten when crashed compare-and-sets had been followed.
    *(("kv", seed) for seed in (1000309, 1000342, 1004368, 1006346, 1008533, 1008977, 1012418)),
    *(("kv-empty", seed) for seed in (1001996, 1002634, 1005232, 1005766, 1015820, 1016708)),
    # A crashed insert that a poll needed of which nobody knew yet what it had removed.
    ("priority-queue", 1008215),
)


@pytest.mark.parametrize(("name", "seed"), FOUND)
def test_what_was_wrong_once_is_right(name: str, seed: int) -> None:
    operations, model = small(name, seed), get_model(name)
    verdict = check(operations, model)
    assert verdict.validity == ("valid" if possible(operations, model) else "invalid")
    assert verdict.certificate is not None
    verify(operations, verdict.certificate, model)
