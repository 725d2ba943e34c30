"""The errors a user may meet: what is wrong, which value, what is allowed, what to do."""

from __future__ import annotations


class ChebiMMError(Exception):
    """Base of every error the core raises on purpose.

    Args:
        what: One sentence naming what is wrong.
        value: The offending value, quoted shortly.
        allowed: What would have been accepted.
        do: What the user can do next.
    """

    def __init__(self, what: str, *, value: object = None, allowed: str = "", do: str = "") -> None:
        self.what = what
        self.value = value
        self.allowed = allowed
        self.do = do
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.what.rstrip(".") + "."]
        if self.value is not None:
            parts.append(f"Got {_short(self.value)}.")
        if self.allowed:
            parts.append(f"Allowed: {self.allowed.rstrip('.')}.")
        if self.do:
            parts.append(self.do.rstrip(".") + ".")
        return " ".join(parts)


class DataFormatError(ChebiMMError):
    """A file is not what it should be; names the file and, where known, row and column."""


class JoinError(ChebiMMError):
    """A prediction file does not belong to the data set it was loaded against."""


class NotFoundError(ChebiMMError, KeyError):
    """A named thing (data set, run, model, molecule, metric) does not exist.

    Also a ``KeyError``, so that ``Mapping.get`` and ``in`` work on registries.
    """


class MissingDependencyError(ChebiMMError):
    """An optional package or resource is absent; says what its absence costs and how to get it."""


class OfflineError(ChebiMMError):
    """Something on the network could not be reached."""


class StoreError(ChebiMMError):
    """The store folder cannot be read or written, or already holds the thing to be created."""


class SettingError(ChebiMMError):
    """A parameter is outside its range."""


_MAX_SHOWN = 120


def _short(value: object) -> str:
    """The ends of a long value: a path says most at its end, a row at its beginning."""
    text = repr(value)
    if len(text) <= _MAX_SHOWN:
        return text
    tail = _MAX_SHOWN // 3
    return f"{text[: _MAX_SHOWN - tail]}…{text[-tail:]}"
