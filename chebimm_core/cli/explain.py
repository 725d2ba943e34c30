"""Commands ``explain ...``: what answers hang on, and which mapped pairs a model uses."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chebimm_core.cli.data import progress_on_stderr
from chebimm_core.errors import SettingError
from chebimm_core.services import (
    attribution,
    attribution_average,
    intervention,
    knowledge,
    map_evidence,
)
from chebimm_core.settings import Settings

_Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
_Seed = Annotated[int, typer.Option(help="Of every random choice.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    group = typer.Typer(help="What answers hang on.", no_args_is_help=True)
    group.command("molecule")(molecule)
    group.command("average")(average)
    group.command("pairs")(pairs)
    app.add_typer(group, name="explain")


def molecule(
    run_id: Annotated[str, typer.Argument(help="A run launched here.")],
    cid: Annotated[str, typer.Argument(help="A molecule of its split.")],
    *,
    reference: Annotated[
        bool, typer.Option(help="Explain the reference instead of the model's own answer.")
    ] = False,
    target: Annotated[
        bool, typer.Option(help="For retrieval: take the text to be found apart.")
    ] = False,
    modality: Annotated[str | None, typer.Option(help="Which of several inputs.")] = None,
    cut: Annotated[str | None, typer.Option(help="Tokenizer of a name or caption.")] = None,
    draws: Annotated[int, typer.Option(help="Permutations.")] = attribution.DRAWS,
    seed: _Seed = 0,
    as_json: _Json = False,
) -> None:
    """What one answer hangs on: Shapley values of the parts of its input."""
    wish = attribution.Wish(
        which="reference" if reference else "output", side="target" if target else "source",
        modality=modality, cut=cut, draws=draws, seed=seed,
    )  # fmt: skip
    found = attribution.attribute(
        Settings.from_env(), run_id, cid, wish, progress=progress_on_stderr()
    )
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    typer.echo(attribution.table(found).head(30).to_string(index=False))
    typer.echo(f"answer {found.answer!r}")
    typer.echo(f"residual {found.residual:.2g} {found.signature}")


def average(
    run_id: Annotated[str, typer.Argument(help="A run launched here.")],
    *,
    n: Annotated[int, typer.Option(help="Molecules drawn at random.")] = 40,
    as_json: _Json = False,
) -> None:
    """What parts of inputs add on average over molecules."""
    found = attribution_average.over_molecules(
        Settings.from_env(), run_id, n=n, progress=progress_on_stderr()
    )
    typer.echo(
        found.to_json(orient="records", indent=1)
        if as_json
        else found.head(30).to_string(index=False)
    )


def pairs(
    run_id: Annotated[str, typer.Argument(help="A run launched here that writes text.")],
    *,
    pair: Annotated[
        list[str] | None, typer.Option(help="SOURCE>TARGET; repeatable. Default: from the map.")
    ] = None,
    source: Annotated[str, typer.Option(help="Modality of the inputs.")] = "IUPAC",
    tokenizer: Annotated[str, typer.Option(help="As for map.")] = knowledge.DEFAULT_TOKENIZER,
    size: Annotated[int, typer.Option(help="Tokens of the map, if pairs come from it.")] = 40,
    count: Annotated[int, typer.Option(help="Pairs from the map, strongest first.")] = 20,
    masking: Annotated[str, typer.Option(help="delete or replace the source token.")] = "delete",
    molecules: Annotated[int, typer.Option(help="At most, a pair.")] = 40,
    seed: _Seed = 0,
    as_json: _Json = False,
) -> None:
    """Which pairs of a knowledge map the model uses: source tokens are taken away."""
    settings = Settings.from_env()
    if pair:
        chosen = tuple(_pair(text) for text in pair)
    else:
        built = knowledge.build(
            settings, run_id, source=source, tokenizer=tokenizer, size=size, null="shuffle"
        )
        table = map_evidence.verdict_table(built).head(count)
        chosen = tuple(zip(table["source"], table["target"], strict=True))
    kind: Literal["delete", "replace"] = "replace" if masking == "replace" else "delete"
    if masking not in intervention.MASKINGS:
        raise SettingError("No such masking", value=masking, allowed="delete, replace")
    design = intervention.Design(
        source, chosen, tokenizer=tokenizer, masking=kind, molecules=molecules, seed=seed
    )
    found = intervention.intervene(settings, run_id, design, progress=progress_on_stderr())
    result = intervention.table(found)
    if as_json:
        typer.echo(result.to_json(orient="records", indent=1))
        return
    typer.echo(result.round(3).to_string(index=False))
    for a, b, why in found.skipped:
        typer.echo(f"not tested: {a} > {b}: {why}")
    typer.echo(found.signature)


def _pair(text: str) -> tuple[str, str]:
    source, sign, target = text.partition(">")
    if not sign or not source.strip() or not target.strip():
        raise SettingError("A pair is written SOURCE>TARGET", value=text)
    return source.strip(), target.strip()
