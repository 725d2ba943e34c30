"""Facts about the pretrained parts of the paper's models; cards are made of them.

Sizes are of the variant named (Liu et al. 2025, Figure 4 lists the paper's).
"""

from __future__ import annotations

from dataclasses import dataclass

from chebimm_core.domain.specs import HubWeights, Parameter


@dataclass(frozen=True, slots=True)
class Pretrained:
    """One published network."""

    name: str
    title: str
    hub_id: str
    """Empty: no repository in the form transformers reads."""
    millions: float
    license: str
    reference: str
    trained_on: str

    def weights(self, role: str) -> tuple[HubWeights, ...]:
        """For a card."""
        return (HubWeights(role, self.hub_id),) if self.hub_id else ()

    def parameter(self, role: str = "") -> Parameter:
        """The choice of other weights of the same kind."""
        name = f"{role}_weights" if role else "weights"
        title = f"{role.capitalize()} weights" if role else "Weights"
        return Parameter(
            name,
            title,
            self.hub_id,
            "Hub id OWNER/NAME, or a local folder with safetensors weights.",
        )


TEXT_ENCODERS = (
    Pretrained("bert", "BERT", "google-bert/bert-base-uncased", 110, "Apache-2.0",
               "Devlin et al. 2019, doi:10.18653/v1/N19-1423", "books and English Wikipedia"),
    Pretrained("scibert", "SciBERT", "allenai/scibert_scivocab_uncased", 110, "Apache-2.0",
               "Beltagy et al. 2019, doi:10.18653/v1/D19-1371", "scientific papers"),
    Pretrained("roberta", "RoBERTa", "FacebookAI/roberta-base", 125, "MIT",
               "Liu et al. 2019, arXiv:1907.11692", "English text"),
    Pretrained("chemberta", "ChemBERTa", "seyonec/ChemBERTa-zinc-base-v1", 44, "not stated",
               "Chithrananda et al. 2020, arXiv:2010.09885", "SMILES of ZINC"),
)  # fmt: skip

DECODERS = (
    Pretrained("gpt2", "GPT-2", "openai-community/gpt2", 124, "MIT",
               "Radford et al. 2019, Language Models are Unsupervised Multitask Learners",
               "English web pages"),
    Pretrained("gpt-neo", "GPT-Neo", "EleutherAI/gpt-neo-125m", 125, "MIT",
               "Black et al. 2021, doi:10.5281/zenodo.5297715", "the Pile"),
    Pretrained("biogpt", "BioGPT", "microsoft/biogpt", 347, "MIT",
               "Luo et al. 2022, doi:10.1093/bib/bbac409", "PubMed abstracts"),
)  # fmt: skip

ENCODER_DECODERS = (
    Pretrained("bart", "BART", "facebook/bart-base", 139, "Apache-2.0",
               "Lewis et al. 2020, doi:10.18653/v1/2020.acl-main.703", "English text"),
    Pretrained("t5", "T5", "google-t5/t5-base", 223, "Apache-2.0",
               "Raffel et al. 2020, arXiv:1910.10683", "English web pages (C4) and tasks"),
    Pretrained("t5-v1.1", "T5-v1.1", "google/t5-v1_1-base", 248, "Apache-2.0",
               "Raffel et al. 2020, arXiv:1910.10683; Shazeer 2020, arXiv:2002.05202",
               "English web pages (C4)"),
    Pretrained("molt5", "MolT5", "laituan245/molt5-base", 248, "Apache-2.0",
               "Edwards et al. 2022, doi:10.18653/v1/2022.emnlp-main.26",
               "English web pages (C4) and SMILES of ZINC"),
)  # fmt: skip

IMAGE_ENCODERS = (
    Pretrained("vit", "ViT", "google/vit-base-patch16-224", 86, "Apache-2.0",
               "Dosovitskiy et al. 2021, arXiv:2010.11929", "ImageNet-21k and ImageNet"),
    Pretrained("resnet", "ResNet", "microsoft/resnet-50", 26, "Apache-2.0",
               "He et al. 2016, arXiv:1512.03385", "ImageNet"),
    Pretrained("swin", "Swin", "microsoft/swin-base-patch4-window7-224-in22k", 109, "Apache-2.0",
               "Liu et al. 2021, arXiv:2103.14030", "ImageNet-21k"),
    Pretrained("swinocsr", "SwinOCSR", "", 88, "not stated",
               "Xu et al. 2022, doi:10.1186/s13321-022-00624-5",
               "drawings of molecules; its weights are not published in the form transformers "
               "reads, so give a folder of converted ones"),
)  # fmt: skip

MOLT5 = ENCODER_DECODERS[-1]
SCIBERT = TEXT_ENCODERS[1]
