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


class SvdTextEncoder(nn.Module):
    """Weighted words and n-grams, reduced once by singular values, then a perceptron.

    Learns in a tenth of the time of :class:`TfidfEncoder`, whose whole vocabulary is trained
    (latent semantic analysis: Deerwester et al. 1990).

    Args:
        texts: Training texts; they make vocabulary and decomposition.
        width: D.
        seed: Of the decomposition.
        dropout: Share of input features dropped while training.
    """

    def __init__(
        self, texts: Sequence[str], *, width: int = 512, seed: int = 0, dropout: float = 0.1
    ) -> None:
        super().__init__()
        from sklearn.decomposition import TruncatedSVD
        from sklearn.pipeline import make_pipeline

        vectorizer = word_features()
        size = min(400, len(texts) - 1)
        self._features = make_pipeline(
            vectorizer, TruncatedSVD(max(2, size), n_iter=1, random_state=seed)
        )
        features = self._features.fit_transform(list(texts))
        # Common words have long components; all shall be heard alike.
        self._scale = 1.0 / (features.std(axis=0) + 1e-6)
        self.width = width
        self.map = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(features.shape[1], 2 * width), nn.GELU(),
            nn.Linear(2 * width, width),
        )  # fmt: skip

    def prepare(self, texts: Sequence[str]) -> list[Any | None]:
        features = (self._features.transform(list(texts)) * self._scale).astype("float32")
        return [row if row.any() else None for row in features]

    def collate(self, examples: Sequence[Any], device: torch.device) -> Any:
        import numpy as np

        return torch.from_numpy(np.stack(examples)).to(device)

    def encode(self, batch: Any) -> States:
        values = self.map(batch)[:, None]
        return States(values, torch.ones(values.shape[:2], dtype=torch.bool, device=values.device))


def word_features() -> Any:
    """TF-IDF of words and of character 3- to 5-grams within words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    least = {"sublinear_tf": True, "min_df": 2}
    return FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), max_features=20_000, **least)),
            (
                "characters",
                TfidfVectorizer(
                    analyzer="char_wb", ngram_range=(3, 5), max_features=30_000, **least
                ),
            ),
        ]
    )
