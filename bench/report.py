"""How large reports are, and how long it takes to write them.

    python bench/report.py

Two runs of the simulator, one of 10,000 operations with faults and its whole trace, and a history
alone of 100,000 operations. The time is processor time, from the files on the disk to report.html
written, the best of some; running a schedule again, for its messages, is told apart.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time
from typing import TextIO

from checker.formats import HistoryWriter, read_history
from checker.history import Event
from checker.models import get_model
from nemesis.describe.recording import record
from nemesis.faults import FAULTS
from nemesis.outcome import check_history
from nemesis.replay import judge_history
from nemesis.report import report_of_history, save_report, write_report
from nemesis.run import run
from nemesis.schedule import MILLISECOND, Knobs, Operate, Schedule, Step
from nemesis.store import REPORT, save
from nemesis.subjects.own import OWN

_BEST_OF = 3


def _schedule(operations: int, seed: int) -> Schedule:
    """Reads and writes of ten keys by ten clients, a fault every 500 operations."""
    random = Random(seed)
    faults = [FAULTS[name]() for name in ("crash", "partition", "slow-link", "pause")]
    ends = [FAULTS[name]() for name in ("restart", "heal", "resume")]
    steps: list[Step] = []
    for number in range(operations):
        if number % 500 == 250:
            steps.append(faults[number // 500 % len(faults)])
        elif number % 500 == 350:
            steps += ends
        write = random.random() < 0.5
        steps.append(
            Operate(
                client=number % 10,
                f="put" if write else "get",
                key=f"k{random.randrange(10)}",
                value=str(number) if write else None,
                wait=MILLISECOND,
            )
        )
    return Schedule(seed=seed, knobs=Knobs(clients=10, workload="kv"), steps=tuple(steps))


def _history(file: TextIO, operations: int) -> None:
    """Of a true register for each of 100 keys."""
    random = Random(1)
    state: dict[str, str] = {}
    writer = HistoryWriter(file, {"model": "kv"})
    time = 0
    for number in range(operations):
        key = f"k{random.randrange(100)}"
        process, f = number % 20, random.choice(("put", "get"))
        value = str(number) if f == "put" else None
        time += random.randrange(1, 200_000)
        writer.write(Event(2 * number, process, "invoke", f, key, value, time))
        if f == "put":
            state[key] = str(number)
        time += random.randrange(1, 2_000_000)
        result = state.get(key)
        writer.write(Event(2 * number + 1, process, "ok", f, key, result, time))


def _tell(what: str, seconds: float, size: int) -> None:
    print(f"{what:<58} {seconds:6.2f} s  {size / 1e6:6.2f} MB")


def main() -> None:
    """Print the figures."""
    with TemporaryDirectory() as place:
        directory = Path(place) / "run"
        schedule = _schedule(10_000, 1)
        done = run(schedule)
        save(directory, done, judge_history(done.history, done.model))
        events, asked = len(done.trace), sum(done.statistics.invoked.values())
        print(f"the run: {asked:,} operations, {events:,} events, {done.verdict.validity}")
        best, again = 1e9, 1e9
        for _ in range(_BEST_OF):
            started = process_time()
            record(schedule, OWN)
            again = min(again, process_time() - started)
            started = process_time()
            save_report(directory)
            best = min(best, process_time() - started)
        size = (directory / REPORT).stat().st_size
        _tell("10,000 operations with trace: all", best, size)
        _tell("    of that, running it again", again, 0)
        _tell("    the rest", best - again, size)

        file, page = Path(place) / "history.jsonl", Path(place) / "history.html"
        with file.open("w") as opened:
            _history(opened, 100_000)
        best = 1e9
        for _ in range(_BEST_OF):
            started = process_time()
            history = read_history(file)
            verdict = check_history(history, "kv", certificate=True)
            judged = process_time() - started
            started = process_time()
            write_report(report_of_history(history, get_model("kv"), verdict), page)
            best = min(best, process_time() - started)
        _tell(f"100,000 operations, a history ({judged:.2f} s to judge)", best, page.stat().st_size)


if __name__ == "__main__":
    main()
