"""The machine's calendar is set while programs run: nothing is lost, ended early or judged otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")

from sqlalchemy.engine import Connection

from nemesis.campaigns.account import Account, read_accounts
from nemesis.campaigns.errors import LedgerBroken
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.reading import read_file
from nemesis.campaigns.settings import Settings
from nemesis.search.block import Block, run_block
from tests.campaigns.set_clock import DAY, SetClock, build_library

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None,
    reason="needs Linux and a C compiler: apt-get install gcc libc6-dev",
)

# One who has the key connects at each word to one who has it.
_SESSION = """
import asyncio, sys
from distributed.comm import connect, listen
from nemesis.campaigns.session_key import session_key

async def greet(comm):
    await comm.write(await comm.read())

async def session():
    key = session_key()
    accept, ask = key.get_listen_args("scheduler"), key.get_connection_args("worker")
    async with listen("tls://127.0.0.1:0", greet, **accept) as listener:
        while await asyncio.to_thread(sys.stdin.readline):
            comm = await connect(listener.contact_address, timeout=60, **ask)
            await comm.write("let in")
            print(await comm.read(), flush=True)
            await comm.close()

asyncio.run(session())
"""
_PROGRAM = [sys.executable, "-c", "import sys; from nemesis.cli import main; main(sys.argv[1:])"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def clock(library: Path, tmp_path: Path) -> Iterator[SetClock]:
    made = SetClock(library, tmp_path / "wrong-by")
    yield made
    made.close()


def test_only_the_calendar_is_set(clock: SetClock) -> None:
    """Of a process that runs already, too."""
    code = """if True:
        import time
        while input():
            began = time.monotonic()
            time.sleep(0.01)
            assert began + 0.01 <= time.monotonic() < began + 100
            print(time.time(), flush=True)
    """
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=clock.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for wrong_by in (0, 5 * DAY, -800 * DAY):
            clock.set(wrong_by)
            process.stdin.write("go\n")
            process.stdin.flush()
            told = float(process.stdout.readline())
            assert abs(told - time.time() - wrong_by) < 1_000
        process.stdin.write("\n")
    assert process.returncode == 0


def test_fuzzing_is_not_over_before_its_time(clock: SetClock, tmp_path: Path) -> None:
    """Were an hour over when the calendar says so, less than all runs would be done."""
    arguments = ["fuzz", "--seed", "1", "--runs", "400", "--time", "1h", "--jobs", "2"]
    ended = clock.run([*_PROGRAM, *arguments, "--store", str(tmp_path / "store")], tmp_path)
    assert ended.jumps > 5
    assert ended.code == 0, ended.printed
    assert "400" in ended.printed
    assert "verdict: valid" in ended.printed


@pytest.mark.long
def test_a_campaign_accounts_for_each_seed(clock: SetClock, tmp_path: Path) -> None:
    """Dask gathers messages, and sends them when the calendar says so: where it is set back
    meanwhile, they stay for as long as that."""
    settings = Settings(seed=100, subject="retry-applied-twice")
    file = tmp_path / "store" / "campaigns" / "one" / "campaign.db"
    seen = [0]

    def read_all(connection: Connection) -> list[Account]:
        return read_accounts(connection, {})

    def has_gone_on() -> bool:
        """Something was recorded since the clock was set, five times."""
        batches = 0
        # Until the campaign has begun it.
        with suppress(LedgerBroken):
            batches = sum(len(each.done) for each in read_file(file, read_all))
        if len(seen) > 5 or batches == seen[-1]:
            return False
        seen.append(batches)
        return True

    arguments = ["campaign", "--name", "one", "--seed", "100", "--jobs", "2", "--budget", "140"]
    arguments += ["--subject", settings.subject, "--store", str(tmp_path / "store")]
    ended = clock.run([*_PROGRAM, *arguments], tmp_path, has_gone_on)
    assert ended.jumps >= 3, ended.printed
    assert ended.code == 1, ended.printed
    assert "s: workers are made anew" in ended.printed
    assert "Traceback" not in ended.printed
    ledger = Ledger(open_engine(sqlite_url(file)), "one", settings)
    undisturbed = run_block(settings.campaign(frozenset({"exactly-once"})), Block(100, 140, 0))
    assert ledger.totals().tally == undisturbed.tally
    assert ledger.gaps() == []
    assert sum(cause.seen for cause in ledger.causes()) == len(undisturbed.findings) > 1


def test_workers_know_each_other_whatever_the_calendar_says(clock: SetClock) -> None:
    """By a certificate: one that held from its beginning on would let in nobody before it."""
    with subprocess.Popen(
        [sys.executable, "-c", _SESSION],
        env={**os.environ, **clock.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for wrong_by in (0, 3 * DAY, -3 * DAY, 800 * DAY):
            clock.set(wrong_by)
            process.stdin.write("go\n")
            process.stdin.flush()
            assert process.stdout.readline() == "let in\n"
    assert process.returncode == 0


def test_a_real_cluster_is_not_convicted(clock: SetClock, tmp_path: Path) -> None:
    """Its servers' clocks jump as well: what they wait for and promise is by the other clock."""
    arguments = ["test", "--cluster", "process", "--nemesis", "crash", "--time-limit", "4s"]
    ended = clock.run([*_PROGRAM, *arguments, "--seed", "1", "--store", str(tmp_path)], tmp_path)
    assert ended.jumps > 20
    assert ended.code == 0, ended.printed
    assert "verdict: valid" in ended.printed
