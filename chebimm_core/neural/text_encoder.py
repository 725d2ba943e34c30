"""Text read by a pretrained transformer, or by TF-IDF where nothing is to be downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from chebimm_core.neural.encoder import States
from chebimm_core.neural.weights import Source, load_network, load_tokenizer


class TextEncoder(nn.Module):
    """An encoder-only model, or the encoder half of an encoder-decoder.

    Args:
        where: Its weights.
        max_length: Longer inputs are cut, in tokens.
        frozen: Whether its weights stay as they are.
    """

    def __init__(self, where: Source, *, max_length: int = 256, frozen: bool = False) -> None:
        super().__init__()
        self.tokenizer = padded(load_tokenizer(where))
        network: Any = load_network("AutoModel", where)
        config = network.config
        if getattr(config, "is_encoder_decoder", False):
            network = network.get_encoder()
        self.network = network
        self.width = int(getattr(config, "hidden_size", None) or config.d_model)
        positions = getattr(config, "max_position_embeddings", None) or max_length
        self.max_length = max(8, min(max_length, int(positions) - 4))
        if frozen:
            self.network.requires_grad_(False)

    def prepare(self, texts: Sequence[str]) -> list[list[int] | None]:
        found = self.tokenizer(list(texts), truncation=True, max_length=self.max_length)
        return [list(ids) or None for ids in found["input_ids"]]

    def collate(self, examples: Sequence[list[int]], device: torch.device) -> Any:
        batch = self.tokenizer.pad({"input_ids": list(examples)}, return_tensors="pt")
        return {name: batch[name].to(device) for name in ("input_ids", "attention_mask")}

    def encode(self, batch: Any) -> States:
        values = self.network(**batch).last_hidden_state
        return States(values, batch["attention_mask"].bool())


def padded(tokenizer: Any) -> Any:
    """A tokenizer that can pad: decoders of the GPT family are published without a pad token."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


class TfidfEncoder(nn.Module):
    """Weighted words and character n-grams through one trained linear map; nothing downloaded.

    Args:
        texts: Training texts; they make the vocabulary.
        width: D.
    """

    def __init__(self, texts: Sequence[str], *, width: int = 256) -> None:
        super().__init__()
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

        self._vectorizer = FeatureUnion(
            [
                ("words", TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=8_000)),
                (
                    "characters",
                    TfidfVectorizer(
                        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=3,
                        max_features=16_000,
                    ),
                ),
            ]
        )  # fmt: skip
        size = self._vectorizer.fit_transform(list(texts)).shape[1]
        self.width = width
        self.map = nn.EmbeddingBag(size, width, mode="sum")
        self.norm = nn.LayerNorm(width)

    def prepare(self, texts: Sequence[str]) -> list[Any | None]:
        rows = self._vectorizer.transform(list(texts)).tocsr()
        found: list[Any | None] = []
        for k in range(rows.shape[0]):
            part = slice(rows.indptr[k], rows.indptr[k + 1])
            features = (rows.indices[part].copy(), rows.data[part].copy())
            found.append(features if len(features[0]) else None)
        return found

    def collate(self, examples: Sequence[Any], device: torch.device) -> Any:
        import numpy as np

        counts = [len(indices) for indices, _ in examples]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return (
            torch.as_tensor(np.concatenate([i for i, _ in examples]), dtype=torch.long).to(device),
            torch.as_tensor(starts, dtype=torch.long).to(device),
            torch.as_tensor(np.concatenate([w for _, w in examples]), dtype=torch.float32).to(
                device
            ),
        )

    def encode(self, batch: Any) -> States:
        indices, starts, weights = batch
        values = self.norm(self.map(indices, starts, per_sample_weights=weights))
        mask = torch.ones(len(values), 1, dtype=torch.bool, device=values.device)
        return States(values[:, None], mask)
