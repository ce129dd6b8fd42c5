"""The faults, one family a file. A new one: a class with ``@fault`` in one of them, or a new file
imported here."""

from nemesis.faults.clock import ClockDrift, ClockJump, ClockOffset
from nemesis.faults.disk import (
    BitFlip,
    FullDisk,
    IoError,
    LostFile,
    LyingDisk,
    SlowDisk,
    TornWrite,
    UnsyncedLoss,
)
from nemesis.faults.ends import ENDS
from nemesis.faults.fault import FAULTS, Fault, Injection, Targeted, fault
from nemesis.faults.membership import (
    AddServer,
    ChangeServers,
    DemoteServer,
    LeaveJoint,
    PromoteServer,
    Reconfigure,
    RemoveServer,
    ReplaceAll,
    ReplaceServer,
    RollingRestart,
    TransferLeader,
)
from nemesis.faults.network import Delay, Disconnect, Duplicate, Loss, Reorder, SlowLink
from nemesis.faults.partition import Grudge, Heal, Partition
from nemesis.faults.process import Crash, CrashAll, Pause, Restart, Resume

__all__ = [
    "ENDS",
    "FAULTS",
    "AddServer",
    "BitFlip",
    "ChangeServers",
    "ClockDrift",
    "ClockJump",
    "ClockOffset",
    "Crash",
    "CrashAll",
    "Delay",
    "DemoteServer",
    "Disconnect",
    "Duplicate",
    "Fault",
    "FullDisk",
    "Grudge",
    "Heal",
    "Injection",
    "IoError",
    "LeaveJoint",
    "Loss",
    "LostFile",
    "LyingDisk",
    "Partition",
    "Pause",
    "PromoteServer",
    "Reconfigure",
    "RemoveServer",
    "Reorder",
    "ReplaceAll",
    "ReplaceServer",
    "Restart",
    "Resume",
    "RollingRestart",
    "SlowDisk",
    "SlowLink",
    "Targeted",
    "TornWrite",
    "TransferLeader",
    "UnsyncedLoss",
    "fault",
]
