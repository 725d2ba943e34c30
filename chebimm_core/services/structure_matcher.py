"""Asks the matching process, starts it when needed and ends it when it does not answer."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chebimm_core.domain.structure_hits import ReadAs
from chebimm_core.errors import ChebiMMError, SettingError, StoreError
from chebimm_core.settings import PROJECT_ROOT

_START_S = 60.0
"""Unpacking 24,000 molecules takes about 2 s."""
_GRACE_S = 0.5
"""Beyond the time a question may take; then the process is taken for stuck."""


@dataclass(slots=True)
class RawMatches:
    """What the process reported, as rows of the index."""

    read_as: ReadAs
    rows: list[int]
    atoms: list[tuple[int, ...]]
    n_found: int = 0
    exact: bool = False
    stopped: bool = False
    """True if it was ended by force."""
    seconds: float = 0.0


class MatchingProcess:
    """One process for one index; questions wait their turn. It ends with this object."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._turn = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        """None or one; a list, so that the finalizer sees what is there then."""
        self._buffer = b""
        weakref.finalize(self, _end, self._processes)

    def start(self) -> None:
        """Starts the process unless it runs; returns when it is ready.

        Raises:
            StoreError: If the index is absent or damaged.
        """
        with self._turn:
            self._started()

    def ask(
        self, text: str, *, smarts: bool, limit: int, budget_s: float, timeout_s: float
    ) -> RawMatches:
        """Molecules that contain the pattern ``text``.

        Args:
            text: See :func:`chebimm_core.analysis.substructure.read_pattern`.
            smarts: As there.
            limit: Molecules to name.
            budget_s: No molecule is begun after this time.
            timeout_s: Then the process is ended, and what it reported until then is returned.

        Raises:
            SettingError: If the text is no pattern, or reading it takes longer than ``timeout_s``.
            StoreError: If the index is absent or damaged.
            ChebiMMError: If another question keeps the process busy.
        """
        if not self._turn.acquire(timeout=_START_S):
            raise ChebiMMError("Another search is at work", do="Try again in a moment")
        try:
            process = self._started()
            began = time.monotonic()
            question = {
                "text": text,
                "smarts": smarts,
                "limit": limit,
                "budget_s": budget_s,
                "timeout_s": timeout_s,
            }
            assert process.stdin is not None  # a pipe
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            matches = self._collect(process, began + timeout_s + _GRACE_S)
            matches.seconds = time.monotonic() - began
            return matches
        except BrokenPipeError as error:
            self._kill()
            raise ChebiMMError("The matching process has ended", do="Search again") from error
        finally:
            self._turn.release()

    def close(self) -> None:
        """Ends the process; the next question starts another one."""
        with self._turn:
            self._kill()

    def _collect(self, process: subprocess.Popen[bytes], deadline: float) -> RawMatches:
        matches: RawMatches | None = None
        while (said := self._line(process, deadline)) is not None:
            if "what" in said:
                raise SettingError(
                    said["what"], value=said["value"], allowed=said["allowed"], do=said["do"]
                )
            if "read_as" in said:
                matches = RawMatches(said["read_as"], [], [])
                continue
            assert matches is not None  # the first line says how the pattern was read
            matches.n_found = said["n_found"]
            if said["row"] is None:
                matches.exact = said["exact"]
                return matches
            matches.rows.append(said["row"])
            matches.atoms.append(tuple(said["atoms"]))
        self._kill()
        if matches is None:
            raise SettingError(
                "The pattern is too involved: reading it did not end in time",
                do="Simplify it: fewer atoms, fewer nested $(...)",
            )
        matches.stopped = True
        return matches

    def _started(self) -> subprocess.Popen[bytes]:
        if self._processes and self._processes[0].poll() is None:
            return self._processes[0]
        self._kill()
        command = [sys.executable, "-m", "chebimm_core.services.structure_worker"]
        process = subprocess.Popen(
            [*command, str(self._index.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT_ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._processes.append(process)
        said = self._line(process, time.monotonic() + _START_S)
        if said is None or "ready" not in said:
            self._kill()
            raise StoreError(
                "The search index of the data set cannot be read",
                value=str(self._index),
                do="Make it again",
            )
        return process

    def _line(self, process: subprocess.Popen[bytes], deadline: float) -> dict[str, Any] | None:
        """The next line; None if the process ended or the deadline passed."""
        assert process.stdout is not None  # a pipe
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not ready.select(max(0.0, deadline - time.monotonic())):
                    return None
                chunk = os.read(process.stdout.fileno(), 1 << 16)
                if not chunk:
                    return None
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said

    def _kill(self) -> None:
        _end(self._processes)
        self._buffer = b""


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    while processes:
        process = processes.pop()
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # what was not read is lost with the process
                    continue
