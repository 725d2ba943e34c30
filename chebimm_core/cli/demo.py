"""Command group ``demo``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from chebimm_core.cli.data import progress_on_stderr
from chebimm_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    group = typer.Typer(help="The embedded demo: a synthetic corpus and runs computed on it.")
    group.callback(no_args_is_help=True)(lambda: None)
    group.command("build")(build)
    app.add_typer(group, name="demo")


def build(
    seed: Annotated[int, typer.Option(help="Seed of the corpus and of the models.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was built as JSON.")] = False,
) -> None:
    """Build the demo corpus and compute its runs; what is there already is kept."""
    from chebimm_core.services.demo import build_demo_store

    found = build_demo_store(
        Settings.from_env(), now=datetime.now(UTC), seed=seed, progress=progress_on_stderr()
    )
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "dataset": found.dataset.name,
                    "synthetic": found.dataset.synthetic,
                    "splits": found.dataset.splits,
                    "runs": [h.run_id for h in found.runs],
                    "skipped": list(found.skipped),
                },
                indent=1,
            )
        )
        return
    sizes = ", ".join(f"{split} {n:,}" for split, n in found.dataset.splits.items())
    typer.echo(f"Data set {found.dataset.name} (synthetic): {sizes}; {len(found.runs)} runs")
    for reason in found.skipped:
        typer.echo(f"Skipped: {reason}", err=True)
