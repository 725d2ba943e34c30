"""Command ``map``: the knowledge map of a run, of gold data or of any labelled matrix."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from chebimm_core.domain.findings import KnowledgeMap, NullKind
from chebimm_core.errors import SettingError
from chebimm_core.services import knowledge, map_evidence
from chebimm_core.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to ``app``."""
    app.command("map")(map_)


def map_(
    *,
    run_id: Annotated[
        str | None, typer.Argument(help="A stored run, or gold:<dataset>:<split>.")
    ] = None,
    source: Annotated[str, typer.Option(help="Text modality of the inputs.")] = "IUPAC",
    target: Annotated[str | None, typer.Option(help="For gold data: caption or IUPAC.")] = None,
    matrix: Annotated[
        Path | None, typer.Option(help="CSV: source tokens in column 1, target tokens on top.")
    ] = None,
    tokenizer: Annotated[
        str, typer.Option(help="words, bpe, scibert or t5.")
    ] = knowledge.DEFAULT_TOKENIZER,
    target_tokenizer: Annotated[
        str | None, typer.Option(help="For the outputs, if another.")
    ] = None,
    size: Annotated[int, typer.Option(help="Source tokens, 2 to 200.")] = 20,
    target_size: Annotated[int | None, typer.Option(help="Target tokens, if other.")] = None,
    keep_source: Annotated[
        list[str] | None, typer.Option(help="Exactly these source tokens; repeatable.")
    ] = None,
    keep_target: Annotated[
        list[str] | None, typer.Option(help="Exactly these target tokens; repeatable.")
    ] = None,
    drop_source: Annotated[
        list[str] | None, typer.Option(help="Never this source token; repeatable.")
    ] = None,
    drop_target: Annotated[
        list[str] | None, typer.Option(help="Never this target token; repeatable.")
    ] = None,
    boilerplate: Annotated[
        bool, typer.Option(help="Keep the words captions are built from, as published.")
    ] = True,
    threshold: Annotated[
        float | None,
        typer.Option(help="T; default: that of the largest Z under --null, else 2.788."),
    ] = None,
    null: Annotated[
        NullKind | None,
        typer.Option(help="published adds Z to the scan, shuffle verdicts, both both."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the null.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Shows which input tokens go specifically with which output tokens."""
    if (run_id is None) == (matrix is None):
        raise SettingError(
            "Name either a run or a matrix file",
            value={"run": run_id, "matrix": None if matrix is None else str(matrix)},
            do="Write: map RUN_ID --source IUPAC, or: map --matrix FILE.csv",
        )
    if matrix is not None:
        found = knowledge.from_matrix_file(matrix, threshold=threshold, null=null, seed=seed)
    else:
        found = knowledge.build(
            Settings.from_env(),
            str(run_id),
            source=source,
            target=target,
            tokenizer=tokenizer,
            target_tokenizer=target_tokenizer,
            size=size,
            target_size=target_size,
            threshold=threshold,
            null=null,
            seed=seed,
            keep_source=keep_source,
            keep_target=keep_target,
            drop_source=drop_source or (),
            drop_target=drop_target or (),
            boilerplate=boilerplate,
        )
    typer.echo(json.dumps(as_dict(found)) if as_json else as_table(found))


def as_dict(found: KnowledgeMap) -> dict[str, object]:
    """The map as plain JSON values; null where a number is undefined."""
    scan = found.scan
    return {
        "source_tokens": list(found.source_tokens),
        "target_tokens": list(found.target_tokens),
        "threshold": found.threshold,
        "pairs": [[p.source, p.target, p.count, p.local_z] for p in found.pairs],
        "pairs_total": found.pairs_total,
        "molecules": [p.molecules for p in found.pairs],
        "scan": [
            {
                "threshold": float(t),
                "pairs": int(n),
                "z": _number(z),
                "z_band_low": _number(low),
                "z_band_high": _number(high),
            }
            for t, n, z, low, high in zip(
                scan.thresholds,
                scan.pairs,
                scan.z,
                scan.z_band_low,
                scan.z_band_high,
                strict=True,
            )
        ],
        "z_max_draws": _numbers(scan.z_max_draws),
        "counts": found.counts.tolist(),
        "local_z": [_numbers(row) for row in found.local_z],
        "n_molecules": found.n_molecules,
        "config": asdict(found.config),
        "signature": found.signature,
        "verdicts": None
        if found.association is None
        else json.loads(map_evidence.verdict_table(found).to_json(orient="records")),
        "scan_p": None if found.shuffle_scan is None else found.shuffle_scan.p_max,
    }


def as_table(found: KnowledgeMap) -> str:
    """The specific pairs for a terminal."""
    lines = [
        f"{len(found.source_tokens)} x {len(found.target_tokens)} tokens, "
        f"{found.n_molecules or 'no'} molecules, T = {found.threshold:.3f}: "
        f"{found.pairs_total} specific pairs, {len(found.pairs)} without equal tokens",
    ]
    maxima = found.scan.z_max_draws
    if len(maxima) and not np.isnan(maxima).all():
        low, high = np.nanmin(maxima), np.nanmax(maxima)
        lines.append(
            f"largest Z {np.nanmax(found.scan.z):.3f}; over {len(maxima)} redraws of the null it "
            f"runs from {low:.3f} to {high:.3f}"
        )
    wide = max((len(p.source) for p in found.pairs), default=6)
    for pair in found.pairs:
        carried = "" if pair.molecules is None else f"  {pair.molecules} molecules"
        lines.append(
            f"{pair.source:>{wide}} -> {pair.target:<20} z {pair.local_z:7.3f}  "
            f"count {pair.count:g}{carried}"
        )
    if found.association is not None:
        counts = map_evidence.verdict_table(found)["verdict"].value_counts()
        lines.append(
            f"{found.association.draws} shuffles, false discovery rate {map_evidence.ALPHA:.0%}: "
            + ", ".join(f"{int(counts.get(v, 0))} {v}" for v in map_evidence.VERDICTS)
        )
    lines.append(found.signature)
    return "\n".join(lines)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [_number(value) for value in values]
