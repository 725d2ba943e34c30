"""Models that run here. ``MODELS`` holds every :class:`ModelCard` found in this package.

Importing the package reads cards only; an adapter is imported when its model runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

from chebimm_core.domain.specs import Ability, ModelCard, Scalar, TaskProtocol
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.models.arguments import check_arguments
from chebimm_core.models.protocols import Model
from chebimm_core.registry import Registry

_FAMILIES = ("floor", "nearest-neighbour", "linear", "tool")


def _order(card: ModelCard) -> tuple[int, str]:
    known = card.family in _FAMILIES
    return (_FAMILIES.index(card.family) if known else len(_FAMILIES), card.name)


MODELS: Registry[ModelCard] = Registry.discover(
    "model", __name__, "CARDS", lambda c: c.name, order=_order
)


def load(
    card: ModelCard, protocol: TaskProtocol, arguments: Mapping[str, Scalar] | None = None
) -> Model:
    """Imports the adapter of an ability and makes an unfitted model.

    Args:
        card: The model.
        protocol: What it shall do: ``generate``, ``predict`` (both give a
            :class:`~chebimm_core.models.protocols.Generator`) or ``retrieve``.
        arguments: Values of the ability's parameters; those not named take their default.

    Raises:
        SettingError: If the model has no such ability or parameter, or a value is not allowed.
        ChebiMMError: If the loader is not ``module:attribute`` or does not exist.
        MissingDependencyError: If the adapter needs a package or resource that is absent.
    """
    ability = require_ability(card, protocol)
    values = check_arguments(card.name, ability.parameters, arguments or {})
    module_name, _, attribute = ability.loader.partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ChebiMMError(
            f"The adapter of model {card.name} cannot be imported: {error}",
            value=ability.loader,
            allowed="module:attribute",
        ) from error
    return cast("Model", factory(**values))


def require_ability(card: ModelCard, protocol: TaskProtocol) -> Ability:
    """How a model does tasks of that protocol.

    Raises:
        SettingError: If it does not.
    """
    ability = card.ability(protocol)
    if ability is None:
        raise SettingError(
            f"Model {card.name} cannot {protocol}",
            value=protocol,
            allowed=", ".join(a.protocol for a in card.abilities),
        )
    return ability
