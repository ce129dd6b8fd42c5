"""Few elements: what is impossible as far as they are concerned is impossible, and is found."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from checker.formats import write_history
from checker.history import Event, History, Operation
from checker.lincheck import check, reduction, trials
from checker.lincheck.certificate import CertificateError, Invalid, from_json, to_json
from checker.lincheck.explain import explain
from checker.lincheck.verify import main, verify
from checker.models import CallError, Model, get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.planted_elements import MODELS, kinds_of, planted, right
from tests.checker.lincheck.recorded import recorded

ELEMENTS: dict[str, list[Any]] = {
    "list-append": [0, 1, 2],
    "g-set": [0, 1, 2],
    "set": [0, 1, 2],
    "kv": ["a", "b", "ab"],
}


def histories(name: str, count: int, most: int = 8) -> list[History]:
    randoms = [Random(f"few {name} {seed}") for seed in range(count)]
    return [recorded(random, name, random.randrange(2, most)) for random in randoms]


def chosen(name: str, random: Random) -> list[Any]:
    return random.sample(ELEMENTS[name], random.randrange(len(ELEMENTS[name])))


def is_accepted(of: History, certificate: Invalid, model: Model) -> bool:
    try:
        verify(of.operations(), certificate, model)
    except CertificateError:
        return False
    return True


@pytest.mark.parametrize("name", ELEMENTS)
def test_what_a_possible_history_says_of_some_elements_is_possible(name: str) -> None:
    model = get_model(name)
    assert model.projection is not None
    seen: Counter[bool] = Counter()
    for at, each in enumerate(histories(name, 400)):
        told = [o for o in each.operations() if model.parse(o) is not None]
        truth = possible(told, model)
        try:
            few = model.projection.onto(told, chosen(name, Random(f"{name} {at}")))
        except CallError:
            continue
        seen[truth] += 1
        assert possible(few, model) or not truth, each.events
    assert min(seen[True], seen[False]) > 20, seen


@pytest.mark.parametrize("name", ELEMENTS)
def test_elements_named_at_random_convict_nothing_that_is_possible(name: str) -> None:
    model = get_model(name)
    accepted = 0
    for at, each in enumerate(histories(name, 150, 6)):
        random = Random(f"at random {name} {at}")
        names = [event.index for event in each.events if event.type == "invoke"]
        ends = [event.index for event in each.events if event.type in ("ok", "fail")]
        truth = possible(each.operations(), model)
        for _ in range(40):
            claim = Invalid(
                name,
                None,
                random.choice([None, *ends]),
                tuple(sorted(random.sample(names, random.randrange(1, min(len(names), 3) + 1)))),
                None,
                tuple(chosen(name, random)),
            )
            if is_accepted(each, claim, model):
                accepted += 1
                assert not truth, (each.events, claim)
    assert accepted > 20


@pytest.mark.parametrize("name", ELEMENTS)
def test_few_elements_of_small_histories(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates of few elements are accepted; changed ones are refused or true."""
    monkeypatch.setattr(reduction, "SMALL", 0)
    monkeypatch.setattr(trials, "SMALL", 0)
    monkeypatch.setattr(reduction, "_UNDERSTANDABLE", 0)
    model = get_model(name)
    looked = 0
    refused: Counter[str] = Counter()
    for at, each in enumerate(histories(name, 200)):
        truth = possible(each.operations(), model)
        verdict = check(each, model)
        assert (verdict.validity == "valid") is truth
        certificate = verdict.certificate
        if not isinstance(certificate, Invalid):
            continue
        assert from_json(json.loads(json.dumps(to_json(certificate)))) == certificate
        verify(each.operations(), certificate, model)
        if certificate.elements is None:
            continue
        looked += 1
        for gone in certificate.operations:
            rest = tuple(o for o in certificate.operations if o != gone)
            refused["operation"] += 1
            assert not is_accepted(each, replace(certificate, operations=rest), model)
        random = Random(f"changed {name} {at}")
        fewer = replace(certificate, elements=tuple(chosen(name, random)))
        refused["elements"] += not is_accepted(each, fewer, model)
        other = random.choice(histories(name, 20))
        if is_accepted(other, certificate, model):
            assert not possible(other.operations(), model)
        else:
            refused["history"] += 1
    assert looked > 10
    assert all(refused[what] > 2 for what in ("operation", "elements", "history")), refused


def events_of(operations: list[Operation]) -> list[Event]:
    events: list[Event] = []
    for o in operations:
        assert o.completed is not None
        events.append(Event(o.invoked, o.process, "invoke", o.f, o.key, o.argument))
        value = o.argument if o.result is None and o.f not in ("get", "read") else o.result
        events.append(Event(o.completed, o.process, "ok", o.f, o.key, value))
    return sorted(events, key=lambda event: event.index)


@pytest.mark.parametrize(("name", "kind"), [(m, k) for m in MODELS for k in kinds_of(m)])
def test_a_wrong_answer_in_a_long_history_shows_by_few_operations(
    name: str, kind: str, tmp_path: Path
) -> None:
    model = get_model(name)
    of = History(events_of(planted(name, kind, 3_000, 0.02)))
    verdict = check(of, model)
    certificate = verdict.certificate
    assert isinstance(certificate, Invalid)
    assert certificate.elements is not None
    assert len(certificate.elements) <= 2
    assert len(certificate.operations) <= 4
    assert verdict.conflict is not None
    assert verdict.conflict.is_minimal
    with open(tmp_path / "history.jsonl", "w") as file:
        write_history(file, of.events)
    (tmp_path / "certificate.json").write_text(json.dumps(to_json(certificate)))
    assert main([str(tmp_path / "history.jsonl"), str(tmp_path / "certificate.json")]) == 0
    text = str(explain(of, model, verdict.conflict))
    assert ("concerned" if certificate.elements else "whatever was written") in text
    # What it blames answered something else: then it proves nothing.
    blamed = set(certificate.operations)
    right = planted(name, kind, 3_000, 0.02)
    reads = [o for o in right if o.f in ("get", "read") and o.invoked in blamed]
    fine = [o._replace(outcome="fail") if o in reads else o for o in right]
    with pytest.raises(CertificateError):
        verify(fine, certificate, model)


@pytest.mark.parametrize(("name", "kind"), [(m, k) for m in MODELS for k in kinds_of(m)])
def test_with_one_answer_changed_it_proves_nothing(name: str, kind: str) -> None:
    """The wrong answer put right, and no other value touched: the certificate is refused."""
    model = get_model(name)
    wrong = History(events_of(planted(name, kind, 1_000, 0.05))).operations()
    fine = History(events_of(right(name, 1_000, 0.05))).operations()
    certificate = check(wrong, model).certificate
    assert isinstance(certificate, Invalid)
    assert certificate.elements is not None
    verify(wrong, certificate, model)
    differ = [at for at, (o, p) in enumerate(zip(wrong, fine, strict=True)) if o != p]
    assert len(differ) == 1
    (at,) = differ
    assert wrong[at]._replace(result=fine[at].result) == fine[at]
    with pytest.raises(CertificateError):
        verify([*wrong[:at], fine[at], *wrong[at + 1 :]], certificate, model)


def test_elements_need_a_model_that_has_some_the_beginning_and_version_2() -> None:
    of = History(events_of(planted("kv", "lost", 200, 0.2)))
    certificate = check(of, get_model("kv")).certificate
    assert isinstance(certificate, Invalid)
    claim = replace(certificate, elements=("1;",))
    with pytest.raises(CertificateError, match="by themselves"):
        verify(of.operations(), replace(claim, first_event=claim.operations[0]), get_model("kv"))
    plain = replace(get_model("kv"), projection=None)
    with pytest.raises(CertificateError, match="by themselves"):
        verify(of.operations(), claim, plain)
    with pytest.raises(CertificateError, match="elements"):
        from_json({**to_json(claim), "version": 1})
    with pytest.raises(CertificateError, match="elements"):
        from_json({**to_json(claim), "elements": "1;"})
    before = {k: v for k, v in to_json(certificate).items() if k != "elements"}
    assert from_json({**before, "version": 1}) == replace(certificate, elements=None)


def test_texts_of_which_one_begins_with_another_are_not_taken_apart() -> None:
    onto = get_model("kv").projection
    assert onto is not None
    operations = [
        Operation(0, "append", "x", "a", None, "ok", 0, 1),
        Operation(0, "append", "x", "ab", None, "ok", 2, 3),
        Operation(0, "append", "y", "ab", None, "ok", 4, 5),
        Operation(0, "put", "y", "c", None, "ok", 6, 7),
        Operation(0, "get", "y", None, "c", "ok", 8, 9),
    ]
    assert [(o.f, o.key, o.argument, o.result) for o in onto.onto(operations, ["ab"])] == [
        ("append", "y", "ab", None),
        ("delete", "y", None, None),
        ("get", "y", None, None),
    ]
    with pytest.raises(CallError, match="transaction"):
        onto.onto([Operation(0, "txn", None, {}, None, "info", 0, None)], ["ab"])
