"""What a map is made of: run, tokenizer, size."""

from __future__ import annotations

from chebimm_core.domain.run import RunHeader
from chebimm_core.services import benchmark, dataset
from pages.ui import cached, panels, pickers, run_rows

_TEXT_TASKS = ("captioning", "iupac", "generation")
_TOKENIZERS = {
    "words": "whole words, whole atoms",
    "scibert": "SciBERT WordPiece (published)",
    "t5": "T5 SentencePiece",
    "bpe": "BPE trained on these texts",
}


def written() -> list[RunHeader]:
    """Runs that write text, floors last."""
    found = [h for h in cached.read(benchmark.list_runs) if h.spec.task in _TEXT_TASKS]
    return sorted(found, key=run_rows.is_floor)


def run(key: str = "run", label: str = "Run, or the gold data") -> str | None:
    """A run that writes text, or gold data; None if there is neither."""
    gold = [
        f"gold:{h.name}:{split}"
        for h in cached.read(dataset.list_datasets)
        for split in sorted(h.splits, key=lambda name: name != "test")
    ]
    run_id = pickers.pick_run(key, label, headers=written(), extra=gold)
    if run_id is not None:
        name = dataset_of(run_id)
        for header in cached.read(dataset.list_datasets):
            if header.name == name:
                panels.synthetic_badge(header)
    return run_id


def dataset_of(run_id: str) -> str:
    """Data set of a run or of gold data."""
    if run_id.startswith("gold:"):
        return run_id.split(":")[1]
    return cached.read(benchmark.header, run_id, on=f"run:{run_id}").spec.dataset


def tokenizer() -> str:
    """How both sides are cut."""
    return pickers.choice(
        "tokenizer",
        "Tokenizer",
        tuple(_TOKENIZERS),
        shown=lambda name: _TOKENIZERS[name],
        help="Both sides are cut by the same tokenizer. Pairs depend on it: try another. In "
        "line notations a word is an atom (SMILES), a symbol (SELFIES) or a layer (InChI).",
    )


def size() -> int:
    """Tokens on each side."""
    return int(
        pickers.number(
            "size",
            "Tokens on each side",
            low=20,
            high=200,
            default=20,
            step=10,
            help="The most frequent ones, without digits, punctuation and stop words. Paper: 20.",
        )
    )


def boilerplate() -> bool:
    """Whether the words captions are built from stay."""
    return not pickers.switch(
        "boilerplate",
        "Leave out caption boilerplate",
        "out",
        help="Words of the sentences captions are built from (molecule, compound, role, "
        "member, derives, group, ...). The next most frequent words stand in. Off: as "
        "published.",
    )
