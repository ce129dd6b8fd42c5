"""Sequential specifications, one a file, known by name."""

# Importing a model's file registers it.
from checker.models import (  # noqa: F401
    cas_register,
    counter,
    kv,
    locks,
    queues,
    register,
    sets,
    transactions,
    unique_ids,
    unreliable,
)
from checker.models.custom import by_key, model_from_step, nondeterministic
from checker.models.model import (
    DEAD,
    UNKNOWN,
    Call,
    CallError,
    Effect,
    Foresight,
    Model,
    ModelError,
    Specification,
    UnknownModelError,
    distinct,
    get_model,
    model_names,
    plain_parser,
    register_family,
    register_model,
)

__all__ = [
    "DEAD",
    "UNKNOWN",
    "Call",
    "CallError",
    "Effect",
    "Foresight",
    "Model",
    "ModelError",
    "Specification",
    "UnknownModelError",
    "by_key",
    "distinct",
    "get_model",
    "model_from_step",
    "model_names",
    "nondeterministic",
    "plain_parser",
    "register_family",
    "register_model",
]
