"""Signatures in the manner of sacreBLEU (Post 2018, doi:10.18653/v1/W18-6319).

Two scores compare only if their signatures are equal: metric, tokenizer, libraries, denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from chebimm_core import __version__
from chebimm_core.domain.specs import MetricSpec


def signature(spec: MetricSpec, parts: Sequence[str]) -> str:
    """``bleu2|tok:scibert-uncased@f0a65034|nltk:3.10.4|n:all|v:0.1.0``.

    Args:
        spec: The metric.
        parts: ``key:value`` parts of the preparation, in a fixed order.
    """
    return "|".join((spec.name, *parts, f"n:{spec.denominator}", f"v:{__version__}"))


def library(package: str) -> str:
    """``nltk:3.10.4``, or ``nltk:none``."""
    try:
        return f"{package}:{version(package)}"
    except PackageNotFoundError:
        return f"{package}:none"
