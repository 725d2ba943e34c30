"""The first page: never empty, findings that can be followed, synthetic data named as such."""

from __future__ import annotations

from small_store import SMALL, assert_healthy, said

from chebimm_core.services import benchmark, findings
from chebimm_core.store import atomic
from chebimm_core.store.dataset_store import DatasetStore


def test_an_empty_store_says_what_to_do(empty_store, render):
    app = render("overview")
    assert_healthy(app)
    assert "Nothing is loaded yet" in said(app)
    labels = [b.label for b in app.button]
    assert "Build the demo corpus" in labels
    assert "Fetch ChEBI-20-MM" in labels


def test_findings_carry_interval_n_and_floor(small_store, render):
    app = render("overview")
    assert_healthy(app)
    text = said(app).replace("\\", "")
    assert "good" in text
    assert "n = 8" in text
    assert "(floor-" in text


def test_the_best_run_is_the_best_run(small_store):
    found = findings.best_runs(small_store)
    captioning = next(f for f in found if "captioning" in f.headline)
    best = next(h for h in benchmark.list_runs(small_store) if h.spec.model == "good")
    assert captioning.query == (("run", best.run_id),)
    assert "of 2 comparable" in captioning.headline  # floors do not compete
    gap = findings.largest_gap(small_store)
    assert gap is not None
    assert gap.query == (("run", best.run_id),)


def test_coverage_counts_every_run_once(small_store):
    covered = findings.coverage(small_store)
    at = covered.modalities.index
    assert covered.n_runs[at("SMILES"), at("caption")] == 4  # two runs, two floors
    assert covered.n_runs[at("caption"), at("SMILES")] == 1
    assert covered.n_runs.sum() == len(benchmark.list_runs(small_store))


def test_synthetic_data_is_called_synthetic(small_store, render):
    store = DatasetStore(small_store.store)
    header = store.header(SMALL).model_copy(update={"synthetic": True})
    atomic.write_model(small_store.store / "datasets" / SMALL / "dataset.json", header)
    app = render("overview")
    assert_healthy(app)
    assert "synthetic data" in said(app)


def test_a_title_from_a_file_is_not_markup(small_store, render):
    store = DatasetStore(small_store.store)
    title = "<script>x</script> ![i](http://h/x) **b**"
    header = store.header(SMALL).model_copy(update={"title": title})
    atomic.write_model(small_store.store / "datasets" / SMALL / "dataset.json", header)
    app = render("overview")
    assert_healthy(app)
    assert title not in said(app)  # only ever escaped
    assert "script" in said(app)


def test_a_tool_is_no_finding_on_synthetic_data(small_store):
    path = next((small_store.store / "runs").glob("writer-*"))
    spec = benchmark.header(small_store, path.name).spec
    tool = spec.model_copy(update={"model": "opsin"})
    path = path.rename(path.with_name(tool.run_id))
    atomic.write_model(path / "spec.json", tool)
    assert any("opsin" in f.headline for f in findings.best_runs(small_store))
    header = DatasetStore(small_store.store).header(SMALL).model_copy(update={"synthetic": True})
    atomic.write_model(small_store.store / "datasets" / SMALL / "dataset.json", header)
    assert not any("opsin" in f.headline for f in findings.best_runs(small_store))
