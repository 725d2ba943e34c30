"""Command group ``runs``: load, fetch, list, show, tag, delete, rescore, export."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typer

from chebimm_core.domain.run import RunHeader, RunState
from chebimm_core.services import benchmark, launching, public_runs
from chebimm_core.settings import Settings

runs = typer.Typer(help="Model outputs: load, fetch, list, compare, export.", no_args_is_help=True)

_DATASET = "chebi-20-mm"


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.add_typer(runs, name="runs")


@runs.command()
def load(
    file: Path = typer.Argument(help="TSV, CSV, JSON lines or Parquet file of model outputs."),
    *,
    dataset: str = typer.Option(_DATASET, help="Stored data set to join with."),
    task: str = typer.Option(help="captioning, generation, iupac, ..."),
    model: str = typer.Option(help="Name of the model that wrote the outputs."),
    split: str | None = typer.Option(None, help="Split; default: the one most rows fit."),
    source: str | None = typer.Option(None, help="Modality the model read, e.g. IUPAC."),
    column: str | None = typer.Option(None, "--property", help="Column of a property file."),
    overwrite: bool = typer.Option(False, help="Replace the same run, loaded before."),
) -> None:
    """Joins, scores and stores a file of outputs."""
    header = benchmark.load_file(
        Settings.from_env(),
        file,
        dataset=dataset,
        task=task,
        model=model,
        now=datetime.now(UTC),
        split=split,
        source=source,
        property_name=column,
        overwrite=overwrite,
        progress=_progress,
    )
    _show(header)


@runs.command()
def fetch(
    names: list[str] | None = typer.Argument(None, help="Names or models of the catalogue."),
    everything: bool = typer.Option(False, "--all", help="The whole catalogue."),
    catalogue: bool = typer.Option(False, "--list", help="List the catalogue and stop."),
    dataset: str = typer.Option(_DATASET, help="Stored data set to score against."),
    overwrite: bool = typer.Option(False, help="Load again what is loaded already."),
) -> None:
    """Downloads public prediction files at a pinned commit, verifies, loads and scores them."""
    settings = Settings.from_env()
    if catalogue:
        for run in public_runs.catalogue(settings):
            typer.echo(f"{run.name:<58} {run.bytes / 1e6:5.1f} MB  {run.terms}  {run.note}")
        return
    if not names and not everything:
        raise typer.BadParameter("name runs to fetch, or give --all; --list shows the catalogue")
    outcomes = public_runs.fetch(
        settings,
        None if everything else names,
        dataset=dataset,
        now=datetime.now(UTC),
        overwrite=overwrite,
        progress=_progress,
    )
    for outcome in outcomes:
        typer.echo(f"{outcome.state:<15} {outcome.name}: {outcome.message}")
    if any(o.state == "failed" for o in outcomes):
        raise typer.Exit(1)


@runs.command("list")
def list_(
    dataset: str | None = typer.Option(None),
    task: str | None = typer.Option(None),
    split: str | None = typer.Option(None),
    tag: str | None = typer.Option(None),
    state: RunState | None = typer.Option(None, help="Only runs in this state."),
) -> None:
    """Lists runs: those at work with their progress, complete ones with their first scores."""
    settings = Settings.from_env()
    waiting = [
        h
        for h in launching.unfinished(settings)
        if dataset in (None, h.spec.dataset)
        and task in (None, h.spec.task)
        and split in (None, h.spec.split)
        and tag in (None, *h.status.tags)
    ]
    done = benchmark.list_runs(settings, dataset=dataset, task=task, split=split, tag=tag)
    for header in (*waiting, *done):
        spec, status = header.spec, header.status
        if state not in (None, status.state):
            continue
        shown = "  ".join(f"{s.metric} {s.value:.3f}" for s in header.scores[:4])
        if status.state is not RunState.DONE:
            shown = _standing(settings, header)
        typer.echo(f"{header.run_id}  {spec.task}  {spec.model}  {status.state}  {shown}")
    if launching.activity(settings).stuck:
        typer.echo("Runs wait and nobody works: resume one of them to start a driver", err=True)


@runs.command()
def show(
    run_id: str,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    log: int = typer.Option(10, min=0, help="Last lines of the log to show."),
) -> None:
    """Shows specification, state, progress, scores, intervals, signatures and log of a run."""
    header = benchmark.header(Settings.from_env(), run_id)
    if as_json:
        typer.echo(header.model_dump_json(indent=1))
        return
    _show(header)
    settings = Settings.from_env()
    if header.status.state is not RunState.DONE:
        typer.echo(_standing(settings, header))
    text = launching.log_tail(settings, run_id, lines=log)
    if log and text:
        typer.echo(f"\n{text}")


@runs.command()
def delete(run_id: str, yes: bool = typer.Option(False, "--yes", help="Do not ask.")) -> None:
    """Removes a run from the store, a damaged one too; cancel it first if it is at work."""
    settings = Settings.from_env()
    if not yes:
        typer.confirm(f"Delete {run_id}?", abort=True)
    launching.delete(settings, run_id)
    typer.echo(f"deleted {run_id}")


@runs.command()
def tag(run_id: str, tags: list[str] | None = typer.Argument(None)) -> None:
    """Replaces the tags of a run; none clears them."""
    benchmark.tag(Settings.from_env(), run_id, tags or [])


@runs.command()
def rescore(run_id: str) -> None:
    """Scores a stored run again, for instance once a tokenizer has become available."""
    _show(benchmark.rescore(Settings.from_env(), run_id, progress=_progress))


@runs.command()
def export(
    run_ids: list[str] | None = typer.Argument(None, help="Default: all runs that fit."),
    form: Literal["csv", "latex", "json"] = typer.Option("csv", "--format"),
    dataset: str | None = typer.Option(None),
    task: str | None = typer.Option(None),
    output: Path | None = typer.Option(None, "--output", "-o", help="File; default: print."),
) -> None:
    """Writes scores with intervals and signatures."""
    settings = Settings.from_env()
    headers = (
        [benchmark.header(settings, run_id) for run_id in run_ids]
        if run_ids
        else benchmark.list_runs(settings, dataset=dataset, task=task)
    )
    text = benchmark.export(headers, form)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _standing(settings: Settings, header: RunHeader) -> str:
    """How far a run is that is not complete, and why it stopped."""
    status, found = header.status, launching.progress(settings, header.run_id)
    if status.state is not RunState.RUNNING or found is None:
        return status.message
    rate = "" if found.rate is None else f", {found.rate:.1f} a second"
    left = "" if found.seconds_left is None else f", {found.seconds_left:.0f} s left"
    share = f" {found.share:.0%}" if found.phase != "answering" else ""
    return f"{found.phase}{share}, {found.answered:,} of {found.total:,} answered{rate}{left}"


def _show(header: RunHeader) -> None:
    spec, status = header.spec, header.status
    typer.echo(f"{header.run_id}\n{spec.model}: {spec.transition} on {spec.dataset} {spec.split}")
    counted = f"{status.n_predictions:,} of {status.n_total:,} answered"
    typer.echo(f"{status.state}: {counted}. {status.message}")
    if spec.origin.kind == "fetched" and spec.origin.license is None:
        typer.echo("No license stated: fetched by you, not redistributed")
    for one in header.scores:
        interval = "" if one.ci_low is None else f"  [{one.ci_low:.4f}, {one.ci_high:.4f}]"
        typer.echo(f"{one.metric:<12} {one.value:.4f}{interval}  n={one.n}  {one.signature}")


def _progress(share: float, text: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{share:4.0%}  {text[:70]:<70}", err=True, nl=share >= 1.0)
