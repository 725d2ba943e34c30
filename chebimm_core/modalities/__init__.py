"""The eight modalities. ``MODALITIES`` holds every :class:`ModalitySpec` found in this package."""

from chebimm_core.domain.specs import ModalitySpec
from chebimm_core.registry import Registry

MODALITIES: Registry[ModalitySpec] = Registry.discover(
    "modality", __name__, "SPECS", lambda m: m.name, order=lambda m: (m.order, m.name)
)
