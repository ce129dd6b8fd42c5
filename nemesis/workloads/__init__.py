"""The workloads, one a file. A new one: a class with ``@workload`` in a file imported here."""

from nemesis.workloads.kv import KeyValueWorkload
from nemesis.workloads.register import RegisterWorkload
from nemesis.workloads.workload import WORKLOADS, Outcome, Values, Workload, workload

__all__ = [
    "WORKLOADS",
    "KeyValueWorkload",
    "Outcome",
    "RegisterWorkload",
    "Values",
    "Workload",
    "workload",
]
