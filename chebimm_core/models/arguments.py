"""Checks what a user sets against what a model lets be set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from chebimm_core.domain.specs import Parameter, Scalar
from chebimm_core.errors import SettingError


def check_arguments(
    model: str, parameters: Sequence[Parameter], given: Mapping[str, Scalar]
) -> dict[str, Scalar]:
    """The value of every parameter: the given one, or its default.

    Raises:
        SettingError: If a name is unknown, a value of the wrong type or out of its range.
    """
    known = {p.name: p for p in parameters}
    for name in given:
        if name not in known:
            raise SettingError(
                f"Model {model} has no such parameter",
                value=name,
                allowed=", ".join(known) or "none",
            )
    return {p.name: _checked(model, p, given.get(p.name, p.default)) for p in parameters}


def _checked(model: str, parameter: Parameter, value: Scalar) -> Scalar:
    kind = type(parameter.default)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise SettingError(
            f"Parameter {parameter.name} of model {model} has the wrong type",
            value=value,
            allowed={int: "a whole number", float: "a number", bool: "true or false"}.get(
                kind, "a text"
            ),
        )
    if isinstance(value, str):
        if parameter.choices and value not in parameter.choices:
            raise SettingError(
                f"Parameter {parameter.name} of model {model} has no such value",
                value=value,
                allowed=", ".join(parameter.choices),
            )
        return value
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    if not math.isfinite(value) or not low <= value <= high:
        raise SettingError(
            f"Parameter {parameter.name} of model {model} is out of its range",
            value=value,
            allowed=f"{low:g} to {high:g}",
        )
    return value
