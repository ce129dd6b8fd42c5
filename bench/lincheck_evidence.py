"""What evidence costs where one answer of many is wrong: lists in transactions, texts with puts.

    python bench/lincheck_evidence.py transactions [OPERATIONS ...]
    python bench/lincheck_evidence.py puts [OPERATIONS ...]

``transactions``: ``list-append`` of 1 to 10 keys and 5 to 20 clients, with unique elements and with
5 % that were appended before. ``puts``: ``kv-empty``, 2 or 10 % of the operations are puts; an
element of an answer is missing, or two have changed places.

Processor time of ``check`` in seconds, without and with a certificate (which may take a minute),
and of verifying it; how many operations and elements it has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

# A script's folder is where its imports are looked for first.
from lincheck_appends import Row, made

from checker.history import Operation
from checker.lincheck import Budget, check
from checker.lincheck.certificate import Invalid
from checker.lincheck.verify import verify
from checker.models import get_model
from tests.checker.lincheck.transaction_histories import KINDS, lying, transactions

PUTS = (
    Row("one key, 10 % puts", 1, 0.4, 0.1),
    Row("one key, 2 % puts", 1, 0.4, 0.02),
    Row("10 keys, 10 % puts", 10, 0.4, 0.1),
)


def cost(operations: Sequence[Operation], model_name: str) -> str:
    """Of one impossible history."""
    model, budget = get_model(model_name), Budget(seconds=60)
    times = [process_time()]
    check(operations, model, budget=budget, certificate=False, clock=process_time)
    times.append(process_time())
    verdict = check(operations, model, budget=budget, clock=process_time)
    times.append(process_time())
    plain, certified = times[1] - times[0], times[2] - times[1]
    found = f"{plain:.2f} s, certified {certified:.2f} s, {verdict.validity}"
    certificate = verdict.certificate
    if not isinstance(certificate, Invalid):
        return f"{found}, no certificate of a violation"
    verify(operations, certificate, model)
    verified = process_time() - times[2]
    elements = "all" if certificate.elements is None else len(certificate.elements)
    minimal = "" if verdict.conflict and verdict.conflict.is_minimal else ", not minimal"
    return (
        f"{found}, verified {verified:.3f} s: {len(certificate.operations)} operations, "
        f"{elements} elements{minimal}"
    )


def of_transactions(count: int) -> Iterator[tuple[str, list[Operation]]]:
    for keys, clients, reads in ((1, 10, 0.1), (3, 5, 0.5), (10, 20, 0.3)):
        for twice in (0.0, 0.05):
            history = transactions(1, count, clients=clients, keys=keys, reads=reads, twice=twice)
            for kind in KINDS:
                if keys > 1 or kind != "skewed":
                    what = f"{keys} keys, {clients} clients, {twice:.0%} twice, {kind}"
                    yield what, lying(history, kind)


def of_puts(count: int) -> Iterator[tuple[str, list[Operation]]]:
    for row in PUTS:
        history = made(row, count)
        for kind in ("lost", "swapped"):
            for at in range(int(0.9 * count), count):
                pieces = (history[at].result or "").split(";")[:-1]
                if history[at].f == "get" and len(pieces) > 4:
                    if kind == "lost":
                        del pieces[1]
                    else:
                        pieces[1], pieces[2] = pieces[2], pieces[1]
                    answer = "".join(f"{piece};" for piece in pieces)
                    wrong = history[at]._replace(result=answer)
                    yield f"{row.name}, {kind}", [*history[:at], wrong, *history[at + 1 :]]
                    break


def main(words: Sequence[str]) -> None:
    kind, *counts = words or ["transactions"]
    for count in map(int, counts or (["1000"] if kind == "transactions" else ["3000"])):
        rows, model = (
            (of_puts(count), "kv-empty")
            if kind == "puts"
            else (of_transactions(count), "list-append")
        )
        for what, operations in rows:
            print(f"{count:,} operations, {what}: {cost(operations, model)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
