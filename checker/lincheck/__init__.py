"""lincheck: is a history linearizable?

    verdict = check(read_history("history.jsonl"), get_model("kv"))
    verdict.validity        valid, invalid or unknown
    verdict.order           valid: an order that explains every answer
    verdict.conflict        invalid: where it became impossible, and the operations to blame
    verdict.certificate     either as data, which ``verify`` checks without any engine

Standard library only.
"""

from checker.lincheck.budget import Budget, BudgetExhausted
from checker.lincheck.certificate import Certificate, CertificateError
from checker.lincheck.check import KIND, Verdict, check
from checker.lincheck.conflict import Conflict
from checker.lincheck.monitor import Monitor, StreamFailure
from checker.lincheck.verify import verify

__all__ = [
    "KIND",
    "Budget",
    "BudgetExhausted",
    "Certificate",
    "CertificateError",
    "Conflict",
    "Monitor",
    "StreamFailure",
    "Verdict",
    "check",
    "verify",
]
