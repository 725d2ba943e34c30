"""One run from its folder to its result: what it may learn from, and how it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from chebimm_core.domain.run import RunState
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.scripted import Scripted
from chebimm_core.runner.experiment import execute
from chebimm_core.runner.learning import splits_for
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return runs.build(tmp_path, molecules=40)


def _resplit(settings: Settings, splits: list[str], *, without: str = "") -> None:
    """Names the 80 molecules' splits anew, in equal shares; ``without`` loses a column."""
    store = DatasetStore(settings.store)
    table, header = store.molecules(runs.NAME), store.header(runs.NAME)
    table["split"] = [splits[k * len(splits) // len(table)] for k in range(len(table))]
    split, _, column = without.partition(":")
    table.loc[table["split"] == split, column or "xlogp"] = None if column else float("nan")
    counts = {s: int((table["split"] == s).sum()) for s in splits}
    changed = header.model_copy(update={"splits": counts, "content_hash": "f" * 64})
    store.write(changed, table, overwrite=True)


@pytest.mark.parametrize(
    ("splits", "without", "expected"),
    [
        (["test", "train"], "", ("train", None)),
        (["test", "validation"], "", ("validation", None)),
        (["test", "validation", "train"], "", ("train", "validation")),
        (["test", "validation", "train"], "train", ("validation", None)),
        (["test", "validation", "train"], "train:SMILES", ("validation", None)),
        (["test", "train"], "train:SMILES", ("train", None)),
        (["test", "extra"], "", ("extra", None)),
    ],
    ids=[
        "train",
        "validation",
        "both",
        "train-has-no-target",
        "train-has-no-input",
        "no-other-input",
        "any-other",
    ],
)
def test_a_run_never_learns_from_the_split_it_is_tested_on(
    settings: Settings, splits: list[str], without: str, expected: tuple[str, str | None]
) -> None:
    _resplit(settings, splits, without=without)
    spec = runs.scripted(settings)
    assert splits_for(settings, spec) == expected
    assert spec.model_args["fitted_on"] == expected[0]


def test_without_another_split_there_is_nothing_to_learn_from(settings: Settings) -> None:
    _resplit(settings, ["test"])
    with pytest.raises(SettingError, match="No other split"):
        runs.scripted(settings)


def test_a_run_goes_on_where_it_was_cut_and_answers_nothing_twice(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = runs.scripted(settings, {"fail_every": 5})
    work = RunWork.create(settings.store, spec, n_total=40, now=runs.NOW)
    asked: list[str] = []
    generate = Scripted.generate

    def cut(model: Scripted, inputs: list[str]) -> Any:
        if len(asked) >= 16:
            raise KeyboardInterrupt  # no error of a run: the process itself is to end
        asked.extend(inputs)
        return generate(model, inputs)

    with monkeypatch.context() as first:
        first.setattr(Scripted, "generate", cut)
        first.setattr("chebimm_core.runner.experiment._PART_AFTER_S", (0.0, 0.0))
        with pytest.raises(KeyboardInterrupt):
            execute(settings, spec.run_id)
    assert len(work.parts()) == 16

    def again(model: Scripted, inputs: list[str]) -> Any:
        asked.extend(inputs)
        return generate(model, inputs)

    monkeypatch.setattr(Scripted, "generate", again)
    assert execute(settings, spec.run_id).state is RunState.DONE
    runs.assert_whole(settings, spec, 40)
    expected = DatasetStore(settings.store).molecules(runs.NAME, split="test")["SMILES"]
    assert asked == expected.tolist()


def test_a_complete_run_is_left_as_it_is(settings: Settings) -> None:
    spec = runs.scripted(settings, limit=7)
    work = RunWork.create(settings.store, spec, n_total=7, now=runs.NOW)
    execute(settings, spec.run_id)
    runs.assert_whole(settings, spec, 7)
    before = work.status()
    assert execute(settings, spec.run_id).state is RunState.DONE
    assert work.status() == before
    assert [t.phase for t in work.times()] == ["learning", "answering", "scoring"]


def test_what_a_model_gets_to_learn_from_holds_no_tested_molecule(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[pd.DataFrame] = []
    fit = Scripted.fit

    def watched(model: Scripted, train: pd.DataFrame, *rest: Any) -> Any:
        context: FitContext = rest[1]
        seen.append(train)
        assert context.validation is not None and context.seed == 11
        seen.append(context.validation)
        return fit(model, train, *rest)

    _resplit(settings, ["test", "validation", "train"])
    monkeypatch.setattr(Scripted, "fit", watched)
    spec = runs.scripted(settings, seed=11)
    RunWork.create(settings.store, spec, n_total=40, now=runs.NOW)
    assert execute(settings, spec.run_id).state is RunState.DONE
    tested = set(RunStore(settings.store).predictions(spec.run_id)["cid"])
    learned, stopped = (set(frame["cid"]) for frame in seen)
    assert tested and learned and stopped
    assert not tested & learned and not tested & stopped and not learned & stopped


def test_other_content_under_the_old_name_is_refused(settings: Settings) -> None:
    spec = runs.scripted(settings)
    RunWork.create(settings.store, spec, n_total=40, now=runs.NOW)
    _resplit(settings, ["test", "train"])
    ended = execute(settings, spec.run_id)
    assert ended.state is RunState.FAILED and "another version" in ended.message
