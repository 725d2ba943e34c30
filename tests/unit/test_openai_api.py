"""The endpoint adapter against a real server with real faults."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.domain.run import RunSpec, RunState, Usage
from chebimm_core.domain.specs import Transition
from chebimm_core.errors import MissingDependencyError, OfflineError, SettingError
from chebimm_core.models import MODELS, load
from chebimm_core.models.endpoint_client import checked_address
from chebimm_core.models.few_shot import Neighbours
from chebimm_core.models.prompts import answer_of
from chebimm_core.models.protocols import FitContext
from chebimm_core.runner.experiment import execute
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from tests import small_store
from tests.chat_server import Chat, serve

CAPTION = Transition(("SMILES",), "caption")
TRAIN = pd.DataFrame(
    {
        "cid": ["1", "2", "3"],
        "input": ["CCO", "CCCCCCCC", "c1ccccc1O"],
        "target": ["an alcohol", "an alkane", "a phenol"],
    }
)


@pytest.fixture
def chat() -> Iterator[Chat]:
    with serve(Chat()) as served:
        yield served


def model(chat: Chat, context: FitContext, **arguments: Any) -> Any:
    given = {
        "base_url": chat.address, "model": "tiny", "shots": 2, "timeout_s": 0.4, "retries": 3,
        **arguments,
    }  # fmt: skip
    return load(MODELS["endpoint"], "generate", given).fit(TRAIN, CAPTION, context)  # type: ignore[union-attr]


def test_it_asks_with_the_most_similar_molecules_as_examples(chat: Chat) -> None:
    found = model(chat, FitContext()).generate(["CCCO"])
    assert [g.output for g in found] == ["CCCO"]
    said = [(m["role"], m["content"]) for m in chat.bodies[0]["messages"]]
    assert said[0][0] == "system" and "SMILES" in said[0][1]
    assert [c for r, c in said[1:] if r == "user"][-2:] == ["CCO", "CCCO"]  # nearest stands last
    assert json.loads(said[-2][1]) == {"answer": "an alcohol"}


@pytest.mark.parametrize("fault", ["429", "500", "503", "slow", "torn", "cut", "hang up", "other"])
def test_a_passing_fault_costs_a_try_and_no_answer(chat: Chat, fault: str) -> None:
    chat.faults["CCO"] = [fault]
    found = model(chat, FitContext()).generate(["CCO", "CCC"])
    assert [(g.output, g.error) for g in found] == [("CCO", None), ("CCC", None)]
    assert len(chat.bodies) == 3


def test_a_lasting_fault_is_a_row_and_hurts_no_other(chat: Chat) -> None:
    chat.faults["CCO"] = ["500"] * 9
    chat.faults["CC"] = ["400"]
    found = model(chat, FitContext(), retries=1).generate(["CCO", "CC", "CCC"])
    assert found[0].output is None and "2 tries" in str(found[0].error)
    assert found[1].output is None and "fault 400" in str(found[1].error)
    assert found[2].output == "CCC"
    assert len([b for b in chat.bodies if b["messages"][-1]["content"] == "CC"]) == 1


def test_a_wrong_key_ends_the_run_at_once(chat: Chat) -> None:
    chat.faults["*"] = ["401"] * 500
    with pytest.raises(SettingError, match="key"):
        model(chat, FitContext()).generate([f"{'C' * k}" for k in range(1, 200)])
    assert len(chat.bodies) < 50


def test_nothing_is_asked_twice(chat: Chat, tmp_path: Path) -> None:
    spent: list[Usage] = []
    context = FitContext(cache=tmp_path, spend=spent.append)
    first = model(chat, context, price_in=10.0, price_out=30.0).generate(["CCO", "CCC"])
    again = model(chat, context).generate(["CCO", "CCC"])
    assert first == again and len(chat.bodies) == 2
    assert spent[0].prompt_tokens == 200 and spent[0].completion_tokens == 20
    assert spent[0].cost == pytest.approx((200 * 10 + 20 * 30) / 1e6)
    assert (spent[1].requests, spent[1].from_cache, spent[1].cost) == (0, 2, 0.0)
    torn = next(tmp_path.rglob("*.json"))
    torn.write_text("{")
    assert model(chat, context).generate(["CCO", "CCC"]) == first and len(chat.bodies) == 3
    model(chat, context, temperature=0.5).generate(["CCO"])
    assert len(chat.bodies) == 4  # another setting is another request


def test_as_many_requests_run_at_once_as_asked_for(chat: Chat) -> None:
    model(chat, FitContext(), concurrency=4).generate([f"{'C' * k}O" for k in range(1, 25)])
    assert 1 < chat.most_at_once <= 4


def test_the_key_is_sent_and_never_kept(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "secret-of-mine")
    chat.faults["CC"] = ["400"]
    found = model(chat, FitContext(cache=tmp_path), key_variable="MY_KEY").generate(["CCO", "CC"])
    assert set(chat.keys) == {"Bearer secret-of-mine"}
    kept = "".join(p.read_text() for p in tmp_path.rglob("*.json"))
    assert "secret-of-mine" not in kept + str(found)


def test_a_hosted_endpoint_without_a_key_and_an_absent_host_are_clear_errors(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(MissingDependencyError, match="NO_KEY"):
        model(replace(chat, address="https://example.org/v1"), FitContext(), key_variable="NO_KEY")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(OfflineError, match="cannot be reached"):
        model(replace(chat, address=nobody), FitContext(), retries=0).generate(["CCO"])


@pytest.mark.parametrize(
    "address", ["", "ftp://x/v1", "file:///etc/passwd", "http://", "https://me:pw@host/v1", "x y"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingError, match="address") as caught:
        checked_address(address)
    assert "pw@" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ('{"answer": "CCO"}', "CCO"),
        ('```json\n{"answer": "CCO"}\n```', "CCO"),
        ('Sure! {"answer": " CCO "} is it.', "CCO"),
        ("CCO", "CCO"),
        ('{"other": 1}', '{"other": 1}'),
        ("```\nCCO\n```", "CCO"),
        ("", ""),
    ],
    ids=["object", "fenced", "amid talk", "bare", "other object", "fenced bare", "empty"],
)
def test_the_answer_is_found_in_what_models_write(reply: str, answer: str) -> None:
    assert answer_of(reply) == answer


@given(st.text(max_size=200))
def test_any_reply_gives_some_text(reply: str) -> None:
    assert isinstance(answer_of(reply), str)
    assert answer_of(json.dumps({"answer": reply})) == reply.strip()


def test_neighbours_of_texts_and_of_inputs_that_are_no_molecule() -> None:
    names = Neighbours(["butan-1-ol", "propanoic acid", "benzene"], "IUPAC")
    assert names.nearest("propanoic acid", 1) == [1]
    assert Neighbours(["CCO", "nonsense", "CC"], "SMILES").nearest("CCO", 2)[0] == 0
    assert Neighbours(["CCO"], "SMILES").nearest("nonsense", 2) == []


def test_a_whole_run_with_faults_is_complete_and_counts_what_it_took(
    chat: Chat, tmp_path: Path
) -> None:
    settings = small_store.build_store(tmp_path)
    header = DatasetStore(settings.store).header(small_store.SMALL)
    chat.faults["*"] = ["429", "torn", "500"]
    chat.faults["CN"] = ["400"]
    spec = RunSpec(
        task="captioning", transition="SMILES->caption", model="endpoint", dataset=header.name,
        dataset_hash=header.content_hash, split="test",
        model_args={"base_url": chat.address, "model": "tiny", "shots": 1, "concurrency": 2},
    )  # fmt: skip
    work = RunWork.create(settings.store, spec, n_total=8, now=small_store.NOW)
    ended = execute(settings, spec.run_id)
    assert ended.state is RunState.DONE, ended
    predictions = RunStore(settings.store).predictions(spec.run_id)
    assert len(predictions) == 8 and predictions["error"].notna().sum() == 1
    usage = work.usage()
    assert usage is not None and usage.requests == 8 and usage.prompt_tokens == 700
