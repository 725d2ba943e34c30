"""The one training loop: accumulation, mixed precision, early stopping, checkpoints, resume.

It knows nothing of molecules or tasks. What a family of networks brings is how examples become a
batch and what the loss of a batch is.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from chebimm_core.domain.run import TrainingPoint
from chebimm_core.errors import SettingError
from chebimm_core.neural.checkpoints import Checkpoint
from chebimm_core.neural.devices import one_thread, resolve_device
from chebimm_core.neural.plan import Plan
from chebimm_core.neural.precision import mixed_precision

E = TypeVar("E")

_TOLD_EVERY_S = 0.5
_SAVED_EVERY_S = 20.0


class Host(Protocol):
    """Who trains: ``models.protocols.FitContext`` is one."""

    @property
    def seed(self) -> int: ...
    @property
    def checkpoint(self) -> Path | None: ...
    @property
    def device(self) -> str: ...
    @property
    def progress(self) -> Callable[[float, str], None]: ...
    @property
    def record(self) -> Callable[[TrainingPoint], None]: ...


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to."""

    steps: int
    epochs: float
    best: float | None
    """Lowest validation value, whose weights the module has now; None without validation."""
    stopped_early: bool
    cpu_seconds: float


@dataclass(slots=True)
class _State:
    """Everything beside weights that a resumed training needs."""

    epoch: int = 0
    batch: int = 0
    """Batches of this epoch that are done; always whole accumulation groups."""
    step: int = 0
    best: float | None = None
    waited: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    over: bool = False
    stopped_early: bool = False


def train(
    module: torch.nn.Module,
    examples: Sequence[E],
    *,
    collate: Callable[[Sequence[E], torch.device], Any],
    loss: Callable[[torch.nn.Module, Any], torch.Tensor],
    plan: Plan,
    host: Host,
    validation: Sequence[E] | None = None,
    metric: Callable[[torch.nn.Module], float] | None = None,
    metric_name: str = "loss",
) -> Trained:
    """Trains ``module`` in place and leaves it on its device in evaluation mode.

    Args:
        module: The network.
        examples: What it learns from, in any form ``collate`` takes.
        collate: Examples and device -> batch.
        loss: Module and batch -> scalar loss, mean over the batch.
        plan: How long and how fast.
        host: Seed, device, checkpoint folder, where progress and the curve go. A checkpoint of the
            same plan and data found in the folder is continued.
        validation: Examples for early stopping; never of the split that is tested. None: the last
            weights are kept.
        metric: Module -> value on the validation molecules, lower is better; None: mean loss over
            ``validation``.
        metric_name: What the value is, for the curve.

    Raises:
        SettingError: If there is nothing to learn from, or the loss is not finite.
    """
    if not examples:
        raise SettingError(
            "A model has no training molecule to learn from",
            do="Import the train split of the data set, or pick another training split",
        )
    loop = _Loop(module, examples, collate, loss, plan, host, validation, metric, metric_name)
    # Threads that wait for each other spend processor time: beside other work, two of them take a
    # small network through a tenth of the batches that one does.
    paid = plan.cpu_seconds is not None and loop.device.type == "cpu"
    with one_thread() if paid else nullcontext():
        return loop.run()


class _Loop:
    def __init__(  # noqa: PLR0917 - private, called once, in the order of ``train``
        self,
        module: torch.nn.Module,
        examples: Sequence[Any],
        collate: Callable[[Sequence[Any], torch.device], Any],
        loss: Callable[[torch.nn.Module, Any], torch.Tensor],
        plan: Plan,
        host: Host,
        validation: Sequence[Any] | None,
        metric: Callable[[torch.nn.Module], float] | None,
        metric_name: str,
    ) -> None:
        self.device = resolve_device(host.device)
        seed_everything(host.seed)
        self.module = module.to(self.device)
        self.examples, self.collate, self.loss = examples, collate, loss
        self.plan, self.host = plan, host
        self.validation, self.metric, self.metric_name = validation or None, metric, metric_name
        learned = [p for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            learned, lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.autocast, half = mixed_precision(plan.precision, self.device)
        self.scaler = torch.amp.GradScaler(enabled=half)
        self.state = _State()
        self.batches = math.ceil(len(examples) / plan.batch_size)
        self.total = plan.epochs * math.ceil(self.batches / plan.accumulate)
        self.checkpoint = Checkpoint(
            host.checkpoint,
            fingerprint=f"{asdict(plan)}|{len(examples)}|{host.seed}|"
            f"{sum(p.numel() for p in module.parameters())}",
        )
        self.cpu_began = self.began = 0.0
        self.saved = self.told = time.monotonic()

    def run(self) -> Trained:
        finished = self._resumed()
        self.cpu_began = time.process_time() - self.state.cpu_seconds
        self.began = time.monotonic() - self.state.seconds
        while self.state.epoch < self.plan.epochs and not self.state.over:
            self._epoch()
        self._clock()
        best = self.checkpoint.best(self.device)
        best = best if self.state.best is not None else None
        if best is not None:
            self.module.load_state_dict(best)
        self.module.eval()
        done = self.state
        if not finished:
            done.over = True
            self.checkpoint.finish(asdict(done), None if best else self.module.state_dict())
        return Trained(
            steps=done.step,
            epochs=done.epoch + done.batch / self.batches,
            best=done.best,
            stopped_early=done.stopped_early,
            cpu_seconds=done.cpu_seconds,
        )

    def _resumed(self) -> bool:
        """Goes back to the state kept; True if that is the end of the training."""
        kept = self.checkpoint.load(self.device)
        if kept is None:
            return False
        if "module" in kept:
            self.module.load_state_dict(kept["module"])
        elif self.checkpoint.best(self.device) is None:
            return False  # finished once, but its weights are gone: learned anew
        if "optimizer" in kept:
            self.optimizer.load_state_dict(kept["optimizer"])
            self.scaler.load_state_dict(kept["scaler"])
        self.state = _State(**kept["state"])
        return "optimizer" not in kept

    def _epoch(self) -> None:
        state = self.state
        # A permutation of its own for each epoch: a resumed epoch goes on in the same order.
        order = np.random.default_rng([self.host.seed, state.epoch]).permutation(len(self.examples))
        torch.manual_seed(self.host.seed + 7919 * state.epoch + state.batch)
        self.module.train()
        losses: list[float] = []
        while state.batch < self.batches and not self._out_of_time():
            losses.append(self._step(order))
            self._tell(losses[-1])
            self._save()
        if not losses and state.batch < self.batches:
            state.over = True
            return
        finished = state.batch >= self.batches
        self._evaluate(float(np.mean(losses)) if losses else None)
        if finished:
            state.epoch, state.batch = state.epoch + 1, 0
        else:
            state.over = True
        self._save(force=True)

    def _step(self, order: np.ndarray[Any, Any]) -> float:
        state, plan = self.state, self.plan
        group = range(state.batch, min(state.batch + plan.accumulate, self.batches))
        for part in self.optimizer.param_groups:
            part["lr"] = plan.learning_rate * _factor(self._share(), plan)
        total = 0.0
        for k in group:
            chosen = order[k * plan.batch_size : (k + 1) * plan.batch_size]
            batch = self.collate([self.examples[int(i)] for i in chosen], self.device)
            with self.autocast():
                value = self.loss(self.module, batch) / len(group)
            self.scaler.scale(value).backward()
            total += float(value.detach())
        if not math.isfinite(total):
            raise SettingError(
                "The training loss is not a finite number",
                value=f"{total} at step {state.step + 1}",
                do="Lower the learning rate, or train in float32 (precision fp32)",
            )
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), plan.max_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        state.batch, state.step = group.stop, state.step + 1
        return total

    def _evaluate(self, loss: float | None) -> None:
        value = self._validation_value()
        state = self.state
        self._clock()
        self.host.record(
            TrainingPoint(
                step=state.step,
                epoch=state.epoch + state.batch / self.batches,
                seconds=state.seconds,
                loss=loss,
                validation=value,
                metric=self.metric_name,
            )
        )
        if value is None:
            return
        if math.isfinite(value) and (state.best is None or value < state.best):
            state.best, state.waited = value, 0
            self.checkpoint.keep_best(self.module.state_dict())
            return
        state.waited += 1
        if self.plan.patience is not None and state.waited >= self.plan.patience:
            state.over = state.stopped_early = True

    def _validation_value(self) -> float | None:
        if self.validation is None and self.metric is None:
            return None
        self.module.eval()
        with torch.no_grad(), self.autocast():
            if self.metric is not None:
                return float(self.metric(self.module))
            assert self.validation is not None
            size, total = self.plan.batch_size, 0.0
            for start in range(0, len(self.validation), size):
                part = self.validation[start : start + size]
                total += float(self.loss(self.module, self.collate(part, self.device))) * len(part)
        return total / len(self.validation)

    def _share(self) -> float:
        """Of the training that is done, by steps or by time, whichever is further."""
        share = self.state.step / max(1, self.total)
        if self.plan.cpu_seconds is not None:
            self._clock()
            share = max(share, self.state.cpu_seconds / self.plan.cpu_seconds)
        return min(1.0, share)

    def _out_of_time(self) -> bool:
        return self.plan.cpu_seconds is not None and self._share() >= 1.0

    def _clock(self) -> None:
        self.state.cpu_seconds = time.process_time() - self.cpu_began
        self.state.seconds = time.monotonic() - self.began

    def _tell(self, loss: float) -> None:
        now = time.monotonic()
        if now - self.told < _TOLD_EVERY_S:
            return
        self.told = now
        self._clock()
        state = self.state
        epoch = state.epoch + state.batch / self.batches
        self.host.progress(self._share(), f"Epoch {epoch:.1f}, loss {loss:.3f}")
        self.host.record(
            TrainingPoint(step=state.step, epoch=epoch, seconds=state.seconds, loss=loss)
        )

    def _save(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self.saved < _SAVED_EVERY_S:
            return
        self.saved = now
        self._clock()
        self.checkpoint.save(
            {
                "module": self.module.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scaler": self.scaler.state_dict(),
                "state": asdict(self.state),
            }
        )


def seed_everything(seed: int) -> None:
    """Seeds Python, NumPy's legacy generator and torch: libraries draw from each of them."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _factor(share: float, plan: Plan) -> float:
    """Learning rate at that share of the training, relative to its peak."""
    if share < plan.warmup:
        return max(share / plan.warmup, 0.01)
    if plan.schedule == "constant":
        return 1.0
    left = (1.0 - share) / max(1e-9, 1.0 - plan.warmup)
    return left if plan.schedule == "linear" else 0.5 * (1.0 - math.cos(math.pi * left))
