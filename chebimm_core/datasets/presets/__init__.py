"""Published layouts that are recognised. ``PRESETS`` holds every :class:`Preset` found here."""

from __future__ import annotations

from chebimm_core.datasets.presets.preset import Preset
from chebimm_core.registry import Registry

PRESETS: Registry[Preset] = Registry.discover("preset", __name__, "PRESETS", lambda p: p.name)
