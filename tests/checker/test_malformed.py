"""Files that somebody or something has damaged: an error that says where, or the right verdict.

Ten thousand of them, in all formats. What is read must say what the file says, whichever way it is
read; the verdict must be that of brute force.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from checker.formats import (
    blocks,
    encode_event,
    encode_header,
    jepsen_edn,
    native,
    parse_history,
    read_events,
    write_edn,
)
from checker.history import History, HistoryError
from checker.lincheck import Budget, check
from checker.models import get_model
from checker.verdict import Validity

from .brute_force import possible
from .histories import random_history

FILES_A_FORMAT = 1100
OPERATIONS_MAX = 9
"""Brute force takes no more."""

GZIP = b"\x1f\x8b"

BUDGET = Budget(seconds=5, configurations=100_000)

Files = Callable[[History], str]


def as_native(history: History) -> str:
    return "".join(line + "\n" for line in (encode_header(), *map(encode_event, history.events)))


def as_foreign_json(history: History) -> str:
    """Written by somebody else: other spaces, another order of the names, all of them there."""
    lines = ['{"version":1,"format":"splitbrain-history"}']
    for event in history.events:
        fields = {name: getattr(event, name) for name in reversed(event._fields)}
        lines.append(json.dumps(fields, separators=(",", ":"), ensure_ascii=False))
    return "\n".join(lines) + "\n"


def as_edn(history: History) -> str:
    file = io.StringIO()
    write_edn(file, history.events)
    return file.getvalue()


def as_knossos(history: History) -> str:
    return f"; a comment\n[{as_edn(history).replace(', ', ' ')}]\n"


def as_store(history: History) -> str:
    lines = ["#jepsen.history.Op" + line for line in as_edn(history).splitlines()]
    nemesis = (
        '{:process :nemesis, :type :info, :f :start, :value [#{"n1"} {:a #object[X 0x1f "x"]}]}\n'
    )
    return (
        nemesis.replace("{:p", "{:time nil, :p") + "\n".join(lines).replace(":index", ":_") + "\n"
    )


def as_vectors(history: History) -> str:
    lines = []
    for event in history.events:
        value = "nil" if event.value is None else json.dumps(event.value).replace(",", "")
        lines.append(f"[{event.process}  :{event.type} :{event.f} {value}]")
    return "\n".join(lines) + "\n"


def as_log(history: History) -> str:
    lines = []
    for event in history.events:
        value = "nil" if event.value is None else json.dumps(event.value).replace(",", "")
        if event.error is not None and event.error != "mismatch":
            value = ":" + event.error
        lines.append(f"INFO  jepsen.util - {event.process}\t:{event.type}\t:{event.f}\t{value}")
    return "\n".join(lines) + "\n"


def cell(value: Any) -> str:
    return "" if value is None else json.dumps(value)


def as_event_table(history: History) -> str:
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("process", "type", "f", "key", "value", "time", "error"))
    for event in history.events:
        row = (event.process, event.type, event.f, event.key, cell(event.value))
        table.writerow((*row, event.time, event.error))
    return file.getvalue()


def as_operation_table(history: History) -> str:
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(
        ["process", "f", "key", "argument", "result", "outcome", "call", "return", "error"]
    )
    for each in history.operations():
        row = (each.process, each.f, each.key, cell(each.argument), cell(each.result))
        table.writerow((*row, each.outcome, each.invoked, each.completed, each.error))
    return file.getvalue()


FORMATS: dict[str, tuple[str, Files]] = {
    "native": ("cas-register", as_native),
    "native, transactions": ("kv", as_native),
    "JSON of others": ("register", as_foreign_json),
    "EDN": ("kv", as_edn),
    "Jepsen's store": ("cas-register", as_store),
    "Knossos' data": ("cas-register", as_knossos),
    "Knossos' vectors": ("cas-register", as_vectors),
    "log": ("cas-register", as_log),
    "table of events": ("register", as_event_table),
    "table of operations": ("cas-register", as_operation_table),
}

ODD_TEXTS = (
    *("NaN", "Infinity", "-0", "1e999", "1.0", "true", "nil", "null", "0x1f", "##NaN", "1/0", "1M"),
    *("9" * 5000, "1." + "0" * 400, "1e99999999999999999999M", "1N", "[" * 300, "{" * 5000),
    *('{"a":' * 250, "(" * 201, "[" * 150 + "]" * 150, "#_" * 300, "#a " * 300, "^{:a 1}", "@"),
    *(
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"\\u0000"',
        '"\\q"',
        "\\",
        '"',
        "'",
        "\x00",
        "\x1f",
        "\x85",
    ),
    *(
        "\ufeff",
        "\u2028",
        "\r",
        "\r\n",
        "\n\n",
        "\t",
        "é",
        "😀",
        ",",
        ", 0, ",
        ":",
        "::",
        "#",
        "##",
    ),
    *("#object[Foo 0x1 {}]", "#jepsen.independent/tuple [1 2]", "#inst 1", ";", "x" * 200_000),
    *('{"a": 1, "a": 2}', "{:a 1 :a 2}", "#{1 1}", ' "f": "read",', "nemesis", "invoke", "info"),
)


def damaged(random: Random, content: bytes) -> bytes:
    """The content with one to three things done to it."""
    for _ in range(random.choice((1, 1, 2, 3))):
        content = random.choice(DAMAGES)(random, content)
    return content


def flip_a_byte(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) or 1)
    return content[:at] + bytes((random.randrange(256),)) + content[at + 1 :]


def flip_a_bit(random: Random, content: bytes) -> bytes:
    if not content:
        return content
    at = random.randrange(len(content))
    return content[:at] + bytes((content[at] ^ 1 << random.randrange(8),)) + content[at + 1 :]


def change_a_digit(random: Random, content: bytes) -> bytes:
    digits = [at for at, byte in enumerate(content) if 48 <= byte < 58]
    if not digits:
        return content
    at = random.choice(digits)
    return content[:at] + b"%d" % random.randrange(10) + content[at + 1 :]


def drop_a_line(random: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        del lines[random.randrange(len(lines))]
    return b"".join(lines)


def double_a_line(random: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        lines.insert(random.randrange(len(lines)), random.choice(lines))
    return b"".join(lines)


def swap_lines(random: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    if len(lines) > 1:
        at = random.randrange(len(lines) - 1)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return b"".join(lines)


def cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def cut_out(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at + random.randrange(40) :]


def paste(random: Random, content: bytes) -> bytes:
    start, at = random.randrange(len(content) + 1), random.randrange(len(content) + 1)
    return content[:at] + content[start : start + random.randrange(100)] + content[at:]


def put_something_odd(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice(ODD_TEXTS).encode() + content[at + random.randrange(2) :]


def replace_a_value(random: Random, content: bytes) -> bytes:
    for before in random.sample((b'"value": ', b":value ", b'"value":', b"\t", b",", b" "), 6):
        parts = content.split(before)
        if len(parts) > 1:
            at = random.randrange(1, len(parts))
            rest = parts[at].lstrip(b"0123456789nul")
            parts[at] = random.choice(ODD_TEXTS).encode() + rest
            return before.join(parts)
    return content


def write_in_another_encoding(random: Random, content: bytes) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-8-sig", "utf-32", "cp037"))
    try:
        return content.decode().encode(encoding)
    except UnicodeError:
        return content


def write_other_newlines(random: Random, content: bytes) -> bytes:
    return content.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b" \n")))


def compress(random: Random, content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


DAMAGES = (
    *(flip_a_byte, flip_a_bit, drop_a_line, double_a_line, swap_lines, cut, cut_out, paste),
    *(put_something_odd, replace_a_value, change_a_digit, change_a_digit, change_a_digit),
    *(write_in_another_encoding, write_other_newlines, compress),
)


def reading(content: bytes) -> tuple[list[str], str]:
    """The events that come, by their text (for 1 == True), and the message of an error."""
    events: list[str] = []
    try:
        for event in read_events(io.BytesIO(content), source="some.file"):
            events.append(repr(event))
    except HistoryError as error:
        return events, message_of(error)
    return events, ""


def message_of(error: HistoryError) -> str:
    """The message, which must name the file and be one line that can be shown."""
    message = str(error)
    assert message.startswith("some.file:")
    assert error.line is not None or "compressed" in message
    assert message.isprintable()
    assert len(message) < 500
    return message


def judged(content: bytes, model_name: str) -> str:
    """The verdict on this content, or ``refused``; fails if it is not right."""
    model = get_model(model_name)
    try:
        history = parse_history(content, source="some.file")
        verdict = check(history, model, budget=BUDGET).validity
    except HistoryError as error:
        message_of(error)
        return "refused"
    operations = history.operations()
    assert verdict is not Validity.UNKNOWN
    if len(operations) <= OPERATIONS_MAX:
        assert (verdict is Validity.VALID) == possible(operations, model)
    return verdict.value


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_refused_with_its_line_or_judged_rightly(name: str) -> None:
    model, write = FORMATS[name]
    random = Random(name)
    verdicts: Counter[str] = Counter()
    for _ in range(FILES_A_FORMAT):
        text = write(random_history(random, model, random.randint(1, 5)))
        verdicts[judged(damaged(random, text.encode()), model)] += 1
    assert min(verdicts[each] for each in ("refused", "valid", "invalid")) > FILES_A_FORMAT // 40


@pytest.mark.parametrize("name", FORMATS)
def test_all_ways_of_reading_a_damaged_file_read_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, write = FORMATS[name]
    random = Random(name + "!")
    complete = 0
    for _ in range(FILES_A_FORMAT // 2):
        text = write(random_history(random, model, random.randint(1, 5)))
        content = damaged(random, text.encode())
        events, message = reading(content)
        with monkeypatch.context() as patch:
            patch.setattr(native, "columns_of_block", lambda text: None)
            patch.setattr(jepsen_edn, "_flat_map", lambda text, position: None)
            patch.setattr(blocks, "BLOCK", random.choice((1, 50, 300)))
            # How much of a damaged file comes out of inflating does depend on the pieces.
            if not (message and content.startswith(GZIP)):
                assert reading(content) == (events, message)
        complete += not message
    assert FILES_A_FORMAT // 10 < complete < FILES_A_FORMAT // 2
