"""The command line: one module a command group, each calling one service."""

from __future__ import annotations

import sys

import typer

from chebimm_core.cli import data, demo, doctor, explain, grid, launch, map_, matrix, runs, score
from chebimm_core.errors import ChebiMMError

app = typer.Typer(
    name="chebimm_core",
    help="How well models match the modalities of a molecule, and what they learn.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """How well models match the modalities of a molecule, and what they learn."""


for _module in (data, demo, grid, launch, runs, score, matrix, map_, explain, doctor):
    _module.register(app)


def main() -> None:
    """Runs the command line; a known error is one clear line on stderr and exit status 2."""
    try:
        app()
    except ChebiMMError as error:
        typer.secho(f"error: {error}", err=True, fg="red")
        sys.exit(2)
    except OSError as error:  # a file named on the command line; the store reports its own
        name = f" Got {error.filename!r}." if error.filename else ""
        typer.secho(f"error: {error.strerror or error}.{name}", err=True, fg="red")
        sys.exit(2)
