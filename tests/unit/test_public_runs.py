"""Fetching public files against a real HTTP server that misbehaves in every way it can."""

from __future__ import annotations

import csv
import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants
from run_samples import DATASET, NOW, settings_with_data, split_rows

from chebimm_core.datasets.public_runs import COLUMNS, DownloadPolicy
from chebimm_core.errors import DataFormatError, NotFoundError, OfflineError
from chebimm_core.services import benchmark, public_runs
from chebimm_core.services.public_runs import FetchOutcome
from chebimm_core.settings import PROJECT_ROOT, Settings

METRICS = ("rouge1",)
POLICY = DownloadPolicy(attempts=3, backoff_s=0.01, read_timeout_s=0.3, file_timeout_s=1.5)


def content(model: str) -> bytes:
    lines = ["SMILES\tground truth\toutput"]
    lines += [f"{s}\t{c}\t{c} {model}" for _, s, c in split_rows()]
    return ("\n".join(lines) + "\n").encode()


@dataclass
class Host:
    """What the server does with each path, and what it was asked for."""

    address: str = ""
    behaviour: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def host() -> Iterator[Host]:
    state = Host()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.asked.append(self.path)
            model = Path(self.path).stem
            body = state.bodies.get(model) or content(model)
            mode = state.behaviour.get(model, "good")
            if mode == "500 then good":
                state.behaviour[model] = "good"
                self.answer(500, b"")
            elif mode == "503":
                self.answer(503, b"busy")
            elif mode == "404":
                self.answer(404, b"no such file")
            elif mode == "truncated":
                self.answer(200, body[:-10], length=len(body))
            elif mode == "short":
                self.answer(200, body[:-10])
            elif mode == "longer":
                self.answer(200, body + b"more")
            elif mode == "wrong hash":
                self.answer(200, body[:-2] + b"X\n")
            elif mode == "silent":
                self.answer(200, b"", length=len(body))
                state.closing.wait(5)
            elif mode == "trickling":
                self.answer(200, b"", length=len(body))
                for byte in body:
                    if state.closing.wait(0.1):
                        break
                    self.wfile.write(bytes([byte]))
            elif mode == "redirect":
                self.send_response(302)
                self.send_header("Location", self.path.replace("/a-model", "/other/a-model"))
                self.send_header("Content-Length", "0")
                self.end_headers()
                state.behaviour[model] = "good"
            else:
                self.answer(200, body)

        def answer(self, code: int, body: bytes, length: int | None = None) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            if length is not None and body:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    state.closing.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path, host: Host) -> Settings:
    made = replace(
        settings_with_data(tmp_path),
        published=tmp_path / "published",
        public_runs_base=host.address,
    )
    made.published.mkdir()
    with (made.published / "public_runs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for model, license_ in (("a-model", "MIT"), ("b-model", "none stated")):
            body = content(model)
            writer.writerow(
                [model, "captioning", "owner/repo", "c0ffee", f"out/{model}.txt", len(body),
                 hashlib.sha256(body).hexdigest(), license_, ""]
            )  # fmt: skip
    return made


def fetch(settings: Settings, *names: str, **more: object) -> list[FetchOutcome]:
    return public_runs.fetch(
        settings, names or None, dataset=DATASET, now=NOW, metrics=METRICS, policy=POLICY, **more
    )


def test_all_are_loaded_verified_and_say_their_terms(settings: Settings, host: Host) -> None:
    shares: list[float] = []
    outcomes = fetch(settings, progress=lambda share, text: shares.append(share))
    assert [o.state for o in outcomes] == ["loaded", "loaded"]
    assert host.asked[0] == "/owner/repo/c0ffee/out/a-model.txt"
    assert "MIT" in outcomes[0].message
    assert "fetched by you, not redistributed" in outcomes[1].message
    origin = benchmark.header(settings, outcomes[1].run_id or "").spec.origin
    assert (origin.kind, origin.license) == ("fetched", None)
    assert origin.url == f"{host.address}/owner/repo/c0ffee/out/b-model.txt"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert benchmark.list_runs(settings, tag=public_runs.TAG)
    assert set(public_runs.loaded(settings, DATASET)) == {
        "a-model-captioning",
        "b-model-captioning",
    }


def test_a_second_fetch_asks_nothing(settings: Settings, host: Host) -> None:
    fetch(settings)
    asked = len(host.asked)
    assert [o.state for o in fetch(settings)] == ["already loaded", "already loaded"]
    again = fetch(settings, "a-model", overwrite=True)
    assert [o.state for o in again] == ["loaded"]
    assert len(host.asked) == asked


def test_a_damaged_kept_file_is_fetched_again(settings: Settings, host: Host) -> None:
    fetch(settings, "a-model")
    (kept,) = (settings.cache / "public_runs").iterdir()
    kept.write_bytes(b"damaged")
    assert fetch(settings, "a-model", overwrite=True)[0].state == "loaded"
    assert len(host.asked) == 2


@pytest.mark.parametrize("mode", ["500 then good", "redirect"])
def test_what_passes_on_the_second_try_is_loaded(settings: Settings, host: Host, mode: str) -> None:
    host.behaviour["a-model"] = mode
    assert fetch(settings, "a-model")[0].state == "loaded"
    assert len(host.asked) == 2


@pytest.mark.parametrize(
    ("mode", "says", "tries"),
    [
        ("404", "the server answers 404", 1),
        ("503", "in 3 attempts: the server answers 503", 3),
        ("wrong hash", "is not the file of the catalogue", 1),
        ("longer", "is not the file of the catalogue", 1),
        ("truncated", "in 3 attempts", 3),
        ("short", "truncated", 3),
        ("silent", "no data for 0.3 s", 3),
        ("trickling", "slower than", 3),
    ],
)
def test_a_failure_is_told_and_does_not_stop_the_others(
    settings: Settings, host: Host, mode: str, says: str, tries: int
) -> None:
    host.behaviour["a-model"] = mode
    failed, loaded = fetch(settings)
    assert failed.state == "failed"
    assert says in failed.message
    assert sum("a-model" in path for path in host.asked) == tries
    assert loaded.state == "loaded"
    assert [h.spec.model for h in benchmark.list_runs(settings)] == ["b-model"]
    assert len(list((settings.cache / "public_runs").iterdir())) == 1, "no torn file is kept"


def test_no_connection_is_one_offline_error(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    offline = replace(settings, public_runs_base=f"http://127.0.0.1:{port}")
    with pytest.raises(OfflineError, match="cannot be reached") as caught:
        fetch(offline)
    assert "CHEBIMM_PUBLIC_RUNS_BASE" in str(caught.value)
    assert benchmark.list_runs(settings) == []


def test_a_connection_lost_midway_keeps_what_was_loaded(settings: Settings, host: Host) -> None:
    fetch(settings, "a-model")
    offline = replace(settings, public_runs_base="http://127.0.0.1:9")
    states = [o.state for o in fetch(offline)]
    assert states == ["already loaded", "failed"]


def test_cancelling_between_chunks_stores_nothing(settings: Settings, host: Host) -> None:
    answers = iter([False, True])
    outcomes = fetch(settings, cancelled=lambda: next(answers, True))
    assert [o.state for o in outcomes] == ["cancelled", "cancelled"]
    assert benchmark.list_runs(settings) == []
    assert list((settings.cache / "public_runs").iterdir()) == []


def test_cancelling_while_a_file_is_scored_stores_nothing_of_it(
    settings: Settings, host: Host
) -> None:
    told: list[str] = []

    def scoring() -> bool:
        return any("a-model: " in text and "bytes" not in text for text in told)

    outcomes = fetch(settings, progress=lambda share, text: told.append(text), cancelled=scoring)
    assert [o.state for o in outcomes] == ["cancelled", "cancelled"]
    assert "its file is kept" in outcomes[0].message
    assert benchmark.list_runs(settings) == []
    host.asked.clear()
    assert [o.state for o in fetch(settings, "a-model")] == ["loaded"]
    assert host.asked == []


def test_a_direction_that_was_not_run_is_no_failure(settings: Settings, host: Host) -> None:
    body = b"CID\tmolecule2caption\tcaption2molecule\n"
    body += b"".join(f"{c}\tN/A\t{s}\n".encode() for c, s, _ in split_rows())
    host.bodies["a-model"] = body
    path = settings.published / "public_runs.csv"
    rows = list(csv.reader(path.open(encoding="utf-8")))
    rows[1][5:7] = [str(len(body)), hashlib.sha256(body).hexdigest()]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    (outcome,) = fetch(settings, "a-model")
    assert outcome.state == "no outputs"
    assert "was not run" in outcome.message


def test_an_unknown_name_is_an_error_with_the_known_ones(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="a-model"):
        fetch(settings, "c-model")


def test_a_damaged_catalogue_is_an_error(settings: Settings) -> None:
    path = settings.published / "public_runs.csv"
    path.write_text(path.read_text().replace("MIT", "MIT").replace(str(len(content("a-model"))), "many"))  # fmt: skip  # noqa: E501
    with pytest.raises(DataFormatError, match="line 2 is no catalogue entry"):
        public_runs.catalogue(settings)
    path.write_text("model,task\n")
    with pytest.raises(DataFormatError, match="other columns"):
        public_runs.catalogue(settings)


def test_the_shipped_catalogue_is_sound() -> None:
    runs = public_runs.catalogue(Settings.from_env({}))
    assert len(runs) == 45
    assert len({r.model for r in runs}) == 23
    assert len({r.name for r in runs}) == len(runs)
    assert all(len(r.commit) == 40 and len(r.sha256) == 64 and r.bytes > 0 for r in runs)
    assert {r.task for r in runs} == {"captioning", "generation"}
    assert "not redistributed" in next(r for r in runs if r.model == "TGM-DLM").terms


def test_the_shipped_tables_cite_every_row() -> None:
    with (PROJECT_ROOT / "data" / "published" / "molt5_tables.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all("doi:" in row["citation"] and float(row["value"]) >= 0 for row in rows)
    assert {row["task"] for row in rows} == {"captioning", "generation"}


def test_texts_scored_without_the_published_tokens_say_so(
    settings: Settings, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    outcomes = public_runs.fetch(settings, None, dataset=DATASET, now=NOW, policy=POLICY)
    assert len(outcomes) == 2
    for outcome in outcomes:
        assert "unlike published values" in outcome.message
        score = benchmark.header(settings, outcome.run_id or "").score("bleu2")
        assert score is not None and "tok:words" in score.signature
