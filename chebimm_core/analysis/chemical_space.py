"""Diversity of a set of molecules: fingerprints, scaffolds, elements, numbers, a projection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.analysis.exposure import N_WORDS
from chebimm_core.domain.dataset_profile import Diversity
from chebimm_core.modalities.line_notation import mol_from_smiles

Method = Literal["svd", "tsne"]

DESCRIPTORS = {"molecular weight": "g/mol", "heavy atoms": "", "rings": "", "rotatable bonds": ""}
"""Numbers RDKit gives for every molecule, with their units."""


def unpack(packed: NDArray[np.uint64]) -> NDArray[np.float32]:
    """(n, 2048) zeros and ones of (n, 32) packed fingerprints."""
    bits = np.unpackbits(np.ascontiguousarray(packed).view(np.uint8), axis=1)
    return bits.reshape(len(packed), N_WORDS * 64).astype(np.float32)


def similarities(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, m) Tanimoto coefficients of two sets of unpacked fingerprints; 0 if both are empty."""
    both = a @ b.T
    either = a.sum(axis=1)[:, None] + b.sum(axis=1)[None, :] - both
    found: NDArray[np.float32] = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return found


def diversity(
    packed: NDArray[np.uint64], *, sample: int = 1_500, n_bootstrap: int = 200, seed: int = 0
) -> Diversity:
    """Internal diversity: mean Tanimoto distance over all pairs of a seeded sample.

    Benhenda 2017, arXiv:1708.08227. The interval resamples molecules; a molecule drawn twice makes
    no pair with itself.

    Args:
        packed: (n, 32) fingerprints.
        sample: Molecules compared at most; time grows with its square.
        n_bootstrap: Resamples of the interval.
        seed: Of the sample and of the resamples.
    """
    rng = np.random.default_rng(seed)
    chosen = packed if len(packed) <= sample else packed[rng.choice(len(packed), sample, False)]
    n = len(chosen)
    if n < 2:
        return Diversity(float("nan"), float("nan"), float("nan"), n, 0, seed)
    bits = unpack(chosen)
    distance = 1 - similarities(bits, bits).astype(np.float64)
    np.fill_diagonal(distance, 0)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=n_bootstrap).astype(np.float64)
    sums = np.einsum("bi,bi->b", weights @ distance, weights)
    pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
    low, high = np.quantile(sums / pairs, [0.025, 0.975])
    mean = distance.sum() / (n * (n - 1))
    return Diversity(float(mean), float(low), float(high), n, n * (n - 1) // 2, seed)


def scaffold_table(scaffolds: pd.Series[str]) -> pd.DataFrame:
    """Scaffolds, commonest first; the columns of ``ChemicalSpace.scaffolds``.

    Args:
        scaffolds: Scaffold SMILES of every molecule; empty ones (acyclic) are left out.
    """
    cyclic = scaffolds[scaffolds != ""]
    counts = Counter(cyclic)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    table = pd.DataFrame(ordered, columns=["scaffold", "molecules"])
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table["share"] = table["molecules"] / max(len(cyclic), 1)
    table["covered"] = table["share"].cumsum()
    return table


def descriptors(cids: Sequence[str], smiles: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers and elements of molecules RDKit accepts.

    Returns:
        (n, 5) ``cid`` and :data:`DESCRIPTORS`; and the columns of ``ChemicalSpace.elements``.
    """
    from rdkit.Chem import Descriptors, rdMolDescriptors

    rows = []
    elements: Counter[str] = Counter()
    for cid, text in zip(cids, smiles, strict=True):
        mol = mol_from_smiles(text)
        if mol is None:
            continue
        symbols = {atom.GetSymbol() for atom in mol.GetAtoms()}
        if any(atom.GetTotalNumHs() for atom in mol.GetAtoms()):
            symbols.add("H")
        elements.update(symbols)
        rows.append(
            (
                cid,
                float(Descriptors.MolWt(mol)),
                float(mol.GetNumHeavyAtoms()),
                float(rdMolDescriptors.CalcNumRings(mol)),
                float(rdMolDescriptors.CalcNumRotatableBonds(mol)),
            )
        )
    values = pd.DataFrame(rows, columns=["cid", *DESCRIPTORS])
    ordered = sorted(elements.items(), key=lambda item: (-item[1], item[0]))
    found = pd.DataFrame(ordered, columns=["element", "molecules"])
    found["share"] = found["molecules"] / max(len(values), 1)
    return values, found


def spread(values: pd.Series[float], *, name: str, unit: str, source: str) -> dict[str, object]:
    """One row of ``ChemicalSpace.properties``."""
    known = values.dropna().to_numpy(dtype=np.float64)
    numbers = [float("nan")] * 9
    if known.size:
        sd = float(known.std(ddof=1)) if known.size > 1 else float("nan")
        quantiles = np.quantile(known, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
        numbers = [float(known.mean()), sd, *map(float, quantiles)]
    columns = ("mean", "sd", "smallest", "q05", "q25", "q50", "q75", "q95", "largest")
    return {
        "property": name,
        "unit": unit,
        "source": source,
        "n": int(known.size),
        "missing": int(len(values) - known.size),
        **dict(zip(columns, numbers, strict=True)),
    }


def project(
    packed: NDArray[np.uint64], *, method: Method = "svd", seed: int = 0
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Places molecules in the plane by their fingerprints.

    Args:
        packed: (n, 32) fingerprints.
        method: ``svd``: two leading components of the centered fingerprints (PCA); ``tsne``: t-SNE
            of the leading 50, which shows neighbors and not distances, and takes much longer.
        seed: Of the randomized solver and of t-SNE.

    Returns:
        (n, 2) coordinates, and the share of variance of each axis (NaN for t-SNE).
    """
    if len(packed) < 3:
        return np.zeros((len(packed), 2)), (float("nan"), float("nan"))
    from sklearn.decomposition import PCA

    bits = unpack(packed)
    if method == "svd":
        model = PCA(n_components=2, svd_solver="randomized", random_state=seed)
        places = model.fit_transform(bits).astype(np.float64)
        first, second = (float(v) for v in model.explained_variance_ratio_)
        return places, (first, second)
    from sklearn.manifold import TSNE

    reduced = PCA(
        n_components=min(50, len(bits) - 1), svd_solver="randomized", random_state=seed
    ).fit_transform(bits)
    perplexity = min(30.0, (len(bits) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    return tsne.fit_transform(reduced).astype(np.float64), (float("nan"), float("nan"))
