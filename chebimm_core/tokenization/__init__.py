"""Ways to cut text into tokens. ``TOKENIZERS`` holds every spec found in this package."""

from chebimm_core.domain.specs import TokenizerSpec
from chebimm_core.registry import Registry

TOKENIZERS: Registry[TokenizerSpec] = Registry.discover(
    "tokenizer", __name__, "SPECS", lambda t: t.name
)
