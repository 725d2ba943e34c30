"""What a join of a prediction file with a data set found, and whether it may be loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MIN_JOINED_SHARE = 0.5
"""A file of which less finds a molecule belongs to another data set."""
MAX_OUTSIDE_SHARE = 0.05
"""Share of rows of other splits above which the split must be named."""
MAX_DISAGREEING_SHARE = 0.5
"""A file whose own ground truth differs more often was made for other references."""

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class JoinFinding:
    """One kind of thing the join met, with how often and where."""

    count: int
    examples: tuple[str, ...]
    """Up to five: the row's number and what it says, or the cid."""

    @classmethod
    def of(cls, examples: Iterable[str]) -> JoinFinding:
        """Counts all and keeps the first few."""
        listed = list(examples)
        return cls(len(listed), tuple(listed[:_EXAMPLES]))


@dataclass(frozen=True, slots=True)
class JoinReport:
    """How a file's rows and a split's molecules found each other."""

    file_name: str
    split: str
    n_rows: int
    n_expected: int
    """Molecules of the split that have a reference; the denominator of every score."""
    n_joined: int
    """Rows that found their molecule among them."""
    n_answered: int
    """Molecules with an output that is not empty."""
    by_key: tuple[tuple[str, int], ...]
    """(key, rows joined by it), most frequent first."""
    unjoined: JoinFinding
    """Rows that fit no molecule of the data set."""
    ambiguous: JoinFinding
    """Rows that fit several molecules, or whose keys contradict each other."""
    other_split: JoinFinding
    """Rows that fit a molecule of another split, or one without a reference."""
    duplicates: JoinFinding
    """Molecules with several rows of equal output, collapsed."""
    conflicts: JoinFinding
    """Molecules with several rows of different output."""
    missing: JoinFinding
    """Molecules without a row."""
    empty: JoinFinding
    """Molecules whose output is empty."""
    disagreements: JoinFinding
    """Rows whose own ground truth is not the data set's reference."""
    n_unescaped: int
    """Outputs whose doubled backslashes were undone, because the file's own inputs or ground
    truths carry them too."""
    splits_fitted: tuple[tuple[str, int], ...]
    """(split, rows that fit a molecule of it)."""

    def message(self) -> str:
        """One paragraph for the run's status: what joined, and everything that did not."""
        keys = ", ".join(f"{n:,} by {key}" for key, n in self.by_key)
        parts = [f"{self.n_joined:,} of {self.n_rows:,} rows joined ({keys or 'none'})"]
        for finding, words in (
            (self.unjoined, "rows fit no molecule"),
            (self.ambiguous, "rows fit several molecules"),
            (self.other_split, "rows are outside the split or have no reference"),
            (self.duplicates, "molecules have repeated rows with one output, collapsed"),
            (self.conflicts, "molecules have rows with different outputs"),
            (self.missing, f"molecules of {self.split} have no row, counted as failed"),
            (self.empty, "outputs are empty, counted as failed"),
            (self.disagreements, "rows give another ground truth than the data set"),
        ):
            if finding.count:
                parts.append(f"{finding.count:,} {words}: {'; '.join(finding.examples)}")
        if self.n_unescaped:
            parts.append(f"doubled backslashes were undone in {self.n_unescaped:,} outputs")
        return ". ".join(parts) + "."

    def refusal(self, *, split_named: bool) -> str:  # noqa: PLR0911 - one return a reason
        """Why the file must not be loaded; empty if it may.

        Args:
            split_named: Whether the user named the split, so that rows of others are expected.
        """
        found = self.n_rows - self.unjoined.count
        if not self.n_expected:
            return f"the data set has no molecule with a reference in split {self.split!r}"
        if found < MIN_JOINED_SHARE * self.n_rows:
            return (
                f"only {found:,} of {self.n_rows:,} rows fit a molecule, so it was made for other "
                f"data; for example {self.unjoined.examples[0]} fits none"
            )
        if self.conflicts.count:
            return (
                f"{self.conflicts.count:,} molecules have several rows with different outputs, "
                f"for example {self.conflicts.examples[0]}: keep one row a molecule"
            )
        if not split_named and self.other_split.count > MAX_OUTSIDE_SHARE * self.n_rows:
            shown = ", ".join(f"{name} {n:,}" for name, n in self.splits_fitted)
            return f"its rows belong to several splits ({shown}): name one with --split"
        if self.ambiguous.count:
            return (
                f"{self.ambiguous.count:,} rows fit several molecules, for example "
                f"{self.ambiguous.examples[0]}: add a CID column, or correct it"
            )
        if not self.n_joined:
            return (
                f"none of its {self.n_rows:,} rows fits a molecule of split {self.split!r} that "
                "has a reference"
            )
        if self.disagreements.count > MAX_DISAGREEING_SHARE * self.n_joined:
            return (
                f"its ground truth differs from the data set's reference in "
                f"{self.disagreements.count:,} of {self.n_joined:,} rows, for example "
                f"{self.disagreements.examples[0]}: check --task and --dataset"
            )
        return ""
