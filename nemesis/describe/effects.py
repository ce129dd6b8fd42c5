"""What a step changed, in clauses: logs, commit indices, roles, what clients were answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from checker.history import Event
from checker.trace import Appended, ConfigurationChanged, Started, Stopped, Truncated
from nemesis.describe.story import Scene, ServerState
from nemesis.workloads import WORKLOADS

# So many entries are told one by one.
_MOST = 3
# Why a server went down, where the step says it.
_TOLD_BY_THE_STEP = ("crashed", "its disk fails")


def listed(names: Iterable[str]) -> str:
    """n1; n1 and n2; n1, n2 and n3."""
    words = list(names)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def entries_words(first: int, last: int) -> str:
    """Entry 1; entries 1 and 2; entries 1 to 3."""
    if first == last:
        return f"entry {first}"
    return f"entries {first} {'and' if last == first + 1 else 'to'} {last}"


def log_change(scene: Scene, node: str, verb: str = "stores") -> str | None:
    """What a server removed from its log and added to it, as a verb phrase; None if nothing."""
    truncated, appended = _changed_entries(scene, node)
    phrases = []
    if truncated is not None:
        last = scene.before[node].last_index
        phrases.append(f"removes its {entries_words(truncated, max(truncated, last))}")
    if appended:
        phrases.append(f"{verb} {_contents(scene.after[node], appended)}")
    return listed(phrases) if phrases else None


def appended_by(scene: Scene, node: str) -> int | None:
    """The index of the one entry that a server appended; None if it appended none, or several."""
    appended = _changed_entries(scene, node)[1]
    return appended[0] if len(appended) == 1 else None


def _changed_entries(scene: Scene, node: str) -> tuple[int | None, list[int]]:
    """From where on a server removed entries, and the indices of those that it appended."""
    truncated: int | None = None
    appended: list[int] = []
    for event in scene.trace:
        if event.node != node:
            continue
        if isinstance(event, Started):
            # What follows is recovered.
            return None, []
        if isinstance(event, Truncated):
            truncated = event.index if truncated is None else min(truncated, event.index)
            appended = [index for index in appended if index < event.index]
        elif isinstance(event, Appended):
            appended.append(event.index)
    return truncated, appended


def _contents(state: ServerState, indices: Sequence[int]) -> str:
    """Which entries, of what terms; what they hold, if they are few."""
    words = entries_words(indices[0], indices[-1])
    entries = [entry for entry in state.log if entry.index in indices]
    if not entries or len(entries) > _MOST:
        return words
    terms = dict.fromkeys(entry.term for entry in entries)
    if len(terms) == 1:
        return f"{words} of term {entries[0].term} ({', '.join(each.what for each in entries)})"
    return f"{words} ({', '.join(f'term {each.term}: {each.what}' for each in entries)})"


def commitments(scene: Scene) -> list[str]:
    """Who now counts more entries as committed."""
    by_range: dict[tuple[int, int], list[str]] = {}
    for name, after in scene.after.items():
        before = scene.before[name]
        if before.is_up and after.commit_index > before.commit_index:
            grown = (before.commit_index + 1, after.commit_index)
            by_range.setdefault(grown, []).append(name)
    return [
        f"{listed(names)} commit{'s' if len(names) == 1 else ''} {entries_words(*grown)}"
        for grown, names in by_range.items()
    ]


def configurations(scene: Scene) -> list[str]:
    """Who now goes by another configuration."""
    changed: dict[str, list[str]] = {}
    for event in scene.trace:
        if isinstance(event, ConfigurationChanged) and scene.before[event.node].is_up:
            old, new = scene.before[event.node].configuration, scene.after[event.node].configuration
            if old != new and scene.after[event.node].is_up:
                names = changed.setdefault(membership_words(scene.after[event.node]), [])
                if event.node not in names:
                    names.append(event.node)
    return [f"for {listed(names)} {words}" for words, names in changed.items()]


def membership_words(state: ServerState) -> str:
    """Who has a say in the configuration of a server."""
    configuration = state.configuration
    if configuration.outgoing:
        words = (
            f"it now takes a majority of {listed(configuration.outgoing)} and one of "
            f"{listed(configuration.voters)}"
        )
    elif configuration.voters:
        are = "voters are" if len(configuration.voters) > 1 else "only voter is"
        words = f"the {are} now {listed(configuration.voters)}"
    else:
        words = "nobody votes now"
    if configuration.learners:
        learn = "learns" if len(configuration.learners) == 1 else "learn"
        words += f", while {listed(configuration.learners)} {learn}"
    return words


def step_downs(scene: Scene) -> list[str]:
    """Who no longer leads or campaigns."""
    return [
        f"{name} steps down"
        for name, after in scene.after.items()
        if after.is_up
        and after.role == "follower"
        and scene.before[name].role in ("leader", "candidate")
    ]


def stops(scene: Scene) -> list[str]:
    """Who went down by itself, or did not come up."""
    return [
        f"{event.node} goes down ({event.reason})"
        for event in scene.trace
        if isinstance(event, Stopped) and event.reason not in _TOLD_BY_THE_STEP
    ]


def answers(history: Iterable[Event], clients: dict[int | str, str], workload: str) -> list[str]:
    """What clients were told, in the order of their answers; ``clients`` are their names by the
    process numbers of the history."""
    return [
        _answer(event, clients[event.process], workload)
        for event in history
        if event.type in ("ok", "fail", "info") and event.process in clients
    ]


def _answer(event: Event, client: str, workload: str) -> str:
    is_read = event.f in WORKLOADS[workload].reads
    if event.type == "info" or event.error == "timed-out":
        if is_read:
            return f"{client} gives up {operation_words(event)}"
        return f"{client} gives up {operation_words(event)}, whose outcome it does not know"
    if event.type == "fail":
        return f"{client} is told that {operation_words(event)} failed ({event.error})"
    if is_read:
        found = "is absent" if event.value is None else f"is {event.value}"
        return f"{client} is answered that {event.key} {found}"
    return f"{client} is told that {operation_words(event)} is done"


def operation_words(operation: Any) -> str:
    """An operation of a step or of a history, as a noun."""
    value = operation.value
    match operation.f:
        case "put" | "write":
            return f"{operation.key}={value}"
        case "append":
            return f"{operation.key}+={value}"
        case "get" | "read":
            return f"the read of {operation.key}"
        case "cas":
            return f"{operation.key}={value[1]} if it is {value[0] or 'absent'}"
        case "delete":
            return f"the deletion of {operation.key}"
        case "txn":
            return "a transaction"
    return f"the {_with_operands(operation)}"


def request_words(operation: Any) -> str:
    """What a client asks for: "to put x=1"."""
    match operation.f:
        case "put" | "write" | "cas":
            return f"to put {operation_words(operation)}"
        case "append":
            return f"to append {operation.value} to {operation.key}"
        case "get" | "read":
            return f"to read {operation.key}"
        case "delete":
            return f"to delete {operation.key}"
        case "txn":
            return "to perform a transaction"
    return f"for the {_with_operands(operation)}"


def _with_operands(operation: Any) -> str:
    """What has no words of its own: "transfer [0, 1, 5] of x"."""
    value = "" if operation.value is None else f" {operation.value}"
    return f"{operation.f}{value} of {operation.key}"
