"""What is worth keeping between runs on the same molecules: pass one cache to many calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chebimm_core.domain.specs import Tokenizer
    from chebimm_core.metrics.meteor import Synonyms
    from chebimm_core.metrics.structures import Fingerprints, Structure


@dataclass(slots=True)
class ReferenceCache:
    """References made ready once; grows with them. Of predictions it keeps a bounded part."""

    tokenizers: dict[str, Tokenizer] = field(default_factory=dict)
    """Loaded tokenizers by asked-for name."""
    tokens: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(tokenizer signature, reference) -> tokens."""
    structures: dict[str, Structure] = field(default_factory=dict)
    """Reference SMILES -> its parsed structure and fingerprints."""
    fingerprints: dict[str, Fingerprints] = field(default_factory=dict)
    """Molecular graph -> fingerprints, of references and of the latest predictions."""
    synonyms: Synonyms | None = None
    """Stems and synonyms looked up so far."""
