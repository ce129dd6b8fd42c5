"""Sample reports, for whoever works on the page:

    python -m tests.report.samples DIRECTORY

writes NAME.html and NAME.json for each of SAMPLES.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from checker.formats import read_history
from checker.models import get_model
from checker.report.data import Report, encode_report
from nemesis.outcome import check_history
from nemesis.replay import judge_history
from nemesis.report import report_of, report_of_history, write_report
from nemesis.run import run
from nemesis.search.generate import Only, Size, generate
from nemesis.store import save

HISTORIES = Path(__file__).parents[2] / "histories"

# The read at the end returns 1, but 2 was there before it began, and nobody wrote 1 again.
STALE_READ = """\
{"format": "splitbrain-history", "version": 1, "model": "kv"}
{"index": 0, "process": 0, "type": "invoke", "f": "put", "key": "x", "value": "1", "time": 1000000}
{"index": 1, "process": 0, "type": "ok", "f": "put", "key": "x", "value": "1", "time": 5000000}
{"index": 2, "process": 1, "type": "invoke", "f": "put", "key": "x", "value": "2", "time": 6000000}
{"index": 3, "process": 2, "type": "invoke", "f": "put", "key": "y", "value": "7", "time": 6500000}
{"index": 4, "process": 1, "type": "ok", "f": "put", "key": "x", "value": "2", "time": 9000000}
{"index": 5, "process": 2, "type": "info", "f": "put", "key": "y", "value": "7", "time": 9500000, "error": "timed-out"}
{"index": 6, "process": 0, "type": "invoke", "f": "get", "key": "x", "value": null, "time": 10000000}
{"index": 7, "process": 0, "type": "ok", "f": "get", "key": "x", "value": "2", "time": 12000000}
{"index": 8, "process": 3, "type": "invoke", "f": "get", "key": "x", "value": null, "time": 13000000}
{"index": 9, "process": 1, "type": "invoke", "f": "put", "key": "x", "value": "3", "time": 14000000}
{"index": 10, "process": 3, "type": "ok", "f": "get", "key": "x", "value": "1", "time": 15000000}
{"index": 11, "process": 1, "type": "ok", "f": "put", "key": "x", "value": "3", "time": 17000000}
"""


def valid() -> Report:
    """A healthy run of 60 operations under 8 faults."""
    result = run(generate(11, Size(60, 8), Only(5, "kv", None)))
    with TemporaryDirectory() as directory:
        saved = Path(directory) / "valid-run"
        save(saved, result, judge_history(result.history, result.model))
        return report_of(saved)


def invalid() -> Report:
    """A history alone, with a stale read."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "stale-read.jsonl"
        file.write_text(STALE_READ)
        history = read_history(file)
    verdict = check_history(history, "kv", certificate=True)
    return report_of_history(history, get_model("kv"), verdict)


def figure8() -> Report:
    """Figure 8 of the paper: an entry of an old term is committed by counting copies."""
    return report_of(HISTORIES / "zoo-commit-of-old-term")


SAMPLES: dict[str, Callable[[], Report]] = {
    "valid": valid,
    "invalid": invalid,
    "figure8": figure8,
}


def main(directory: Path) -> None:
    """Write all samples."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, make in SAMPLES.items():
        report = make()
        write_report(report, directory / f"{name}.html")
        (directory / f"{name}.json").write_bytes(encode_report(report))
        print(directory / f"{name}.html")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
