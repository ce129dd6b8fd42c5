"""Accounts: what became of the elements, sums and ids of a history, counted one by one.

A model says whether a history can be explained, and by what it cannot. An account says how much was
lost: it knows what its operations are about, reads the history alone, and convicts only by what
real time and the answers prove. It says ``unknown`` where what it counts never happened.

    elements        of sets and lists: attempted, acknowledged, lost, stale, never read
    transactions    of lists: the same, and the anomalies that checker.isolation finds
    queue           elements: lost, duplicated, left, taken by those who were never told
    bank            totals that were seen
    counter         what was added, and read
    lock            acquisitions, and how often the lock went from one owner to another
    unique_ids      ids that were given twice

Standard library only.
"""

from checker.accounting.account import NOTHING, Account
from checker.accounting.bank import account_of_bank
from checker.accounting.counter import account_of_counter
from checker.accounting.elements import account_of_elements
from checker.accounting.lock import account_of_lock
from checker.accounting.queue import account_of_queue
from checker.accounting.transactions import account_of_transactions
from checker.accounting.unique_ids import account_of_ids

__all__ = [
    "NOTHING",
    "Account",
    "account_of_bank",
    "account_of_counter",
    "account_of_elements",
    "account_of_ids",
    "account_of_lock",
    "account_of_queue",
    "account_of_transactions",
]
