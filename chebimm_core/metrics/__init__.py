"""Metrics of the published protocol. ``METRICS`` holds every spec found in ``families``.

A metric is additive per-sample statistics and a function of their sum, so that one matrix product
gives every bootstrap resample. A family is the preparation its metrics share.
"""

from chebimm_core.domain.specs import MetricSpec
from chebimm_core.metrics.preparation import FamilySpec
from chebimm_core.registry import Registry

METRICS: Registry[MetricSpec] = Registry.discover(
    "metric", "chebimm_core.metrics.families", "SPECS", lambda m: m.name
)
FAMILIES: Registry[FamilySpec] = Registry.discover(
    "metric family", "chebimm_core.metrics.families", "FAMILIES", lambda f: f.name
)
