"""2D drawings of molecules as SVG, for light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chebimm_core.figures import theme

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_ATOMS = 400
"""Heavy atoms; a larger molecule gives a drawing nobody can read, slowly."""
_FAINT = 0.03
"""Of the largest value; fainter shades cannot be told from the page."""
MAX_LENGTH = 4_000
"""Characters of a SMILES that are still read."""

_LIGHT = {
    7: "#1f46c7",
    8: "#c4201a",
    9: "#2b7a1f",
    16: "#7d6200",
    17: "#1f7a33",
    15: "#a84f00",
    35: "#8f3f1f",
    53: "#7a2a9b",
}
_DARK = {
    7: "#8fa8ff",
    8: "#ff8a80",
    9: "#8fdc7a",
    16: "#e8cf4a",
    17: "#7fdc9a",
    15: "#ffb066",
    35: "#e8a07c",
    53: "#d59cf0",
}
"""Atomic number -> color: the usual hues, with a contrast of 4.5:1 on the page."""


@dataclass(frozen=True, slots=True)
class Depiction:
    """A drawing, or why there is none."""

    svg: str | None
    """A whole SVG document with a transparent background."""
    problem: str | None
    """One sentence; None if there is a drawing."""


def depict(
    smiles: str | None,
    *,
    dark: bool = False,
    width: int = 360,
    height: int = 260,
    atoms: Sequence[int] = (),
    bonds: Sequence[int] = (),
) -> Depiction:
    """Draws a molecule.

    Args:
        smiles: What to draw.
        dark: Colors for a dark page.
        width: In pixels.
        height: In pixels.
        atoms: Indices of atoms to mark, in SMILES order.
        bonds: Indices of bonds to mark.

    Returns:
        The drawing; for text that is no molecule, the reason why there is none.
    """
    molecule, problem = read(smiles)
    if molecule is None:
        return Depiction(None, problem)
    svg = draw(molecule, dark=dark, width=width, height=height, atoms=atoms, bonds=bonds)
    return Depiction(svg, None)


def read(smiles: str | None) -> tuple[Mol | None, str | None]:
    """The molecule, or None and the reason."""
    from chebimm_core.modalities.line_notation import mol_from_smiles, why_rejected

    text = (smiles or "").strip()
    if not text:
        return None, "There is no SMILES to draw"
    if len(text) > MAX_LENGTH:
        return None, f"The SMILES is longer than {MAX_LENGTH:,} characters and is not drawn"
    molecule = mol_from_smiles(text)
    if molecule is None:
        return None, f"Not a valid molecule: {why_rejected(text)}"
    if molecule.GetNumAtoms() > MAX_ATOMS:
        return None, f"The molecule has more than {MAX_ATOMS} heavy atoms and is not drawn"
    return molecule, None


def draw(
    molecule: Mol,
    *,
    dark: bool,
    width: int,
    height: int,
    atoms: Sequence[int] = (),
    bonds: Sequence[int] = (),
    colors: Mapping[int, tuple[float, ...]] | None = None,
) -> str:
    """Draws a molecule that was read before, with its own coordinates if it has any."""
    from rdkit.Chem.Draw import rdMolDraw2D

    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options = drawer.drawOptions()
    if dark:
        rdMolDraw2D.SetDarkMode(options)
    options.updateAtomPalette({z: _rgb(c) for z, c in (_DARK if dark else _LIGHT).items()})
    options.setSymbolColour(_rgb(theme.palette(dark).text))
    options.clearBackground = False
    options.bondLineWidth = 1.6
    options.padding = 0.06
    options.setHighlightColour((*_rgb(theme.palette(dark).mark), 0.45))
    options.highlightBondWidthMultiplier = 12
    rdMolDraw2D.PrepareAndDrawMolecule(
        drawer,
        molecule,
        highlightAtoms=list(atoms),
        highlightBonds=list(bonds),
        **({"highlightAtomColors": dict(colors)} if colors else {}),
    )
    drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


def shaded(
    smiles: str,
    values: Mapping[int, float],
    *,
    dark: bool = False,
    width: int = 460,
    height: int = 320,
) -> Depiction:
    """Draws a molecule with its atoms shaded by a signed value.

    Args:
        smiles: What to draw.
        values: Atom index in SMILES order -> value; the largest magnitude has the full color.
        dark: Colors for a dark page.
        width: In pixels.
        height: In pixels.
    """
    molecule, problem = read(smiles)
    if molecule is None:
        return Depiction(None, problem)
    largest = max((abs(v) for v in values.values()), default=0.0)
    colors = {
        atom: (*_rgb(theme.signed_color(value, dark)), 0.75 * abs(value) / largest)
        for atom, value in values.items()
        if largest > 0 and abs(value) >= _FAINT * largest and atom < molecule.GetNumAtoms()
    }
    svg = draw(molecule, dark=dark, width=width, height=height, atoms=list(colors), colors=colors)
    return Depiction(svg, None)


def bonds_within(molecule: Any, atoms: Sequence[int]) -> list[int]:
    """Indices of the bonds both of whose ends are in ``atoms``."""
    chosen = set(atoms)
    return [
        bond.GetIdx()
        for bond in molecule.GetBonds()
        if bond.GetBeginAtomIdx() in chosen and bond.GetEndAtomIdx() in chosen
    ]


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue
