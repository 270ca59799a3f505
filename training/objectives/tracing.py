"""Tracing: will this student answer this step right, now? The network, its loss and its metrics, in reading order.

A causal transformer over a student's past answers that knows no item by number. Past answers and the asked steps are
described by the same features; relations between them (same item, shared concept, prerequisite, how long ago) enter
as attention biases. An asked step is a query: it attends to past answers only, never to itself, another asked step or
anything later, so hundreds of steps are asked of one encoded history, a row of attention each. What a site has learned
of single items and concepts stands beside, as a table of small vectors under their stable ids.

Letters in shapes: B students, T past answers, Q asked steps, D width, H heads, F features, R relations,
V residual width.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from training.dataset import Floats, Ints
from training.features import RELATIONS, WIDTH

disable_progress_bar()  # type: ignore[no-untyped-call]  # else saving a few megabytes draws one

RESPONSES = 5  # columns of features.responses
DISTANCES = 32  # buckets of «how many answers ago»
RIDGE = 0.05  # C of the regression that a network starts as
CLIP = 6.0  # standard deviations at which a feature is cut off


class TracingConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """What is needed to build the network again; saved as config.json."""

    model_type = "yincai_tracing"

    def __init__(  # noqa: PLR0913 - transformers wants every setting as an argument of its own
        self,
        *,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        residual_width: int = 16,
        dropout: float = 0.1,
        max_history: int = 128,
        features: int = WIDTH,
        relations: int = len(RELATIONS),
        **rest: Any,
    ) -> None:
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared by {heads} heads")
        self.width = width
        self.layers = layers
        self.heads = heads
        self.residual_width = residual_width
        self.dropout = dropout
        self.max_history = max_history
        self.features = features
        self.relations = relations
        super().__init__(**rest)


class Layer(nn.Module):
    """One transformer layer: a row of queries looks at past answers, then a small network works on what it found."""

    def __init__(self, config: TracingConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.asks_norm = nn.LayerNorm(config.width)
        self.past_norm = nn.LayerNorm(config.width)
        self.query = nn.Linear(config.width, config.width)
        self.key_value = nn.Linear(config.width, 2 * config.width)
        self.nothing = nn.Parameter(torch.zeros(2, config.width))  # key and value of «no past answer helps»
        self.relation = nn.Linear(config.relations, config.heads, bias=False)
        self.distance = nn.Embedding(DISTANCES, config.heads)
        self.out = nn.Linear(config.width, config.width)
        self.inner_norm = nn.LayerNorm(config.width)
        self.inner = nn.Sequential(
            nn.Linear(config.width, 2 * config.width), nn.GELU(), nn.Linear(2 * config.width, config.width)
        )

    def past(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, H, 1 + T, D / H] of past answers [B, T, D]; «nothing» comes first."""
        rows = self.key_value(self.past_norm(states))  # [B, T, 2 D]
        nothing = self.nothing.reshape(1, 1, -1).expand(len(rows), 1, -1)
        return tuple(self._split(part) for part in torch.cat([nothing, rows], 1).chunk(2, -1))  # type: ignore[return-value]

    def bias(self, relations: "Relations") -> Tensor:
        """[B, H, Q, 1 + T] added to the attention; «nothing», the first column, is neither near nor far."""
        bias = self.relation(relations.kinds) + self.distance(relations.distance)  # [B, Q, T, H]
        if relations.hidden is not None:
            bias = bias.masked_fill(relations.hidden.unsqueeze(-1), float("-inf"))
        bias = bias.permute(0, 3, 1, 2)
        return functional.pad(bias, (1, 0))

    def forward(self, asks: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Asking states [B, Q, D] after one look, and where they looked [B, H, Q, 1 + T]."""
        query = self._split(self.query(self.asks_norm(asks)))  # [B, H, Q, D / H]
        looks = (query @ keys.transpose(-1, -2) * query.shape[-1] ** -0.5 + bias).softmax(-1)
        seen = looks @ values
        seen = seen.transpose(1, 2).reshape(asks.shape)
        asks = asks + functional.dropout(self.out(seen), self.dropout, self.training)
        worked = self.inner(self.inner_norm(asks))
        return asks + functional.dropout(worked, self.dropout, self.training), looks

    def _split(self, rows: Tensor) -> Tensor:
        return rows.reshape(*rows.shape[:-1], self.heads, rows.shape[-1] // self.heads).transpose(1, 2)


class Head(nn.Module):
    """What was found becomes log odds."""

    def __init__(self, config: TracingConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.norm = nn.LayerNorm(config.width)
        self.inner = nn.Linear(config.width, config.width)
        self.out = nn.Linear(config.width, 1)
        self.direct = nn.Linear(config.features, 1)  # the features speak for themselves, too
        self.residual = nn.Linear(config.residual_width, 1, bias=False)

    def forward(self, states: Tensor, scaled: Tensor, residual: Tensor) -> Tensor:
        """Log odds [...] from states [..., D], scaled features [..., F] and residual vectors [..., V]."""
        inner = functional.gelu(self.inner(self.norm(states)))
        inner = functional.dropout(inner, self.dropout, self.training)
        odds: Tensor = self.out(inner) + self.direct(scaled) + self.residual(residual)
        return odds.squeeze(-1)


@dataclass(frozen=True)
class Encoded:
    """A student's past, encoded once: keys and values of each layer."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]


@dataclass(frozen=True)
class Relations:
    """How rows of queries stand to past answers."""

    kinds: Tensor  # [B, Q, T, R]
    distance: Tensor  # [Q, T] bucket of how many answers ago
    hidden: Tensor | None  # [B or 1, Q, T] true where the answer is not to be seen


class Tracer(PreTrainedModel):  # type: ignore[no-untyped-call]
    """The network. `describe` → `encode` → `ask`; `forward` does all three over whole records, to train on."""

    config_class = TracingConfig
    base_model_prefix = "tracer"
    config: TracingConfig
    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: TracingConfig) -> None:
        super().__init__(config)
        width = config.width
        self.register_buffer("feature_mean", torch.zeros(config.features))
        self.register_buffer("feature_scale", torch.ones(config.features))
        self.describer = nn.Sequential(nn.Linear(config.features, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.residual = nn.Linear(config.residual_width, width, bias=False)
        self.response = nn.Linear(RESPONSES, width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.head = Head(config)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=min(0.1, module.in_features**-0.5))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.zeros_(module.weight)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, Tracer):
            nn.init.ones_(module.feature_scale)
            nn.init.zeros_(module.feature_mean)
        elif isinstance(module, Layer):
            nn.init.zeros_(module.nothing)

    def begin_as_regression(self, features: Floats, right: Any) -> None:
        """Start as the ridge logistic regression over the features [rows, F]: all else has nothing to say yet.

        Few answers then do no worse than it, and many start from where it ends.
        """
        self.feature_mean.copy_(torch.from_numpy(features.mean(0)))
        self.feature_scale.copy_(torch.from_numpy(np.maximum(features.std(0), 0.05)))
        nn.init.zeros_(self.head.out.weight)
        if len(np.unique(right)) < 2:
            return
        scaled = self.scaled(torch.from_numpy(features)).numpy()
        fitted = LogisticRegression(C=RIDGE, max_iter=200, tol=1e-3).fit(scaled, right)
        with torch.no_grad():
            self.head.direct.weight.copy_(torch.from_numpy(fitted.coef_))
            self.head.direct.bias.copy_(torch.from_numpy(fitted.intercept_))

    def set_dropout(self, share: float) -> None:
        """Train with another dropout than the base was."""
        self.config.dropout = share
        self.head.dropout = share
        for layer in self.stack:
            layer.dropout = share

    @property
    def stack(self) -> list[Layer]:
        """The transformer layers, first to last."""
        return cast(list[Layer], list(self.layers))

    def scaled(self, features: Tensor) -> Tensor:
        """Features [..., F] in standard deviations, outliers cut off."""
        return ((features - self.feature_mean) / self.feature_scale).clamp(-CLIP, CLIP)

    def describe(self, scaled: Tensor, residual: Tensor) -> Tensor:
        """[..., D] of steps at a moment, from scaled features [..., F] and residual vectors [..., V]."""
        drawn = functional.dropout(self.describer(scaled), self.config.dropout, self.training)
        described: Tensor = drawn + self.residual(residual)
        return described

    def encode(self, steps: Tensor, responses: Tensor, relations: Relations) -> Encoded:
        """Past answers: described steps [B, T, D] with responses [B, T, RESPONSES]; a past answer sees earlier ones."""
        states = steps + self.response(responses)
        keys, values = [], []
        for number, layer in enumerate(self.stack):
            key, value = layer.past(states)
            keys.append(key)
            values.append(value)
            if number + 1 < len(self.layers):
                bias = layer.bias(relations)
                states, _ = layer(states, key, value, bias)
        return Encoded(tuple(keys), tuple(values))

    def ask(self, steps: Tensor, past: Encoded, relations: Relations) -> tuple[Tensor, Tensor]:
        """Asked steps [B, Q, D] after all layers, and where the last one looked [B, Q, 1 + T] (mean of heads)."""
        states, looks = steps, steps
        for layer, keys, values in zip(self.stack, past.keys, past.values, strict=True):
            bias = layer.bias(relations)
            states, looks = layer(states, keys, values, bias)
        return states, looks.mean(1)

    def forward(self, *, features: Tensor, responses: Tensor, residual: Tensor, kinds: Tensor) -> Tensor:
        """Log odds [B, T] of every answer of records, each from the answers before it.

        features [B, T, F], responses [B, T, RESPONSES], residual [B, T, V], kinds [B, T, T, R]; records shorter than
        T are filled up at the end, where no answer looks.
        """
        scaled = self.scaled(features)
        steps = self.describe(scaled, residual)
        size = features.shape[1]
        gap = torch.arange(size)[:, None] - torch.arange(size)[None, :]  # [T, T] answers ago
        distance = bucket(gap)
        limit = self.config.max_history
        past = self.encode(steps, responses, Relations(kinds, distance, ((gap < 0) | (gap >= limit)).unsqueeze(0)))
        states, _ = self.ask(steps, past, Relations(kinds, distance, ((gap < 1) | (gap > limit)).unsqueeze(0)))
        odds: Tensor = self.head(states, scaled, residual)
        return odds


class ResidualTable(nn.Module):
    """What is known of single items and concepts, under their stable ids: a small vector each, zero where unknown."""

    def __init__(self, *, items: Sequence[str], concepts: Sequence[str], width: int) -> None:
        super().__init__()
        self.item_ids = tuple(items)
        self.concept_ids = tuple(concepts)
        self.items = nn.Parameter(torch.zeros(len(items), width))
        self.concepts = nn.Parameter(torch.zeros(len(concepts), width))

    def forward(self, item: Tensor, members: Tensor, *, drop: float = 0.0) -> Tensor:
        """[..., V] for items [...] with concepts [..., most]; -1 is unknown. A share `drop` of ids is left unknown."""
        items = self._shown(self.items, drop)[item + 1]
        concepts = self._shown(self.concepts, drop)[members + 1].sum(-2)
        return items + concepts / (members >= 0).sum(-1, keepdim=True).clamp(min=1)

    def places(self, items: Sequence[str], concepts: Sequence[str]) -> tuple[Ints, Ints]:
        """Rows of these ids, -1 where unknown."""
        known_items = {name: i for i, name in enumerate(self.item_ids)}
        known_concepts = {name: i for i, name in enumerate(self.concept_ids)}
        return (
            np.array([known_items.get(name, -1) for name in items], np.int32),
            np.array([known_concepts.get(name, -1) for name in concepts], np.int32),
        )

    def extended(self, *, items: Sequence[str], concepts: Sequence[str]) -> "ResidualTable":
        """A table for these ids as well; what is known stays, what is new starts at zero."""
        table = ResidualTable(
            items=list(dict.fromkeys([*self.item_ids, *items])),
            concepts=list(dict.fromkeys([*self.concept_ids, *concepts])),
            width=self.items.shape[1],
        )
        with torch.no_grad():
            table.items[: len(self.item_ids)] = self.items
            table.concepts[: len(self.concept_ids)] = self.concepts
        return table

    @staticmethod
    def _shown(rows: Tensor, drop: float) -> Tensor:
        if drop:
            rows = rows * (torch.rand(len(rows), 1) >= drop)
        return functional.pad(rows, (0, 0, 1, 0))  # row 0: unknown


def bucket(gap: Tensor) -> Tensor:
    """Bucket of how many answers ago: 0 to 15 one each, then by the logarithm, up to 255 and beyond."""
    gap = gap.clamp(min=0)
    far = 16 + (torch.log2(gap.clamp(min=16).float() / 16) * 4).long()
    return torch.where(gap < 16, gap, far.clamp(max=DISTANCES - 1))


def loss(odds: Tensor, right: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy summed over the labelled answers; odds, right, label [B, T]."""
    each = functional.binary_cross_entropy_with_logits(odds, right, reduction="none")
    return (each * label).sum()


def metrics(right: Any, p: Any) -> dict[str, Any]:
    """AUC, log loss, accuracy, RMSE and calibration error (ECE, ten equal bins) of P(right) [n] against right [n].

    AUC counts ties half and is None where only one outcome occurs; all but n are None where n is 0.
    """
    right, p = np.asarray(right, float), np.asarray(p, float)
    if not len(right):
        return {"n": 0, "auc": None, "logloss": None, "accuracy": None, "rmse": None, "ece": None}
    safe = np.clip(p, 1e-6, 1 - 1e-6)
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = np.bincount(bins, weights=right - p, minlength=10)
    return {
        "n": len(right),
        "auc": auc(right, p),
        "logloss": float(-(right * np.log(safe) + (1 - right) * np.log(1 - safe)).mean()),
        "accuracy": float(((p >= 0.5) == (right == 1)).mean()),
        "rmse": float(np.sqrt(((p - right) ** 2).mean())),
        "ece": float(np.abs(gaps).sum() / len(right)),
    }


def auc(right: Any, p: Any) -> float | None:
    """Area under the ROC curve by ranks, ties half; None where only one outcome occurs."""
    positives = int(np.sum(right))
    negatives = len(right) - positives
    if not positives or not negatives:
        return None
    _, place, repeats = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(repeats) - (repeats - 1) / 2)[place]
    return float((ranks[np.asarray(right) == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def save(folder: Path, *, model: Tracer, table: ResidualTable) -> None:
    """Write network and table into a folder: config.json, model.safetensors, residuals.safetensors, ids.json."""
    model.save_pretrained(folder)
    save_file(
        {name: rows.detach().contiguous() for name, rows in table.named_parameters()}, folder / "residuals.safetensors"
    )
    ids = {"items": table.item_ids, "concepts": table.concept_ids}
    (folder / "ids.json").write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")


def load(folder: Path) -> tuple[Tracer, ResidualTable]:
    """Read them back, ready to predict. Raises OSError or ValueError where the folder is no such bundle."""
    config = TracingConfig.from_pretrained(folder)
    if (config.features, config.relations) != (WIDTH, len(RELATIONS)):
        raise ValueError(f"{folder} was trained on other features ({config.features}) than these ({WIDTH})")
    model = Tracer(config)
    model.load_state_dict(_weights(folder / "model.safetensors"))
    ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    table = ResidualTable(items=ids["items"], concepts=ids["concepts"], width=config.residual_width)
    table.load_state_dict(_weights(folder / "residuals.safetensors"))
    model.eval()  # type: ignore[no-untyped-call]
    return model, table.eval()


def _weights(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except SafetensorError as error:  # cut off, for one; it is no kind of ValueError
        raise ValueError(f"{file} cannot be read: {error}") from error
