"""Command ``score``: scores of a file, without storing it."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from chebimm_core.services import benchmark
from chebimm_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.command("score")(score)


def score(
    file: Path = typer.Argument(help="File of model outputs."),
    *,
    dataset: str = typer.Option("chebi-20-mm", help="Stored data set to score against."),
    task: str = typer.Option(help="captioning, generation, iupac, ..."),
    split: str | None = typer.Option(None, help="Split; default: the one most rows fit."),
    source: str | None = typer.Option(None, help="Modality the model read."),
    column: str | None = typer.Option(None, "--property", help="Column of a property file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Scores a file of outputs by the published protocol; nothing is stored."""
    result = benchmark.score_file(
        Settings.from_env(),
        file,
        dataset=dataset,
        task=task,
        split=split,
        source=source,
        property_name=column,
    )
    for metric, why in result.absent.items():
        typer.echo(f"no {metric}: {why}", err=True)
    typer.echo(result.report.message(), err=True)
    if as_json:
        printed = {"metrics": result.values, "n": result.n, "signature": result.signature}
        typer.echo(json.dumps(printed, allow_nan=False))
        return
    for one in result.scores:
        interval = "" if one.ci_low is None else f"  [{one.ci_low:.4f}, {one.ci_high:.4f}]"
        typer.echo(f"{one.metric:<12} {one.value:.4f}{interval}  n={one.n}  {one.signature}")
