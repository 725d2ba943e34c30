"""The training loop: what it learns, when it stops, and that a kill costs nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from chebimm_core.domain.run import TrainingPoint
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import FitContext
from chebimm_core.neural.trainer import Plan, train

PLAN = Plan(epochs=6, batch_size=8, learning_rate=0.05, schedule="constant", precision="fp32")


class Killed(BaseException):
    """Stands for the end of a process in the middle of training."""


def examples(n: int = 64) -> list[tuple[float, float]]:
    xs = torch.linspace(-1, 1, n)
    return [(float(x), float(3 * x - 1)) for x in xs]


def collate(batch: Any, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = torch.tensor(batch, device=device).T
    return x[:, None], y[:, None]


def loss(module: torch.nn.Module, batch: Any) -> torch.Tensor:
    x, y = batch
    return torch.nn.functional.mse_loss(module(x), y)


def network() -> torch.nn.Module:
    torch.manual_seed(5)
    return torch.nn.Sequential(
        torch.nn.Linear(1, 16), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(16, 1)
    )


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().ravel() for p in module.parameters()])


def fit(plan: Plan = PLAN, **kwargs: Any) -> tuple[torch.nn.Module, Any]:
    host = kwargs.pop("host", FitContext(seed=3, device="cpu"))
    module = network()
    done = train(module, examples(), collate=collate, loss=loss, plan=plan, host=host, **kwargs)
    return module, done


def test_it_learns_and_the_same_seed_gives_the_same_weights() -> None:
    one, done = fit()
    two, _ = fit()
    other, _ = fit(host=FitContext(seed=4, device="cpu"))
    assert done.steps == 48 and done.epochs == 6
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), weights(other))
    assert float(loss(one, collate(examples(), torch.device("cpu")))) < 0.2


def test_accumulated_batches_count_as_one_step() -> None:
    _, done = fit(replace(PLAN, batch_size=2, accumulate=4))
    assert done.steps == 48


def test_a_killed_training_goes_on_and_repeats_no_epoch(tmp_path: Path) -> None:
    whole, expected = fit(validation=examples(10))
    seen: list[TrainingPoint] = []

    def record(point: TrainingPoint) -> None:
        seen.append(point)
        if point.validation is not None and point.step == 24:
            raise Killed

    host = FitContext(seed=3, device="cpu", checkpoint=tmp_path, record=record)
    with pytest.raises(Killed):
        fit(host=host, validation=examples(10))
    module, done = fit(host=replace(host, record=seen.append), validation=examples(10))
    assert done.steps == expected.steps
    evaluated = [p.step for p in seen if p.validation is not None]
    assert evaluated == [8, 16, 24, 24, 32, 40, 48]  # the epoch in hand is done again, no other
    assert torch.allclose(weights(module), weights(whole), atol=1e-6)


def test_a_complete_training_is_not_repeated(tmp_path: Path) -> None:
    host = FitContext(seed=3, device="cpu", checkpoint=tmp_path)
    first, _ = fit(host=host, validation=examples(10))
    points: list[TrainingPoint] = []
    again, done = fit(host=replace(host, record=points.append), validation=examples(10))
    assert points == [] and done.steps == 48
    assert torch.equal(weights(first), weights(again))


@pytest.mark.parametrize("validated", [True, False])
def test_what_is_kept_of_a_complete_training_is_its_weights(
    tmp_path: Path, validated: bool
) -> None:
    host = FitContext(seed=3, device="cpu", checkpoint=tmp_path)
    held_out = {"validation": examples(10)} if validated else {}
    first, _ = fit(host=host, **held_out)
    kept = torch.load(tmp_path / "state.pt", weights_only=True)
    assert "optimizer" not in kept and ("module" in kept) is not validated
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    again, done = fit(host=host, **held_out)
    assert torch.equal(weights(first), weights(again)) and done.steps == 48
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == before
    for path in tmp_path.glob("*.safetensors"):
        path.unlink()
        points: list[TrainingPoint] = []
        anew, _ = fit(host=replace(host, record=points.append), **held_out)
        assert points and torch.allclose(weights(anew), weights(first), atol=1e-6)


def test_a_checkpoint_of_another_plan_or_a_torn_one_is_not_continued(tmp_path: Path) -> None:
    host = FitContext(seed=3, device="cpu", checkpoint=tmp_path)
    fit(host=host)
    _, done = fit(replace(PLAN, epochs=7), host=host)
    assert done.steps == 56
    (tmp_path / "state.pt").write_bytes(b"torn")
    _, done = fit(replace(PLAN, epochs=7), host=host)
    assert done.steps == 56


def test_it_stops_early_and_keeps_the_best_weights() -> None:
    values = iter([3.0, 1.0, 2.0, 2.5, 0.1])
    kept: list[torch.Tensor] = []

    def metric(module: torch.nn.Module) -> float:
        kept.append(weights(module).clone())
        return next(values)

    module, done = fit(replace(PLAN, patience=2), metric=metric, metric_name="rmse")
    assert done.stopped_early and done.best == 1.0 and len(kept) == 4
    assert torch.equal(weights(module), kept[1])


def test_processor_time_ends_it() -> None:
    _, done = fit(replace(PLAN, epochs=100_000, cpu_seconds=0.3))
    assert 0 < done.epochs < 100_000
    assert 0.3 <= done.cpu_seconds < 3


def test_a_loss_that_is_no_number_is_a_clear_error() -> None:
    with pytest.raises(SettingError, match="learning rate"):
        train(
            network(),
            examples(),
            collate=collate,
            loss=lambda m, b: loss(m, b) * float("nan"),
            plan=PLAN,
            host=FitContext(device="cpu"),
        )


def test_nothing_to_learn_from_and_no_such_device_are_clear_errors() -> None:
    with pytest.raises(SettingError, match="no training molecule"):
        train(network(), [], collate=collate, loss=loss, plan=PLAN, host=FitContext(device="cpu"))
    with pytest.raises(SettingError, match="device"):
        fit(host=FitContext(device="cuda:77"))
