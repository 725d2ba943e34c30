"""OSRA on RDKit's drawings, where it is installed; its absence said clearly anywhere."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from chebimm_core.domain.specs import Transition
from chebimm_core.errors import MissingDependencyError
from chebimm_core.modalities.line_notation import inchi_from_mol, mol_from_smiles
from chebimm_core.models import MODELS, load
from chebimm_core.models.protocols import FitContext

SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O", "c1ccccc1O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CCCCO",
    "CC(=O)Nc1ccc(O)cc1", "OCC1OC(O)C(O)C(O)C1O", "c1ccc2ccccc2c1", "CCN(CC)CC",
    "NCCc1ccc(O)c(O)c1", "O=C1CCCCC1",
]  # fmt: skip
needs_osra = pytest.mark.skipif(shutil.which("osra") is None, reason="osra is not installed")


def reader(**arguments):
    model = load(MODELS["osra"], "generate", arguments)
    train = pd.DataFrame({"cid": [], "input": [], "target": []})
    return model.fit(train, Transition.parse("image->SMILES"), FitContext(seed=0, device="cpu"))


@needs_osra
def test_half_of_simple_drawings_are_read_exactly_and_what_is_no_molecule_is_a_row():
    found = reader().generate([*SMILES, "no molecule"])
    assert len(found) == len(SMILES) + 1
    assert found[-1].output is None and found[-1].error
    exact = sum(
        g.output is not None
        and (read := mol_from_smiles(g.output)) is not None
        and inchi_from_mol(read) == inchi_from_mol(mol_from_smiles(s))
        for g, s in zip(found, SMILES, strict=False)
    )
    assert exact >= 5


@needs_osra
def test_a_program_that_takes_too_long_gives_a_row():
    slow = reader()
    slow.timeout_s = 0.001
    assert "no answer" in slow.generate(SMILES[:1])[0].error


def test_absence_is_said_before_anything_runs(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingDependencyError, match="apt-get install osra"):
        reader()
