"""What a worker does: a batch of seeds, on whatever machine it is."""

from __future__ import annotations

import os
import socket
from functools import cache
from multiprocessing import current_process, parent_process
from threading import Lock
from time import monotonic
from typing import NamedTuple

from nemesis.campaigns.settings import Settings
from nemesis.search.block import Block, Report, run_block
from nemesis.search.campaign import do_alone
from nemesis.search.workers import tune_collector


class Done(NamedTuple):
    """A batch that was run, how long that took, in s, and by whom: a process of a machine."""

    block: Block
    report: Report
    seconds: float
    worker: str


# A worker of Dask may have threads, and Rafts of others share what is global in their process: C's
# shim, Go's, the modules that PySyncObj finds. Nor would threads make anything faster.
_turn = Lock()


def work(settings: Settings, block: Block, settled: frozenset[str]) -> Done:
    """Run a batch in this process, once no other one is under way in it."""
    with _turn:
        if parent_process() is not None:
            _tune_once()
        began = monotonic()
        report = run_block(settings.campaign(settled), block)
    return Done(block, report, monotonic() - began, f"{socket.gethostname()}:{os.getpid()}")


@cache
def _tune_once() -> None:
    """This process is a worker's: all that Dask has loaded would be looked at again and again."""
    tune_collector()


def work_alone(settings: Settings, block: Block, settled: frozenset[str]) -> Done:
    """Run a batch in a process of its own: those that ran it before have died."""
    # Dask starts workers as daemons, which may have no children; this one ends with its parent.
    current_process().daemon = False
    began = monotonic()
    report = do_alone(settings.campaign(settled), block)
    return Done(block, report, monotonic() - began, f"{socket.gethostname()}:{os.getpid()}")
