"""Command ``grid``: the paper's 1,263 experiments, and launching a part of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import typer

from chebimm_core.errors import SettingError
from chebimm_core.grid import FILTERS, RECONSTRUCTION, Experiment
from chebimm_core.services import grid as service
from chebimm_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.command("grid")(grid)


def grid(
    *,
    filters: list[str] | None = typer.Option(
        None,
        "--filter",
        help=f"NAME=VALUE[|VALUE], comma-separated or repeated. Names: {', '.join(FILTERS)}.",
    ),
    dataset: str = typer.Option(service.DEFAULT_DATASET, help="What stands for ChEBI-20-MM."),
    as_json: bool = typer.Option(False, "--json", help="Every experiment with its run."),
    launch: bool = typer.Option(False, help="Queue the experiments that are missing."),
    limit: int | None = typer.Option(None, min=1, help="With --launch: first molecules only."),
    yes: bool = typer.Option(False, "--yes", help="With --launch: do not ask."),
) -> None:
    """Lists, counts or launches the paper's experiments."""  # fmt: skip
    settings = Settings.from_env()
    wanted = _conditions(filters or [])
    chosen = service.filtered(wanted)
    if launch:
        _launch(settings, chosen, dataset, limit, yes=yes)
        return
    if as_json:
        rows = []
        for one in chosen:
            spec, obstacle = service.described(settings, one, dataset=dataset)
            rows.append(
                {
                    "key": one.key,
                    "block": one.block,
                    "family": one.family,
                    "run_id": spec.run_id,
                    "spec": spec.model_dump(mode="json"),
                    "obstacle": obstacle,
                }
            )
        models = len({e.model for e in chosen})
        document = {"experiments": rows, "count": len(rows), "models": models,
                    "note": RECONSTRUCTION}  # fmt: skip
        typer.echo(json.dumps(document, indent=1))
        return
    found = service.coverage(settings, dataset=dataset)
    found = found[found["key"].isin({e.key for e in chosen})]
    for block in service.blocks():
        part = found[found["block"] == block.name]
        if len(part):
            states = ", ".join(
                f"{n} {s}" for s in service.STATES if (n := int((part["state"] == s).sum()))
            )
            typer.echo(f"{block.title:<28} {len(part):>5} experiments, "
                       f"{part['model'].nunique():>2} models: {states}")  # fmt: skip
    typer.echo(f"{'':<28} {len(found):>5} in all, {found['model'].nunique()} models")
    typer.echo(RECONSTRUCTION)


def _launch(
    settings: Settings,
    chosen: tuple[Experiment, ...],
    dataset: str,
    limit: int | None,
    *,
    yes: bool,
) -> None:
    found = service.plan(settings, chosen, dataset=dataset, limit=limit)
    for why, count in found.obstacles.items():
        typer.echo(f"cannot run {count}: {why}", err=True)
    about = "unknown time" if found.seconds is None else f"about {found.seconds:.0f} s of work"
    typer.echo(f"{len(found.specs)} runs can start, {about}")
    if not found.specs:
        raise typer.Exit(1)
    if not yes:
        typer.confirm("Queue them?", abort=True)
    made = service.launch(settings, found, now=datetime.now(UTC))
    typer.echo(f"queued {len(made)}; follow them with: python -m chebimm_core runs list")


def _conditions(filters: list[str]) -> dict[str, str]:
    found = {}
    for part in (p for text in filters for p in text.split(",") if p.strip()):
        name, equals, value = part.partition("=")
        if not equals:
            raise SettingError("A filter is written NAME=VALUE", value=part)
        found[name.strip()] = value.strip()
    return found
