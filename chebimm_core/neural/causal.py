"""Decoder-only models: the input is the beginning of a text, the answer its continuation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from chebimm_core.neural.seq2seq import Writing, label_log_probs, offsets, padded_labels
from chebimm_core.neural.text_encoder import padded
from chebimm_core.neural.weights import Source, load_network, load_tokenizer


class CausalNetwork(nn.Module):
    """A causal language model that continues ``<source>: <input> <target>:``.

    Args:
        where: Its weights.
        source: Name of the source modality, for the prompt.
        target: Name of the target modality.
        max_input: Longer prompts are cut, in tokens, from the input's end.
    """

    def __init__(self, where: Source, *, source: str, target: str, max_input: int) -> None:
        super().__init__()
        self.tokenizer = padded(load_tokenizer(where))
        self.model: Any = load_network("AutoModelForCausalLM", where)
        self._head = self._ids(f"{source}: ")
        self._tail = self._ids(f"\n{target}:")
        self._positions = int(getattr(self.model.config, "max_position_embeddings", 0) or 10**6)
        self._max_input = max_input

    def prepare(self, texts: Sequence[str]) -> list[list[int] | None]:
        """Prompts as token ids; None for an input without a token."""
        room = max(1, self._max_input - len(self._head) - len(self._tail))
        found: list[list[int] | None] = []
        for text in texts:
            ids = self._ids(text)[:room]
            found.append([*self._head, *ids, *self._tail] if ids else None)
        return found

    def targets(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        """Answers as token ids, with the end of text last."""
        end = self.tokenizer.eos_token_id
        return [[*self._ids(f" {text}")[: max_length - 1], end] for text in texts]

    def collate(self, pairs: Sequence[tuple[list[int], list[int]]], device: torch.device) -> Any:
        """Prompt and answer in one row; only the answer carries a loss."""
        rows = [(a + b)[: self._positions] for a, b in pairs]
        labels = [([-100] * len(a) + b)[: self._positions] for a, b in pairs]
        longest = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([r + [pad] * (longest - len(r)) for r in rows], device=device)
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows], device=device)
        return ids, mask, padded_labels(labels, device)

    def forward(self, batch: Any) -> Tensor:
        """Mean cross-entropy of the answer tokens."""
        ids, mask, labels = batch
        loss: Tensor = self.model(input_ids=ids, attention_mask=mask, labels=labels).loss
        return loss

    def answer_spans(self, text: str, max_length: int) -> list[tuple[int, int]]:
        """Characters of each token of :meth:`targets`; empty for the end of text."""
        kept = len(self.targets([text], max_length)[0]) - 1
        # A blank joins it to the prompt; places count from behind it.
        shifted = [(max(0, a - 1), max(0, b - 1)) for a, b in self._offsets(f" {text}")]
        return [*shifted[:kept], (len(text), len(text))]

    def token_log_probs(self, batch: Any) -> Tensor:
        """(B, longest) log p of each answer token; NaN at prompt and padding."""
        ids, mask, labels = batch
        with torch.no_grad():
            logits = self.model(input_ids=ids, attention_mask=mask).logits
        return label_log_probs(logits[:, :-1], labels[:, 1:])

    def write(self, examples: Sequence[list[int]], how: Writing) -> list[str]:
        """The continuation of each prompt; prompts are padded on the left."""
        device = next(self.parameters()).device
        room = max(1, self._positions - how.max_length)
        rows = [row[-room:] for row in examples]
        longest = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(r)) + r for r in rows], device=device)
        mask = torch.tensor([[0] * (longest - len(r)) + [1] * len(r) for r in rows], device=device)
        with torch.no_grad():
            found = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                num_beams=how.num_beams,
                max_new_tokens=how.max_length,
                do_sample=False,
                pad_token_id=pad,
            )
        texts: list[str] = self.tokenizer.batch_decode(found[:, longest:], skip_special_tokens=True)
        return [text.strip() for text in texts]

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        found = offsets(self.tokenizer, text, 10**6)
        plain = self._ids(text)
        return found[: len(plain)] if len(found) == len(plain) else found[-len(plain) :]

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def load_causal(where: Source, *, source: str, target: str, max_input: int) -> CausalNetwork:
    """A published decoder; errors as ``weights.load_network``."""
    return CausalNetwork(where, source=source, target=target, max_input=max_input)
