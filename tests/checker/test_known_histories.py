"""Histories recorded by others, whose verdicts are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.formats import read_history
from checker.lincheck import check
from checker.lincheck.verify import verify
from checker.models import get_model

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the recorded histories (../shared/data) are not on this machine"
)


def test_the_known_histories_are_all_there() -> None:
    assert len(list((DATA / "etcd-jepsen").glob("*.log"))) == 52
    assert len(list((DATA / "porcupine-kv").glob("*.txt"))) == 5


def judge(path: Path, model_name: str) -> str:
    recorded = read_history(path)
    model = get_model(model_name)
    verdict = check(recorded, model)
    assert verdict.certificate is not None
    verify(recorded.operations(), verdict.certificate, model)
    return verdict.validity.value


def test_etcd_histories_recorded_by_jepsen() -> None:
    folder = DATA / "etcd-jepsen"
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert {name: judge(folder / name, "cas-register") for name in verdicts} == verdicts


@pytest.mark.parametrize("name", ["c01-ok", "c01-bad", "c10-ok", "c10-bad", "c50-ok"])
def test_key_value_histories_of_porcupine(name: str) -> None:
    expected = "valid" if name.endswith("-ok") else "invalid"
    assert judge(DATA / "porcupine-kv" / f"{name}.txt", "kv-empty") == expected
