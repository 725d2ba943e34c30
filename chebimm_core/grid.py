"""The paper's 1,263 experiments, enumerated from the model cards and the task specs.

A block says which transitions of which task are done by which families, and what else varies; the
cards say which models there are. Nothing is a typed list, so a wrong card shows as a wrong count.

The counts of the blocks add up to the published total. Two things the paper does not spell out are
our reconstruction: how the retrieval block divides, and which decoders families 7 and 8 use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from chebimm_core.domain.specs import ModelCard, Scalar, Transition
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.models import MODELS
from chebimm_core.tasks import TASKS

MOLECULENET = (
    "bace", "bbbp", "clintox", "sider", "tox21", "toxcast", "esol", "freesolv", "lipophilicity",
)  # fmt: skip
SPLITTINGS = ("scaffold", "random")
POOLINGS = ("avg", "max")
RECONSTRUCTION = (
    "The block counts add up to the published 1,263; how retrieval divides, and which decoders "
    "follow graph and image encoders, is our reconstruction."
)

_NOTATIONS = ("SMILES", "InChI", "SELFIES")


def _arrows(*keys: str) -> tuple[Transition, ...]:
    return tuple(Transition.parse(key) for key in keys)


@dataclass(frozen=True, slots=True)
class Block:
    """Experiments of one kind: transitions x models of some families x what else varies."""

    name: str
    title: str
    task: str
    transitions: tuple[Transition, ...]
    families: tuple[int, ...]
    """Families of the paper, 1 to 8."""
    pooled: bool = False
    """Whether each pooling is an experiment of its own."""
    moleculenet: bool = False
    """Whether it is done on the nine MoleculeNet sets in two splits, not on ChEBI-20-MM."""


BLOCKS = (
    Block(
        "text-to-text",
        "Text to text",
        "captioning, iupac, generation",
        _arrows(
            "IUPAC->SMILES", "caption->SMILES", "SMILES->IUPAC", "InChI->IUPAC", "SELFIES->IUPAC",
            "IUPAC->caption", "SMILES->caption", "InChI->caption", "SELFIES->caption",
        ),
        (4, 5, 6),
    ),
    Block("graph-to-text", "Graph to text", "captioning, iupac",
          _arrows("graph->IUPAC", "graph->caption"), (7,)),
    Block("image-to-text", "Image to SMILES and IUPAC", "image-recognition, iupac",
          _arrows("image->SMILES", "image->IUPAC"), (8,)),
    Block(
        "retrieval-text",
        "Retrieval between texts",
        "retrieval",
        _arrows(
            "SMILES->IUPAC", "SELFIES->IUPAC", "InChI->IUPAC", "IUPAC->caption", "SMILES->caption",
            "SELFIES->caption", "InChI->caption",
        ),
        (1, 5),
        pooled=True,
    ),
    Block("retrieval-graph", "Retrieval with graphs", "retrieval",
          _arrows("graph->IUPAC", "graph->caption"), (2,), pooled=True),
    Block("retrieval-image", "Retrieval with images", "retrieval",
          _arrows("image->IUPAC", "image->SMILES", "image->caption"), (3,)),
    Block(
        "property",
        "MoleculeNet properties",
        "property",
        tuple(Transition((s,), "property") for s in (*_NOTATIONS, "graph")),
        (1, 2, 5),
        pooled=True,
        moleculenet=True,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Experiment:
    """One cell of the grid."""

    block: str
    model: str
    family: int
    task: str
    transition: str
    """Of retrieval, which the paper counts once for both directions, the direction written."""
    pooling: str
    """``avg``, ``max`` or empty."""
    dataset: str
    """Of MoleculeNet, e.g. ``bace-scaffold``; empty for ChEBI-20-MM."""

    @property
    def key(self) -> str:
        """Identifies it: ``retrieval-text/bert/SMILES->IUPAC/avg``."""
        parts = (self.block, self.model, self.transition, self.pooling, self.dataset)
        return "/".join(part for part in parts if part)

    @property
    def arguments(self) -> dict[str, Scalar]:
        """Model arguments that make the run this experiment."""
        found: dict[str, Scalar] = {"pooling": self.pooling} if self.pooling else {}
        if self.dataset:
            found["property"] = "all"
        return found


def experiments(cards: Mapping[str, ModelCard] | None = None) -> tuple[Experiment, ...]:
    """All experiments, block by block.

    Args:
        cards: Models by name; None: those of the program.
    """
    known = MODELS if cards is None else cards
    return tuple(one for block in BLOCKS for one in _of(block, known))


FILTERS = ("block", "model", "family", "task", "transition", "pooling", "dataset")


def select(grid: Sequence[Experiment], wanted: Mapping[str, str]) -> tuple[Experiment, ...]:
    """The experiments that meet every condition.

    Args:
        grid: From :func:`experiments`.
        wanted: Field of :data:`FILTERS` -> value; several values are separated by ``|``.

    Raises:
        SettingError: If there is no such field or value.
    """
    found = tuple(grid)
    for name, value in wanted.items():
        if name not in FILTERS:
            raise SettingError("No such filter", value=name, allowed=", ".join(FILTERS))
        values = {v.strip() for v in value.split("|")}
        known = {str(getattr(e, name)) for e in grid}
        unknown = sorted(values - known)
        if unknown:
            raise SettingError(
                f"No experiment has this {name}",
                value=unknown[0],
                allowed=", ".join(sorted(known - {""})),
            )
        found = tuple(e for e in found if str(getattr(e, name)) in values)
    return found


def _of(block: Block, cards: Mapping[str, ModelCard]) -> Iterator[Experiment]:
    datasets = (
        [f"{name}-{split}" for name, split in product(MOLECULENET, SPLITTINGS)]
        if block.moleculenet
        else [""]
    )
    for card in cards.values():
        if card.paper_family not in block.families:
            continue
        for transition in block.transitions:
            task = _task(block, transition)
            if not card.covers(TASKS[task].protocol, transition):
                continue
            for dataset, pooling in product(datasets, POOLINGS if block.pooled else ("",)):
                yield Experiment(
                    block=block.name,
                    model=card.name,
                    family=card.paper_family,
                    task=task,
                    transition=transition.key,
                    pooling=pooling,
                    dataset=dataset,
                )


def _task(block: Block, transition: Transition) -> str:
    """The block's task that has the transition."""
    for name in block.task.split(", "):
        if transition in TASKS[name].transitions:
            return name
    raise ChebiMMError("No task of the block has this transition", value=transition.key)
