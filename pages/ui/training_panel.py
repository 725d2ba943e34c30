"""The training curve of a run, live or of one that is done."""

from __future__ import annotations

from collections.abc import Sequence

from chebimm_core.domain.run import TrainingPoint
from chebimm_core.figures import training_charts
from pages.ui import figure_panel, pickers, theme


def show(points: Sequence[TrainingPoint], *, key: str, file_name: str) -> None:
    """Draws the curve; nothing for a run that does not train."""
    if not points:
        return
    frame = training_charts.frame(points)
    log = pickers.switch("log", "Logarithmic value axis", "yes")
    figure_panel.show(
        training_charts.curve(frame, log=log, dark=theme.is_dark()),
        key=key,
        reading=training_charts.reading(frame),
        table=frame,
        alt="Training loss and validation over steps; the same in the table.",
        file_name=file_name,
    )
