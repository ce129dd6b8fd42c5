"""Sequential specifications, one a file, known by name."""

# Importing a model's file registers it.
from checker.models import cas_register, kv, register  # noqa: F401
from checker.models.model import (
    DEAD,
    UNKNOWN,
    Call,
    CallError,
    Effect,
    Foresight,
    Model,
    Specification,
    UnknownModelError,
    get_model,
    model_names,
    plain_parser,
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
    "Specification",
    "UnknownModelError",
    "get_model",
    "model_names",
    "plain_parser",
    "register_model",
]
