"""lincheck: is a history linearizable?

    result = check(read_history("history.jsonl"), get_model("kv"))
    result.verdict.validity      valid, invalid or unknown
    result.witness()             valid: an order that explains every answer
    result.conflict              invalid: where it became impossible, and the operations to blame

Standard library only.
"""

from checker.lincheck.budget import Budget, BudgetExhausted
from checker.lincheck.check import Result, check
from checker.lincheck.conflict import Conflict
from checker.lincheck.witness import WitnessError, verify_witness

__all__ = [
    "Budget",
    "BudgetExhausted",
    "Conflict",
    "Result",
    "WitnessError",
    "check",
    "verify_witness",
]
