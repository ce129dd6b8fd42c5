"""Certificates: those that lincheck gives are accepted, and what is accepted is true."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from checker.history import History
from checker.lincheck import check, conflict
from checker.lincheck.certificate import (
    Certificate,
    CertificateError,
    Invalid,
    Valid,
    from_json,
    to_json,
)
from checker.lincheck.verify import verify
from checker.models import Model, get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.recorded import MODELS, recorded

HISTORIES = 60
"""Random histories a model; a long run of this test wants thousands."""


def certify(of: History, model: Model) -> Certificate:
    verdict = check(of, model)
    assert verdict.conflict is None or verdict.conflict.is_minimal
    assert verdict.certificate is not None
    return verdict.certificate


def is_accepted(of: History, certificate: Certificate, model: Model) -> bool:
    try:
        verify(of.operations(), certificate, model)
    except CertificateError:
        return False
    return True


def histories(name: str, count: int = HISTORIES, most: int = 8) -> list[History]:
    randoms = [Random(f"{name} {seed}") for seed in range(count)]
    return [recorded(random, name, random.randrange(2, most)) for random in randoms]


@pytest.mark.parametrize("name", MODELS)
def test_every_verdict_has_a_certificate_that_is_accepted(name: str) -> None:
    model = get_model(name)
    seen: Counter[bool] = Counter()
    for each in histories(name):
        expected = possible(each.operations(), model)
        certificate = certify(each, model)
        assert isinstance(certificate, Valid) is expected
        assert from_json(json.loads(json.dumps(to_json(certificate)))) == certificate
        verify(each.operations(), certificate, model)
        seen[expected] += 1
    assert min(seen[True], seen[False]) >= HISTORIES / 10, seen


@pytest.mark.parametrize("name", MODELS)
def test_nothing_can_be_left_out_of_an_invalid_certificate(name: str) -> None:
    model = get_model(name)
    for each in histories(name):
        certificate = certify(each, model)
        if isinstance(certificate, Invalid):
            for gone in certificate.operations:
                rest = tuple(name for name in certificate.operations if name != gone)
                assert not is_accepted(each, replace(certificate, operations=rest), model)


def corrupted(certificate: Certificate, of: History, random: Random) -> Certificate:
    """The certificate with something changed; it may be true all the same."""
    names = [event.index for event in of.events if event.type == "invoke"]
    indexes = [None, -1, *(event.index for event in of.events)]
    if isinstance(certificate, Valid):
        return replace(certificate, order=tuple(_changed(certificate.order, names, random)))
    pick = random.randrange(5)
    if pick == 0:
        return replace(certificate, first_event=random.choice([None, -1, *names]))
    if pick == 1:
        return replace(certificate, last_event=random.choice(indexes))
    if pick == 2:
        return replace(
            certificate, operations=tuple(_changed(certificate.operations, names, random))
        )
    if pick == 3:
        return Valid(certificate.model, tuple(random.sample(names, len(names))))
    lists = [list(map(list, listed)) for listed in certificate.refutation or ((), ())]
    for _ in range(random.choice([1, 2])):
        listed = random.choice(lists)
        if listed and random.random() < 0.5:
            del listed[random.randrange(len(listed))]
        elif listed and random.random() < 0.5:
            listed[0] = _changed(listed[0], names, random) or [0]
        elif random.random() < 0.5 and len(lists) > 1:
            lists.pop()
        else:
            listed.append([random.choice([-1, 0, 1]), *random.sample(names, min(2, len(names)))])
    return replace(certificate, refutation=tuple(tuple(map(tuple, listed)) for listed in lists))


def _changed(names: Sequence[int], known: Sequence[int], random: Random) -> list[int]:
    changed = list(names)
    at = random.randrange(len(changed)) if changed else 0
    pick = random.randrange(5)
    if pick == 0 or not changed:
        changed.insert(at, random.choice(known))
    elif pick == 1:
        del changed[at]
    elif pick == 2:
        changed[at] = random.choice([*known, 999])
    elif pick == 3:
        random.shuffle(changed)
    else:
        changed = random.sample(list(known), random.randrange(1, len(known) + 1))
    return changed


@pytest.mark.parametrize("name", MODELS)
def test_a_corrupted_certificate_is_refused_or_true(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflict, "_BRUTE_FORCE_MAX", 0)
    model = get_model(name)
    seen: Counter[bool] = Counter()
    all_of_them = histories(name)
    certificates = [certify(each, model) for each in all_of_them]
    for at, each in enumerate(all_of_them):
        random = Random(f"corrupt {name} {at}")
        truth = possible(each.operations(), model)
        verify(each.operations(), certificates[at], model)
        for _ in range(10):
            changed = corrupted(certificates[at], each, random)
            if random.random() < 0.1:
                changed = random.choice(certificates)
            accepted = is_accepted(each, changed, model)
            assert not accepted or isinstance(changed, Valid) is truth, (each.events, changed)
            seen[accepted] += 1
    assert seen[False] > seen[True] > 0, seen


@pytest.mark.parametrize("name", MODELS)
def test_what_is_left_out_at_random_is_refused_or_true(name: str) -> None:
    model = get_model(name)
    accepted = 0
    for at, each in enumerate(histories(name, most=6)):
        random = Random(f"at random {name} {at}")
        names = [event.index for event in each.events if event.type == "invoke"]
        ends = [event.index for event in each.events if event.type in ("ok", "fail")]
        truth = possible(each.operations(), model)
        for _ in range(40):
            chosen = tuple(sorted(random.sample(names, random.randrange(1, len(names) + 1))))
            first = random.choice([None, *names]) if random.random() < 0.7 else None
            last = random.choice([None, *ends])
            if is_accepted(each, Invalid(model.name, first, last, chosen), model):
                accepted += 1
                assert not truth, (each.events, first, last, chosen)
    assert accepted > 0
