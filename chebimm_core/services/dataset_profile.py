"""What a data set offers a model, and how diverse and how clean its splits are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from chebimm_core.analysis import chemical_space as space
from chebimm_core.analysis import split_leakage
from chebimm_core.analysis.exposure import packed_fingerprints
from chebimm_core.analysis.token_lengths import token_use
from chebimm_core.domain.dataset_profile import (
    ChemicalSpace,
    DatasetProfile,
    Diversity,
    LeakageReport,
    ModelInput,
)
from chebimm_core.domain.molecule import TEXT_COLUMNS
from chebimm_core.errors import MissingDependencyError, NotFoundError, OfflineError
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.derived import DerivedTables
from chebimm_core.tokenization import TOKENIZERS

Progress = Callable[[float, str], None]

_TEXTS_COUNTED = 5_000
"""Molecules of a split whose texts are tokenized, at most; a seeded sample beyond."""
_TEXTS_TRAINED = 2_000
"""Molecules on whose texts a corpus tokenizer is trained."""
_PROPERTY_UNITS = {"polararea": "Å²"}
"""Units of properties of ChEBI-20-MM; the others have none."""


def profile(
    settings: Settings, name: str, split: str, *, seed: int = 0, progress: Progress | None = None
) -> DatasetProfile:
    """The panels of the paper's Figure 3 for one split; kept, so that a second call is quick.

    Args:
        settings: Where the store and the tokenizers are.
        name: Data set.
        split: One of its splits.
        seed: Of the samples.
        progress: Told how far it is.

    Raises:
        NotFoundError: If there is no such data set or split.
    """
    say = progress or (lambda share, text: None)
    header = DatasetStore(settings.store).header(name)
    _check_split(header.splits, split)
    table = DatasetStore(settings.store).molecules(name, split=split)
    found = model_input(
        settings, name, split, seed=seed, progress=lambda share, text: say(0.6 * share, text)
    )
    say(0.6, "Chemical space")
    chemistry = chemical_space(settings, name, split, seed=seed)
    missing = [
        (column, int(table[column].notna().sum()), int(table[column].isna().sum()))
        for column in (*TEXT_COLUMNS, *header.properties)
    ]
    gaps = pd.DataFrame(missing, columns=["name", "present", "missing"])
    gaps["share_missing"] = gaps["missing"] / max(len(table), 1)
    say(1.0, "Done")
    return DatasetProfile(name, split, len(table), gaps, found, chemistry)


def model_input(
    settings: Settings, name: str, split: str, *, seed: int = 0, progress: Progress | None = None
) -> ModelInput:
    """Token lengths and vocabulary of every text modality under every tokenizer at hand.

    A corpus tokenizer is trained on a sample of the whole data set. Splits beyond 5,000 molecules
    are sampled; ``n`` says how many texts were counted.
    """
    say = progress or (lambda share, text: None)
    store = DatasetStore(settings.store)
    _check_split(store.header(name).splits, split)
    frames: list[pd.DataFrame] = []
    unavailable: list[tuple[str, str]] = []
    for number, spec in enumerate(TOKENIZERS.values()):
        say(number / len(TOKENIZERS), f"Counting tokens: {spec.title}")

        def count(spec_name: str = spec.name) -> dict[str, pd.DataFrame]:
            everything = store.molecules(name, TEXT_COLUMNS)
            sampled = _sample(everything, _TEXTS_TRAINED, seed)
            corpus = [str(t) for c in TEXT_COLUMNS for t in sampled[c].dropna()]
            tokenizer = TOKENIZERS[spec_name].load(settings, corpus)
            part = _sample(store.molecules(name, TEXT_COLUMNS, split), _TEXTS_COUNTED, seed)
            rows = [
                token_use(c, [str(t) for t in part[c].dropna()], spec_name, tokenizer)
                for c in TEXT_COLUMNS
            ]
            return {"use": pd.concat(rows, ignore_index=True)}

        where = f"{settings.scibert_vocab}|{settings.t5_tokenizer}"
        key = f"tokens-{_plain(split)}-{spec.name}-{seed}-{_digest(where)}"
        try:
            frames.append(DerivedTables(settings.store).get(name, key, count)["use"])
        except (MissingDependencyError, OfflineError) as error:
            unavailable.append((spec.name, str(error)))
    use = pd.concat(frames, ignore_index=True)
    sized = use[use["size"].notna()]
    return ModelInput(
        token_lengths=use.drop(columns=["used", "size"]),
        vocabulary=sized[["modality", "tokenizer", "signature", "n", "used", "size"]].reset_index(
            drop=True
        ),
        unavailable=tuple(unavailable),
    )


def chemical_space(settings: Settings, name: str, split: str, *, seed: int = 0) -> ChemicalSpace:
    """Scaffolds, internal diversity, elements and the spread of numbers of one split."""
    store = DatasetStore(settings.store)
    header = store.header(name)
    _check_split(header.splits, split)
    wanted = ["canonical_smiles", "scaffold", *header.properties]
    table = store.molecules(name, wanted, split)
    table = table[table["canonical_smiles"].notna()].reset_index(drop=True)

    def make() -> dict[str, pd.DataFrame]:
        smiles = table["canonical_smiles"].tolist()
        values, elements = space.descriptors(table["cid"].tolist(), smiles)
        found = space.diversity(packed_fingerprints(table["canonical_smiles"].tolist()), seed=seed)
        summary = pd.DataFrame(
            [
                {
                    "mean_distance": found.mean_distance,
                    "ci_low": found.ci_low,
                    "ci_high": found.ci_high,
                    "n_sampled": found.n_sampled,
                    "n_pairs": found.n_pairs,
                }
            ]
        )
        return {"values": values, "elements": elements, "summary": summary}

    kept = DerivedTables(settings.store).get(name, f"space-{_plain(split)}-{seed}", make)
    row = kept["summary"].iloc[0]
    values = table[["cid", *header.properties]].merge(kept["values"], on="cid", how="left")
    properties = [
        space.spread(values[p], name=p, unit=_PROPERTY_UNITS.get(p, ""), source="data set")
        for p in header.properties
    ] + [
        space.spread(values[p], name=p, unit=unit, source="RDKit")
        for p, unit in space.DESCRIPTORS.items()
    ]
    scaffolds = table["scaffold"].fillna("").astype(str)
    ranked = space.scaffold_table(scaffolds)
    return ChemicalSpace(
        n=len(table),
        n_scaffolds=len(ranked),
        n_acyclic=int((scaffolds == "").sum()),
        n_singletons=int((ranked["molecules"] == 1).sum()),
        diversity=Diversity(
            float(row["mean_distance"]),
            float(row["ci_low"]),
            float(row["ci_high"]),
            int(row["n_sampled"]),
            int(row["n_pairs"]),
            seed,
        ),
        scaffolds=ranked,
        elements=kept["elements"],
        properties=pd.DataFrame.from_records(properties),
        values=values,
    )


def projection(
    settings: Settings,
    name: str,
    split: str | None = None,
    *,
    method: space.Method = "svd",
    sample: int = 4_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Molecules in the plane by Morgan fingerprint, so that like ones lie together.

    Args:
        settings: Where the store is.
        name: Data set.
        split: Only this split; None: all.
        method: ``svd`` (principal components, about a second) or ``tsne`` (neighborhoods only; at
            most 2,000 molecules, many seconds).
        sample: Molecules shown at most, a seeded sample.
        seed: Of the sample and the method.

    Returns:
        ``cid``, ``x``, ``y``, ``split``, ``scaffold`` (empty: acyclic), the properties of the data
        set, and, the same in every row, ``explained_x`` and ``explained_y`` (shares of variance,
        NaN for t-SNE).
    """
    store = DatasetStore(settings.store)
    header = store.header(name)
    if split is not None:
        _check_split(header.splits, split)
    table = store.molecules(
        name, ["split", "canonical_smiles", "scaffold", *header.properties], split
    )
    table = table[table["canonical_smiles"].notna()]
    shown = _sample(table, min(sample, 2_000) if method == "tsne" else sample, seed)

    def make() -> dict[str, pd.DataFrame]:
        packed = packed_fingerprints(shown["canonical_smiles"].tolist())
        places, explained = space.project(packed, method=method, seed=seed)
        points = pd.DataFrame(
            {
                "cid": shown["cid"].to_numpy(),
                "x": places[:, 0],
                "y": places[:, 1],
                "explained_x": explained[0],
                "explained_y": explained[1],
            }
        )
        return {"points": points}

    key = f"projection-{_plain(split or 'all-splits')}-{method}-{sample}-{seed}"
    points = DerivedTables(settings.store).get(name, key, make)["points"]
    merged = points.merge(shown.drop(columns="canonical_smiles"), on="cid", how="left")
    front = ["cid", "x", "y", "split", "scaffold"]
    return merged[[*front, *header.properties, "explained_x", "explained_y"]]


def leakage(settings: Settings, name: str, *, progress: Progress | None = None) -> LeakageReport:
    """What test and validation share with train, and test with validation.

    Molecules of the train split count whether or not they have a caption. The first call on the
    full ChEBI-20-MM takes some ten seconds; its result is kept.
    """
    say = progress or (lambda share, text: None)
    store = DatasetStore(settings.store)
    header = store.header(name)
    pairs = [
        (a, b)
        for a, b in (("test", "train"), ("validation", "train"), ("test", "validation"))
        if header.splits.get(a) and header.splits.get(b)
    ]

    def make() -> dict[str, pd.DataFrame]:
        table = store.molecules(name, ["split", "canonical_smiles", "inchikey", "scaffold"])
        table = table[table["canonical_smiles"].notna()].reset_index(drop=True)
        say(0.0, "Fingerprints")
        packed = packed_fingerprints(table["canonical_smiles"].tolist())
        nearest, summary = [], []
        for number, (split, against) in enumerate(pairs):
            at, other_at = (np.flatnonzero(table["split"] == s) for s in (split, against))
            rows = split_leakage.compare(
                table.iloc[at],
                packed[at],
                table.iloc[other_at],
                packed[other_at],
                progress=lambda share, k=number, a=split, b=against: say(  # type: ignore[misc]
                    0.2 + 0.8 * (k + share) / len(pairs), f"Comparing {a} with {b}"
                ),
            )
            rows.insert(1, "split", split)
            rows.insert(2, "against", against)
            nearest.append(rows)
            cyclic = int((table["scaffold"].iloc[at].fillna("") != "").sum())
            summary.append(
                split_leakage.summarize(
                    rows, split=split, against=against, n_cyclic=cyclic, n_against=len(other_at)
                )
            )
        return {
            "nearest": pd.concat(nearest, ignore_index=True) if nearest else pd.DataFrame(),
            "summary": pd.DataFrame.from_records(summary),
        }

    kept = DerivedTables(settings.store).get(name, "leakage", make)
    say(1.0, "Done")
    return LeakageReport(kept["summary"], kept["nearest"], split_leakage.THRESHOLD)


def _sample(table: pd.DataFrame, limit: int, seed: int) -> pd.DataFrame:
    """At most ``limit`` rows, in the order of the table."""
    if len(table) <= limit:
        return table
    chosen = np.random.default_rng(seed).choice(len(table), limit, replace=False)
    return table.iloc[np.sort(chosen)]


def _check_split(splits: dict[str, int], split: str) -> None:
    if split not in splits:
        raise NotFoundError(
            "The data set has no split of this name", value=split, allowed=", ".join(splits)
        )


def _plain(split: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in split.lower())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
