"""Goal 'embedding': property prediction and molecular retrieval (Liu et al. 2025, Table 1)."""

from itertools import permutations

from chebimm_core.domain.specs import TaskSpec, Transition

_PAIRS = (
    ("SMILES", "IUPAC"),
    ("SELFIES", "IUPAC"),
    ("InChI", "IUPAC"),
    ("IUPAC", "caption"),
    ("SMILES", "caption"),
    ("SELFIES", "caption"),
    ("InChI", "caption"),
    ("graph", "IUPAC"),
    ("graph", "caption"),
    ("image", "IUPAC"),
    ("image", "SMILES"),
    ("image", "caption"),
)

SPECS = (
    TaskSpec(
        name="property",
        title="Property prediction",
        goal="embedding",
        protocol="predict",
        order=2,
        transitions=tuple(
            Transition((source,), "property") for source in ("graph", "SMILES", "InChI", "SELFIES")
        ),
        metrics=("roc_auc", "rmse", "mae", "r2"),
        primary_metric="r2",
        floor="Predicting the training mean gives R2 0; a constant class gives ROC-AUC .5.",
        reference="Wu et al. 2018, doi:10.1039/C7SC02664A; "
        "Liu et al. 2025, doi:10.1038/s42256-024-00977-6",
    ),
    TaskSpec(
        name="retrieval",
        title="Molecular retrieval",
        goal="embedding",
        protocol="retrieve",
        order=3,
        transitions=tuple(Transition((a,), b) for pair in _PAIRS for a, b in permutations(pair)),
        metrics=("r1", "r5", "r10", "mrr"),
        primary_metric="r1",
        floor="Chance is 1 / pool size for R@1: a score means nothing without its pool.",
        reference="Edwards et al. 2021, doi:10.18653/v1/2021.emnlp-main.47; "
        "Liu et al. 2025, doi:10.1038/s42256-024-00977-6",
    ),
)
