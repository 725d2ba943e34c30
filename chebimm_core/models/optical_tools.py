"""Optical structure recognition by rules: OSRA reads drawings of molecules.

Filippov and Nicklaus 2009, doi:10.1021/ci800067r.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.errors import MissingDependencyError
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 2
_UNREADABLE = "OSRA finds no structure in the image"

CARDS = (
    ModelCard(
        name="osra",
        title="OSRA",
        family="tool",
        abilities=(
            Ability(
                "generate",
                (Transition(("image",), "SMILES"),),
                "chebimm_core.models.optical_tools:OsraReader",
                (
                    Parameter("side", "Image side", 800, "Of the drawing, in pixels.", low=100,
                              high=4000, advanced=True),
                    Parameter("timeout_s", "Time for an image", 30.0, "Seconds after which an "
                              "image counts as unreadable.", low=1.0, high=600.0, advanced=True),
                ),
                smallest_batch=8,
                sample_seconds=0.8,
            ),
        ),
        description="Vectorizes a drawing of the structure and reads atoms and bonds by rules. "
        "Answers are written as RDKit canonical SMILES where RDKit accepts them.",
        trained_on="nothing: hand-written rules",
        license="GPL-2.0 (a program of its own, called as a process)",
        reference="Filippov and Nicklaus 2009, doi:10.1021/ci800067r",
        extras=("osra",),
    ),
)  # fmt: skip


class OsraReader:
    """A process for each image; nothing learned.

    Args:
        side: Of the drawing, in pixels.
        timeout_s: Seconds for one image.
    """

    def __init__(self, *, side: int, timeout_s: float) -> None:
        self.side, self.timeout_s = side, timeout_s
        self._program = ""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Finds the program.

        Raises:
            MissingDependencyError: If it is not installed.
        """
        found = shutil.which("osra")
        if found is None:
            raise MissingDependencyError(
                "The program osra is not installed",
                do="Install it (Debian, Ubuntu: apt-get install osra) and start again",
            )
        self._program = found
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Reads drawings of the molecules (or image files named ``file:PATH``)."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # the threads wait for processes
            return list(pool.map(self._read, inputs))

    def _read(self, text: str) -> Generated:
        from PIL import Image

        from chebimm_core.neural.images import image_of

        pixels = image_of(text, self.side)
        if pixels is None:
            return Generated(None, "The molecule cannot be drawn")
        with tempfile.TemporaryDirectory(prefix="chebimm-osra-") as folder:
            path = Path(folder) / "molecule.png"
            Image.fromarray(pixels).save(path)
            try:
                done = subprocess.run(
                    [self._program, "-f", "smi", str(path)],
                    capture_output=True, text=True, timeout=self.timeout_s, check=False,
                    stdin=subprocess.DEVNULL,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return Generated(None, f"OSRA gave no answer in {self.timeout_s:g} s")
        return _answer(done.stdout)


def _answer(printed: str) -> Generated:
    from chebimm_core.modalities.line_notation import mol_from_smiles, smiles_from_mol

    words = [line.split()[0] for line in printed.splitlines() if line.strip()]
    smiles = ".".join(words)  # fragments stand a line each
    if not smiles:
        return Generated(None, _UNREADABLE)
    molecule = mol_from_smiles(smiles)
    return Generated(smiles if molecule is None else smiles_from_mol(molecule))
