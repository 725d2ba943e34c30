"""Goal 'description': molecule captioning and IUPAC name recognition (Liu et al. 2025, Table 1)."""

from chebimm_core.domain.specs import TaskSpec, Transition

_TEXT_METRICS = ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor")

SPECS = (
    TaskSpec(
        name="captioning",
        title="Molecule captioning",
        goal="description",
        protocol="generate",
        order=0,
        transitions=tuple(
            Transition((source,), "caption")
            for source in ("graph", "SMILES", "InChI", "SELFIES", "IUPAC", "image")
        ),
        metrics=_TEXT_METRICS,
        primary_metric="bleu2",
        floor="Captions share a template: a constant or random caption already scores a BLEU-2 of "
        "about .2, so read every score against the floor beside it.",
        reference="Edwards et al. 2022, doi:10.18653/v1/2022.emnlp-main.26; "
        "Liu et al. 2025, doi:10.1038/s42256-024-00977-6",
    ),
    TaskSpec(
        name="iupac",
        title="IUPAC name recognition",
        goal="description",
        protocol="generate",
        order=1,
        transitions=tuple(
            Transition((source,), "IUPAC")
            for source in ("graph", "SMILES", "InChI", "SELFIES", "caption", "image")
        ),
        metrics=(*_TEXT_METRICS, "exact_text"),
        primary_metric="bleu2",
        floor="Names share locants and suffixes: n-gram overlap is high long before one name is "
        "right, so read exact match beside it.",
        reference="Liu et al. 2025, doi:10.1038/s42256-024-00977-6",
    ),
)
