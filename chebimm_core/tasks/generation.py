"""Goal 'generation': molecules from text and from images (Liu et al. 2025, Table 1)."""

from chebimm_core.domain.specs import TaskSpec, Transition

_STRUCTURE_METRICS = (
    "bleu",
    "exact",
    "levenshtein",
    "validity",
    "maccs",
    "rdk",
    "morgan",
    "fcd",
    "maccs_all",
    "rdk_all",
    "morgan_all",
)
_FLOOR = (
    "A nearest neighbour reaches a character BLEU of .65 without one exact match: read exact match "
    "and fingerprint similarity beside it."
)

SPECS = (
    TaskSpec(
        name="generation",
        title="Text-based molecule generation",
        goal="generation",
        protocol="generate",
        order=4,
        transitions=(Transition(("caption",), "SMILES"), Transition(("IUPAC",), "SMILES")),
        metrics=_STRUCTURE_METRICS,
        primary_metric="exact",
        floor=_FLOOR,
        reference="Edwards et al. 2022, doi:10.18653/v1/2022.emnlp-main.26",
    ),
    TaskSpec(
        name="image-recognition",
        title="Molecule image recognition",
        goal="generation",
        protocol="generate",
        order=5,
        transitions=(Transition(("image",), "SMILES"),),
        metrics=_STRUCTURE_METRICS,
        primary_metric="exact",
        floor=_FLOOR,
        reference="Liu et al. 2025, doi:10.1038/s42256-024-00977-6",
    ),
)
