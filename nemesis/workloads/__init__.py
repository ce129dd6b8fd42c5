"""The workloads, one a file. A new one: a class with ``@workload`` in a file imported here."""

from nemesis.workloads.append import AppendWorkload
from nemesis.workloads.bank import BankWorkload
from nemesis.workloads.counter import CounterWorkload
from nemesis.workloads.kv import KeyValueWorkload
from nemesis.workloads.lock import LockWorkload
from nemesis.workloads.performance import Outcome, Performance, Program
from nemesis.workloads.queue import QueueWorkload
from nemesis.workloads.register import RegisterWorkload
from nemesis.workloads.sets import SetWorkload
from nemesis.workloads.transactions import TransactionsWorkload
from nemesis.workloads.unique_ids import UniqueIdsWorkload
from nemesis.workloads.values import Values
from nemesis.workloads.workload import WORKLOADS, Workload, workload

__all__ = [
    "WORKLOADS",
    "AppendWorkload",
    "BankWorkload",
    "CounterWorkload",
    "KeyValueWorkload",
    "LockWorkload",
    "Outcome",
    "Performance",
    "Program",
    "QueueWorkload",
    "RegisterWorkload",
    "SetWorkload",
    "TransactionsWorkload",
    "UniqueIdsWorkload",
    "Values",
    "Workload",
    "workload",
]
