"""Molecules as pictures: drawn by RDKit, or read from files of the data set."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit.Chem.Draw import rdMolDraw2D

from chebimm_core.domain.molecule import MAX_IMAGE_PIXELS
from chebimm_core.modalities.line_notation import mol_from_smiles

FILE = "file:"
_FORMATS = ("PNG", "JPEG")


def image_of(text: str, size: int) -> NDArray[np.uint8] | None:
    """(size, size, 3) picture of an input; None if it cannot be drawn or read.

    Args:
        text: A SMILES, which is drawn, or ``file:`` and the path of a PNG or JPEG.
        size: Side in pixels; other pictures are fitted in and padded with white.
    """
    if text.startswith(FILE):
        return _fitted(_opened(Path(text.removeprefix(FILE))), size)
    drawn = drawing(text, size)
    return None if drawn is None else _fitted(_decoded(drawn), size)


def drawing(smiles: str, size: int) -> bytes | None:
    """PNG of a molecule, black on white as papers print it; None if RDKit rejects it."""
    molecule = mol_from_smiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    canvas = rdMolDraw2D.MolDraw2DCairo(size, size)
    options = canvas.drawOptions()
    options.useBWAtomPalette()
    options.padding = 0.05
    try:
        rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    except (ValueError, RuntimeError):
        return None
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())


def _opened(path: Path) -> Any:
    from PIL import Image

    try:
        image = Image.open(path, formats=_FORMATS)
        if image.width * image.height > MAX_IMAGE_PIXELS:
            return None
        return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _decoded(png: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGB")


def _fitted(image: Any, size: int) -> NDArray[np.uint8] | None:
    if image is None:
        return None
    from PIL import Image, ImageOps

    if image.size != (size, size):
        image = ImageOps.pad(image, (size, size), Image.Resampling.BICUBIC, color="white")
    return np.asarray(image, dtype=np.uint8)
