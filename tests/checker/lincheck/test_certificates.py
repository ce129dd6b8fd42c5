"""Certificates: those that lincheck gives are accepted, and what is accepted is true."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from checker.formats import write_history
from checker.history import History
from checker.lincheck import check, proof
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.certificate import (
    Certificate,
    CertificateError,
    Invalid,
    Refutation,
    Valid,
    from_json,
    to_json,
)
from checker.lincheck.conflict import first_conflict
from checker.lincheck.parts import split
from checker.lincheck.proof import invalid_certificate
from checker.lincheck.refutation import Refuter
from checker.lincheck.search import first_impossible
from checker.lincheck.verify import main, verify
from checker.models import ANYTHING, Model, get_model
from tests.checker.brute_force import possible
from tests.checker.histories import Row, history
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


@pytest.mark.parametrize("name", ["cas-register", "kv", "owner-mutex", "stack", "multi-register"])
def test_events_of_one_time_are_concurrent(name: str) -> None:
    model = get_model(name)
    seen: Counter[bool] = Counter()
    for at, each in enumerate(histories(name)):
        random = Random(f"times {name} {at}")
        time, events = 0, []
        for event in each.events:
            time += random.random() < 0.6
            events.append(event._replace(time=time))
        tied = History(events)
        expected = possible(tied.operations(), model)
        certificate = certify(tied, model)
        assert isinstance(certificate, Valid) is expected
        verify(tied.operations(), certificate, model)
        seen[expected] += 1
    assert min(seen[True], seen[False]) > 3, seen


@pytest.mark.parametrize("name", [name for name in MODELS if get_model(name).reveals is not None])
def test_the_beginning_of_longer_histories_is_cut_off(name: str) -> None:
    model = get_model(name)
    cut = 0
    for seed in range(80):
        each = recorded(Random(f"longer {name} {seed}"), name, 40, lies=1, lie=0.06)
        certificate = certify(each, model)
        verify(each.operations(), certificate, model)
        if isinstance(certificate, Invalid) and certificate.first_event is not None:
            cut += 1
    # Transactions tie nearly all keys of kv together here, and then nothing is cut off.
    assert cut > 3 or name == "kv"


@pytest.mark.parametrize("name", MODELS)
def test_nothing_can_be_left_out_of_an_invalid_certificate(name: str) -> None:
    model = get_model(name)
    for each in histories(name):
        certificate = certify(each, model)
        if isinstance(certificate, Invalid):
            for gone in certificate.operations:
                rest = tuple(name for name in certificate.operations if name != gone)
                assert not is_accepted(each, replace(certificate, operations=rest), model)


@pytest.mark.parametrize("name", MODELS)
def test_what_an_engine_knows_to_be_enough_is_taken_with_what_belongs_to_it(name: str) -> None:
    model = get_model(name)
    for at, each in enumerate(histories(name)):
        random = Random(f"core {name} {at}")
        for part in split(each.operations(), model):
            impossible = first_impossible(part, part.entries, Meter(Budget()))
            if impossible is None:
                continue
            core = [at for at in range(len(part.entries)) if random.random() < 0.8]
            found = first_conflict(
                each.operations(), part, impossible, model, Meter(Budget()), core
            )
            certificate = invalid_certificate(found, model, Meter(Budget()))
            verify(each.operations(), certificate, model)


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
    monkeypatch.setattr(proof, "_BRUTE_FORCE_MAX", 0)
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


@pytest.mark.parametrize("name", [name for name in MODELS if get_model(name).reveals is not None])
def test_what_a_model_says_that_a_call_reveals_is_the_state_after_it(name: str) -> None:
    model = get_model(name)
    advance, reveals = model.specification().advance, model.reveals
    assert reveals is not None
    told = 0
    for each in histories(name, 20):
        parsed = [model.parse(operation) for operation in each.operations()]
        calls = [call for call in parsed if call is not None and call.f != "txn"]
        states = {model.initial}
        for _ in range(3):
            states |= {advance(s, call)[1] for s in states for call in calls if advance(s, call)[0]}
        for state in states:
            for call in calls:
                allowed, after = advance(state, call)
                if allowed and reveals(call) is not ANYTHING:
                    assert after == reveals(call)
                    told += 1
    assert told >= 20


# A refutation, and what is no refutation.


def crowd(reads: int) -> History:
    """Overlapping compare-and-sets from 0 to 1 and back; then reads, of which one is impossible."""
    rows: list[Row] = [(90, "invoke", "write", None, 0), (90, "ok", "write", None, 0)]
    pairs = [(process, [process % 2, 1 - process % 2]) for process in range(6)]
    rows += [(process, "invoke", "cas", None, pair) for process, pair in pairs]
    rows += [(process, "ok", "cas", None, pair) for process, pair in pairs]
    for number in range(reads):
        rows += [(91, "invoke", "read", None, None), (91, "ok", "read", None, int(number == 1))]
    return history(*rows)


def test_a_larger_sub_history_comes_with_a_refutation_that_must_be_whole() -> None:
    model = get_model("cas-register")
    impossible = crowd(2)
    certificate = certify(impossible, model)
    assert isinstance(certificate, Invalid)
    assert certificate.refutation is None, "few operations of the end are enough"
    everything = tuple(o.invocation for o in impossible.operations() if o.invocation is not None)
    parts = split(impossible.operations(), model)
    refuter = Refuter(parts[0].entries, parts[0].specification, Meter(Budget()), record=True)
    assert refuter.first_impossible() is not None
    refutation = refuter.refutation()
    whole = Invalid(model.name, None, None, everything, refutation)
    verify(impossible.operations(), whole, model)
    for turn, listed in enumerate(refutation):
        for at in range(len(listed)):
            rest = (*listed[:at], *listed[at + 1 :])
            cut = (*refutation[:turn], rest, *refutation[turn + 1 :])
            assert not is_accepted(impossible, replace(whole, refutation=cut), model)
    possible_one = crowd(1)
    fewer = replace(whole, operations=everything[:-1])
    assert not is_accepted(possible_one, fewer, model)


def test_a_search_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.lincheck.verify.STEPS_MAX", 50)
    impossible, model = crowd(2), get_model("cas-register")
    everything = tuple(o.invocation for o in impossible.operations() if o.invocation is not None)
    with pytest.raises(CertificateError, match="more than 50 steps"):
        verify(impossible.operations(), Invalid(model.name, None, None, everything), model)


def rows(*calls: str) -> History:
    """A register's history: "3 w 1" (process 3 invokes a write of 1), "3 r", "3 ok 1", "3 info"."""
    events: list[Row] = []
    asked: dict[str, tuple[str, int | None]] = {}
    for call in calls:
        process, word, *number = call.split()
        value = int(number[0]) if number else None
        if word in "wr":
            asked[process] = "write" if word == "w" else "read", value
        f, argument = asked[process]
        type_ = "invoke" if word in "wr" else word
        events.append((int(process), type_, f, None, argument if value is None else value))
    return history(*events)


@pytest.mark.parametrize(
    ("of", "first", "operations"),
    [
        # What was open at the start may take effect after it,
        (rows("0 w 1", "1 w 2", "1 ok", "1 r", "1 ok 1", "0 ok"), 1, (1, 3)),
        # or before it, though it ends later,
        (
            rows("0 w 1", "1 w 3", "1 ok", "1 r", "1 ok 3", "0 ok", "1 r", "1 ok 3"),
            3,
            (0, 3, 6),
        ),
        # and equal operations that nobody knows the end of may both take effect.
        (
            rows(
                *("0 w 1", "0 info", "2 r", "2 ok 1"),
                *("1 w 1", "1 info", "2 w 2", "2 ok", "2 r", "2 ok 1"),
            ),
            None,
            (0, 2, 4, 6, 8),
        ),
    ],
)
def test_operations_without_end_may_take_effect(
    of: History, first: int | None, operations: tuple[int, ...]
) -> None:
    model = get_model("register")
    assert possible(of.operations(), model)
    claim = Invalid(model.name, first, None, operations)
    with pytest.raises(CertificateError, match=r"can be ordered|may not be left out"):
        verify(of.operations(), claim, model)


def forged(of: History, model: Model, random: Random) -> Refutation:
    """A refutation that follows some ways to explain a history, and forgets the others."""
    operations = [o for o in of.operations() if model.parse(o) is not None]
    advance, initial = model.specification().advance, model.initial
    ways: list[tuple[frozenset[int], Any]] = [(frozenset(), initial)]
    lists: list[tuple[tuple[int, ...], ...]] = []
    for last in sorted((o for o in operations if o.completed), key=lambda o: o.completed or 0):
        begun = [o for o in operations if o.invoked < (last.completed or 0)]
        left = [(done, state, (at,)) for at, (done, state) in enumerate(ways)]
        reached: dict[tuple[frozenset[int], Any], tuple[int, ...]] = {}
        for done, state, steps in left:
            if last.invocation in done:
                reached.setdefault((done, state), steps)
                continue
            for each in begun:
                call, name = model.parse(each), each.invocation
                assert call is not None
                assert name is not None
                if name not in done:
                    allowed, after = advance(state, call)
                    if allowed:
                        left.append((done | {name}, after, (*steps, name)))
        keep = random.choice([0.1, 0.4, 0.8])
        chosen = [each for each in reached.items() if random.random() < keep] or [*reached.items()]
        ways = [way for way, _ in chosen]
        lists.append(tuple(steps for _, steps in chosen))
    return tuple(lists)


@pytest.mark.parametrize("name", ["register", "cas-register", "counter", "stack"])
def test_a_refutation_that_forgets_ways_is_refused(name: str) -> None:
    model = get_model(name)
    empty = 0
    for at, each in enumerate(histories(name, 150, most=7)):
        if not possible(each.operations(), model):
            continue
        told = [o for o in each.operations() if model.parse(o) is not None]
        names = tuple(o.invocation for o in told if o.invocation is not None)
        for seed in range(10):
            refutation = forged(each, model, Random(f"{name} {at} {seed}"))
            empty += () in refutation
            claim = Invalid(model.name, None, None, names, refutation)
            assert not is_accepted(each, claim, model)
    assert empty > 5


# The program.


def test_the_program_is_small_and_imports_no_engine() -> None:
    source = Path(main.__code__.co_filename).read_text()
    assert source.count("\n") < 200
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    ours = {name for name in imported if name.startswith("checker")}
    assert ours <= {
        "checker.formats",
        "checker.history",
        "checker.lincheck",
        "checker.lincheck.certificate",
        "checker.models",
        "checker.models.groups",
    }


STALE = history(
    (0, "invoke", "write", None, 1),
    (0, "ok", "write", None, 1),
    (1, "invoke", "write", None, 2),
    (1, "ok", "write", None, 2),
    (0, "invoke", "read", None, None),
    (0, "ok", "read", None, 1),
)


def run(folder: Path, of: History, certificate: Any) -> int:
    with open(folder / "history.jsonl", "w") as file:
        write_history(file, of.events)
    content = certificate if isinstance(certificate, str) else json.dumps(certificate)
    (folder / "certificate.json").write_text(content)
    return main([str(folder / "history.jsonl"), str(folder / "certificate.json")])


def test_the_program_accepts_what_is_true(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = get_model("register")
    fresh = History(e._replace(value=2) if e.index == 5 else e for e in STALE.events)
    assert run(tmp_path, STALE, to_json(certify(STALE, model))) == 0
    assert run(tmp_path, fresh, to_json(certify(fresh, model))) == 0
    assert capsys.readouterr().out == "accepted: invalid\naccepted: valid\n"
    assert run(tmp_path, fresh, to_json(certify(STALE, model))) == 1
    assert run(tmp_path, STALE, to_json(certify(fresh, model))) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": "other"}, "no certificate"),
        ({"version": True}, "version"),
        ({"verdict": "unknown"}, "verdict"),
        ({"model": 3}, "model"),
        ({"model": "kv"}, "kv"),
        ({"model": "no-such-model"}, "no-such-model"),
        ({"operations": [2, "4"]}, "operations"),
        ({"operations": [2, 4.0]}, "operations"),
        ({"operations": []}, "one key"),
        ({"operations": [0, 2, 2, 4]}, "twice"),
        ({"operations": [0, 2, 4, 77]}, "77"),
        ({"operations": [0, 4]}, "can be ordered"),
        ({"operations": [2, 4]}, "may not be left out"),
        ({"operations": [0, 2]}, "can be ordered"),
        ({"first_event": 4}, "can be ordered|does not count"),
        ({"first_event": "0"}, "first_event"),
        ({"last_event": 3}, "does not count"),
        ({"last_event": 99}, "one key"),
        ({"refutation": []}, "misses"),
        ({"refutation": [[]]}, "misses"),
        ({"refutation": [[[0, 0]], [[0, 4]]]}, "cannot be"),
        ({"refutation": [[[-1, 0]]]}, "cannot be"),
        ({"refutation": [[[]]]}, "refutation"),
        ({"refutation": 5}, "refutation"),
    ],
)
def test_the_program_refuses_what_is_not_a_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], why: str
) -> None:
    proof = {
        "format": "splitbrain-certificate",
        "version": 1,
        "verdict": "invalid",
        "model": "register",
        "first_event": None,
        "last_event": 5,
        "operations": [0, 2, 4],
        "refutation": None,
    }
    assert run(tmp_path, STALE, proof) == 0
    capsys.readouterr()
    status = run(tmp_path, STALE, {**proof, **change})
    line = capsys.readouterr().out
    assert status == 1
    assert line.startswith("refused: ")
    assert line.count("\n") == 1
    assert any(part in line for part in why.split("|"))


@pytest.mark.parametrize(
    "content", ["", "[", "null", "[]", "7", '"x"', "\x00", '{"format": ' * 2000, "1" * 5000]
)
def test_the_program_refuses_what_is_no_certificate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    assert run(tmp_path, STALE, content) == 1
    output = capsys.readouterr()
    assert output.out.startswith("refused: ")
    assert output.out.count("\n") == 1
    assert output.err == ""


def test_the_program_runs_by_itself(tmp_path: Path) -> None:
    run(tmp_path, STALE, to_json(certify(STALE, get_model("register"))))
    files = [str(tmp_path / "history.jsonl"), str(tmp_path / "certificate.json")]
    command = [sys.executable, "-W", "error", "-m", "checker.lincheck.verify", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "accepted: invalid\n", "")


def test_the_program_says_when_there_is_no_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nothing.jsonl").write_text("")
    missing = str(tmp_path / "missing.jsonl")
    assert main([missing, missing]) == 254
    assert main([str(tmp_path / "nothing.jsonl"), missing]) == 254
    assert capsys.readouterr().out.count("\n") == 2


def test_bytes_of_a_certificate_changed_at_random(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.dumps(to_json(certify(STALE, get_model("register"))))
    statuses: Counter[int] = Counter()
    for seed in range(100):
        random = Random(seed)
        characters = list(content)
        for _ in range(random.choice([1, 1, 2, 5])):
            characters[random.randrange(len(characters))] = random.choice('0123456789[]{},:"-e.x')
        statuses[run(tmp_path, STALE, "".join(characters))] += 1
    assert statuses.keys() == {0, 1}, "some changes leave something true"
    assert capsys.readouterr().out.count("\n") == 100
