"""Command group ``data``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.services import dataset, dataset_images, dataset_import
from chebimm_core.settings import Settings

_Name = Annotated[str, typer.Argument(help="Name of a stored data set.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the header as JSON.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace one of the same name.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    group = typer.Typer(help="Data sets: import, list, show, delete.", no_args_is_help=True)
    group.command("import")(import_)
    group.command("preview")(preview)
    group.command("moleculenet")(moleculenet)
    group.command("images")(images)
    group.command("fetch")(fetch)
    group.command("demo")(demo)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("delete")(delete)
    app.add_typer(group, name="data")


def import_(
    source: Annotated[str, typer.Argument(help="File or folder, or OWNER/NAME on the hub.")],
    *,
    name: Annotated[str, typer.Option(help="Name in the store.")] = dataset.DEFAULT_NAME,
    preset: Annotated[
        str | None, typer.Option(help="Layout: " + ", ".join(dataset_import.presets()) + ".")
    ] = None,
    columns: Annotated[
        str, typer.Option("--map", help="SMILES=column,caption=column,cid=...,split=...")
    ] = "",
    properties: Annotated[
        list[str] | None, typer.Option("--property", help="Column of numbers; default: all.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Where splits come from: " + ", ".join(dataset_import.SPLITTINGS))
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Of a random split.")] = 0,
    overwrite: _Overwrite = False,
    as_json: _Json = False,
) -> None:
    """Import ChEBI-20-MM, a published layout, or any table of molecules; whole or not at all."""
    settings, now = Settings.from_env(), datetime.now(UTC)
    plain = preset is None and not columns and not properties and split == "auto"
    if plain and (dataset.is_hub_id(source) or dataset_import.is_chebi20mm(source)):
        found = dataset.import_dataset(
            settings, source, name=name, now=now, overwrite=overwrite, progress=progress_on_stderr()
        )
    else:
        found = dataset_import.import_table(
            settings, source, name=name, now=now, preset=preset,
            columns=dataset_import.parse_columns(columns), properties=properties, splitting=split,
            seed=seed, overwrite=overwrite, progress=progress_on_stderr(),
        )  # fmt: skip
    _describe(found, as_json=as_json)


def preview(
    source: Annotated[str, typer.Argument(help="File or folder.")],
    preset: Annotated[str | None, typer.Option(help="Layout; default: recognise it.")] = None,
) -> None:
    """Show what a table seems to hold, without importing it."""
    found = dataset_import.preview(source, preset=preset)
    typer.echo(
        f"{', '.join(found.files)}: {found.count:,} rows, {found.preset or 'no known layout'}"
    )
    for key, column in found.columns.items():
        typer.echo(f"{key:<10} <- {column}")
    numbers = "all columns of numbers" if found.properties is None else ", ".join(found.properties)
    typer.echo(f"{'property':<10} <- {numbers or 'none'}")
    typer.echo(found.rows.head(5).to_string(max_colwidth=40, index=False))


def images(
    name: Annotated[str, typer.Argument(help="Stored data set.")],
    folder: Annotated[str, typer.Argument(help="Folder of PNG or JPEG files named by CID.")],
    *,
    new_name: Annotated[
        str | None, typer.Option("--name", help="Of the new data set; default: NAME-images.")
    ] = None,
    overwrite: _Overwrite = False,
    as_json: _Json = False,
) -> None:
    """Store a data set anew with image files of its own; models of images then read these."""
    found = dataset_images.with_images(
        Settings.from_env(), name, folder, name=new_name or f"{name}-images",
        now=datetime.now(UTC), overwrite=overwrite, progress=progress_on_stderr(),
    )  # fmt: skip
    _describe(found, as_json=as_json)


def moleculenet(
    source: Annotated[str, typer.Argument(help="File or folder of MoleculeNet CSV files.")],
    *,
    sets: Annotated[list[str] | None, typer.Option("--set", help="Only these.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random splits.")] = 0,
    overwrite: _Overwrite = False,
) -> None:
    """Import MoleculeNet files, each with a scaffold and with a random split."""
    for found in dataset_import.import_moleculenet(
        Settings.from_env(), source, now=datetime.now(UTC), sets=sets or (), seed=seed,
        overwrite=overwrite, progress=progress_on_stderr(),
    ):  # fmt: skip
        sizes = ", ".join(f"{split} {n:,}" for split, n in found.splits.items())
        typer.echo(f"{found.name:<24} {sizes}")


def fetch(
    what: Annotated[str, typer.Argument(help="chebi-20-mm or moleculenet.")] = dataset.DEFAULT_NAME,
    *,
    name: Annotated[str, typer.Option(help="Name in the store.")] = dataset.DEFAULT_NAME,
    sets: Annotated[list[str] | None, typer.Option("--set", help="MoleculeNet sets.")] = None,
    overwrite: _Overwrite = False,
    as_json: _Json = False,
) -> None:
    """Fetch ChEBI-20-MM from the Hugging Face hub, or MoleculeNet from DeepChem, and import it."""
    if what == "moleculenet":
        for found in dataset_import.fetch_moleculenet(
            Settings.from_env(), now=datetime.now(UTC), sets=sets or (), overwrite=overwrite,
            progress=progress_on_stderr(),
        ):  # fmt: skip
            typer.echo(found.name)
        return
    if what != dataset.DEFAULT_NAME:
        raise typer.BadParameter("fetch knows chebi-20-mm and moleculenet")
    import_(dataset.HUB_ID, name=name, overwrite=overwrite, as_json=as_json)


def demo(
    seed: Annotated[int, typer.Option(help="Seed of the splits and of the order.")] = 0,
    as_json: _Json = False,
) -> None:
    """Build the synthetic demo corpus, replacing an earlier one."""
    found = dataset.build_demo(
        Settings.from_env(), now=datetime.now(UTC), seed=seed, progress=progress_on_stderr()
    )
    _describe(found, as_json=as_json)


def list_(as_json: _Json = False) -> None:
    """List the stored data sets."""
    headers = dataset.list_datasets(Settings.from_env())
    if as_json:
        typer.echo(json.dumps([h.model_dump(mode="json") for h in headers], indent=1))
        return
    if not headers:
        typer.echo("No data set yet. Import one with: python -m chebimm_core data import PATH")
    for h in headers:
        sizes = ", ".join(f"{split} {n:,}" for split, n in h.splits.items())
        typer.echo(f"{h.name:<24} {h.title}{_synthetic(h)}: {sizes}")


def show(name: _Name, as_json: _Json = False) -> None:
    """Show coverage and quality of a data set."""
    _describe(dataset.header(Settings.from_env(), name), as_json=as_json)


def delete(
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a data set from the store; runs made on it stay."""
    settings = Settings.from_env()
    dataset.header(settings, name)
    if not yes:
        typer.confirm(f"Delete the data set {name}?", abort=True)
    dataset.delete(settings, name)
    typer.echo(f"Deleted {name}.")


def progress_on_stderr() -> Callable[[float, str], None]:
    """A progress line: rewritten in place on a terminal, a line per new text and tenth else."""
    terminal = sys.stderr.isatty()
    last: list[int] = [-1]

    def say(share: float, text: str) -> None:
        if terminal:
            end = "\n" if share >= 1 else ""
            sys.stderr.write(f"\r\x1b[K{share:4.0%} {text}{end}")
            sys.stderr.flush()
        elif int(share * 10) != last[0]:
            last[0] = int(share * 10)
            sys.stderr.write(f"{share:4.0%} {text}\n")

    return say


def _describe(header: DatasetHeader, *, as_json: bool) -> None:
    if as_json:
        typer.echo(header.model_dump_json(indent=1))
        return
    typer.echo(f"{header.name}: {header.title}{_synthetic(header)}")
    typer.echo(f"source    {header.source}")
    typer.echo(f"license   {header.license}")
    typer.echo(f"content   {header.content_hash[:16]}")
    typer.echo("")
    splits = list(header.splits)
    typer.echo(f"{'present (regenerated)':<22}" + "".join(f"{s:>22}" for s in splits))
    typer.echo(f"{'molecules':<22}" + "".join(f"{header.splits[s]:>22,}" for s in splits))
    by_cell = {(c.modality, c.split): c for c in header.coverage}
    for modality in dict.fromkeys(c.modality for c in header.coverage):
        cells = []
        for split in splits:
            c = by_cell[modality, split]
            cells.append(f"{c.present:,}" + (f" ({c.regenerated:,})" if c.regenerated else ""))
        typer.echo(f"{modality:<22}" + "".join(f"{text:>22}" for text in cells))
    typer.echo("")
    for issue in header.issues:
        examples = f" e.g. {', '.join(issue.examples[:3])}" if issue.examples else ""
        typer.echo(f"- {issue.count:,} x {issue.kind}: {issue.message}.{examples}")


def _synthetic(header: DatasetHeader) -> str:
    return " [synthetic]" if header.synthetic and "synthetic" not in header.title.lower() else ""
