"""``doctor``: what this machine has, and what each absence costs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from chebimm_core import resources
from chebimm_core.errors import ChebiMMError
from chebimm_core.resources.files import HUB_FILES
from chebimm_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.command("doctor")(doctor)


def doctor(
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Download the vocabularies that are missing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not try the network.")] = False,
) -> None:
    """Says what is present and absent on this machine and what each absence costs."""
    settings = Settings.from_env()
    failed = _fetch_missing(settings) if fetch else False
    found = resources.survey(settings, network=not offline)
    if as_json:
        typer.echo(json.dumps([asdict(status) for status in found], indent=1))
    else:
        for status in found:
            _show(status)
    if failed:
        raise typer.Exit(1)


def _fetch_missing(settings: Settings) -> bool:
    failed = False
    for file in HUB_FILES:
        typer.secho(f"fetching {file.repository}/{file.path} ({file.license})", err=True)
        try:
            resources.fetch(settings, file)
        except ChebiMMError as error:
            typer.secho(f"error: {error}", err=True, fg="red")
            failed = True
    return failed


def _show(status: resources.ResourceStatus) -> None:
    mark, color = ("present", "green") if status.present else ("absent", "yellow")
    typer.secho(f"{mark:8}", fg=color, nl=False)
    typer.echo(f"{status.title}{f': {status.where}' if status.where else ''}")
    if not status.present:
        typer.echo(f"{'':8}Without it: {status.cost}")
        typer.echo(f"{'':8}To have it: {status.remedy}")
