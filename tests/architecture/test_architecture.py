"""The house keeps its shape: layers, lazy imports, small modules, no stray pages."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("chebimm_core", "pages")
MODULES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
HEAVY = (
    "torch", "transformers", "shap", "torch_geometric", "ray", "fcd_torch", "nltk", "sklearn",
    "scipy",
)  # fmt: skip
MAX_LINES = 350
VAGUE_NAMES = {"utils", "helpers", "helper", "manager", "common", "misc"}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_layers_hold():
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == EXIT_STATUS_SUCCESS


def test_importing_everything_loads_nothing_heavy():
    """Services, figures and views are the page path: a first paint pays for all of it."""
    # Whoever trains or asks a network imports `neural` inside a function; pages never do.
    names = [
        dotted(p)
        for p in MODULES
        if p.name != "__main__.py" and (p.parent.name != "neural" or p.name == "plan.py")
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print([h for h in {HEAVY!r} if h in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_module_is_small_and_named_for_what_it_does(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
    assert path.stem not in VAGUE_NAMES


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_only_edges_speak_and_only_one_module_caches(path: Path):
    """The core raises and returns; pages render; only ``pages/ui/cached.py`` caches."""
    name = dotted(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    if name.startswith("chebimm_core"):
        assert "streamlit" not in imported
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if name != "pages.ui.cached":
        assert not attributes & {"cache_data", "cache_resource"}
    assert not attributes & {"read_pickle", "unsafe_load"}
    assert "pickle" not in imported


def test_no_script_lies_directly_in_pages():
    """``pages/*.py`` would let a deep link on a fresh server bypass ``app.py``."""
    assert [p.name for p in (ROOT / "pages").glob("*.py") if p.name != "__init__.py"] == []


def test_app_is_an_entrance_not_a_room():
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 40


def test_every_direct_dependency_is_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            requirement = line.split("#")[0].strip()
            if requirement and not requirement.startswith("-r"):
                assert "==" in requirement, f"{name}: {requirement} is not pinned"
