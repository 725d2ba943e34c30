"""The structure itself: the molecular graph, and a picture of it."""

from __future__ import annotations

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, rdMolInterchange
from rdkit.Chem.Draw import rdMolDraw2D

from chebimm_core.domain.specs import ModalitySpec

_IMAGE_SIDE = 300
"""Pixels; the drawing is a vector, so that this only fixes its proportions."""


def graph_from_mol(mol: Mol) -> str:
    """The graph as CommonChem JSON: atoms, bonds, charges and stereo without coordinates."""
    bare = Chem.Mol(mol)
    bare.RemoveAllConformers()
    return str(rdMolInterchange.MolToJSON(bare))


def mol_from_graph(text: str) -> Mol | None:
    """Reads CommonChem JSON; None if it is not one molecule."""
    try:
        with rdBase.BlockLogs():
            mols = rdMolInterchange.JSONToMols(text)
            if len(mols) != 1 or mols[0] is None:
                return None
            mol = mols[0]
            Chem.SanitizeMol(mol)
    except (RuntimeError, ValueError):
        return None
    return mol


def image_from_mol(mol: Mol) -> str:
    """A black-on-white SVG drawing, 300 x 300: the image a model is shown."""
    drawer = rdMolDraw2D.MolDraw2DSVG(_IMAGE_SIDE, _IMAGE_SIDE)
    drawer.drawOptions().useBWAtomPalette()
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
    drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


SPECS = (
    ModalitySpec(
        name="graph",
        title="Graph",
        provenance="internal",
        carrier="graph",
        order=0,
        from_mol=graph_from_mol,
        to_mol=mol_from_graph,
        description="Atoms as nodes and bonds as edges, derived from the SMILES by RDKit.",
    ),
    ModalitySpec(
        name="image",
        title="Image",
        provenance="external",
        carrier="image",
        order=7,
        from_mol=image_from_mol,
        description="A 2D drawing made by RDKit. Reading one back is learned, never a tool.",
    ),
)
