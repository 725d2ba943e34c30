"""What a general language model is asked, for every generation task."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chebimm_core.domain.specs import Transition

_NAMES = {
    "SMILES": "SMILES",
    "InChI": "InChI",
    "SELFIES": "SELFIES",
    "IUPAC": "IUPAC name",
    "caption": "description",
    "graph": "molecular graph, written as SMILES,",
}
_WANTED = {
    "caption": "Describe the molecule as a ChEBI entry would: begin with 'The molecule is', name "
    "its class, its characteristic groups, its roles, and what it derives from.",
    "IUPAC": "Give its systematic IUPAC name and nothing else.",
    "SMILES": "Give one SMILES that fits, valid and complete, and nothing else.",
}
_FENCE = re.compile(r"^```[a-zA-Z]*\s*\n?(.*?)\n?```$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A solved training molecule shown to the model."""

    given: str
    answer: str


def messages(
    transition: Transition, given: str, examples: Sequence[Example]
) -> list[dict[str, str]]:
    """The chat that asks for one molecule.

    Args:
        transition: From which modality to which.
        given: The input text.
        examples: Solved molecules, the most similar last, where models attend most.
    """
    source = _NAMES.get(transition.sources[0], transition.sources[0])
    target = _NAMES.get(transition.target, transition.target)
    system = (
        f"You are an expert chemist. You are given the {source} of a molecule. "
        f'{_WANTED[transition.target]} Reply with a JSON object {{"answer": "<{target}>"}}.'
    )
    chat = [{"role": "system", "content": system}]
    for example in examples:
        chat.append({"role": "user", "content": example.given})
        chat.append({"role": "assistant", "content": json.dumps({"answer": example.answer})})
    chat.append({"role": "user", "content": given})
    return chat


def answer_of(reply: str) -> str:
    """The answer in a reply: of its JSON object, or the bare text if it is none."""
    text = reply.strip()
    fenced = _FENCE.match(text)
    if fenced:
        text = fenced.group(1).strip()
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            found = json.loads(text[start : end + 1])
        except (ValueError, RecursionError):
            return text
        if isinstance(found, dict) and isinstance(found.get("answer"), str):
            return str(found["answer"]).strip()
    return text
