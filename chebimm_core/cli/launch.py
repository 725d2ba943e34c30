"""Commands ``launch``, ``resume`` and ``cancel``: what the Launch page does, from a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from chebimm_core.domain.run import RunState
from chebimm_core.domain.specs import Scalar
from chebimm_core.errors import SettingError
from chebimm_core.services import benchmark, launching, sweep
from chebimm_core.settings import Settings

_LOOKED_EVERY_S = 0.5


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.command()(launch)
    app.command()(resume)
    app.command()(cancel)
    app.command("sweep")(sweep_)


def launch(
    *,
    task: str = typer.Option(help="captioning, iupac, property, retrieval, ..."),
    transition: str = typer.Option(help="SOURCE->TARGET, e.g. 'SMILES->caption' (quote it)."),
    model: list[str] = typer.Option(help="Name of a model; several times for several runs."),
    dataset: str = typer.Option("chebi-20-mm", help="Stored data set."),
    split: str = typer.Option("test", help="Split to answer for."),
    limit: int | None = typer.Option(None, min=1, help="Only the first molecules."),
    seed: int = typer.Option(0, help="Of every random choice."),
    arguments: list[str] | None = typer.Option(
        None, "--set", help="NAME=VALUE: a parameter of the model, property, or fitted_on."
    ),
    wait: bool = typer.Option(False, help="Show progress until the runs end."),
) -> None:
    """Queues runs; a detached worker does them, so this terminal may be closed."""
    settings = Settings.from_env()
    given = dict(_argument(text) for text in arguments or [])
    specs = [
        launching.plan(
            settings, task=task, transition=transition, model=name, dataset=dataset, split=split,
            arguments=given, limit=limit, seed=seed,
        )
        for name in model
    ]  # fmt: skip
    for spec in specs:
        found = launching.estimate(settings, spec)
        about = "unknown time" if found.seconds is None else f"about {found.seconds:.0f} s"
        typer.echo(f"{spec.run_id}: {found.molecules:,} molecules, {about} ({found.basis})")
    made = launching.launch(settings, specs, now=datetime.now(UTC))
    if wait:
        _watch(settings, [h.run_id for h in made])


def sweep_(
    *,
    dataset: str = typer.Option("chebi-20-mm", help="Stored data set."),
    split: str = typer.Option("test", help="Split to answer for."),
    fitted_on: str | None = typer.Option(None, help="Split to learn from; default: train."),
    task: list[str] | None = typer.Option(None, help="Only these tasks."),
    limit: int | None = typer.Option(None, min=1, help="Only the first molecules."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    wait: bool = typer.Option(False, help="Show progress until the runs end."),
) -> None:
    """Queues every model that needs no download on everything it does: a matrix of one's own."""
    settings = Settings.from_env()
    found = sweep.plan(
        settings, dataset=dataset, split=split, fitted_on=fitted_on, tasks=tuple(task or ()),
        limit=limit,
    )  # fmt: skip
    for why, count in found.skipped.items():
        typer.echo(f"cannot run {count}: {why}", err=True)
    about = "unknown time" if found.seconds is None else f"about {found.seconds / 60:.0f} min"
    typer.echo(f"{len(found.specs)} runs, {about} of one worker; {found.stored} are stored already")
    if not found.specs:
        return
    if not yes:
        typer.confirm("Queue them?", abort=True)
    made = launching.launch(settings, found.specs, now=datetime.now(UTC))
    if wait:
        _watch(settings, [h.run_id for h in made])


def resume(
    run_ids: list[str] = typer.Argument(help="Runs that were interrupted, failed or cancelled."),
    wait: bool = typer.Option(False, help="Show progress until the runs end."),
) -> None:
    """Goes on with runs where they stopped; finished answers are kept."""
    settings = Settings.from_env()
    launching.resume(settings, run_ids)
    typer.echo(f"queued {len(run_ids)}")
    if wait:
        _watch(settings, run_ids)


def cancel(run_ids: list[str] = typer.Argument(help="Queued or running runs.")) -> None:
    """Ends runs at once; finished answers are kept and the runs can be resumed."""
    for run_id in run_ids:
        launching.cancel(Settings.from_env(), run_id)
        typer.echo(f"cancelled {run_id}")


def _argument(text: str) -> tuple[str, Scalar]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise SettingError("A parameter is written NAME=VALUE", value=text)
    if value.lower() in {"true", "false"}:
        return name, value.lower() == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def _watch(settings: Settings, run_ids: Sequence[str]) -> None:
    """Follows runs to their end; an interrupt ends the watching, not the runs."""
    failed = False
    try:
        for run_id in run_ids:
            state = _followed(settings, run_id)
            header = benchmark.header(settings, run_id)
            shown = "  ".join(f"{s.metric} {s.value:.3f}" for s in header.scores[:4])
            typer.echo(f"{run_id}: {state}  {shown or header.status.message}")
            failed = failed or state is not RunState.DONE
    except KeyboardInterrupt:
        typer.echo("The runs go on; see: python -m chebimm_core runs list", err=True)
    if failed:
        raise typer.Exit(1)


def _followed(settings: Settings, run_id: str) -> RunState:
    terminal = sys.stderr.isatty()
    while True:
        state = benchmark.header(settings, run_id).status.state
        if state not in (RunState.QUEUED, RunState.RUNNING):
            if terminal:
                typer.echo("\r\x1b[K", nl=False, err=True)
            return state
        found = launching.progress(settings, run_id)
        if terminal and found is not None:
            left = "" if found.seconds_left is None else f", {found.seconds_left:.0f} s left"
            line = f"{found.phase} {found.answered:,}/{found.total:,}{left}  {found.message}"
            typer.echo(f"\r\x1b[K{line[:100]}", nl=False, err=True)
        time.sleep(_LOOKED_EVERY_S)
