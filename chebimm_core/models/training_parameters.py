"""The choices every trained network offers, and the plan they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from chebimm_core.domain.specs import Parameter, Scalar
from chebimm_core.errors import SettingError
from chebimm_core.neural.plan import Plan, Precision

POOLING = Parameter(
    "pooling",
    "Pooling",
    "avg",
    "How the states of tokens, atoms or patches become one vector.",
    choices=("avg", "max"),
)


def training_parameters(
    *, epochs: int, batch_size: int, learning_rate: float, cpu_seconds: float = 0.0
) -> tuple[Parameter, ...]:
    """Parameters of a network's training, with the defaults of its family."""
    return (
        Parameter("epochs", "Epochs", epochs, "Passes over the training split; 0 trains nothing.",
                  low=0, high=10_000),
        Parameter("cpu_seconds", "Time to learn", cpu_seconds,
                  "Processor seconds after which learning ends; 0: no limit.", low=0.0, high=1e7),
        Parameter("learning_rate", "Learning rate", learning_rate, "Peak of the schedule.",
                  low=1e-7, high=1.0),
        Parameter("batch_size", "Batch size", batch_size, "Molecules a batch.", low=1, high=4096),
        Parameter("accumulate", "Accumulation", 1,
                  "Batches whose gradients are added before one step: a larger batch in less "
                  "memory.", low=1, high=1024, advanced=True),
        Parameter("patience", "Patience", 0, "Epochs without a better validation value after which "
                  "learning ends; 0: never early. The best weights are kept in any case.", low=0,
                  high=1000, advanced=True),
        Parameter("precision", "Precision", "auto", "auto: bfloat16 on a GPU that has it, float16 "
                  "on others, float32 on a CPU.", choices=("auto", "fp32", "bf16", "fp16"),
                  advanced=True),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Training:
    """Values of :func:`training_parameters`."""

    epochs: int
    cpu_seconds: float
    learning_rate: float
    batch_size: int
    accumulate: int
    patience: int
    precision: str

    def plan(self, *, weight_decay: float = 0.01, warmup: float = 0.05) -> Plan:
        """For the trainer."""
        return Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            accumulate=self.accumulate,
            weight_decay=weight_decay,
            warmup=warmup,
            patience=self.patience or None,
            cpu_seconds=self.cpu_seconds or None,
            precision=cast("Precision", self.precision),
        )


def split_arguments(arguments: dict[str, Scalar]) -> tuple[Training, dict[str, Scalar]]:
    """Values of :func:`training_parameters`, and the rest, which is the encoder's."""
    names = Training.__dataclass_fields__
    chosen: dict[str, Any] = {name: arguments[name] for name in names}
    return Training(**chosen), {k: v for k, v in arguments.items() if k not in names}


def require_pairs(count: int) -> None:
    """Refuses to learn from nothing.

    Raises:
        SettingError: If there is no training pair.
    """
    if count == 0:
        raise SettingError(
            "A model has no training molecule to learn from",
            do="Import the train split of the data set, or pick another training split",
        )
