"""Files and programs the project can use but does not carry: where they are, how to get them."""

from chebimm_core.resources.files import (
    HUB_FILES,
    SCIBERT,
    fetch,
    provide,
    scibert_vocab,
    t5_tokenizer,
)
from chebimm_core.resources.status import ResourceStatus, survey
from chebimm_core.resources.wordnet import wordnet_folder

__all__ = [
    "HUB_FILES",
    "SCIBERT",
    "ResourceStatus",
    "fetch",
    "provide",
    "scibert_vocab",
    "survey",
    "t5_tokenizer",
    "wordnet_folder",
]
