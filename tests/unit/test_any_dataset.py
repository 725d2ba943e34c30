"""Any table of molecules: published layouts, maps, splits, and what is refused."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.datasets import column_map
from chebimm_core.datasets.splitting import assign
from chebimm_core.domain.run import RunState
from chebimm_core.errors import DataFormatError, NotFoundError, OfflineError, SettingError
from chebimm_core.runner.experiment import execute
from chebimm_core.services import dataset_import, molecule, planning
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from tests import small_store

NOW = small_store.NOW
SMILES = ["CCO", "CCN", "c1ccccc1O", "CC(=O)O", "CCCl", "CCCO", "c1ccccc1N", "CCCC", "CCS", "CO"]
SELFIES = ["[C][C][O]", "[C][C][N]", "[C][C][Cl]", "[C][O]"]
SHARED = Path(os.environ.get("CHEBIMM_SHARED", "../shared"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return small_store.settings_in(tmp_path)


def imported(settings: Settings, path: Path, **options: object) -> pd.DataFrame:
    dataset_import.import_table(
        settings, str(path), name="some", now=NOW, workers=1, **options  # type: ignore[arg-type]
    )  # fmt: skip
    return DatasetStore(settings.store).molecules("some")


def test_molt5_tsv_in_three_files(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "chebi"
    folder.mkdir()
    for k, split in enumerate(("train", "validation", "test")):
        rows = [f"{10 * k + i}\t{s}\tThe molecule is number {i}." for i, s in enumerate(SMILES[:3])]
        (folder / f"{split}.txt").write_text("CID\tSMILES\tdescription\n" + "\n".join(rows) + "\n")
    seen = dataset_import.preview(str(folder))
    assert seen.preset.startswith("ChEBI-20") and seen.count == 9
    found = imported(settings, folder)
    assert Counter(found["split"]) == {"train": 3, "validation": 3, "test": 3}
    assert found["cid"].tolist()[:2] == ["20", "21"] or "0" in set(found["cid"])
    assert set(found["regenerated"]) == {"InChI,SELFIES"}
    assert "CC BY" in DatasetStore(settings.store).header("some").license


def test_chemllmbench_captions(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "molecule_captioning_test.csv"
    pd.DataFrame(
        {"SMILES": SMILES, "description": [f"It is, {s}." for s in SMILES], "k": 1}
    ).to_csv(path, index=False)
    found = imported(settings, path)
    assert found["caption"].tolist()[0] == "It is, CCO."
    assert set(found["split"]) == {"test"}  # the file's name says so
    assert found["cid"].tolist() == [str(k) for k in range(1, 11)]


def test_mol_instructions_both_directions_and_properties(
    settings: Settings, tmp_path: Path
) -> None:
    records = [
        {"instruction": "Describe.", "input": SELFIES[0], "output": "An alcohol.",
         "metadata": {"task": "molecular description generation", "split": "train"}},
        {"instruction": "Design.", "input": "An amine.", "output": SELFIES[1],
         "metadata": {"split": "test"}},
        {"instruction": "Predict the HOMO.", "input": SELFIES[2], "output": "-0.25",
         "metadata": {"split": "test"}},
        {"instruction": "React.", "input": SELFIES[3], "output": SELFIES[0],
         "metadata": {"split": "test"}},
    ]  # fmt: skip
    path = tmp_path / "molecule.json"
    path.write_text(json.dumps(records))
    found = imported(settings, path)
    assert found["split"].tolist() == ["train", "test", "test"]  # a reaction has no caption
    assert found["caption"].tolist()[:2] == ["An alcohol.", "An amine."]
    assert found["canonical_smiles"].tolist() == ["CCO", "CCN", "CCCl"]
    assert all("SMILES" in marked for marked in found["regenerated"])
    assert found["value"].tolist()[2] == -0.25


TOX = "NR-AR,NR-AR-LBD,NR-AhR,NR-Aromatase,NR-ER,NR-ER-LBD,NR-PPAR-gamma,SR-ARE,SR-ATAD5,SR-HSE,SR-MMP,SR-p53,mol_id,smiles"  # noqa: E501


def tox21(path: Path) -> Path:
    rows = [
        ",".join([str(k % 2), "", *["0" if k % 3 else "1"] * 10, f"TOX{k}", smiles])
        for k, smiles in enumerate([*SMILES, "not a molecule"])
    ]
    path.write_text(TOX + "\n" + "\n".join(rows) + "\n")
    return path


def test_moleculenet_is_stored_with_both_splits_and_its_gaps(
    settings: Settings, tmp_path: Path
) -> None:
    tox21(tmp_path / "tox21.csv")
    made = dataset_import.import_moleculenet(settings, str(tmp_path / "tox21.csv"), now=NOW)
    assert [h.name for h in made] == ["tox21-scaffold", "tox21-random"]
    found = DatasetStore(settings.store).molecules("tox21-scaffold")
    assert len(made[0].properties) == 12 and found["NR-AR-LBD"].isna().all()
    assert found["problem"].notna().sum() == 1
    scaffolds = found.groupby("scaffold")["split"].nunique()
    assert scaffolds.max() == 1
    with pytest.raises(NotFoundError, match="MoleculeNet"):
        dataset_import.import_moleculenet(settings, str(tmp_path), now=NOW, sets=["qm9"])


def test_everything_downstream_works_on_a_foreign_table(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    rows = {"structure": SMILES * 4, "words": [f"It is {s}." for s in SMILES * 4],
            "active": [k % 2 for k in range(40)], "mass": [len(s) for s in SMILES * 4]}  # fmt: skip
    pd.DataFrame(rows).to_csv(path, index=False)
    dataset_import.import_table(
        settings, str(path), name="mine", now=NOW, workers=1, splitting="random",
        columns=dataset_import.parse_columns("SMILES=structure,caption=words"),
    )  # fmt: skip
    header = DatasetStore(settings.store).header("mine")
    assert header.properties == ("active", "mass")
    for task, transition, model, column, metric in (
        ("captioning", "SMILES->caption", "knn-morgan", None, "rouge1"),
        ("property", "graph->property", "ridge-morgan", "all", "rmse"),
        ("property", "SMILES->property", "ridge-text", "mass", "mae"),
    ):
        spec = planning.plan(
            settings, task=task, transition=transition, model=model, dataset="mine",
            split="validation", arguments={"property": column} if column else {},
        )  # fmt: skip
        RunWork.create(settings.store, spec, n_total=1, now=NOW)
        assert execute(settings, spec.run_id).state is RunState.DONE
        assert RunStore(settings.store).header(spec.run_id).score(metric) is not None
    cid = DatasetStore(settings.store).molecules("mine")["cid"].iloc[0]
    assert molecule.inspect(settings, "mine", cid).record.canonical_smiles == "CCO"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("SMILES=nothing", "no column for SMILES"),
        ("color=structure", "No such modality"),
        ("caption=words", "structure"),
        ("SMILES=structure,InChI=structure", "two modalities"),
        ("SMILES", "MODALITY=column"),
        ("SMILES=a,smiles=b", "twice"),
        ("SMILES=structure,split=words", "no split has this name"),
        ("SMILES=structure,cid=twice", "stands twice"),
    ],
)
def test_a_map_that_does_not_fit_is_a_clear_error(
    settings: Settings, tmp_path: Path, mapping: str, message: str
) -> None:
    path = tmp_path / "some.csv"
    path.write_text("structure,words,twice\nCCO,one,1\nCCN,two,1\n")
    with pytest.raises((SettingError, DataFormatError), match=message):
        imported(settings, path, columns=dataset_import.parse_columns(mapping))
    assert DatasetStore(settings.store).names() == []


def test_text_where_a_number_should_be_names_its_row(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("smiles,logp\nCCO,1.5\nCCN,high\n")
    with pytest.raises(DataFormatError, match=r"row 3.*logp"):
        imported(settings, path, properties=["logp"])
    found = imported(settings, path)  # not asked for, so no property
    assert "logp" not in found.columns


def test_names_of_columns_are_understood() -> None:
    found = column_map.guess(["Id", "Canonical_SMILES", "IUPAC_Name", "description", "logP"])
    assert found == {"SMILES": "Canonical_SMILES", "IUPAC": "IUPAC_Name", "caption": "description",
                     "cid": "Id"}  # fmt: skip


@given(
    st.lists(st.sampled_from([*SMILES, None, "bad("]), min_size=1, max_size=60), st.integers(0, 9)
)
def test_a_split_covers_every_molecule_and_divides_none(
    smiles: list[str | None], seed: int
) -> None:
    for how in ("random", "scaffold"):
        found = assign(smiles, how, seed=seed)  # type: ignore[arg-type]
        assert set(found) <= {"train", "validation", "test"} and len(found) == len(smiles)
        where: dict[str | None, set[str]] = {}
        for text, split in zip(smiles, found, strict=True):
            where.setdefault(text, set()).add(split)
        assert all(len(splits) == 1 for splits in where.values())
        assert found == assign(smiles, how, seed=seed)  # type: ignore[arg-type]


def test_files_of_moleculenet_come_from_a_server_and_faults_are_told(
    settings: Settings, tmp_path: Path
) -> None:
    from dataclasses import replace

    from tests import file_server

    path = tox21(tmp_path / "raw.csv")
    files = {"/tox21.csv.gz": gzip.compress(path.read_bytes()), "/bace.csv": b"<html>no</html>"}
    with file_server.serve(files) as server:
        here = replace(settings, moleculenet_base=server.address)
        made = dataset_import.fetch_moleculenet(here, now=NOW, sets=["tox21"])
        assert [h.name for h in made] == ["tox21-scaffold", "tox21-random"]
        with pytest.raises(DataFormatError, match="bace"):
            dataset_import.fetch_moleculenet(here, now=NOW, sets=["bace"])
        with pytest.raises(OfflineError, match="status 404"):
            dataset_import.fetch_moleculenet(here, now=NOW, sets=["esol"])
    with pytest.raises(OfflineError, match="mirror"):
        dataset_import.fetch_moleculenet(here, now=NOW, sets=["sider"])


@pytest.mark.shared_data
@pytest.mark.skipif(
    not (SHARED / "data/moleculenet").is_dir(), reason="CHEBIMM_SHARED is not there"
)
@pytest.mark.parametrize(("name", "rejected"), [("bbbp", 11), ("clintox", 4), ("esol", 0)])
def test_published_sets_report_the_rows_that_are_no_molecule(
    settings: Settings, name: str, rejected: int
) -> None:
    found = imported(settings, SHARED / f"data/moleculenet/{name}.csv", splitting="scaffold")
    assert int(found["problem"].notna().sum()) == rejected
    shares = found["split"].value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.01)
