"""A report for a terminal, or for the log of a build: the verdict and its counterexample, at most
LINES_MAX lines. A line is pieces of text, each with the style that a terminal may give it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from checker.report.data import (
    Attempt,
    Counterexample,
    Entry,
    NodeState,
    Operations,
    Report,
    ScheduleStep,
    Span,
    Words,
)
from checker.report.evidence import operation_words

LINES_MAX = 40
"""Lines of a report as text, all in all."""

WIDTH = 100
"""Characters of a line."""

Line = tuple[tuple[str, str], ...]
"""Pieces: text, and its style in words that rich knows ("bold red"), or ""."""

STYLES = {"valid": "bold green", "invalid": "bold red", "unknown": "bold yellow"}
_NAME, _FAINT, _WRONG = "cyan", "dim", "red"
_TERMS = ("blue", "magenta", "green", "yellow", "cyan")
"""Styles of entries by their terms, in turn."""

_PARAGRAPH_MAX = 10
_BARS_MAX = 8
_ATTEMPTS_MAX = 3
_STUCK_MAX = 2
_SHOWN_STEPS = 8
_NODES_MAX = 9
_FIGURES_MAX = 8
_BAR_WIDTH = 40


def text_of(report: Report, most: int = LINES_MAX) -> list[Line]:
    """The report as lines, at most ``most``."""
    lines = [*_headline(report), *_wrapped(report.verdict.paragraph, _PARAGRAPH_MAX)]
    counterexample, operations = report.counterexample, report.operations
    ending = _ending(report)
    if counterexample is not None and operations is not None:
        lines += [(), *_conflict(counterexample, operations, report.end), ()]
        lines += _attempts(counterexample)
    elif report.verdict.validity == "invalid" and report.standing:
        lines += [(), *_nodes(report)]
    elif report.verdict.validity != "invalid":
        lines += [(), *_figures(report)]
    if report.verdict.validity == "invalid":
        lines += _steps(report, most - len(lines) - len(ending))
    # A command is copied, and so is whole.
    return [*(_clipped(line) for line in lines[: most - len(ending)]), *ending]


def plain(lines: Iterable[Line]) -> str:
    """The lines without styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def _clipped(line: Line) -> Line:
    """Not longer than WIDTH, whatever names and values are."""
    room = WIDTH
    pieces = []
    for text, style in line:
        pieces.append((_cut(text, room) if room > 3 else text[:room], style))
        room -= len(pieces[-1][0])
    return tuple(pieces)


def _headline(report: Report) -> list[Line]:
    verdict = report.verdict
    head = (verdict.validity, STYLES[verdict.validity])
    if not verdict.failures:
        return [(head, (f": {report.subject}", ""))]
    first = verdict.failures[0]
    promise = "" if first.promise is None else f": {first.promise.name}"
    others = len(verdict.failures) - 1
    more = f" (and {others} more failure{'s' * (others > 1)})" if others else ""
    return [(head, (f": {first.kind}", "bold"), (f"{more}{promise}", ""))]


def _ending(report: Report) -> list[Line]:
    if report.command is None:
        return []
    return [(), ((f"again: {report.command}", _FAINT),)]


def _wrapped(words: Words, most: int, first: str = "", rest: str = "") -> list[Line]:
    """Words as lines of at most WIDTH characters; what leads somewhere stands out."""
    lines: list[list[tuple[str, str]]] = [[(first, "")]]
    used, room = len(first), WIDTH - len(rest)
    for span in words:
        style = "" if span.operation is None and span.node is None else _NAME
        for word in _words(span.text, room):
            if used + len(word.rstrip()) > WIDTH and used > len(rest):
                begun = _begun_word(lines[-1], room - len(word.rstrip()))
                text, last = lines[-1].pop()
                lines[-1].append((text.rstrip(), last))
                lines.append([(rest, ""), *begun])
                used = len(rest) + sum(len(piece) for piece, _ in begun)
            lines[-1].append((word, style))
            used += len(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], [(f"{rest}...", "")]]
    return [tuple(line) for line in lines]


def _begun_word(line: list[tuple[str, str]], room: int) -> list[tuple[str, str]]:
    """Takes from a line what of its last word stands there, in a span of its own, if that is no
    longer than ``room``: the full stop behind it is not to begin the next line."""
    begin = len(line)
    while begin > 0 and not line[begin - 1][0].endswith(" "):
        begin -= 1
    begun = line[begin:]
    if begin == 0 or sum(len(piece) for piece, _ in begun) > room:
        return []
    del line[begin:]
    return begun


def _words(text: str, longest: int) -> list[str]:
    """Words with the space after them; what is longer than a line is broken."""
    words = [f"{word} " for word in text.split(" ")]
    words[-1] = words[-1][:-1]
    return [
        word[at : at + longest] for word in words if word for at in range(0, len(word), longest)
    ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


# -- A history -------------------------------------------------------------------------------------


def _conflict(found: Counterexample, operations: Operations, end: int) -> list[Line]:
    """A line an operation: its letter, who did what, and when, as a bar. Open ends never end."""
    hidden = max(len(found.operations) - _BARS_MAX, 0)
    shown = list(zip(found.letters, found.operations, strict=True))[hidden:]
    starts = {operations.start[place] for _, place in shown}
    ends = {operations.end[place] for _, place in shown if operations.type[place] != 1}
    moments = sorted(starts | ends)
    width = min(max(_BAR_WIDTH // max(len(moments), 1), 2), 6)
    column = {moment: at * width for at, moment in enumerate(moments)}
    texts = [_cut(_with_answer(operations, place), 46) for _, place in shown]
    margin = max(map(len, texts), default=0)
    lines: list[Line] = []
    if hidden:
        lines.append(((f"  ({hidden} earlier operations of the conflict)", _FAINT),))
    for (name, place), text in zip(shown, texts, strict=True):
        start = column[operations.start[place]]
        if operations.type[place] == 1:
            bar = "|" + "-" * (len(moments) * width - start) + " ..."
        else:
            bar = "|" + "-" * (column[operations.end[place]] - start - 1) + "|"
        style = _WRONG if place == found.last else ""
        line = (f"  {name:<3}", _NAME), (f"{text:<{margin}}  ", style), (" " * start + bar, style)
        lines.append(line)
    return lines


def _with_answer(operations: Operations, place: int) -> str:
    words = operation_words(operations, place)
    error = operations.error[place]
    why = "" if error < 0 else f" ({operations.errors[error]})"
    if operations.type[place] == 0:
        result = operations.result[place]
        return f"{words} -> {result}" if result and result != operations.value[place] else words
    return f"{words} -> {'info' if operations.type[place] == 1 else 'fail'}{why}"


def _attempts(found: Counterexample) -> list[Line]:
    if not found.attempts:
        return []
    letters = dict(zip(found.operations, found.letters, strict=True))
    lines: list[Line] = [
        (("The longest orders, with the state after each operation", ""), (":", ""))
    ]
    for number, attempt in enumerate(found.attempts[:_ATTEMPTS_MAX], 1):
        lines += _attempt(number, attempt, letters, found.initial)
    return lines


def _attempt(
    number: int, attempt: Attempt, letters: dict[int, str], initial: str
) -> Iterable[Line]:
    steps = attempt.steps[-_SHOWN_STEPS:]
    left_out = len(attempt.steps) - len(steps)
    told = [f"{left_out} operations"] if left_out else []
    told += [f"{letters[step.operation]} [{_cut(step.state, 24)}]" for step in steps]
    yield ((_cut(f"  {number}. {', '.join(told) or f'none [{initial}]'}", WIDTH), ""),)
    for stuck in attempt.stuck[:_STUCK_MAX]:
        line = _wrapped(stuck.why, 1, f"     then {letters[stuck.operation]}? ", " " * 10)
        yield tuple((text, style or _WRONG) for text, style in chain.from_iterable(line))


# -- The inside of nodes ---------------------------------------------------------------------------


def _nodes(report: Report) -> list[Line]:
    """A line a node: role, term, vote, log with a bar after what it knows to be committed."""
    shown = list(zip(report.nodes, report.standing, strict=True))[:_NODES_MAX]
    margin = max(len(name) for name, _ in shown)
    lines: list[Line] = [(("The nodes then; | ends what each knows to be committed:", ""),)]
    accused = set(report.verdict.failures[0].nodes) if report.verdict.failures else set()
    for at, (name, state) in enumerate(shown):
        style = _WRONG if at in accused else _NAME
        lines.append(((f"  {name:<{margin}}  ", style), *_standing(state, report.nodes)))
    if len(report.nodes) > len(shown):
        lines.append(((f"  and {len(report.nodes) - len(shown)} more", _FAINT),))
    return lines


def _standing(state: NodeState, nodes: Sequence[str]) -> Line:
    if not state.is_up:
        return (("down", _FAINT),)
    vote = "-" if state.voted_for < 0 else nodes[state.voted_for]
    head = f"{state.role:<13} term {state.term:<3} vote {vote:<3} "
    return ((head, ""), *_log(state, WIDTH - len(head) - 18))


def _log(state: NodeState, width: int) -> list[tuple[str, str]]:
    """The last entries that there is room for: term and what it holds."""
    words = [f"[{entry.term} {_cut(entry.text, 18)}]" for entry in state.log]
    first = len(words)
    while first > 0 and sum(map(len, words[first - 1 :])) <= width:
        first -= 1
    before = state.log[first - 1].index if first else state.base
    pieces = [(f"..{before} ", _FAINT)] if before else []
    if before and before == state.commit:
        pieces.append(("|", "bold"))
    for entry, text in zip(state.log[first:], words[first:], strict=True):
        pieces.append((text, _term_style(entry)))
        if entry.index == state.commit:
            pieces.append(("|", "bold"))
    return pieces or [("empty log", _FAINT)]


def _term_style(entry: Entry) -> str:
    return _TERMS[entry.term % len(_TERMS)]


def _steps(report: Report, room: int) -> list[Line]:
    """The steps of the schedule: all at length, or a line each, or the last of them."""
    count = len(report.steps)
    if not count or room < 4:
        return []
    head: list[Line] = [(), ((f"The steps ({count}):", ""),)]
    margin = min(max(len(step.line) for step in report.steps), 36)
    for lines_each in (WIDTH, 1):
        told = [
            _step(number, step, margin, lines_each) for number, step in enumerate(report.steps, 1)
        ]
        if sum(map(len, told)) <= room - len(head):
            break
    lines = [line for each in told for line in each]
    hidden = len(lines) - (room - len(head))
    if hidden > 0:
        lines = [((f"  ({hidden + 1} earlier steps)", _FAINT),), *lines[hidden + 1 :]]
    return [*head, *lines]


def _step(number: int, step: ScheduleStep, margin: int, most: int) -> list[Line]:
    head = f"  {number:3}. "
    if not step.words:
        return [((head + _cut(step.line, WIDTH - len(head)), ""),)]
    head += f"{_cut(step.line, margin):<{margin}}  "
    if most == 1:
        return [((head, ""), (_cut(step.words, WIDTH - len(head)), _FAINT))]
    return _wrapped((Span(text=step.words),), most, head, " " * len(head))


def _figures(report: Report) -> list[Line]:
    """What was done and what was attacked, a line a group."""
    groups: dict[str, list[str]] = {}
    for figure in report.figures:
        groups.setdefault(figure.group, []).append(f"{figure.name} {figure.value}")
    return [
        ((f"{group}: ", "bold"), (_cut(", ".join(told), WIDTH - len(group) - 2), ""))
        for group, told in list(groups.items())[:_FIGURES_MAX]
    ]
