"""What reading a history costs: a register history of 10^6 operations in each format.

    python bench/formats.py [OPERATIONS]

Each format in a process of its own: processor time of reading and pairing, and the most memory
that the process held.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from time import process_time

from checker.formats import (
    encode_event,
    encode_header,
    operations_history,
    read_events,
    read_history,
    write_edn,
)
from checker.history import Event, History

OPERATIONS = 1_000_000
CLIENTS = 10


def register_events(count: int) -> Iterator[Event]:
    """Ten clients read and write a register; every value is written once."""
    random = Random(1)
    free, busy = list(range(CLIENTS)), []
    time = started = index = written = 0
    value: int | None = None
    while started < count or busy:
        time += random.randrange(1, 2000)
        if started < count and free and (not busy or random.random() < 0.5):
            process = free.pop(random.randrange(len(free)))
            started += 1
            f, argument = "read", None
            if random.random() < 0.5:
                written += 1
                f, argument = "write", written
            busy.append((process, f, argument))
            yield Event(index, process, "invoke", f, None, argument, time)
        else:
            process, f, argument = busy.pop(random.randrange(len(busy)))
            value = argument if f == "write" else value
            free.append(process)
            yield Event(index, process, "ok", f, None, value, time)
        index += 1


def as_native(events: Iterable[Event]) -> Iterator[str]:
    yield encode_header()
    yield from map(encode_event, events)


def as_other_json(events: Iterable[Event]) -> Iterator[str]:
    yield encode_header()
    for event in events:
        yield json.dumps(event._asdict(), separators=(",", ":"))


def as_edn(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        file = io.StringIO()
        write_edn(file, (event,))
        yield file.getvalue().rstrip()


def as_event_table(events: Iterable[Event]) -> Iterator[str]:
    yield "process,type,f,value,time"
    for event in events:
        value = "" if event.value is None else event.value
        yield f"{event.process},{event.type},{event.f},{value},{event.time}"


def as_operation_table(events: Iterable[Event]) -> Iterator[str]:
    yield "process,f,argument,result,call,return"
    for each in History(events).operations():
        argument, result = ("" if v is None else v for v in (each.argument, each.result))
        yield f"{each.process},{each.f},{argument},{result},{each.invoked},{each.completed}"


FORMATS: dict[str, Callable[[Iterable[Event]], Iterator[str]]] = {
    "native": as_native,
    "native, gzip": as_native,
    "JSON of others": as_other_json,
    "EDN": as_edn,
    "CSV, events": as_event_table,
    "CSV, operations": as_operation_table,
}
STREAM, MEMORY = "native, event by event", "operations in memory"


def measure(name: str, path: str) -> None:
    """Read it in this process, and print the figures."""
    size = 0 if name == MEMORY else Path(path).stat().st_size
    operations = read_history(path).operations() if name == MEMORY else ()
    start = process_time()
    if name == STREAM:
        with open(path, "rb") as file:
            events = sum(1 for _ in read_events(file))
    elif name == MEMORY:
        events = 2 * len(operations_history(operations).operations())
    else:
        events = len(read_history(path))
    took = process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:24} {size / 1e6:8.1f} MB {took:8.2f} s {1e6 * took / events:8.2f} us/event "
        f"{memory:8.0f} MiB",
        flush=True,
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else OPERATIONS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history"
        for name in (*FORMATS, STREAM, MEMORY):
            opened = gzip.open if name.endswith("gzip") else open
            with opened(path, "wt", encoding="utf-8") as file:
                for line in FORMATS.get(name, as_native)(register_events(count)):
                    file.write(line + "\n")
            subprocess.run([sys.executable, __file__, "--measure", name, str(path)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:4])
    else:
        main()
