"""What people write about a molecule: the caption and the IUPAC name. No exact tool writes them.

A name can be parsed back (OPSIN does so for most), but not for every molecule, so in the transition
matrix name to structure is a measured transition and not a tool (Liu et al. 2025).
"""

from chebimm_core.domain.specs import ModalitySpec

SPECS = (
    ModalitySpec(
        name="caption",
        title="Caption",
        provenance="external",
        carrier="text",
        order=4,
        column="caption",
        description="A description in words: class, substituents, origin, role.",
    ),
    ModalitySpec(
        name="IUPAC",
        title="IUPAC name",
        provenance="external",
        carrier="text",
        order=5,
        column="IUPAC",
        description="The systematic name after the rules of IUPAC.",
    ),
)
