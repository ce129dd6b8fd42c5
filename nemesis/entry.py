"""The console script ``splitbrain``.

To import the command line takes half a second, in which people press Ctrl-C as well; and what
Python makes of that is a traceback.
"""

from __future__ import annotations

from nemesis.interrupts import leave, leaving


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    try:
        with leaving():
            from nemesis.cli import main as command_line
        command_line()
    except KeyboardInterrupt:
        # Between the one who hears of it and the next.
        leave()
