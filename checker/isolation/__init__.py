"""Isolation of transactions, in Elle's way: which levels does a history violate, and why?

    result = check(history, "list-append", level="serializable")
    result.verdict.validity       valid, invalid or unknown
    result.anomalies              what was found, each with its evidence
    result.weakest_violated       the weakest levels violated
    result.strongest_possible     the strongest levels that may hold
    as_lines(result)              for people
    as_json(result)               for programs
    verify(history, anomaly)      check one anomaly against the history, by definition

Sound, not complete: what it reports is wrong with the history, but what it reports nothing on may
be wrong too. (For certainty on short histories: lincheck with the models of transactions.) The
method is Adya's (1999) graphs, inferred from what clients saw as by Kingsbury and Alvaro, "Elle"
(VLDB 2020). Linear in the history, but for what its modules say. Standard library only.
"""

from checker.isolation.anomalies import CYCLES, DIRECT, SUFFIXES, Anomaly, Step, meaning
from checker.isolation.check import IsolationResult, check
from checker.isolation.explain import as_json, as_lines
from checker.isolation.levels import LEVELS, UnknownLevelError, forbids, implies
from checker.isolation.verify import EvidenceError, verify

__all__ = [
    "CYCLES",
    "DIRECT",
    "LEVELS",
    "SUFFIXES",
    "Anomaly",
    "EvidenceError",
    "IsolationResult",
    "Step",
    "UnknownLevelError",
    "as_json",
    "as_lines",
    "check",
    "forbids",
    "implies",
    "meaning",
    "verify",
]
