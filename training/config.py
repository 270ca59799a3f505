"""The settings of a fine-tuning run: network, optimisation, split. Frozen, checked when made, plain numbers throughout.

The admin form and `manage.py retrain` offer some of them; the same defaults serve the site and every benchmark.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Size of a network that starts from nothing; a run that starts from a base keeps the base's own."""

    width: int = 64
    trunk: int = 192  # width of what is drawn from the features alone
    layers: int = 2
    heads: int = 4
    residual_width: int = 16  # numbers an item or concept is known by, beside its counts


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """Which answers are held out, in shares of all. Later in time than every answer trained on."""

    valid: float = 0.10  # decides when to stop
    test: float = 0.15  # the last of all: decides whether to serve
    new_students: float = 0.0  # share of students whose answers are all held out (valid and test, half each)

    def __post_init__(self) -> None:
        if min(self.valid, self.test, self.new_students) < 0 or self.valid + self.test > 0.8 or self.new_students > 0.8:
            raise ValueError(f"shares must be positive and leave something to train on: {self}")


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig:
    """One fine-tuning run.

    `trainable_layers`: None trains everything; N only the last N transformer layers and the head (0: the head alone).
    `minutes`: the schedule is shortened to end by then; such a run does not repeat to the last digit.
    """

    row_learning_rate: float = 3e-3  # of single rows
    learning_rate: float = 1e-3  # of windows
    trunk_rate: float = 0.3  # share of it that the trunk, which knows its part by then, goes on with
    base_learning_rate: float = 3e-4  # instead of both, when the run starts from a base
    weight_decay: float = 0.05
    residual_weight_decay: float = 10.0  # strong: beside good counts a vector must earn its place
    pull: float = 0.05  # towards the weights of the base, when the run starts from one
    dropout: float = 0.3
    residual_dropout: float = 0.5  # share of items (and concepts) a batch is shown without their residual vector
    thin: bool = False  # describe a share of the students by what few others, or none, did; to make a base
    row_epochs: int = 30
    epochs: int = 8  # over windows
    patience: int = 6  # epochs without a better validation loss before a phase ends
    batch_size: int | None = None  # answers a step; None: by the amount of data, see dataset.default_batch_size
    accumulate: int = 1  # parts a step is computed in, to save memory
    warmup: float = 0.05  # share of the steps
    clip: float = 1.0  # norm of the gradient
    average: float = 0.998  # of the weights, exponential; 0 keeps the last ones
    residuals: bool = True  # learn vectors of single items and concepts; else the core alone
    max_history: int = 128  # past answers attended to
    trainable_layers: int | None = None
    minutes: float | None = None
    seed: int = 0
    network: NetworkConfig = field(default_factory=NetworkConfig)
    split: SplitConfig = field(default_factory=SplitConfig)

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.accumulate, self.max_history) < 1 or self.row_epochs < 0:
            raise ValueError("epochs, patience, accumulate and max_history start at 1, row_epochs at 0")
        rates = (self.row_learning_rate, self.learning_rate, self.base_learning_rate)
        if min(rates) <= 0 or min(self.weight_decay, self.residual_weight_decay, self.pull) < 0:
            raise ValueError("learning rates are positive, weight decay and pull are not negative")
        if not (0 <= self.dropout < 1 and 0 <= self.residual_dropout <= 1 and 0 <= self.average < 1):
            raise ValueError("dropout and average are shares below 1")
        if self.trainable_layers is not None and self.trainable_layers < 0:
            raise ValueError("trainable_layers is None or a number of layers")

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON-able values; `from_options` reads them back."""
        return asdict(self)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "FinetuneConfig":
        """Defaults, overridden by `options` (nested: network, split). Raises ValueError on unknown names."""
        known = {item.name for item in fields(cls)}
        unknown = set(options) - known
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        values = dict(options)
        try:
            if "network" in values:
                values["network"] = NetworkConfig(**values["network"])
            if "split" in values:
                values["split"] = SplitConfig(**values["split"])
        except TypeError as error:
            raise ValueError(str(error)) from error
        return cls(**values)
