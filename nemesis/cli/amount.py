"""Amounts, as options take them."""

from __future__ import annotations

from math import isnan
from typing import Any

import click


class Amount(click.FloatRange):
    """A number within a range. Nan is within every range of click: no comparison says that it is
    out of one."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        amount = float(super().convert(value, param, ctx))
        if isnan(amount):
            self.fail(f"{value!r} is no number", param, ctx)
        return amount
