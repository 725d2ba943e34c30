"""Text from states: native encoder-decoders, and their decoders behind any other encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from chebimm_core.errors import SettingError
from chebimm_core.neural.encoder import States
from chebimm_core.neural.text_encoder import padded
from chebimm_core.neural.weights import Source, load_network, load_tokenizer

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class Writing:
    """How answers are generated."""

    num_beams: int
    max_length: int
    """Longest answer in tokens."""


class Seq2SeqNetwork(nn.Module):
    """An encoder-decoder of transformers whose encoder may be replaced.

    With an encoder of its own it is fine-tuned as it is. With another one, that encoder's states
    pass through a linear map into the decoder's cross-attention, and the native encoder rests.

    Args:
        model: A sequence-to-sequence model.
        tokenizer: Its tokenizer.
        encoder: Another ``Encoder``; None: the model's own.
        max_input: Longer inputs of the model's own encoder are cut, in tokens.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, encoder: Any = None, max_input: int = 512
    ) -> None:
        super().__init__()
        self.model, self.tokenizer = model, padded(tokenizer)
        width = int(getattr(model.config, "d_model", None) or model.config.hidden_size)
        if encoder is None:
            self.encoder: Any = OwnEncoder(model, self.tokenizer, max_input)
            self.project: nn.Module = nn.Identity()
        else:
            self.encoder = encoder
            self.project = nn.Linear(encoder.width, width)
            model.get_encoder().requires_grad_(False)
            model.get_input_embeddings().requires_grad_(True)  # the decoder shares them

    def prepare(self, texts: Sequence[str]) -> list[Any | None]:
        """Examples of the encoder; None for an input it cannot read."""
        return list(self.encoder.prepare(texts))

    def targets(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        """Token ids of answers, cut to ``max_length``."""
        found = self.tokenizer(text_target=list(texts), truncation=True, max_length=max_length)
        return [list(ids) for ids in found["input_ids"]]

    def collate(self, pairs: Sequence[tuple[Any, list[int]]], device: torch.device) -> Any:
        """A batch of (encoder example, target ids)."""
        return (
            self.encoder.collate([a for a, _ in pairs], device),
            padded_labels([b for _, b in pairs], device),
        )

    def forward(self, batch: Any) -> Tensor:
        """Mean cross-entropy of the target tokens."""
        states = self._states(batch[0])
        found = self.model(
            encoder_outputs=(states.values,), attention_mask=states.mask.long(), labels=batch[1]
        )
        loss: Tensor = found.loss
        return loss

    def answer_spans(self, text: str, max_length: int) -> list[tuple[int, int]]:
        """Characters of each token of :meth:`targets`; empty for marks."""
        return offsets(self.tokenizer, text, max_length)

    def token_log_probs(self, batch: Any) -> Tensor:
        """(B, longest) log p of each target token given those before; NaN at the padding."""
        with torch.no_grad():
            states = self._states(batch[0])
            found = self.model(
                encoder_outputs=(states.values,), attention_mask=states.mask.long(), labels=batch[1]
            )
        return label_log_probs(found.logits, batch[1])

    def write(self, examples: Sequence[Any], how: Writing) -> list[str]:
        """The answer to each example, by beam search."""
        from transformers.modeling_outputs import BaseModelOutput

        device = next(self.parameters()).device
        with torch.no_grad():
            states = self._states(self.encoder.collate(examples, device))
            found = self.model.generate(
                encoder_outputs=BaseModelOutput(last_hidden_state=states.values),
                attention_mask=states.mask.long(),
                num_beams=how.num_beams,
                max_new_tokens=how.max_length,
                do_sample=False,
            )
        texts: list[str] = self.tokenizer.batch_decode(found, skip_special_tokens=True)
        return [text.strip() for text in texts]

    def _states(self, batch: Any) -> States:
        states = self.encoder.encode(batch)
        return States(self.project(states.values), states.mask)


class OwnEncoder:
    """The model's own encoder in the form of an ``Encoder``; it has no weights besides."""

    def __init__(self, model: Any, tokenizer: Any, max_input: int) -> None:
        self._model, self._tokenizer, self._max_input = model, tokenizer, max_input
        self.width = int(getattr(model.config, "d_model", None) or model.config.hidden_size)

    def prepare(self, texts: Sequence[str]) -> list[list[int] | None]:
        found = self._tokenizer(list(texts), truncation=True, max_length=self._max_input)
        return [list(ids) or None for ids in found["input_ids"]]

    def collate(self, examples: Sequence[list[int]], device: torch.device) -> Any:
        batch = self._tokenizer.pad({"input_ids": list(examples)}, return_tensors="pt")
        return {name: batch[name].to(device) for name in ("input_ids", "attention_mask")}

    def encode(self, batch: Any) -> States:
        values = self._model.get_encoder()(**batch).last_hidden_state
        return States(values, batch["attention_mask"].bool())


def load_seq2seq(where: Source, *, encoder: Any = None, max_input: int = 512) -> Seq2SeqNetwork:
    """A published encoder-decoder; errors as ``weights.load_network``."""
    return Seq2SeqNetwork(
        load_network("AutoModelForSeq2SeqLM", where),
        load_tokenizer(where),
        encoder=encoder,
        max_input=max_input,
    )


def offsets(tokenizer: Any, text: str, max_length: int) -> list[tuple[int, int]]:
    """Characters [start, end) of each target token, without white space; empty for marks.

    Raises:
        SettingError: If the tokenizer keeps no places.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise SettingError(
            "The tokenizer of this model does not tell where its tokens stand",
            value=type(tokenizer).__name__,
            do="Use weights with a tokenizer.json",
        )
    found = tokenizer(
        text_target=text, truncation=True, max_length=max_length, return_offsets_mapping=True
    )
    spans = []
    for start, end in found["offset_mapping"]:
        stripped = text[start:end].lstrip()
        spans.append((end - len(stripped), end))
    return spans


def label_log_probs(logits: Tensor, labels: Tensor) -> Tensor:
    """(B, L) log p of the labels; NaN where they are ignored.

    Args:
        logits: (B, L, vocabulary).
        labels: (B, L).
    """
    ignored = labels == _IGNORED
    scores = torch.log_softmax(logits.float(), dim=-1)
    found = scores.gather(-1, labels.masked_fill(ignored, 0)[..., None])[..., 0]
    return found.masked_fill(ignored, float("nan"))


def padded_labels(rows: Sequence[list[int]], device: torch.device) -> Tensor:
    """(B, longest) target ids; padding carries no loss."""
    longest = max(len(row) for row in rows)
    filled = [row + [_IGNORED] * (longest - len(row)) for row in rows]
    return torch.tensor(filled, dtype=torch.long, device=device)
