"""One model of the field, as the atlas of Liu et al. 2025 (Figures 1 and 2) classifies it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chebimm_core.domain.run import Stored

Architecture = Literal["encoder-only", "decoder-only", "encoder-decoder"]
Pairing = Literal[
    "text-text",
    "graph-text",
    "image-text",
    "graph-image-text",
    "text-only",
    "graph-only",
    "image-only",
]
Role = Literal["backbone", "model"]
Weights = Literal["open", "closed"]

ARCHITECTURES: tuple[Architecture, ...] = ("encoder-only", "encoder-decoder", "decoder-only")
PAIRINGS: tuple[Pairing, ...] = (
    "text-text",
    "graph-text",
    "image-text",
    "graph-image-text",
    "text-only",
    "graph-only",
    "image-only",
)
FIRST_YEAR = 2017
"""Models of molecules begin here; only a general backbone may be older."""

_OLDEST_BACKBONE = 2015
_NO_FORM = "property"
"""A number or a label: read or written, it is no form of the molecule."""

Text = Annotated[str, Field(min_length=1)]


class AtlasEntry(Stored):
    """Facts about one model; what is not known for sure is None or empty."""

    name: Text
    aliases: tuple[Text, ...] = ()
    """Other names it goes by, e.g. in prediction files."""
    role: Role
    """``backbone``: made for general text, graphs or pictures; ``model``: made for molecules."""
    in_paper: bool
    """Whether Liu et al. 2025 build their experiments on it."""
    architecture: Architecture
    """Of the trained system. A graph or image encoder, or a text-conditioned diffusion model,
    before or around a decoder counts as ``encoder-decoder``; several encoders that only embed count
    as ``encoder-only``."""
    backbone: str = ""
    modalities_in: tuple[Text, ...] = ()
    """Of the project's eight. ``caption`` stands for any text on a molecule, ``graph`` also for its
    three-dimensional structure. Empty: it generates without an input."""
    modalities_out: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Written, predicted or, where it only embeds, retrieved."""
    tasks: tuple[Text, ...] = ()
    """Of the six; empty for a model of other tasks (reactions, unconditional generation)."""
    year: Annotated[int, Field(ge=_OLDEST_BACKBONE, le=2100)]
    """Of the first preprint if an arXiv id is given, else of the publication cited."""
    parameters_millions: Annotated[float, Field(gt=0)] | None = None
    variant: str = ""
    """Which size ``parameters_millions`` is of."""
    weights: Weights | None = None
    """``open``: can be downloaded, whatever the terms; ``closed``: cannot; None: not verified."""
    license: str = ""
    """As its source states it, and of what."""
    title: Text
    """Of the paper or report."""
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/[-._;()/:A-Za-z0-9]+$")] | None = None
    arxiv: Annotated[str, Field(pattern=r"^\d{4}\.\d{4,5}$")] | None = None
    url: Annotated[str, Field(pattern=r"^https://[-._~/%A-Za-z0-9]+$")] | None = None
    """Where there is neither DOI nor arXiv id."""
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.doi or self.arxiv or self.url):
            raise ValueError("a model needs a DOI, an arXiv id or the address of a report")
        if self.arxiv and self.year != 2000 + int(self.arxiv[:2]):
            raise ValueError(f"the year of arXiv {self.arxiv} is not {self.year}")
        if self.year < FIRST_YEAR and self.role != "backbone":
            raise ValueError(f"only a backbone may be older than {FIRST_YEAR}")
        if self.variant and self.parameters_millions is None:
            raise ValueError("a variant is named but not its parameters")
        return self

    @property
    def link(self) -> str:
        """Address of the reference, built from ids alone."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else str(self.url)

    @property
    def pairing(self) -> Pairing:
        """Which kinds of input and output meet in it, e.g. ``graph-text``."""
        forms = {*self.modalities_in, *self.modalities_out} - {_NO_FORM}
        texts = forms - {"graph", "image"}
        if "graph" in forms and "image" in forms:
            return "graph-image-text"
        if "graph" in forms:
            return "graph-text" if texts else "graph-only"
        if "image" in forms:
            return "image-text" if texts else "image-only"
        translates = bool(texts & set(self.modalities_in)) and bool(
            texts & set(self.modalities_out)
        )
        return "text-text" if translates or len(texts) > 1 else "text-only"
