"""How long the texts of a modality are in tokens, and how much of a vocabulary they use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chebimm_core.domain.dataset_profile import TOKEN_LIMIT
from chebimm_core.domain.specs import Tokenizer

_QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


def token_use(modality: str, texts: Sequence[str], name: str, tokenizer: Tokenizer) -> pd.DataFrame:
    """Lengths and vocabulary of one modality under one tokenizer.

    Args:
        modality: Name of the modality.
        texts: Its values, missing ones left out.
        name: Name of the tokenizer.
        tokenizer: Cuts texts; special tokens are not counted.

    Returns:
        One row: the columns of ``ModelInput.token_lengths`` and ``used``, ``size`` (NaN for a
        tokenizer without a fixed vocabulary). No row if there is no text.
    """
    if not texts:
        return pd.DataFrame()
    tokens = tokenizer.tokenize_batch(texts)
    lengths = np.array([len(t) for t in tokens], dtype=np.int64)
    size = tokenizer.vocabulary_size
    return pd.DataFrame(
        [
            {
                "modality": modality,
                "tokenizer": name,
                "signature": tokenizer.signature,
                "n": len(texts),
                **{key: float(np.quantile(lengths, q)) for key, q in _QUANTILES.items()},
                "mean": float(lengths.mean()),
                "longest": int(lengths.max()),
                "share_cut": float((lengths > TOKEN_LIMIT).mean()),
                "used": len({token for row in tokens for token in row}),
                "size": float("nan") if size is None else float(size),
            }
        ]
    )
