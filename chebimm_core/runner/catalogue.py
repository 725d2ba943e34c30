"""The models that can be run in one installation."""

from __future__ import annotations

from collections.abc import Mapping

from chebimm_core.domain.specs import ModelCard
from chebimm_core.models import MODELS
from chebimm_core.settings import Settings


def cards(settings: Settings) -> Mapping[str, ModelCard]:
    """Name -> card of every model that comes with the program or was added by the user.

    Args:
        settings: Where the store is.
    """
    return MODELS
