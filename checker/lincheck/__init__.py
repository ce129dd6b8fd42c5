"""lincheck: is a history linearizable?

    verdict = check(read_history("history.jsonl"), get_model("kv"))
    verdict.validity        valid, invalid or unknown
    verdict.order           valid: an order that explains every answer
    verdict.conflict        invalid: where it became impossible, and the operations to blame
    verdict.certificate     either as data, which ``checker.lincheck.verify`` checks

Standard library only. Names are imported when they are asked for, so that ``python -m
checker.lincheck.verify`` loads no engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.lincheck.budget import Budget, BudgetExhausted
    from checker.lincheck.certificate import Certificate, CertificateError
    from checker.lincheck.checking import KIND, Verdict, check
    from checker.lincheck.conflict import Conflict
    from checker.lincheck.monitor import Monitor, StreamFailure
    from checker.lincheck.parallel import check_parallel

_HOMES = {
    "KIND": "checking",
    "Budget": "budget",
    "BudgetExhausted": "budget",
    "Certificate": "certificate",
    "CertificateError": "certificate",
    "Conflict": "conflict",
    "Monitor": "monitor",
    "StreamFailure": "monitor",
    "Verdict": "checking",
    "check": "checking",
    "check_parallel": "parallel",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


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
    "check_parallel",
]
