"""What lincheck's evidence costs, in ms of processor time; its size; what verifying it takes.

    python bench/lincheck_certificates.py [operations]

The recorded histories of etcd and of the key-value store (../shared/data, where that is there),
and histories made here; last a valid one of many operations (default: a million).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import process_time

# A script's folder is where its imports are looked for first.
from lincheck import DATA, made, milliseconds, overlapping

from checker.formats import read_history
from checker.history import Operation
from checker.lincheck import Budget, check
from checker.lincheck.certificate import Invalid
from checker.lincheck.verify import verify
from checker.models import get_model
from checker.verdict import Validity


class Cost:
    """Of one history: ms without and with a certificate, and of verifying it."""

    def __init__(self, operations: Sequence[Operation], model_name: str) -> None:
        model, budget = get_model(model_name), Budget(seconds=None)
        self.verdict = check(operations, model, budget=budget)
        certificate = self.verdict.certificate
        assert certificate is not None, "the budget has no bound"
        self.without = milliseconds(
            lambda: check(operations, model, budget=budget, certificate=False)
        )
        self.certified = milliseconds(lambda: check(operations, model, budget=budget))
        self.verified = milliseconds(lambda: verify(operations, certificate, model))

    def __str__(self) -> str:
        found = self.verdict.conflict
        size = "" if found is None else f", {len(found.operations)} operations in conflict"
        return (
            f"{self.without:.2f} ms, certified {self.certified:.2f} ms, "
            f"verified {self.verified:.2f} ms, {self.verdict.validity}{size}"
        )


def recorded() -> None:
    """The histories of etcd."""
    folder: Path = DATA / "etcd-jepsen"
    names = json.loads((folder / "verdicts.json").read_text())
    costs = [Cost(read_history(folder / name).operations(), "cas-register") for name in names]
    invalid = [cost for cost in costs if cost.verdict.conflict is not None]
    valid = [cost for cost in costs if cost.verdict.conflict is None]
    for what, some in (("all", costs), ("valid", valid), ("invalid", invalid)):
        print(
            f"{len(some)} etcd histories, {what}: {sum(c.without for c in some):.1f} ms, "
            f"certified {sum(c.certified for c in some):.1f} ms (goal 40), the worst "
            f"{max(c.certified for c in some):.2f} ms; verified "
            f"{sum(c.verified for c in some):.1f} ms, the worst "
            f"{max(c.verified for c in some):.2f} ms"
        )
    sizes, refutations, cut = [], 0, 0
    for cost in invalid:
        certificate = cost.verdict.certificate
        assert isinstance(certificate, Invalid)
        sizes.append(len(certificate.operations))
        refutations += certificate.refutation is not None
        cut += certificate.first_event is not None
    print(
        f"operations in conflict: {min(sizes)} to {max(sizes)}, the median {median(sizes):g}; "
        f"{cut} of {len(invalid)} from a later beginning, {refutations} need a refutation"
    )


def rows() -> None:
    """Single histories that are impossible, and a valid one."""
    if DATA.is_dir():
        for path in sorted((DATA / "porcupine-kv").glob("*.txt")):
            print(f"kv {path.stem}: {Cost(read_history(path).operations(), 'kv-empty')}")
    for writes in (20, 200):
        for values in (None, 5):
            of = [
                operation._replace(argument=operation.argument % values)
                if values is not None and operation.f == "write"
                else operation
                for operation in overlapping(writes)
            ]
            what = "unique" if values is None else f"of {values} values"
            print(f"{writes} overlapping writes, {what}: {Cost(of, 'register')}")
    for clients in (3, 10, 20):
        for at in (0.1, 0.9):
            of = lying(made(1, 2_000, clients), at)
            what = f"5 values, 2,000 operations, {clients} clients, a wrong read at {at:.0%}"
            print(f"{what}: {Cost(of, 'cas-register')}")


def lying(operations: Sequence[Operation], at: float) -> list[Operation]:
    """The history with a read of another value, so far from its beginning, that is impossible."""
    model = get_model("cas-register")
    first = int(len(operations) * at)
    for place in range(first, len(operations)):
        read = operations[place]
        if read.f == "read":
            wrong = read._replace(result=((read.result or 0) + 1) % 5)
            found = [*operations[:place], wrong, *operations[place + 1 :]]
            if check(found, model, certificate=False).validity is Validity.INVALID:
                return found
    raise AssertionError("one read must be impossible")


def long(count: int) -> None:
    """A valid history of many operations."""
    operations, model = made(1, count, 10, values=None, swaps=False), get_model("register")
    certificate = check(operations, model, budget=Budget(seconds=None)).certificate
    assert certificate is not None
    before, started = getrusage(RUSAGE_SELF).ru_maxrss, process_time()
    verify(operations, certificate, model)
    took, grown = process_time() - started, getrusage(RUSAGE_SELF).ru_maxrss - before
    print(
        f"register, unique values, {count:,} operations, valid: verified in {took:.1f} s "
        f"(goal 8), {grown / 1024:.0f} MiB more at the peak"
    )


def main(words: Sequence[str]) -> None:
    if DATA.is_dir():
        recorded()
    else:
        print("the recorded histories (../shared/data) are not here: left out")
    rows()
    long(int(words[0]) if words else 1_000_000)


if __name__ == "__main__":
    main(sys.argv[1:])
