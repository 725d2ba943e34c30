"""The launch page: the form and its address, greyed models, the queue, one run, errors."""

from __future__ import annotations

import pytest
from small_store import NOW, SMALL, assert_healthy, in_address, said

from chebimm_core.domain.run import RunProgress, RunState, TrainingPoint
from chebimm_core.runner import experiment, worker
from chebimm_core.services import benchmark, launching
from chebimm_core.store.run_work import RunWork


@pytest.fixture(autouse=True)
def no_driver(monkeypatch):
    """No process is started: what is queued stays queued. Browser tests start real ones."""
    monkeypatch.setattr(worker, "ensure_driver", lambda settings: None)


def plain(app) -> str:
    return said(app).replace("\\", "").replace("⁠", "")


def spec_of(settings, model="knn-morgan", **changes):
    asked = {"task": "captioning", "transition": "SMILES->caption", "dataset": SMALL, **changes}
    return launching.plan(settings, model=model, **asked)


def queued(settings, **changes):
    return launching.launch(settings, [spec_of(settings, **changes)], now=NOW)[0].run_id


def labels(app) -> list[str]:
    return [e.proto.label for e in app.get("page_link")]


def test_an_empty_store_says_where_data_comes_from(empty_store, render):
    app = render("launch")
    assert_healthy(app)
    assert "There is no data set yet" in said(app)


def test_models_that_do_not_fit_are_greyed_with_the_reason(small_store, render):
    app = render("launch", task="property", from_="graph", to="property")
    assert_healthy(app)
    assert not app.checkbox(key="tick-gin").disabled
    assert app.checkbox(key="greyed-knn-text").disabled
    assert "It does not do property prediction." in plain(app)
    assert "It writes property from" in plain(app)
    assert all(box.key != "tick-scripted" for box in app.checkbox)


def test_what_the_data_set_lacks_greys_every_model(small_store, render):
    app = render("launch", task="iupac", from_="SELFIES", to="IUPAC")
    assert_healthy(app)
    fitting = [box for box in app.checkbox if box.key.startswith("tick-")]
    assert fitting
    app = render("launch", task="retrieval", from_="InChI", to="caption")
    assert_healthy(app)


def test_several_ticked_models_are_all_queued(small_store, render):
    app = render("launch")
    app.checkbox(key="tick-knn-morgan").check().run()
    app.checkbox(key="tick-knn-text").check().run()
    assert_healthy(app)
    assert in_address(app, "models") == "knn-morgan,knn-text"
    assert "Floors that will stand beside it: floor-constant" in plain(app)
    table = next(d.value for d in app.dataframe if "learns from" in d.value)
    assert table["model"].tolist() == ["knn-morgan", "knn-text"]
    assert table["molecules"].tolist() == [8, 8]
    app.button(key="launch-start").click().run()
    assert_healthy(app)
    waiting = launching.activity(small_store).queued
    assert sorted(h.spec.model for h in waiting) == ["knn-morgan", "knn-text"]
    assert in_address(app, "view") == "work"
    assert "Waiting (2)" in said(app)
    assert "no process works on them" in plain(app)  # the fixture starts none


def test_a_link_reproduces_the_form_and_one_run_opens_its_own_view(small_store, render):
    app = render(
        "launch", task="property", from_="graph", to="property", models="gin", split="validation",
        limit="3", seed="7", property="polararea", **{"gin.cpu_seconds": "2.5", "gin.width": "32"},
    )  # fmt: skip
    assert_healthy(app)
    assert app.number_input(key="arg-gin-cpu_seconds").value == 2.5
    assert app.number_input(key="arg-gin-width").value == 32
    app.button(key="launch-start").click().run()
    assert_healthy(app)
    spec = launching.activity(small_store).queued[0].spec
    assert (spec.split, spec.limit, spec.seed) == ("validation", 3, 7)
    assert spec.model_args["property"] == "polararea"
    assert (spec.model_args["cpu_seconds"], spec.model_args["width"]) == (2.5, 32)
    assert spec.model_args["batch_size"] == 16  # a default, written out
    assert in_address(app, "run") == spec.run_id
    assert "--set property=polararea" in said(app)
    assert "--set gin.width" not in said(app) and "--set width=32" in said(app)


def test_changing_a_parameter_writes_the_address_and_its_default_clears_it(small_store, render):
    app = render("launch", task="property", from_="graph", to="property", models="gin")
    app.number_input(key="arg-gin-epochs").set_value(5).run()
    assert in_address(app, "gin.epochs") == "5"
    app.number_input(key="arg-gin-epochs").set_value(300).run()
    assert "gin.epochs" not in app.query_params
    assert_healthy(app)


@pytest.mark.parametrize(
    "query",
    [
        {"gin.epochs": "minus one", "limit": "-3", "seed": "x"},
        {"gin.epochs": "99999999", "limit": "0", "split": "nowhere"},
        {"gin.pooling": "<b>max</b>", "task": "x", "from_": "y", "to": "z"},
    ],
    ids=["words", "out-of-range", "unknown"],
)
def test_wrong_values_in_a_link_fall_back(small_store, render, query):
    asked = {"task": "property", "from_": "graph", "to": "property", "models": "gin", **query}
    app = render("launch", **asked)
    assert_healthy(app)
    assert launching.activity(small_store).queued == ()


def test_a_link_may_name_a_model_alone_and_unknown_ones_are_named(small_store, render):
    app = render("launch", models="gin")
    assert_healthy(app)
    assert in_address(app, "task") == "property"
    assert app.checkbox(key="tick-gin").value
    app = render("launch", models="nobody", task="captioning")
    assert "nobody" in plain(app)
    app = render("launch", models="gin", task="captioning")
    assert "is left out" in "\n".join(w.value for w in app.warning)


def test_floors_are_offered_where_none_stands(small_store, render):
    app = render("launch", task="iupac", from_="SMILES", to="IUPAC", models="knn-morgan")
    assert_healthy(app)
    app.toggle(key="pick-floors").set_value(True).run()
    app.button(key="launch-start").click().run()
    models = sorted(h.spec.model for h in launching.activity(small_store).queued)
    assert models == ["floor-constant", "floor-random", "knn-morgan"]


def test_a_run_that_exists_is_not_offered_twice(small_store, render):
    run_id = queued(small_store)
    app = render("launch", task="captioning", models="knn-morgan")
    assert_healthy(app)
    assert app.button(key="launch-start").disabled
    assert "this very run exists" in plain(app)
    assert "Watch or resume it" in labels(app)
    experiment.execute(small_store, run_id)
    app = render("launch", task="captioning", models="knn-morgan")
    assert "Open its result" in labels(app)


def test_a_refused_wish_says_why_and_leaves_the_others(small_store, render):
    app = render(
        "launch", task="property", from_="graph", to="property", models="gin,knn-morgan",
        **{"gin.width": "30"},
    )  # fmt: skip
    assert_healthy(app)
    app = render("launch", task="captioning", models="knn-morgan", fitted_on="nowhere")
    assert_healthy(app)


def test_the_queue_cancels_resumes_and_deletes(small_store, render):
    run_id = queued(small_store)
    app = render("launch", view="work")
    app.button(key=f"work-cancel-{run_id}").click().run()
    assert_healthy(app)
    assert benchmark.header(small_store, run_id).status.state is RunState.CANCELLED
    assert "Stopped (1)" in said(app)
    assert "no answer yet of 8" in plain(app)
    app.button(key=f"work-resume-{run_id}").click().run()
    assert benchmark.header(small_store, run_id).status.state is RunState.QUEUED
    app.button(key=f"work-cancel-{run_id}").click().run()
    app.button(key=f"work-delete-{run_id}").click().run()
    assert_healthy(app)
    assert launching.unfinished(small_store) == []
    assert "Nothing is at work" in said(app)


def test_a_failed_run_shows_its_reason_and_log(small_store, render):
    run_id = queued(small_store, model="scripted", arguments={"end": "raise"})
    experiment.execute(small_store, run_id)
    app = render("launch", run=run_id)
    assert_healthy(app)
    assert "raised as asked" in plain(app)
    assert "ValueError" in said(app)
    app = render("launch", view="work")
    assert "raised as asked" in plain(app)


def test_a_run_that_learns_shows_progress_and_its_curve(small_store, render):
    run_id = queued(small_store)
    work = RunWork(small_store.store, run_id)
    work.tell(
        RunProgress(
            phase="answering", share=0.5, message="Answering", answered=4, total=8, rate=2.0,
            seconds_left=2.0, updated=NOW,
        )
    )  # fmt: skip
    for step in (10, 20):
        work.record(
            TrainingPoint(step=step, epoch=step / 10, seconds=step, loss=1 / step, validation=0.5)
        )
    with work.working():
        work.mark(RunState.RUNNING)
        app = render("launch", run=run_id)
        assert_healthy(app)
        text = next(e.proto.text for e in app.get("progress"))
        assert "4 of 8 answered" in text and "2.0 a second" in text and "about 2 s left" in text
        assert "validation is best at step 10" in plain(app)
        assert len(app.get("plotly_chart")) == 1
        app.toggle(key="pick-log").set_value(True).run()
        assert in_address(app, "log") == "yes"


def test_a_finished_run_stands_beside_its_floor_and_leads_to_results(small_store, render):
    run_id = queued(small_store)
    experiment.execute(small_store, run_id)
    app = render("launch", run=run_id)
    assert_healthy(app)
    assert "BLEU" in plain(app)
    assert "Scores, molecules and comparison" in labels(app)
    app = render("launch", view="work")
    assert "Finished lately" in said(app)
    app = render("results")
    assert run_id in app.dataframe[0].value["run id"].tolist()


def test_an_unknown_run_is_an_error_that_says_what_to_do(small_store, render):
    app = render("launch", run="../../etc/passwd")
    assert not app.exception
    assert "No run has this id" in app.error[0].value


def test_results_name_unfinished_runs_and_send_to_launch(small_store, render):
    run_id = queued(small_store)
    app = render("results")
    assert_healthy(app)
    assert "1 run is not finished" in said(app)
    assert any("knn-morgan" in label.replace("\\", "") for label in labels(app))
    app = render("results", run=run_id)
    assert_healthy(app)
    assert in_address(app, "run") == run_id
    assert app.title[0].value.replace("\\", "") == "knn-morgan · SMILES → caption"
    assert any(b.key == f"run-cancel-{run_id}" for b in app.button)


def test_the_overview_says_what_is_at_work(small_store, render):
    queued(small_store)
    app = render("overview")
    assert_healthy(app)
    assert "0 running, 1 waiting" in said(app)
    assert "See the queue" in labels(app)


def test_the_atlas_leads_to_the_form(small_store, render):
    app = render("atlas", model="GIN")
    assert_healthy(app)
    assert "Launch gin" in [label.replace("\\", "") for label in labels(app)]
    assert any(label.startswith("Launch those that can run here") for label in labels(app))


def test_the_grid_counts_and_a_cell_leads_to_the_form(small_store, render):
    app = render("launch", view="grid", block="graph-to-text", model="gin-t5")
    assert_healthy(app)
    metrics = {m.label: m.value for m in app.metric}
    assert sum(int(v.replace(",", "")) for v in metrics.values()) == 1263
    assert "0 of the 24 experiments" in said(app)
    links = [e.proto for e in app.get("page_link")]
    assert any("Launch graph → IUPAC" in e.label.replace("\\", "") for e in links)


def test_a_part_of_the_grid_is_launched_after_a_question(small_store, render):
    app = render("launch", view="grid", block="text-to-text", only="t5,molt5", plan="yes")
    assert_healthy(app)
    assert "18 runs can start" in said(app)
    assert launching.activity(small_store).queued == ()
    app.button(key="grid-launch").click().run()
    assert_healthy(app)
    waiting = launching.activity(small_store).queued
    assert len(waiting) == 18
    assert {h.spec.model for h in waiting} == {"t5", "molt5"}
    app = render("launch", view="grid", block="text-to-text", only="t5,molt5", plan="yes")
    assert "Nothing of this can start" in said(app)
    assert "18 of the 99 experiments" in said(app)


def test_what_the_grid_lacks_is_said(small_store, render):
    app = render("launch", view="grid", block="property", plan="yes")
    assert_healthy(app)
    whys = next(d.value for d in app.dataframe if "why" in d.value)
    assert whys["experiments"].sum() == 972
    assert "Nothing of this can start" in said(app)


def test_a_sweep_names_its_runs_and_queues_them(small_store, render):
    app = render("launch", view="sweep", tasks="captioning", limit="4")
    assert_healthy(app)
    app.button(key="sweep-launch").click().run()
    assert_healthy(app)
    waiting = launching.activity(small_store).queued
    assert waiting
    assert {h.spec.task for h in waiting} == {"captioning"}
    assert {h.spec.limit for h in waiting} == {4}
    assert f"Waiting ({len(waiting)})" in said(app)


def test_all_that_wait_are_cancelled_resumed_and_deleted_at_once(small_store, render):
    ids = [queued(small_store, seed=seed) for seed in range(3)]
    app = render("launch", view="work")
    app.button(key="work-cancel-all").click().run()
    assert_healthy(app)
    assert "Stopped (3)" in said(app)
    app.button(key="work-resume-all").click().run()
    assert {h.run_id for h in launching.activity(small_store).queued} == set(ids)
    app.button(key="work-cancel-all").click().run()
    app.button(key="work-delete-all").click().run()
    assert_healthy(app)
    assert launching.unfinished(small_store) == []


def test_any_hub_model_is_asked_for_its_weights_and_named_by_them(small_store, render):
    app = render("launch", task="captioning", models="hub-seq2seq")
    assert not app.exception
    assert "no weights of its own" in app.error[0].value
    assert not any(b.key == "launch-start" for b in app.button)
    app.text_input(key="arg-hub-seq2seq-weights").set_value("google/flan-t5-small").run()
    assert_healthy(app)
    app.button(key="launch-start").click().run()
    assert_healthy(app)
    assert "hub-seq2seq (flan-t5-small)" in plain(app)
