"""Command ``matrix``: the modal transition matrix as a table or as JSON."""

from __future__ import annotations

import json
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from chebimm_core.domain.findings import (
    Aggregate,
    CellKind,
    Completion,
    MatrixSource,
    TransitionMatrix,
)
from chebimm_core.services import matrix as service
from chebimm_core.services.cell_scores import Similarity
from chebimm_core.settings import Settings

_MARKS = {"measured": "", "tool": "t", "derived": "d", "identity": "", "not studied": "n"}


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.command("matrix")(matrix)


def matrix(
    *,
    source: Annotated[
        MatrixSource, typer.Option(help="The paper's figure, or runs stored here.")
    ] = "published",
    aggregate: Annotated[
        Aggregate, typer.Option(help="How the runs of a cell are combined.")
    ] = "best",
    complete: Annotated[
        Completion, typer.Option(help="Rule for cells nobody measured.")
    ] = "measured",
    dataset: Annotated[str | None, typer.Option(help="Only runs on this data set.")] = None,
    split: Annotated[str | None, typer.Option(help="Only runs on this split.")] = None,
    run: Annotated[list[str] | None, typer.Option(help="Only these runs; repeatable.")] = None,
    denominator: Annotated[
        Similarity, typer.Option(help="Fingerprint similarity over valid or over all outputs.")
    ] = "valid",
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Shows how well each modality is turned into each other."""
    found = service.build(
        Settings.from_env(),
        source=source,
        aggregate=aggregate,
        completion=complete,
        dataset=dataset,
        split=split,
        run_ids=run,
        denominator=denominator,
        seed=seed,
    )
    typer.echo(json.dumps(as_dict(found), indent=1) if as_json else as_table(found))


def as_dict(found: TransitionMatrix) -> dict[str, object]:
    """The matrix as plain JSON values; null where nothing is known."""
    return {
        "modalities": list(found.modalities),
        "values": _numbers(found.values),
        "kinds": [list(row) for row in found.kinds],
        "routes": [[list(route) for route in row] for row in found.routes],
        "n_runs": found.n_runs.tolist(),
        "n_molecules": found.n_molecules.tolist(),
        "ci_low": _numbers(found.ci_low),
        "ci_high": _numbers(found.ci_high),
        "rank_stability": _numbers(found.rank_stability),
        "floors": None if found.floors is None else _numbers(found.floors),
        "run_ids": [[list(ids) for ids in row] for row in found.run_ids],
        "source": found.source,
        "aggregate": found.aggregate,
        "completion": found.completion,
        "warnings": list(found.warnings),
    }


def as_table(found: TransitionMatrix) -> str:
    """The matrix for a terminal: rows from, columns to."""
    width = max(len(name) for name in found.modalities) + 1
    lines = [" " * width + "".join(f"{name:>10}" for name in found.modalities)]
    for name, values, kinds in zip(found.modalities, found.values, found.kinds, strict=True):
        cells = (_cell(v, kind) for v, kind in zip(values, kinds, strict=True))
        lines.append(f"{name:<{width}}" + "".join(f"{cell:>10}" for cell in cells))
    lines.append("")
    lines.append(f"source {found.source}, {found.aggregate} run of a cell, {found.completion}")
    lines.append("t tool (1 by definition), d derived, n not studied, - nothing known")
    for row in range(len(found.modalities)):
        lines.extend(
            f"d {' -> '.join(route)}: {found.values[row, column]:.3f}"
            for column, route in enumerate(found.routes[row])
            if found.kinds[row][column] == "derived"
        )
    lines.extend(f"note: {warning}" for warning in found.warnings)
    return "\n".join(lines)


def _cell(value: float, kind: CellKind) -> str:
    return "- " if np.isnan(value) else f"{value:.3f}{_MARKS.get(kind, '') or ' '}"


def _numbers(values: NDArray[np.float64]) -> list[list[float | None]]:
    return [[None if np.isnan(v) else float(v) for v in row] for row in values]
