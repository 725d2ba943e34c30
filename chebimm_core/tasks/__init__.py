"""The six tasks. ``TASKS`` holds every :class:`TaskSpec` found in this package."""

from chebimm_core.domain.specs import TaskSpec
from chebimm_core.registry import Registry

TASKS: Registry[TaskSpec] = Registry.discover(
    "task", __name__, "SPECS", lambda t: t.name, order=lambda t: (t.order, t.name)
)
