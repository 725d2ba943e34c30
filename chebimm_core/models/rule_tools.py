"""Rule-based tools that stand beside learned models: OPSIN reads systematic names.

Lowe et al. 2011, doi:10.1021/ci100384d.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

CARDS = (
    ModelCard(
        name="opsin",
        title="OPSIN",
        family="tool",
        abilities=(
            Ability(
                "generate",
                (Transition(("IUPAC",), "SMILES"),),
                "chebimm_core.models.rule_tools:OpsinReader",
                smallest_batch=512,  # each call starts a Java runtime
            ),
        ),
        description="Reads a systematic name by the rules of nomenclature; names of salts and "
        "hydrates are read part by part. Answers are written as RDKit canonical SMILES.",
        trained_on="nothing: hand-written grammar",
        license="MIT",
        reference="Lowe et al. 2011, doi:10.1021/ci100384d",
        revision="2.9.0",
        extras=("java",),
    ),
)


class OpsinReader:
    """A grammar, nothing learned: ``fit`` only checks that OPSIN can run."""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Finds the jar and the Java runtime, or says which one is absent."""
        from chebimm_core.modalities import opsin

        opsin.jar()
        opsin.runtime()
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        from chebimm_core.modalities.opsin import smiles_from_names

        return [_answer(smiles) for smiles in smiles_from_names(inputs)]


def _answer(smiles: str | None) -> Generated:
    from chebimm_core.modalities.line_notation import mol_from_smiles, smiles_from_mol

    if smiles is None:
        return Generated(None, "OPSIN cannot read the name")
    # OPSIN starts a SMILES anywhere; string metrics would punish the way of writing.
    molecule = mol_from_smiles(smiles)
    return Generated(smiles if molecule is None else smiles_from_mol(molecule))
