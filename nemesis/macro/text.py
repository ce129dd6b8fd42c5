"""Macro-steps as text, a line each, as people write them down.

    with replicas=5 reads=lease         knobs, if they are not the plain ones; before all steps
    elect n1 [n2 n3?]                   the answer of n3 is held
    elect n1 [n2] hastily
    propose n1 put x 1                  by client c0
    propose n1 cas x ["1","2"] as c1 unanswered
    propose n1 add x #3                 a number
    read n1 x as c1
    retry n2 as c1
    replicate n1 [n2? n3]
    deliver n1 n2 append                the oldest
    deliver n1 n2 append newest copy
    deliver n1 n2 append #2
    crash n1
    fail-power n1 after 1 torn
    restart n1
    wait 150 [n1]                       without servers: all
    snapshot n1
    change n1 add-voter n4, remove n2 explicit
    change n1 target n1 n2 n4 / n5      voters, learners
    change n1                           leave the joint configuration
    transfer n1 n2 [n3]
    transfer n1 n2 held                 TimeoutNow does not arrive
    stall n1
    perform n1 write
    lose-file n1 vote
    flip-bit n1 log
    fill-disk n1
    settle

Lines that are empty, or begin with #, mean nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast, get_args

import msgspec

from nemesis.errors import ScheduleError
from nemesis.macro import steps as macro
from nemesis.macro.steps import MacroStep, MessageKind
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    Target,
)

_CHANGES: dict[str, type[AddVoter | AddLearner | Promote | Demote | Remove]] = {
    "add-voter": AddVoter,
    "add-learner": AddLearner,
    "promote": Promote,
    "demote": Demote,
    "remove": Remove,
}
_NAMES = {cls: name for name, cls in _CHANGES.items()}


class _Words:
    """The words of one line, taken from the left."""

    def __init__(self, line: str) -> None:
        self._words = line.replace("[", " [ ").replace("]", " ] ").replace(",", " , ").split()
        self._words.reverse()

    @property
    def next(self) -> str | None:
        return self._words[-1] if self._words else None

    def take(self) -> str:
        if not self._words:
            raise ValueError("a word is missing at the end")
        return self._words.pop()

    def take_if(self, *words: str) -> str | None:
        return self._words.pop() if self.next in words else None

    def nodes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names in brackets, if there are any, and those of them with a question mark."""
        named: list[str] = []
        if self.take_if("["):
            while (word := self.take()) != "]":
                named.append(word)
        marked = tuple(word[:-1] for word in named if word.endswith("?"))
        return tuple(word.removesuffix("?") for word in named), marked


# -- Parsing -----------------------------------------------------------------------------------


def parse_steps(text: str, source: str = "steps") -> tuple[MacroStep, ...]:
    """The steps, a line each; raises ScheduleError naming ``source`` and the line."""
    return parse_scenario(text, source)[1]


def parse_scenario(
    text: str, source: str = "scenario"
) -> tuple[dict[str, Any], tuple[MacroStep, ...]]:
    """What the lines that begin with "with" say about knobs, and the steps."""
    knobs: dict[str, Any] = {}
    steps: list[MacroStep] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("with ") and not steps:
            for word in line.split()[1:]:
                name, _, value = word.partition("=")
                knobs[name] = _value(value)
        else:
            steps.append(parse_step(line, f"{source}: line {number}"))
    return knobs, tuple(steps)


def parse_step(line: str, source: str = "step") -> MacroStep:
    """The step of one line; raises ScheduleError naming ``source``."""
    try:
        return _parse(line)
    except (ValueError, KeyError, msgspec.ValidationError) as error:
        raise ScheduleError(f"{source}: {line!r}: {error}") from error


def _value(word: str) -> Any:
    """JSON, or else the word itself."""
    try:
        return json.loads(word)
    except json.JSONDecodeError:
        return word


def _parse(line: str) -> MacroStep:
    name, _, rest = line.partition(" ")
    if name not in _PARSERS:
        raise ValueError(f"no step is named {name!r}; there are {', '.join(sorted(_PARSERS))}")
    if name == "propose":
        return _propose(rest)
    words = _Words(rest)
    step = _PARSERS[name](words)
    if words.next is not None:
        raise ValueError(f"{words.next!r} is too much")
    return step


def _elect(words: _Words) -> MacroStep:
    node = words.take()
    voters, unanswered = words.nodes()
    hasty = words.take_if("hastily") is not None
    return macro.Elect(node=node, voters=voters, unanswered=unanswered, hasty=hasty)


def _propose(rest: str) -> MacroStep:
    """A value is JSON, without spaces, or #3, a number, or a plain word, which is a string."""
    words = rest.split()
    unanswered = words[-1:] == ["unanswered"]
    if unanswered:
        words.pop()
    client = 0
    if len(words) > 2 and words[-2] == "as":
        client = _client(words.pop())
        words.pop()
    node, f, *arguments = words
    key = arguments.pop(0) if arguments and f != "txn" else None
    value: Any = None
    if arguments:
        word = arguments.pop(0)
        if word.startswith("#"):
            value = int(word[1:])
        else:
            value = json.loads(word) if word[0] in '[{"' else word
    if arguments:
        raise ValueError(f"{arguments[0]!r} is too much")
    return macro.Propose(node=node, f=f, key=key, value=value, client=client, unanswered=unanswered)


def _client(word: str) -> int:
    if not word.startswith("c"):
        raise ValueError(f"{word!r} is no client, such as c0")
    return int(word[1:])


def _as(words: _Words) -> int:
    return _client(words.take()) if words.take_if("as") else 0


def _read(words: _Words) -> MacroStep:
    node, key = words.take(), words.take()
    client = _as(words)
    unanswered = words.take_if("unanswered") is not None
    return macro.Propose(node=node, f="get", key=key, client=client, unanswered=unanswered)


def _retry(words: _Words) -> MacroStep:
    node = words.take()
    client = _as(words)
    unanswered = words.take_if("unanswered") is not None
    return macro.Retry(node=node, client=client, unanswered=unanswered)


def _replicate(words: _Words) -> MacroStep:
    node = words.take()
    peers, unanswered = words.nodes()
    return macro.Replicate(node=node, peers=peers, unanswered=unanswered)


def _deliver(words: _Words) -> MacroStep:
    source, target, kind = words.take(), words.take(), words.take()
    if kind not in get_args(MessageKind):
        raise ValueError(f"no message is of the kind {kind!r}")
    nth = 0
    if words.take_if("newest"):
        nth = -1
    elif words.next is not None and words.next.startswith("#"):
        nth = int(words.take()[1:])
    copy = words.take_if("copy") is not None
    return macro.Deliver(
        source=source, target=target, message=cast(MessageKind, kind), nth=nth, copy=copy
    )


def _fail_power(words: _Words) -> MacroStep:
    node = words.take()
    syncs = int(words.take()) if words.take_if("after") else 0
    torn = words.take_if("torn") is not None
    return macro.FailPower(node=node, syncs=syncs, torn=torn)


def _wait(words: _Words) -> MacroStep:
    return macro.Wait(milliseconds=int(words.take()), nodes=words.nodes()[0])


def _change(words: _Words) -> MacroStep:
    node = words.take()
    changes: list[Change] = []
    while words.next in _CHANGES or words.next == "target":
        word = words.take()
        changes.append(_target(words) if word == "target" else _CHANGES[word](words.take()))
        words.take_if(",")
    transition = words.take_if("automatic", "implicit", "explicit") or "automatic"
    return msgspec.convert(
        {
            "step": "change",
            "node": node,
            "changes": msgspec.to_builtins(changes),
            "transition": transition,
        },
        macro.ChangeMembers,
    )


def _target(words: _Words) -> Target:
    names: tuple[list[str], list[str]] = ([], [])
    at = 0
    while words.next is not None and words.next not in ("automatic", "implicit", "explicit"):
        if words.take_if("/"):
            at = 1
        else:
            names[at].append(words.take())
    return Target(tuple(names[0]), tuple(names[1]))


def _transfer(words: _Words) -> MacroStep:
    node, target = words.take(), words.take()
    if words.take_if("held"):
        return macro.TransferTo(node=node, target=target, held=True)
    return macro.TransferTo(node=node, target=target, voters=words.nodes()[0])


def _perform(words: _Words) -> MacroStep:
    node = words.take()
    work = words.take_if("write", "application") or "write"
    return msgspec.convert({"step": "perform", "node": node, "work": work}, macro.Perform)


def _on_file(words: _Words, step: type[macro.LoseFile | macro.FlipBit]) -> MacroStep:
    node = words.take()
    name = step.__struct_config__.tag
    return msgspec.convert(
        {"step": name, "node": node, "file": words.take() if words.next else "vote"}, step
    )


_PARSERS: dict[str, Callable[[_Words], MacroStep]] = {
    "elect": _elect,
    "propose": lambda words: _propose(""),
    "read": _read,
    "retry": _retry,
    "replicate": _replicate,
    "deliver": _deliver,
    "crash": lambda words: macro.Crash(node=words.take()),
    "fail-power": _fail_power,
    "restart": lambda words: macro.Restart(node=words.take()),
    "wait": _wait,
    "snapshot": lambda words: macro.Snapshot(node=words.take()),
    "change": _change,
    "transfer": _transfer,
    "stall": lambda words: macro.Stall(node=words.take()),
    "perform": _perform,
    "lose-file": lambda words: _on_file(words, macro.LoseFile),
    "flip-bit": lambda words: _on_file(words, macro.FlipBit),
    "fill-disk": lambda words: macro.FillDisk(node=words.take()),
    "settle": lambda words: macro.Settle(),
}

# -- Formatting --------------------------------------------------------------------------------


def format_step(step: MacroStep) -> str:
    """The step's line; parsing it gives the step again."""
    match step:
        case macro.Elect():
            hastily = " hastily" if step.hasty else ""
            return f"elect {step.node} {_brackets(step.voters, step.unanswered)}{hastily}"
        case macro.Propose(f="get", key=str(key), value=None):
            return f"read {step.node} {key}{_client_words(step)}"
        case macro.Propose():
            return f"propose {step.node} {step.f}{_operands(step)}{_client_words(step)}"
        case macro.Retry():
            return f"retry {step.node}{_client_words(step)}"
        case macro.Replicate():
            return f"replicate {step.node} {_brackets(step.peers, step.unanswered)}"
        case macro.Deliver():
            nth = {0: "", -1: " newest"}.get(step.nth, f" #{step.nth}")
            copy = " copy" if step.copy else ""
            return f"deliver {step.source} {step.target} {step.message}{nth}{copy}"
        case macro.FailPower():
            after = f" after {step.syncs}" if step.syncs else ""
            return f"fail-power {step.node}{after}" + " torn" * step.torn
        case macro.Wait():
            nodes = f" {_brackets(step.nodes)}" if step.nodes else ""
            return f"wait {step.milliseconds}{nodes}"
        case macro.ChangeMembers():
            return f"change {step.node}{_change_words(step)}"
        case macro.TransferTo(held=True):
            return f"transfer {step.node} {step.target} held"
        case macro.TransferTo():
            return f"transfer {step.node} {step.target} {_brackets(step.voters)}"
        case macro.Perform():
            return f"perform {step.node} {step.work}"
        case macro.LoseFile() | macro.FlipBit():
            return f"{step.kind} {step.node} {step.file}"
        case macro.Settle():
            return "settle"
        case macro.Crash() | macro.Restart() | macro.Snapshot() | macro.Stall() | macro.FillDisk():
            return f"{step.kind} {step.node}"
    raise TypeError(f"{type(step).__name__} is no macro-step")


def _brackets(nodes: tuple[str, ...], marked: tuple[str, ...] = ()) -> str:
    return "[" + " ".join(node + "?" * (node in marked) for node in nodes) + "]"


def _operands(step: macro.Propose) -> str:
    words = [] if step.key is None else [step.key]
    value = step.value
    if isinstance(value, str) and value.isalnum() and value not in ("as", "unanswered"):
        words.append(value)
    elif type(value) is int:
        words.append(f"#{value}")
    elif value is not None:
        # Spaces, which only strings have here, would end the word.
        words.append(json.dumps(value, separators=(",", ":")).replace(" ", "\\u0020"))
    return "".join(f" {word}" for word in words)


def _client_words(step: macro.Propose | macro.Retry) -> str:
    client = f" as c{step.client}" if step.client else ""
    return client + (" unanswered" if step.unanswered else "")


def _change_words(step: macro.ChangeMembers) -> str:
    words = []
    for change in step.changes:
        if isinstance(change, Target):
            learners = f" / {' '.join(change.learners)}" if change.learners else ""
            words.append(f"target {' '.join(change.voters)}{learners}")
        else:
            words.append(f"{_NAMES[type(change)]} {change.node}")
    transition = "" if step.transition == "automatic" else f" {step.transition}"
    return "".join(f" {word}" for word in [", ".join(words)] if word) + transition
