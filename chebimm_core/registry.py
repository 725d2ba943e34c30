"""Named things found by scanning a package: one new file adds one thing.

Each module of the scanned package lists its things in one explicit tuple (``SPECS`` or ``CARDS``).
Nothing is picked up by accident, and two things of one name are an error.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from chebimm_core.errors import ChebiMMError, NotFoundError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """An immutable, ordered mapping from name to thing.

    Args:
        kind: What is registered, for messages ("metric", "task").
        items: The things, in the order they are to be listed.
        name_of: Gives the name of a thing.

    Raises:
        ChebiMMError: If two things have the same name.
    """

    def __init__(self, kind: str, items: Iterable[T], name_of: Callable[[T], str]) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}
        for item in items:
            name = name_of(item)
            if name in self._items:
                raise ChebiMMError(
                    f"Two {kind}s share one name", value=name, do="Rename one of them"
                )
            self._items[name] = item

    @classmethod
    def discover(
        cls,
        kind: str,
        package: str,
        attribute: str,
        name_of: Callable[[T], str],
        order: Callable[[T], tuple[int, str]] | None = None,
    ) -> Registry[T]:
        """Collects the tuple ``attribute`` from every module of ``package`` that has one."""
        root = importlib.import_module(package)
        found: list[T] = []
        for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda i: i.name):
            module = importlib.import_module(f"{package}.{info.name}")
            found.extend(module.__dict__.get(attribute, ()))
        if order is not None:
            found.sort(key=order)
        return cls(kind, found, name_of)

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._items, n=1, cutoff=0.5)
            raise NotFoundError(
                f"No {self.kind} has this name",
                value=name,
                allowed=", ".join(self._items),
                do=f"Did you mean {near[0]!r}?" if near else "",
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
