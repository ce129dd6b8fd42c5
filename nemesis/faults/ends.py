"""What ends which fault."""

from __future__ import annotations

ENDS = {
    "partition": "heal",
    "grudge": "heal",
    "loss": "heal",
    "duplicate": "heal",
    "reorder": "heal",
    "delay": "heal",
    "slow-link": "heal",
    "disconnect": "heal",
    "crash": "restart",
    "crash-all": "restart",
    "unsynced-loss": "restart",
    "torn-write": "restart",
    "full-disk": "restart",
    "io-error": "restart",
    "pause": "resume",
    "demote-server": "promote-server",
    "reconfigure": "leave-joint",
    "change-servers": "leave-joint",
}
