"""The command line: ``splitbrain fuzz | explore | test | check | verify | replay | report | serve |
gate | campaign | zoo``.

Exit codes, as in Jepsen: 0 valid, 1 invalid, 2 unknown, 254 bad arguments or input, 255 crash.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence

import click

from checker.errors import CheckerError
from checker.history import HistoryError
from checker.models import UnknownModelError
from nemesis.campaigns.cluster import TaskKilled
from nemesis.campaigns.errors import WorkersGone
from nemesis.cli.commands import LateCommands
from nemesis.errors import NemesisError
from nemesis.interrupts import INTERRUPTED, NO_VERDICT
from nemesis.store import StoreUnwritable, splitbrain_version
from raft.errors import RaftError

BAD_ARGUMENTS = 254
CRASH = 255


_NAMES = (
    "fuzz",
    "explore",
    "test",
    "check",
    "verify",
    "replay",
    "report",
    "serve",
    "gate",
    "campaign",
    "zoo",
)
_MODULES = {name: f"nemesis.cli.{name}" for name in _NAMES}


@click.group(
    cls=LateCommands, modules=_MODULES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(splitbrain_version(), prog_name="splitbrain")
def cli() -> None:
    """Property-based, Jepsen-style tester for Raft and for systems built on Raft.

    Exit codes: 0 valid, 1 invalid, 2 unknown, 254 bad arguments or input, 255 crash.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the console script; ends the process with the exit code. SIGTERM, by which
    schedulers of batches and of containers end it, is Ctrl-C: who has begun something, ends it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code = run(arguments)
    # All is told: one that comes while Python takes itself down has nothing more to interrupt.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    try:
        code = cli.main(args=arguments, prog_name="splitbrain", standalone_mode=False)
    except click.ClickException as error:
        _complain(error.format_message())
        return BAD_ARGUMENTS
    except (click.Abort, KeyboardInterrupt):
        _complain(NO_VERDICT)
        return INTERRUPTED
    except (StoreUnwritable, WorkersGone, TaskKilled) as error:
        _complain(str(error))
        return CRASH
    except (NemesisError, CheckerError, HistoryError, RaftError, UnknownModelError) as error:
        _complain(str(error))
        return BAD_ARGUMENTS
    except BrokenPipeError:
        # Whoever read our output has gone; nothing can be told to anyone.
        sys.stdout = None
        return CRASH
    except Exception:  # noqa: BLE001 (the one place where a crash gets its exit code)
        traceback.print_exc()
        return CRASH
    return code if isinstance(code, int) else 0


def _complain(message: str) -> None:
    click.echo(f"splitbrain: {message}", err=True)
