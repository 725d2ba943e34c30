"""Scores as files for papers and spreadsheets. A number never leaves without its signature."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Literal

from chebimm_core.domain.run import RunHeader

ExportFormat = Literal["csv", "latex", "json"]

COLUMNS = (
    "run_id", "model", "task", "transition", "dataset", "split", "metric", "value", "ci_low",
    "ci_high", "n", "n_failed", "denominator", "direction", "signature", "origin", "license",
)  # fmt: skip
"""Columns of the CSV export: one row a run and metric."""

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def to_csv(headers: Sequence[RunHeader]) -> str:
    """One row a run and metric, columns :data:`COLUMNS`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for header in headers:
        spec = header.spec
        for s in header.scores:
            row = (
                header.run_id, spec.model, spec.task, spec.transition, spec.dataset, spec.split,
                s.metric, repr(s.value), s.ci_low, s.ci_high, s.n, s.n_failed, s.denominator,
                s.direction, s.signature, spec.origin.kind, spec.origin.license or "none stated",
            )  # fmt: skip
            writer.writerow([_inert(cell) for cell in row])
    return buffer.getvalue()


def to_json(headers: Sequence[RunHeader]) -> str:
    """A list of run headers as they are stored; undefined numbers are null."""
    return json.dumps([h.model_dump(mode="json") for h in headers], indent=1, ensure_ascii=False)


def to_latex(headers: Sequence[RunHeader]) -> str:
    """A booktabs table per task: a row a run, a column a metric, signatures below."""
    tasks = dict.fromkeys(h.spec.task for h in headers)
    return "\n".join(_table(t, [h for h in headers if h.spec.task == t]) for t in tasks)


def _table(task: str, headers: list[RunHeader]) -> str:
    metrics = list(dict.fromkeys(s.metric for h in headers for s in h.scores))
    lines = [
        f"% {task}; 95 % bootstrap intervals in brackets",
        rf"\begin{{tabular}}{{lll{'r' * len(metrics)}}}",
        r"\toprule",
        " & ".join(["model", "transition", "data", *map(_escaped, metrics)]) + r" \\",
        r"\midrule",
    ]
    for header in headers:
        spec = header.spec
        cells = [spec.model, spec.transition, f"{spec.dataset} {spec.split}"]
        values = [_value(header, metric) for metric in metrics]
        lines.append(" & ".join([*map(_escaped, cells), *values]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    signatures = dict.fromkeys(s.signature for h in headers for s in h.scores)
    lines += [f"% signature: {' '.join(s.split())}" for s in signatures]
    return "\n".join(lines) + "\n"


def _value(header: RunHeader, metric: str) -> str:
    score = header.score(metric)
    if score is None or score.value != score.value:
        return "--"
    if score.ci_low is None or score.ci_high is None:
        return f"{score.value:.3f}"
    return f"{score.value:.3f} [{score.ci_low:.3f}, {score.ci_high:.3f}]"


def _escaped(text: str) -> str:
    plain = "".join(_LATEX.get(c, c) for c in " ".join(text.split()))
    return plain.replace("->", r"$\to$")


def _inert(cell: object) -> object:
    """Keeps a spreadsheet from taking a model's name for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "@", "\t"} else cell
