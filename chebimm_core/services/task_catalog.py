"""The tasks and their metrics as a page needs them: titles, order, floors, denominators."""

from __future__ import annotations

from chebimm_core.domain.specs import TaskSpec
from chebimm_core.metrics import METRICS
from chebimm_core.tasks import TASKS

ALL_ROWS = "_all"
"""Suffix of a similarity metric whose denominator is every molecule, invalid ones counting 0."""


def tasks() -> tuple[TaskSpec, ...]:
    """The six tasks in display order."""
    return tuple(TASKS.values())


def task(name: str) -> TaskSpec:
    """One task.

    Raises:
        NotFoundError: If there is none of this name.
    """
    return TASKS[name]


def title(name: str) -> str:
    """Title of a task; the name itself where a stored run has a task that is not known here."""
    return TASKS[name].title if name in TASKS else name


def metric_title(name: str) -> str:
    """Title of a metric; the name itself if it is not known here."""
    return METRICS[name].title if name in METRICS else name


def base_metrics(name: str) -> tuple[str, ...]:
    """Metrics of a task, the all-rows variants left out: those are a choice of denominator."""
    return tuple(m for m in TASKS[name].metrics if not m.endswith(ALL_ROWS))


def has_both_denominators(name: str, metric: str) -> bool:
    """Whether the metric is also computed over all molecules, invalid outputs counting 0."""
    return metric + ALL_ROWS in TASKS[name].metrics
