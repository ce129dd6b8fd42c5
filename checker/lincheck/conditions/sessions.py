"""Session guarantees: what a process may expect of a store that is not sequentially consistent.

    read your writes       process 0   write 1, read -> nil                            broken
    monotonic reads        process 0   read -> 1, read -> nil                          broken
    monotonic writes       process 0   write 1, write 2;  process 1  read -> 2, read -> 1
                                                          broken, if reads are monotonic
    writes follow reads    process 0   write 1;  process 1  read -> 1, write 2;
                           process 2   read -> 2, read -> 1
                                                          broken, if reads are monotonic

Terry and others, "Session guarantees for weakly consistent replicated data" (1994), in the words of
Burckhardt (2014) and Viotti and Vukolic (2016). A history keeps a set of guarantees if there are an
*arbitration*, one total order of all writes, and for each read a set of writes that it *sees*, such
that a read returns the last write of its key, in arbitration, that it sees (the initial value if it
sees none), and

    read your writes       it sees the writes that its process invoked before
    monotonic reads        it sees what the earlier reads of its process saw
    monotonic writes       writes of a process are arbitrated in its order, and
                           who sees one sees those before it
    writes follow reads    a write is arbitrated after what earlier reads of its process saw, and
                           who sees it sees that too

A compare-and-set that swapped is a read, followed by a write that is arbitrated after what it read.
Real time counts for nothing. All four together are causal consistency with one arbitration (*causal
convergence*: Bouajjani and others 2017; that the four make causality: Brzezinski and others 2004).

The guarantees are judged as a set, for they share the arbitration: "write 1, write 2, read -> 1" of
one process keeps read your writes (with 2 arbitrated before 1), and keeps monotonic writes (the
read did not see 2), but not both. Monotonic writes alone is hardly ever broken by what single reads
tell.

Theory of operation
-------------------
If each read names its source, the four rules are of the form "who sees this sees that", so there is
a least solution: the read sees a write exactly if there is a path from the write to it in the graph

    source -> read                                             always
    write -> each later read of its process                    read your writes
    read -> the next read of its process                       monotonic reads
    write -> the next write of its process                     monotonic writes
    read -> each later write of its process                    writes follow reads

Seeing more never helps: it only adds writes that must be arbitrated before the source. The
arbitration must hold every path from a write to a write (by the last two rules), and for each read
an edge from each write of its key that it sees to its source. Such an order exists if and only if
these edges make no circle; and a read of the initial value must see no write of its key. This is
exact, and polynomial: a pass over the graph with the sets as bit masks; edges that follow from
others are not added.

Where a value has several sources (written twice, or the initial one), guarantees that are broken
whatever those reads saw are broken; else sources are tried one after the other, reader by reader,
up to a bound. A compare-and-set that saw another value asks for nothing at first; only if the least
solution happens to give it the very value that it did not see, its sources are tried, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checker.history import Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.conditions.accesses import Accesses, accesses_of
from checker.lincheck.conditions.finding import Finding
from checker.lincheck.conditions.orders import GUARANTEES, Broken, Choice, Kept, arbitrate
from checker.lincheck.engine import NotApplicable
from checker.models.model import Model
from checker.verdict import Validity

_TRIES_MAX = 256
"""How often sources are tried where reads have several."""


def session_guarantees(
    operations: Sequence[Operation],
    model: Model,
    guarantees: Iterable[str] = GUARANTEES,
    budget: Budget | None = None,
) -> Finding:
    """Whether the operations keep these session guarantees together.

    For registers and key-value stores without appends and transactions; ``unknown`` for others.
    Raises OperationError, and ValueError for a guarantee that is not in GUARANTEES.
    """
    wanted = frozenset(guarantees)
    if not wanted or not wanted <= set(GUARANTEES):
        raise ValueError(f"guarantees must be among {', '.join(GUARANTEES)}, not {sorted(wanted)}")
    try:
        accesses = accesses_of(operations, model)
    except NotApplicable as error:
        return Finding(condition_name(wanted), Validity.UNKNOWN, str(error))
    return judge_accesses(accesses, wanted, budget)


def condition_name(guarantees: frozenset[str]) -> str:
    """What a set of guarantees is called: their names, in order."""
    return " + ".join(name for name in GUARANTEES if name in guarantees)


def judge_accesses(
    accesses: Accesses, guarantees: frozenset[str], budget: Budget | None = None
) -> Finding:
    """As ``session_guarantees``, of operations that are translated already."""
    name = condition_name(guarantees)
    for at, sources in accesses.sources.items():
        if not sources:
            operation = accesses.accesses[at].operation
            reason = f"{operation}: nobody wrote that value, so nobody can have seen it"
            return Finding(name, Validity.INVALID, reason, (operation,))
    meter = Meter(budget or Budget())
    try:
        return _decide(name, accesses, guarantees, meter)
    except BudgetExhausted as error:
        return Finding(name, Validity.UNKNOWN, str(error))


def _decide(name: str, accesses: Accesses, guarantees: frozenset[str], meter: Meter) -> Finding:
    known = {at: found[0] for at, found in accesses.sources.items() if len(found) == 1}
    several = {at: _likely(at, found) for at, found in accesses.sources.items() if len(found) > 1}
    likely = {at: found[0] for at, found in several.items()}
    answer = arbitrate(accesses, guarantees, {**known, **likely}, meter)
    if not isinstance(answer, Kept) and (several or not isinstance(answer, Broken)):
        try:
            answer = _Tries(accesses, guarantees, several, meter).decide(known)
        except _TooMany as error:
            return Finding(name, Validity.UNKNOWN, str(error))
    if isinstance(answer, Kept):
        return Finding(name, Validity.VALID, order=answer.order)
    return Finding(name, Validity.INVALID, answer.reason, answer.operations)


def _likely(reader: int, sources: Sequence[int]) -> list[int]:
    """What was invoked just before the reader comes first, then earlier, then what came later.

    Sources stand in order of invocation, INITIAL last.
    """
    return sorted(sources, key=lambda source: (source > reader, -source))


class _TooMany(Exception):
    """Too many readers have several sources; the message names one."""


class _Tries:
    """Looks for sources, reader by reader; what is broken without the others stays so."""

    def __init__(
        self,
        accesses: Accesses,
        guarantees: frozenset[str],
        several: dict[int, list[int]],
        meter: Meter,
    ) -> None:
        self._accesses = accesses
        self._guarantees = guarantees
        self._several = several
        self._meter = meter
        self._tries = 0

    def decide(self, choice: Choice) -> Kept | Broken:
        """Whether these sources, with some of the other readers, explain everything."""
        if self._tries == _TRIES_MAX:
            raise _TooMany(self._excuse())
        self._tries += 1
        answer = arbitrate(self._accesses, self._guarantees, choice, self._meter)
        if isinstance(answer, Broken):
            return answer
        reader = next((at for at in self._several if at not in choice), None)
        if reader is None:
            if isinstance(answer, Kept):
                return answer
            reader = answer.reader
            sources = _likely(reader, self._accesses.sources_of_mismatch(reader))
        else:
            sources = self._several[reader]
        operation = self._accesses.accesses[reader].operation
        blamed = {operation.invoked: operation}
        for source in sources:
            found = self.decide({**choice, reader: source})
            if isinstance(found, Kept):
                return found
            blamed.update((each.invoked, each) for each in found.operations)
        return Broken(
            tuple(blamed[rank] for rank in sorted(blamed)),
            f"{operation}: whatever write that may have seen, some answer is not explained",
        )

    def _excuse(self) -> str:
        if not self._several:
            return "too many compare-and-sets may have seen one of several writes"
        first = self._accesses.accesses[next(iter(self._several))].operation
        more = len(self._several) - 1
        also = f" and {more} more" if more else ""
        return f"several writes, or none, may be what was read by ({first}){also}"
