"""The clock of the machine that tests may be set while they run: only what people read is by it.

Whatever waits, measures or orders, takes the monotonic clock, which nobody sets.
"""

from __future__ import annotations

import re
from pathlib import Path

import nemesis

ROOT = Path(nemesis.__file__).parents[1]

# By the calendar: times of day, and how they are imported to be called by their name alone.
_BY_CALENDAR = re.compile(
    r"\btime\.(?:time|time_ns|localtime|gmtime|ctime|strftime)\b|\bdatetime\.(?:now|utcnow|today)\b"
    r"|from time import [^\n]*\b(?:time|time_ns|localtime|gmtime)\b|\bCLOCK_REALTIME\b"
)
# Who may, and what becomes of it where the clock jumps.
ALLOWED = {
    # The name of a run directory; one that is there already gets a number.
    "nemesis/cli/explore.py": 1,
    "nemesis/cli/fuzz.py": 1,
    "nemesis/cli/gate.py": 1,
    "nemesis/cli/test.py": 1,
    "nemesis/cli/test_real.py": 1,
    "nemesis/search/violation.py": 1,
    # When a campaign began and when a batch was recorded, for people.
    "nemesis/campaigns/ledger.py": 1,
    "nemesis/campaigns/outcomes.py": 1,
    # How far it was set back: Dask waits by it, and is begun anew then.
    "nemesis/campaigns/calendar.py": 1,
    # "Runs a second in the last minute" of a page.
    "nemesis/serve/application.py": 1,
    # By how much a server's clock is ahead of this machine's: that of both, at the same moment. The
    # beginning of a run whose servers have clocks that are set.
    "nemesis/cluster/real/process.py": 2,
    "nemesis/cluster/real/clients.py": 1,
    # How old are containers that another machine, or another boot, has left, and that do not run.
    "nemesis/cluster/real/docker_leftovers.py": 2,
    # What a simulated program is given in place of these.
    "nemesis/subjects/asyncio_programs/environment.py": 1,
}


def test_nothing_waits_or_is_ordered_by_the_calendar() -> None:
    found: dict[str, int] = {}
    for package in ("nemesis", "checker", "raft"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if count := len(_BY_CALENDAR.findall(path.read_text(encoding="utf-8"))):
                found[str(path.relative_to(ROOT))] = count
    assert found == ALLOWED
