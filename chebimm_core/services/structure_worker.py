"""The process that matches patterns: asked by lines of JSON, ended by force if one never ends.

One molecule can keep the matcher busy for hours, and no thread can be stopped in it. Started by
:mod:`chebimm_core.services.structure_matcher` as ``python -m``.
"""

from __future__ import annotations

import json
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chebimm_core.analysis.substructure import Searcher, read_pattern
from chebimm_core.errors import SettingError
from chebimm_core.services.structure_pack import load_structures

IDLE_S = 600.0
"""Without a question for so long, the process ends and gives its memory back."""


def main(path: str) -> None:
    """Answers questions on standard input until there are none for a while."""
    structures = load_structures(Path(path))
    if structures is None:
        _say({"damaged": True})
        return
    searcher = Searcher(structures)
    _say({"ready": True})
    # The kernel ends this process, even in the midst of C code and if nobody is left to do it.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while select.select([sys.stdin], [], [], IDLE_S)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        question = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, question["timeout_s"])
        for answer in _answers(searcher, question):
            _say(answer)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answers(searcher: Searcher, question: dict[str, Any]) -> Iterator[dict[str, object]]:
    try:
        pattern = read_pattern(question["text"], smarts=question["smarts"])
    except SettingError as error:
        yield {"what": error.what, "value": error.value, "allowed": error.allowed, "do": error.do}
        return
    yield {"read_as": pattern.read_as}
    for found in searcher.search(pattern, limit=question["limit"], budget_s=question["budget_s"]):
        yield {
            "row": found.row,
            "atoms": found.atoms,
            "n_found": found.n_found,
            "exact": found.exact,
        }


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
