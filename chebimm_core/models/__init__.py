"""Models that run here. ``MODELS`` holds every :class:`ModelCard` found in this package.

Importing the package reads cards only; an adapter is imported when its model runs.
"""

from __future__ import annotations

import importlib
from typing import cast

from chebimm_core.domain.specs import ModelCard
from chebimm_core.errors import ChebiMMError
from chebimm_core.models.protocols import Generator
from chebimm_core.registry import Registry

_FAMILIES = ("floor", "nearest-neighbour", "linear", "tool")


def _order(card: ModelCard) -> tuple[int, str]:
    known = card.family in _FAMILIES
    return (_FAMILIES.index(card.family) if known else len(_FAMILIES), card.name)


MODELS: Registry[ModelCard] = Registry.discover(
    "model", __name__, "CARDS", lambda c: c.name, order=_order
)


def load(card: ModelCard) -> Generator:
    """Imports the adapter of a card and makes an unfitted model.

    Raises:
        ChebiMMError: If the card's loader is not ``module:attribute`` or does not exist.
        MissingDependencyError: If the adapter needs a package or resource that is absent.
    """
    module_name, _, attribute = card.loader.partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ChebiMMError(
            f"The adapter of model {card.name} cannot be imported: {error}",
            value=card.loader,
            allowed="module:attribute",
        ) from error
    return cast("Generator", factory())
