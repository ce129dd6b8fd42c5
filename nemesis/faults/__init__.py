"""The faults, one family a file. A new one: a class with ``@fault`` in one of them, or a new file
imported here."""

from nemesis.faults.clock import ClockDrift, ClockJump, ClockOffset
from nemesis.faults.disk import BitFlip, FullDisk, SlowDisk, TornWrite, UnsyncedLoss
from nemesis.faults.fault import FAULTS, Fault, Injection, Targeted, fault
from nemesis.faults.network import Delay, Duplicate, Loss, Reorder, SlowLink
from nemesis.faults.partition import Grudge, Heal, Partition
from nemesis.faults.process import Crash, CrashAll, Pause, Restart, Resume

__all__ = [
    "FAULTS",
    "BitFlip",
    "ClockDrift",
    "ClockJump",
    "ClockOffset",
    "Crash",
    "CrashAll",
    "Delay",
    "Duplicate",
    "Fault",
    "FullDisk",
    "Grudge",
    "Heal",
    "Injection",
    "Loss",
    "Partition",
    "Pause",
    "Reorder",
    "Restart",
    "Resume",
    "SlowDisk",
    "SlowLink",
    "Targeted",
    "TornWrite",
    "UnsyncedLoss",
    "fault",
]
