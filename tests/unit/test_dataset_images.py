"""A data set's own pictures: found, checked, stored, and read by models of images."""

from __future__ import annotations

from pathlib import Path

import molecule_store
import numpy as np
import pytest
from PIL import Image

from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import DataFormatError, StoreError
from chebimm_core.neural.images import drawing, image_of
from chebimm_core.runner.scoring import expected_molecules
from chebimm_core.services import dataset, dataset_images, molecule
from chebimm_core.settings import Settings

NAME = molecule_store.NAME
RED = (200, 10, 10)


@pytest.fixture
def store(tmp_path: Path) -> Settings:
    return molecule_store.import_rows(tmp_path, NAME)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of four molecules, one torn, one of nobody, and a note."""
    made = tmp_path / "pictures"
    made.mkdir()
    for cid in ("1", "2", "11", "12"):
        Image.new("RGB", (40, 30), RED).save(made / f"{cid}.png")
    (made / "3.jpg").write_bytes(b"\xff\xd8\xff torn")
    Image.new("RGB", (8, 8)).save(made / "stranger.png")
    (made / "readme.txt").write_text("not a picture")
    return made


def attached(store: Settings, folder: Path, **more: object) -> None:
    dataset_images.with_images(
        store, NAME, str(folder), name="pictured", now=molecule_store.NOW, **more
    )  # type: ignore[arg-type]


def test_models_read_the_pictures_and_never_a_drawing_instead(
    store: Settings, folder: Path
) -> None:
    attached(store, folder)
    header = dataset.header(store, "pictured")
    spec = RunSpec(
        task="image-recognition", transition="image->SMILES", model="osra", dataset="pictured",
        dataset_hash=header.content_hash, split="test",
    )  # fmt: skip
    rows = expected_molecules(dataset.molecules(store, "pictured"), spec).set_index("cid")
    for cid in ("11", "12"):
        pixels = image_of(rows.loc[cid, "input"], 32)
        assert pixels is not None and tuple(pixels[16, 16]) == RED
    assert rows.loc["13", "input"] is None  # no picture is no input
    drawn = expected_molecules(
        dataset.molecules(store, NAME), spec.model_copy(update={"dataset": NAME})
    )
    assert not any(str(text).startswith("file:") for text in drawn["input"])


def test_what_does_not_fit_is_named_in_the_quality_report(store: Settings, folder: Path) -> None:
    attached(store, folder)
    header = dataset.header(store, "pictured")
    assert header.images == 4
    found = {issue.kind: issue for issue in header.issues}
    assert found["unreadable-image"].examples == ("3.jpg",)
    assert found["foreign-image"].examples == ("stranger.png",)
    assert found["no-image"].count == 3
    images = {c.split: (c.present, c.missing) for c in header.coverage if c.modality == "image"}
    assert images == {"train": (2, 2), "test": (2, 1)}


def test_the_data_set_before_stays_as_it_is(store: Settings, folder: Path) -> None:
    before = dataset.header(store, NAME)
    attached(store, folder)
    assert dataset.header(store, NAME) == before
    assert dataset.header(store, "pictured").content_hash != before.content_hash
    assert "image" not in dataset.molecules(store, NAME).columns
    for path in folder.iterdir():
        path.unlink()  # the store has its own copies
    report = molecule.inspect(store, "pictured", "11")
    assert report.record.image is not None and Path(report.record.image).is_file()
    assert set(report.record.properties) == set(
        molecule.inspect(store, NAME, "11").record.properties
    )


def test_other_pictures_make_another_content(store: Settings, folder: Path) -> None:
    attached(store, folder)
    first = dataset.header(store, "pictured").content_hash
    with pytest.raises(StoreError, match="exists"):
        attached(store, folder)
    Image.new("RGB", (40, 30), (0, 0, 0)).save(folder / "11.png")
    attached(store, folder, overwrite=True)
    assert dataset.header(store, "pictured").content_hash != first


def test_a_drawing_saved_as_a_file_is_the_same_picture(store: Settings, tmp_path: Path) -> None:
    png = drawing("CCO", 64)
    assert png is not None
    (tmp_path / "1.png").write_bytes(png)
    np.testing.assert_array_equal(image_of("CCO", 64), image_of(f"file:{tmp_path / '1.png'}", 64))


@pytest.mark.parametrize("what", ["nowhere", "empty", "strangers", "torn"])
def test_a_folder_without_a_usable_picture_is_refused(
    store: Settings, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / what
    if what != "nowhere":
        folder.mkdir()
    if what == "strangers":
        Image.new("RGB", (8, 8)).save(folder / "x.png")
    if what == "torn":
        (folder / "1.png").write_bytes(b"torn")
    with pytest.raises(DataFormatError):
        attached(store, folder)
    assert "pictured" not in [h.name for h in dataset.list_datasets(store)]
