"""What parts of inputs add on average, over many molecules of a run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chebimm_core.errors import ChebiMMError
from chebimm_core.runner import learning
from chebimm_core.services.attribution import Progress, Wish, attribute
from chebimm_core.settings import Settings
from chebimm_core.store.run_explanations import RunExplanations
from chebimm_core.store.run_store import RunStore

_FITTING = 0.4
"""Of the progress bar."""
_FEW_DRAWS = Wish(draws=2)
"""Over many molecules the permutations of each matter less."""
_FEWEST = 3
"""Molecules a part must be in to be averaged."""


def over_molecules(
    settings: Settings,
    run_id: str,
    *,
    n: int = 40,
    wish: Wish = _FEW_DRAWS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """What tokens, atoms or fragments add on average, over molecules drawn at random.

    Each part counts in every molecule that holds it; an answer of several tokens counts as a whole.

    Args:
        settings: Where the store is.
        run_id: A run launched here.
        n: Molecules.
        wish: What to explain of each; its seed also draws the molecules.
        progress: As for :func:`attribute`.

    Returns:
        One row a part: part, molecules, mean, low, high (95 % by bootstrap over molecules),
        mean_size (mean absolute value), of (molecules explained), failed (those that cannot be);
        parts of fewer than three molecules are left out. Kept with the run.

    Raises:
        SettingError: As :func:`attribute`, if that holds for every molecule drawn.
    """
    known = kept_average(settings, run_id, n=n, wish=wish)
    if known is not None:
        return known
    tell = progress or (lambda share, what: None)
    answered = RunStore(settings.store).predictions(run_id)
    cids = answered.loc[answered["output"].notna(), "cid"].astype(str).to_numpy()
    rng = np.random.default_rng(wish.seed)
    chosen = rng.permutation(cids)[:n]
    learning.learned_again(
        settings, run_id, progress=lambda share, what: tell(_FITTING * share, what)
    )
    rows, failed, problem = [], 0, None
    for k, cid in enumerate(chosen):
        share = _FITTING + (1 - _FITTING) * k / len(chosen)
        tell(share, f"Molecule {k + 1} of {len(chosen)}")
        try:
            found = attribute(settings, run_id, str(cid), wish)
        except ChebiMMError as error:
            failed, problem = failed + 1, error
            continue
        values = np.array(found.values).sum(axis=1) if found.parts else np.empty(0)
        rows += [
            (str(cid), _kind(part.label), v) for part, v in zip(found.parts, values, strict=True)
        ]
    if not rows and problem is not None:
        raise problem
    frame = pd.DataFrame(rows, columns=["cid", "part", "value"])
    table = _averaged(frame, rng).assign(of=len(chosen) - failed, failed=failed)
    RunExplanations(settings.store, run_id).keep_table("average", _key(n, wish), table)
    return table


def kept_average(
    settings: Settings,
    run_id: str,
    *,
    n: int = 40,
    wish: Wish = _FEW_DRAWS,
) -> pd.DataFrame | None:
    """What :func:`over_molecules` kept for the same arguments; None if it was never asked."""
    return RunExplanations(settings.store, run_id).table("average", _key(n, wish))


def _key(n: int, wish: Wish) -> dict[str, object]:
    return {"n": n, "wish": wish}


def _kind(label: str) -> str:
    """An atom of one molecule stands for its element over many."""
    return label.rstrip("0123456789") if label[:1].isupper() and label[-1:].isdigit() else label


def _averaged(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    each = frame.groupby(["part", "cid"], sort=True)["value"].mean().reset_index()
    rows = []
    for part, group in each.groupby("part", sort=True):
        values = group["value"].to_numpy()
        if len(values) < _FEWEST:
            continue
        drawn = values[rng.integers(len(values), size=(1000, len(values)))].mean(axis=1)
        low, high = np.percentile(drawn, (2.5, 97.5))
        rows.append((part, len(values), values.mean(), low, high, np.abs(values).mean()))
    found = pd.DataFrame(rows, columns=["part", "molecules", "mean", "low", "high", "mean_size"])
    return found.sort_values("mean_size", ascending=False, kind="stable").reset_index(drop=True)
