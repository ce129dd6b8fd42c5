"""Checking one anomaly against the history, by definition, without any inference.

Each anomaly names its transactions and the values that it rests on; here the history is read again,
and each claim is looked up in it. This uses neither the graph nor what was inferred from it, only
the reading of transactions. The rules of steps (``Step.rule``):

    order           some read of ``witness`` has ``before``, and ``after`` later or not at all
    read            the target read ``before``, which only the source wrote
    missed          the source read the list without ``after``, which only the target appended
    initial         the source read nil; the target wrote ``after``
    follows-reads   the source read ``before``; ``witness`` read it and then wrote ``after``
    sequential,     the first ``witness`` left ``before``, the second, which came after the first
    linearizable    (in its process; in time), found ``after``
    realtime-writes the first ``witness`` wrote ``before`` and ended before the second, which wrote
                    ``after``, began; this is an rw edge that counts as one of real time
    process, realtime   the source had ended before the target began (in its process)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checker.history import History, Operation
from checker.isolation.anomalies import Anomaly, Step
from checker.isolation.transactions import READ, REGISTER, Transaction, parse
from checker.models.model import distinct


class EvidenceError(ValueError):
    """An anomaly that the history does not show; the message says which claim fails."""


def verify(history: History | Iterable[Operation], anomaly: Anomaly) -> None:
    """Check every claim of an anomaly; raises EvidenceError at the first that does not hold."""
    operations = history.operations() if isinstance(history, History) else tuple(history)
    facts = _Facts(operations, anomaly.workload)
    witnesses = (at for step in anomaly.steps for at in (step.source, step.target, *step.witness))
    for at in (*anomaly.transactions, *witnesses):
        require(0 <= at < len(facts.all), f"there is a transaction at {at}")
    try:
        (_verify_cycle if anomaly.steps else _verify_direct)(facts, anomaly)
    except EvidenceError:
        raise
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"this is not what a {anomaly.kind} consists of: {error!r}") from error


def _verify_direct(facts: _Facts, anomaly: Anomaly) -> None:
    checks = {
        "G1a": _aborted_read,
        "G1b": _intermediate_read,
        "garbage-read": _garbage_read,
        "future-read": _future_read,
        "internal": _internal,
        "duplicate-elements": _duplicate_elements,
        "incompatible-order": _incompatible_order,
        "disordered-writes": _disordered_writes,
        "dirty-update": _dirty_update,
        "cyclic-versions": _cyclic_versions,
        "lost-update": _lost_update,
        "OTV": _vanishes,
    }
    require(anomaly.kind in checks, f"{anomaly.kind!r} is a kind that needs no cycle")
    checks[anomaly.kind](facts, anomaly)


def require(holds: bool, claim: str) -> None:
    """Raise EvidenceError unless the claim holds."""
    if not holds:
        raise EvidenceError(f"the history does not show that {claim}")


class _Facts:
    """Questions to a history, each answered by looking at its transactions."""

    def __init__(self, operations: tuple[Operation, ...], workload: str) -> None:
        self.all = parse(operations, workload).all
        self.register = workload == REGISTER
        self.writers: dict[Any, list[int]] = {}
        self.seen: dict[Any, None] = {}
        for at, each in enumerate(self.all):
            for f, key, value in each.smalls:
                if f != READ:
                    self.writers.setdefault((key, value), []).append(at)
                else:
                    for element in self._elements(value):
                        self.seen[key, element] = None

    def _elements(self, value: Any) -> Any:
        return (value,) if self.register else value

    def shows(self, value: Any, element: Any) -> bool:
        """Whether what was read has this element, or is this value."""
        return element in self._elements(value)

    def reads(self, at: int, key: Any) -> list[tuple[int, Any]]:
        """What a committed transaction read of a key before, or besides, its own writes."""
        if self.all[at].outcome != "ok":
            return []
        own: list[Any] = []
        found = []
        for place, (f, of, value) in enumerate(self.all[at].smalls):
            if of != key:
                continue
            if f != READ:
                own.append(value)
            elif not own:
                found.append((place, value))
            elif not self.register:
                base = value[: max(len(value) - len(own), 0)]
                if base + own == value and not any(element in base for element in own):
                    found.append((place, base))
        return found

    def writes(self, at: int, key: Any) -> list[Any]:
        """What a transaction wrote to a key, in order."""
        return [value for f, of, value in self.all[at].smalls if f != READ and of == key]

    def wrote(self, at: int, key: Any, value: Any) -> bool:
        """Whether this transaction, and no other that may have happened, wrote this, once."""
        writers = [who for who in self.writers.get((key, value), ()) if self.alive(who)]
        return writers == [at]

    def alive(self, at: int) -> bool:
        return self.all[at].outcome != "fail"

    def aborted(self, key: Any, value: Any) -> bool:
        """Whether this was written, but only by transactions that failed."""
        writers = self.writers.get((key, value), [])
        return bool(writers) and not any(map(self.alive, writers))

    def committed(self, at: int) -> bool:
        """Whether a transaction is known to have committed: told so, or something of it seen."""
        each = self.all[at]
        if each.outcome == "info":
            return any(
                f != READ and (key, value) in self.seen and self.wrote(at, key, value)
                for f, key, value in each.smalls
            )
        return each.outcome == "ok"

    def precedes(self, one: int, other: int) -> bool:
        completed = self.all[one].completed
        return completed is not None and completed < self.all[other].invoked

    def found(self, at: int, key: Any) -> Any:
        reads = self.reads(at, key)
        return reads[0][1] if reads else self.writes(at, key)[-1]

    def left(self, at: int, key: Any) -> Any:
        writes = self.writes(at, key)
        return writes[-1] if writes else self.reads(at, key)[-1][1]

    def version(self, key: Any, value: Any) -> bool:
        """Whether a value of a register stands for one committed version."""
        writers = [who for who in self.writers.get((key, value), ()) if self.alive(who)]
        if value is None:
            return not self.writers.get((key, None))
        if len(writers) != 1:
            return False
        return self.committed(writers[0]) and self.writes(writers[0], key)[-1] == value

    def ordered(
        self, key: Any, before: Any, after: Any, rule: str, witness: tuple[int, ...]
    ) -> bool:
        """Whether one version of a register is before the other, by this rule."""
        if rule == "initial":
            return before is None and after is not None and self.version(key, None)
        if before == after or not self.version(key, before) or not self.version(key, after):
            return False
        if rule == "follows-reads":
            (who,) = witness
            reads = self.reads(who, key)
            return bool(reads) and reads[-1][1] == before and self.writes(who, key)[-1:] == [after]
        first, second = witness
        if rule == "realtime-writes":
            written = [self.writes(who, key)[-1:] for who in witness]
            return written == [[before], [after]] and self.precedes(first, second)
        if rule not in ("sequential", "linearizable") or not self.precedes(first, second):
            return False
        if rule == "sequential" and self.all[first].process != self.all[second].process:
            return False
        touched = all(self.reads(who, key) or self.writes(who, key) for who in witness)
        return (
            touched
            and all(map(self.committed, witness))
            and self.left(first, key) == before
            and self.found(second, key) == after
        )


def _verify_cycle(facts: _Facts, anomaly: Anomaly) -> None:
    steps = anomaly.steps
    sources = tuple(step.source for step in steps)
    require(sources == anomaly.transactions, "the steps go through its transactions")
    require(len(set(sources)) == len(sources) > 1, "the cycle meets no transaction twice")
    for step, following in zip(steps, (*steps[1:], steps[0]), strict=True):
        require(step.target == following.source, "each step begins where the last one ended")
        _verify_step(facts, step)
    kinds = [step.kind for step in steps]
    timely = ["realtime"] if any(step.rule == "realtime-writes" for step in steps) else []
    require(_class_of(kinds, kinds + timely) == anomaly.kind, f"edges {kinds} are a {anomaly.kind}")


def _class_of(kinds: list[str], orders: list[str]) -> str:
    """The kind of a cycle, from its definition in anomalies."""
    missed = [kind == "rw" for kind in kinds]
    if not any(missed):
        name = "G1c" if "wr" in kinds else "G0"
    elif sum(missed) == 1:
        name = "G-single"
    else:
        in_a_row = any(map(bool.__and__, missed, [*missed[1:], missed[0]]))
        name = "G2-item" if in_a_row else "G-nonadjacent"
    for order in ("realtime", "process"):
        if order in orders:
            return f"{name}-{order}"
    return name


def _verify_step(facts: _Facts, step: Step) -> None:
    source, target, rule = step.source, step.target, step.rule
    claim = f"{step.kind}: {step.why}"
    for at in (source, target):
        require(facts.committed(at), f"the transaction at {at} committed ({claim})")
    key, before, after = distinct(step.key), distinct(step.before), distinct(step.after)
    if rule in ("process", "realtime"):
        require(step.kind == rule and facts.precedes(source, target), claim)
        same = facts.all[source].process == facts.all[target].process
        require(rule == "realtime" or same, claim)
    elif rule == "read":
        shown = any(facts.shows(value, before) for _, value in facts.reads(target, key))
        require(step.kind == "wr" and shown and facts.wrote(source, key, before), claim)
    elif rule == "missed":
        lacks = any(not facts.shows(value, after) for _, value in facts.reads(source, key))
        require(step.kind == "rw" and not facts.register and lacks, claim)
        require(facts.wrote(target, key, after), claim)
    elif rule == "order":
        require(step.kind == "ww" and not facts.register, claim)
        require(facts.wrote(source, key, before) and facts.wrote(target, key, after), claim)
        lists = [value for at in step.witness for _, value in facts.reads(at, key)]
        require(any(_in_order(value, before, after) for value in lists), claim)
    else:
        require(facts.register and facts.ordered(key, before, after, rule, step.witness), claim)
        require(facts.writes(target, key)[-1:] == [after], claim)
        if step.kind == "rw":
            require(any(value == before for _, value in facts.reads(source, key)), claim)
        else:
            require(step.kind == "ww" and rule in ("sequential", "linearizable"), claim)
            require(facts.wrote(source, key, before), claim)


def _in_order(elements: list[Any], before: Any, after: Any) -> bool:
    if before not in elements:
        return False
    return after not in elements or elements.index(before) < elements.index(after)


def _element(anomaly: Anomaly, name: str = "element") -> tuple[Any, Any]:
    return distinct(anomaly.key), distinct(anomaly.facts[name])


def _aborted_read(facts: _Facts, anomaly: Anomaly) -> None:
    reader, writer = anomaly.transactions
    key, element = _element(anomaly)
    require(any(facts.shows(v, element) for _, v in facts.reads(reader, key)), anomaly.message)
    require(facts.aborted(key, element), anomaly.message)
    require(writer in facts.writers[key, element], anomaly.message)


def _intermediate_read(facts: _Facts, anomaly: Anomaly) -> None:
    reader, writer = anomaly.transactions
    key, element = _element(anomaly)
    last = element if facts.register else [element]
    values = [value if facts.register else value[-1:] for _, value in facts.reads(reader, key)]
    require(reader != writer and last in values, anomaly.message)
    require(facts.wrote(writer, key, element), anomaly.message)
    require(facts.writes(writer, key)[-1] != element, anomaly.message)


def _garbage_read(facts: _Facts, anomaly: Anomaly) -> None:
    (reader,) = anomaly.transactions
    key, element = _element(anomaly)
    require(any(facts.shows(v, element) for _, v in facts.reads(reader, key)), anomaly.message)
    initial = facts.register and element is None
    require(not initial and (key, element) not in facts.writers, anomaly.message)


def _future_read(facts: _Facts, anomaly: Anomaly) -> None:
    (at,) = anomaly.transactions
    key, element = _element(anomaly)
    place = anomaly.facts["small"]
    f, of, value = facts.all[at].smalls[place]
    require(f != READ and (of, value) == (key, element), anomaly.message)
    require(facts.wrote(at, key, element), anomaly.message)
    earlier = [v for where, v in facts.reads(at, key) if where < place]
    require(any(facts.shows(v, element) for v in earlier), anomaly.message)


def _internal(facts: _Facts, anomaly: Anomaly) -> None:
    (at,) = anomaly.transactions
    key, place = distinct(anomaly.key), anomaly.facts["small"]
    each: Transaction = facts.all[at]
    f, of, value = each.smalls[place]
    require(each.outcome == "ok" and f == READ and of == key, anomaly.message)
    earlier = [small for small in each.smalls[:place] if small[1] == key]
    require(bool(earlier), anomaly.message)
    own = [small[2] for small in earlier if small[0] != READ]
    if facts.register:
        require((own or [earlier[-1][2]])[-1] != value, anomaly.message)
        return
    bases = [v for where, v in facts.reads(at, key) if where < place]
    base = value[: max(len(value) - len(own), 0)]
    if base + own == value and not any(element in base for element in own):
        require(bool(bases) and bases[-1] != base, anomaly.message)


def _duplicate_elements(facts: _Facts, anomaly: Anomaly) -> None:
    (reader,) = anomaly.transactions
    key, element = _element(anomaly)
    require(any(v.count(element) > 1 for _, v in facts.reads(reader, key)), anomaly.message)
    require(len(facts.writers.get((key, element), ())) < 2, anomaly.message)


def _incompatible_order(facts: _Facts, anomaly: Anomaly) -> None:
    one, other = anomaly.transactions
    key = distinct(anomaly.key)
    pairs = [(a, b) for _, a in facts.reads(one, key) for _, b in facts.reads(other, key)]
    odd = any(a[: len(b)] != b[: len(a)] for a, b in pairs)
    require(odd, anomaly.message)


def _disordered_writes(facts: _Facts, anomaly: Anomaly) -> None:
    reader, writer = anomaly.transactions
    key, element = _element(anomaly)
    writes = facts.writes(writer, key)
    require(element in writes[1:], anomaly.message)
    before = writes[writes.index(element) - 1]
    require(facts.wrote(writer, key, element), anomaly.message)
    require(facts.wrote(writer, key, before), anomaly.message)
    shown = [v[: v.index(element)] for _, v in facts.reads(reader, key) if element in v]
    require(any(before not in value for value in shown), anomaly.message)


def _dirty_update(facts: _Facts, anomaly: Anomaly) -> None:
    failed, writer, reader = anomaly.transactions
    key, before = _element(anomaly, "before")
    _, after = _element(anomaly, "after")
    require(facts.aborted(key, before), anomaly.message)
    require(failed in facts.writers[key, before], anomaly.message)
    require(facts.wrote(writer, key, after) and facts.committed(writer), anomaly.message)
    lists = [value for _, value in facts.reads(reader, key)]
    require(any([before, after] == v[i : i + 2] for v in lists for i in range(len(v))), "both read")


def _cyclic_versions(facts: _Facts, anomaly: Anomaly) -> None:
    key, order = distinct(anomaly.key), anomaly.facts["order"]
    witnesses = {at for step in order for at in step["witness"]}
    require(witnesses == set(anomaly.transactions), anomaly.message)
    for step, following in zip(order, (*order[1:], order[0]), strict=True):
        require(step["rule"] != "realtime-writes", anomaly.message)
        require(step["after"] == following["before"], anomaly.message)
        before, after = distinct(step["before"]), distinct(step["after"])
        holds = facts.ordered(key, before, after, step["rule"], tuple(step["witness"]))
        require(holds, anomaly.message)


def _lost_update(facts: _Facts, anomaly: Anomaly) -> None:
    who, key = anomaly.transactions, distinct(anomaly.key)
    read = anomaly.facts["read"]
    value = distinct(read) if facts.register else list(map(distinct, read))
    require(len(set(who)) == len(who) > 1, "several transactions lost an update")
    require(not facts.register or len(facts.writers.get((key, value), ())) < 2, anomaly.message)
    for at in who:
        reads = facts.reads(at, key)
        require(bool(reads) and reads[-1][1] == value, anomaly.message)
        require(bool(facts.writes(at, key)), anomaly.message)


def _vanishes(facts: _Facts, anomaly: Anomaly) -> None:
    reader, writer = anomaly.transactions
    key, missed = _element(anomaly, "missed")
    key_seen, seen = map(distinct, anomaly.facts["seen"])
    require(facts.wrote(writer, key_seen, seen) and facts.committed(writer), anomaly.message)
    require(missed in facts.writes(writer, key), anomaly.message)
    first = [at for at, v in facts.reads(reader, key_seen) if facts.shows(v, seen)]
    if facts.register:
        read, rule = distinct(anomaly.facts["read"]), anomaly.facts["rule"]
        require(rule != "realtime-writes", anomaly.message)
        holds = facts.ordered(key, read, missed, rule, tuple(anomaly.facts["witness"]))
        require(holds, anomaly.message)
        later = [at for at, v in facts.reads(reader, key) if v == read]
    else:
        require(facts.wrote(writer, key, missed), anomaly.message)
        later = [at for at, v in facts.reads(reader, key) if not facts.shows(v, missed)]
    require(bool(first) and bool(later) and min(first) < max(later), anomaly.message)
