"""Reading and writing histories; whatever is wrong with a file ends in one clear line."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.formats import (
    HistoryWriter,
    blocks,
    detect_format,
    encode_event,
    parse_history,
    read_events,
    read_history,
    write_edn,
    write_history,
)
from checker.history import REASON_MAX, Event, HistoryError
from checker.lincheck import check
from checker.models import get_model

HEADER = '{"format": "splitbrain-history", "version": 1}\n'

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
NAMES = st.sampled_from(["get", "put", "cas", "txn"])
PLAIN = st.none() | st.booleans() | st.integers() | TEXT
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)


@st.composite
def events(draw: Any) -> list[Event]:
    """Histories of operations one after the other, with any values."""
    made: list[Event] = []
    time = 0
    for process in range(draw(st.integers(0, 5))):
        f, key, value = draw(NAMES), draw(TEXT), draw(VALUES)
        made.append(Event(len(made), process, "invoke", f, key, value, time))
        time += draw(st.integers(0, 5))
        type_ = draw(st.sampled_from(["ok", "fail", "info"]))
        error = None if type_ == "ok" else draw(TEXT)
        made.append(Event(len(made), process, type_, f, key, draw(VALUES), time, error))
    return made


@given(events())
def test_native_round_trip(recorded: list[Event]) -> None:
    file = io.StringIO()
    write_history(file, recorded, {"model": "kv"})
    parsed = parse_history(file.getvalue())
    assert list(parsed.events) == recorded
    assert parsed.metadata["model"] == "kv"


@given(events())
def test_edn_round_trip(recorded: list[Event]) -> None:
    file = io.StringIO()
    write_edn(file, recorded)
    if recorded:
        assert list(parse_history(file.getvalue()).events) == recorded


def test_what_was_written_is_on_disk_before_the_next_event(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        writer = HistoryWriter(file, {})
        for index, type_ in enumerate(("invoke", "ok")):
            writer.write(Event(index, 0, type_, "put", "a", "1", index))
            assert len(read_history(path)) == index + 1


def test_the_formats_are_told_apart() -> None:
    edn = "{:index 0, :process 0, :type :invoke, :f :read, :value nil}\n"
    log = "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n"
    native = HEADER + '{"index": 0, "process": 0, "type": "invoke", "f": "read"}\n'
    table = "process,type,f\n0,invoke,read\n"
    kinds = []
    for text in (edn, f"[{edn}]", log, native, table):
        kinds.append(detect_format(text))
        (event,) = parse_history(text).events
        assert (event.process, event.type, event.f, event.value) == (0, "invoke", "read", None)
    assert kinds == ["edn", "edn", "jepsen-log", "splitbrain", "csv"]


def line(index: int, process: int, type_: str, extra: str = "") -> str:
    return (
        f'{{"index": {index}, "process": {process}, "type": "{type_}", "f": "put", '
        f'"key": "a", "value": "1"{extra}}}\n'
    )


INVOKE, OK, INFO = line(0, 0, "invoke"), line(1, 0, "ok"), line(1, 0, "info")

MALFORMED = {
    "empty": ("", 1, "empty"),
    "blank": ("\n \n", 1, "empty"),
    "binary": (b"\x7fELF\x00\x01\xff\xfe", 1, "UTF-8"),
    "not UTF-8, further down": (HEADER.encode() + b"\xff\n", 2, "UTF-8"),
    "prose": ("once upon a time\n", 1, "no history"),
    "no header": (INVOKE, 1, "header"),
    "other version": ('{"format": "splitbrain-history", "version": 9}\n', 1, "version 9"),
    "not JSON": (HEADER + "{nonsense}\n" + INVOKE, 2, "not JSON"),
    "cut off": (HEADER + INVOKE + OK[:30], 3, "cut off"),
    "no object": (HEADER + '{"index": 0}\n', 2, "no 'process'"),
    "a list": (HEADER + "[1]\n", 2, "JSON object"),
    "unknown field": (HEADER + line(0, 0, "invoke", ', "vlaue": 1'), 2, "did you mean 'value'"),
    "a name twice": (HEADER + line(0, 0, "invoke", ', "f": "get"'), 2, "twice"),
    "unknown type": (HEADER + line(0, 0, "invokee"), 2, "did you mean 'invoke'"),
    "index of the wrong type": (HEADER + INVOKE.replace('"index": 0', '"index": "0"'), 2, "index"),
    "process of the wrong type": (
        HEADER + INVOKE.replace('"process": 0', '"process": 0.5'),
        2,
        "process",
    ),
    "completion without invocation": (HEADER + line(0, 0, "ok"), 2, "without an invocation"),
    "two open operations": (HEADER + INVOKE + line(1, 0, "invoke"), 3, "still open"),
    "completed as something else": (HEADER + INVOKE + OK.replace("put", "get"), 3, "'get'"),
    "used after info": (HEADER + INVOKE + INFO + line(2, 0, "invoke"), 4, "after the info"),
    "index goes back": (
        HEADER + INVOKE.replace('"index": 0', '"index": 5') + OK,
        3,
        "not increase",
    ),
    "time goes back": (
        HEADER + line(0, 0, "invoke", ', "time": 9') + line(1, 0, "ok", ', "time": 8'),
        3,
        "time runs backwards",
    ),
    "nested too deeply": (HEADER + '{"index": ' + "[" * 200_000, 2, ""),
    "EDN not closed": ("{:process 0, :type :invoke, :f :read\n", 1, ""),
    "EDN without :f": ("{:process 0, :type :invoke}\n", 1, ":f"),
    "EDN of a wrong type": ("\n{:process 0, :type :invoked, :f :read}\n", 2, "unknown type"),
    "EDN with an unknown escape": (
        '{:process 0, :type :invoke, :f :read, :value "\\q"}\n',
        1,
        "escape",
    ),
    "EDN that is no map": ("(1 2)\n", 1, "map"),
    "log line cut off": ("INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.ut", 2, "cut off"),
    "log line without value": ("INFO  jepsen.util - 0 :invoke :read\n", 1, "one value"),
    "log completion without invocation": (
        "INFO  jepsen.util - 0 :ok :read 1\n",
        1,
        "without an invocation",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_gets_one_line_with_file_and_line(name: str, tmp_path: Path) -> None:
    content, number, reason = MALFORMED[name]
    path = tmp_path / "history"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(HistoryError) as raised:
        read_history(path)
    message = str(raised.value)
    assert message.startswith(f"{path}:{number}: ")
    assert reason in message
    assert "\n" not in message
    assert len(message) < 400


BAD_OPERATIONS = {
    "unknown operation": ("kv", "pop", '"a"', '"1"', "'pop'"),
    "no key": ("kv", "get", "null", "null", "key"),
    "a number for a text": ("kv", "put", '"a"', "7", "text"),
    "half a pair": ("kv", "cas", '"a"', '["1"]', "pair"),
    "a transaction without compare": ("kv", "txn", "null", '{"then": [], "else": []}', "compare"),
    "a transaction that pops": (
        "kv",
        "txn",
        "null",
        '{"compare": [], "then": [["pop"]], "else": []}',
        "pop",
    ),
    "cas on a register": ("register", "cas", "null", "[1, 2]", "cas"),
}


@pytest.mark.parametrize("name", BAD_OPERATIONS)
def test_an_operation_that_the_model_does_not_know_is_named_with_its_line(name: str) -> None:
    model, f, key, value, reason = BAD_OPERATIONS[name]
    text = (
        HEADER
        + "\n"
        + (
            f'{{"index": 0, "process": 0, "type": "invoke", "f": "{f}", "key": {key}, "value": {value}}}\n'
        )
    )
    with pytest.raises(HistoryError, match=reason) as raised:
        check(parse_history(text, source="some.jsonl"), get_model(model))
    assert str(raised.value).startswith("some.jsonl:3: ")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_newlines_and_byte_order_marks_of_windows_are_read(newline: str, mark: str) -> None:
    text = mark + (HEADER + "\n" + INVOKE + OK).replace("\n", newline)
    history = parse_history(text.encode())
    assert [event.type for event in history.events] == ["invoke", "ok"]
    assert list(history.lines or ()) == [3, 4]


def test_a_directory_is_that_of_a_run(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"history\.edn"):
        read_history(tmp_path)
    packed = gzip.compress(b"{:process 0, :type :invoke, :f :read}")
    (tmp_path / "history.edn.gz").write_bytes(packed)
    assert len(read_history(tmp_path)) == 1
    (tmp_path / "history.jsonl").write_text(HEADER + INVOKE + OK)
    history = read_history(str(tmp_path))
    assert len(history) == 2
    assert history.source == str(tmp_path / "history.jsonl")


def test_compressed_files_are_read_also_of_several_members() -> None:
    whole = gzip.compress((HEADER + INVOKE).encode()) + gzip.compress(OK.encode())
    assert len(parse_history(whole)) == 2
    for content, reason in ((whole[:-3], "cut off"), (whole[:40] + b"zz" + whole[42:], "damaged")):
        with pytest.raises(HistoryError, match=reason):
            parse_history(content)


def test_a_long_history_is_read_block_by_block() -> None:
    written = [
        Event(at, at // 2, "ok" if at % 2 else "invoke", "put", "a", "x" * (at % 50), 3 * at)
        for at in range(8000)
    ]
    file = io.StringIO()
    write_history(file, written)
    content = file.getvalue().encode()
    assert len(content) > 2 * blocks.BLOCK
    assert list(parse_history(content).events) == written
    assert list(read_events(io.BytesIO(content))) == written
    file.seek(0)
    assert list(read_events(file)) == written
    with pytest.raises(HistoryError) as raised:
        parse_history(content[:-2] + b"\n")
    assert raised.value.line == 8001


def test_columns_that_only_some_blocks_have_are_put_together() -> None:
    written = []
    for at in range(8000):
        pair, end = divmod(at, 2)
        index = at if at < 6000 else at + 7
        key = "a" if pair > 2500 else None
        time = None if at < 2000 else (1 << 70) + at if at > 7000 else at
        error = "lost" if end and pair % 1000 == 999 else None
        type_ = "info" if end else "invoke"
        written.append(Event(index, pair, type_, "put", key, [at, None, "b"], time, error))
    file = io.StringIO()
    write_history(file, written)
    assert len(file.getvalue()) > 2 * blocks.BLOCK
    assert list(parse_history(file.getvalue()).events) == written


@pytest.mark.parametrize("kind", ["native", "edn", "csv"])
def test_a_pipe_is_read_as_it_is_written(kind: str) -> None:
    """Each event is there before the next line is written."""
    lines = {
        "native": [HEADER, INVOKE, OK],
        "edn": ["; a run\n", "{:process 0\n, :type :invoke, :f :put}\n", "[0 :ok :put 1]\n"],
        "csv": ["process,type,f\n", "0,call,put\n", "0,return,put\n"],
    }[kind]
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb", buffering=0) as end:
        events = read_events(pipe)
        for at, line in enumerate(lines):
            end.write(line.encode())
            if at:
                assert next(events).type == ("invoke", "ok")[at - 1]


def test_the_events_before_a_wrong_line_come_before_its_error() -> None:
    text = HEADER + INVOKE + OK + "nonsense\n"
    events = read_events(io.BytesIO(text.encode()), source="x")
    assert [next(events).type, next(events).type] == ["invoke", "ok"]
    with pytest.raises(HistoryError, match="x:4: this line is not JSON"):
        next(events)


def test_a_message_is_one_line_of_some_length_whatever_the_file_says() -> None:
    odd = '"' + "\\u2028\\ud800" * 10_000 + '"'
    twice = INVOKE + INVOKE.replace('"index": 0', '"index": 1')
    with pytest.raises(HistoryError) as raised:
        parse_history(HEADER + twice.replace('"put"', odd), source="x")
    assert len(raised.value.reason) <= REASON_MAX
    assert str(raised.value).isprintable()
    assert "still open" in str(raised.value)


@pytest.mark.parametrize("blank", ["", "\n"])
def test_gaps_between_blocks_are_kept(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = [Event(index, index, "invoke", "get", "a") for index in (0, 1, 5, 6, 7, 9)]
    lines = [encode_event(event) + "\n" for event in written]
    text = HEADER + "".join(lines[:2]) + blank + "".join(lines[2:4]) + blank + "".join(lines[4:])
    for size in (1, 150, blocks.BLOCK):
        monkeypatch.setattr(blocks, "BLOCK", size)
        history = parse_history(text)
        assert list(history.events) == written
        assert list(history.lines or ()) == ([2, 3, 5, 6, 8, 9] if blank else [2, 3, 4, 5, 6, 7])
