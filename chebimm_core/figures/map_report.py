"""A knowledge map on one page that prints: a web page without scripts, and a LaTeX table.

Every token comes from data or a model and is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chebimm_core.domain.findings import KnowledgeMap

_CELL = 11
_MARGIN = 130
_CITATION = (
    "Localized feature filtering: Liu, Tao and Ren, Nature Machine Intelligence 2025, "
    "doi:10.1038/s42256-024-00977-6. Association and verdicts: ChEBI-MM, docs/statistics.md."
)
_STYLE = """
@page { size: A4; margin: 14mm }
body { font: 10pt/1.4 system-ui, sans-serif; color: #1a2430; max-width: 182mm; margin: 0 auto }
h1 { font-size: 15pt; margin: 0 0 2mm } h2 { font-size: 11pt; margin: 5mm 0 1mm }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt } svg { max-width: 100% }
th { text-align: left; border-bottom: 1px solid #1a2430 } td, th { padding: 1px 6px 1px 0 }
.n { text-align: right; font-variant-numeric: tabular-nums } small { color: #46525f }
"""
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def page(found: KnowledgeMap, verdicts: pd.DataFrame, *, title: str, rows: int = 30) -> str:
    """The map, its settings, its strongest pairs and how to cite them.

    Args:
        found: The map at its threshold.
        verdicts: Columns of ``services.map_evidence.VERDICT_COLUMNS``; empty without shuffles.
        title: Of the page; any text.
        rows: Pairs listed at most.
    """
    counts = verdicts["verdict"].value_counts() if len(verdicts) else pd.Series(dtype=int)
    facts = [
        f"{found.n_molecules:,} molecules",
        f"{len(found.source_tokens)} x {len(found.target_tokens)} tokens",
        f"T = {found.threshold:.3f}: {len(found.pairs)} specific pairs",
        *(f"{int(n)} {name}" for name, n in counts.items()),
    ]
    config = found.config
    settings = (
        f"ddof {config.ddof}, order {config.ordering}, {config.shuffle_draws} shuffles within up "
        f"to {config.strata} strata of input length, seed {config.seed}, false discovery rate 5 %"
    )
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>",
        f"<style>{_STYLE}</style><body><h1>{html.escape(title)}</h1>",
        f"<p>{html.escape(' · '.join(facts))}</p>",
        heatmap_svg(found),
        f"<h2>Strongest pairs</h2>{_table(found, verdicts, rows)}",
        f"<h2>Settings and signature</h2><small>{html.escape(settings)}<br>",
        f"{html.escape(found.signature)}<br>{html.escape(_CITATION)}</small></body></html>",
    ]
    return "\n".join(parts)


def heatmap_svg(found: KnowledgeMap) -> str:
    """Counts on a log scale, specific pairs outlined; rows are source tokens."""
    n, m = found.counts.shape
    shade = np.log1p(found.counts)
    shade = shade / max(float(shade.max(initial=0.0)), 1e-12)
    width, height = _MARGIN + m * _CELL + 4, n * _CELL + _MARGIN
    cells = [
        f'<rect x="{_MARGIN + j * _CELL}" y="{i * _CELL}" width="{_CELL - 1}" '
        f'height="{_CELL - 1}" fill="{_blue(shade[i, j])}"/>'
        for i in range(n)
        for j in range(m)
    ]
    rows = {t: i for i, t in enumerate(found.source_tokens)}
    columns = {t: j for j, t in enumerate(found.target_tokens)}
    outlines = [
        f'<rect x="{_MARGIN + columns[p.target] * _CELL}" y="{rows[p.source] * _CELL}" '
        f'width="{_CELL - 1}" height="{_CELL - 1}" fill="none" stroke="#c2410c" '
        f'stroke-width="1.6"/>'
        for p in found.pairs
    ]
    labels = [
        f'<text x="{_MARGIN - 4}" y="{i * _CELL + 9}" text-anchor="end">{html.escape(t)}</text>'
        for t, i in rows.items()
    ]
    labels += [
        f'<text transform="translate({_MARGIN + j * _CELL + 8},{n * _CELL + 4}) rotate(90)">'
        f"{html.escape(t)}</text>"
        for t, j in columns.items()
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Token mapping matrix" font-family="sans-serif" font-size="8.5">'
        f"{''.join([*cells, *outlines, *labels])}</svg>"
    )


def latex(verdicts: pd.DataFrame, *, signature: str, rows: int = 30) -> str:
    """A booktabs table of the strongest pairs of each verdict.

    Args:
        verdicts: Columns of ``services.map_evidence.VERDICT_COLUMNS``.
        signature: Stands below as a comment.
        rows: Pairs at most.
    """
    lines = [
        r"\begin{tabular}{lllrrr}",
        r"\toprule",
        r"source & target & verdict & association & $q$ & local $z$ \\",
        r"\midrule",
    ]
    for r in verdicts.head(rows).to_dict(orient="records"):
        lines.append(
            f"{_tex(r['source'])} & {_tex(r['target'])} & {r['verdict']} & "
            f"{_number(r['association'], 1)} & {_number(r['q'], 3)} & "
            f"{_number(r['local_z'], 2)} \\\\"
        )
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", f"% {signature}"])


def _table(found: KnowledgeMap, verdicts: pd.DataFrame, rows: int) -> str:
    head: Sequence[str] = ("source", "target", "local z", "n")
    body = [
        [p.source, p.target, _number(p.local_z, 2), str(p.molecules or "")]
        for p in found.pairs[:rows]
    ]
    if len(verdicts):
        head = ("source", "target", "verdict", "association", "q", "local z", "n")
        body = [
            [r["source"], r["target"], r["verdict"], _number(r["association"], 1),
             _number(r["q"], 3), _number(r["local_z"], 2), str(r["molecules"])]
            for r in verdicts.head(rows).to_dict(orient="records")
        ]  # fmt: skip
    cells = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in row) + "</tr>" for row in body
    )
    return f"<table><tr>{''.join(f'<th>{h}</th>' for h in head)}</tr>{cells}</table>"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "undefined"


def _tex(text: object) -> str:
    return "".join(_LATEX.get(c, c) for c in str(text))


def _blue(share: float) -> str:
    low, high = (239, 245, 249), (11, 79, 108)
    r, g, b = (round(a + (z - a) * share) for a, z in zip(low, high, strict=True))
    return f"#{r:02x}{g:02x}{b:02x}"
