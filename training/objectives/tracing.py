"""Tracing: will this student answer this step right, now? The network and its loss, in reading order.

No item is known to the core by number. Past answers and asked steps are described by the same features. A trunk draws
from these alone what can be expected; then a transformer looks at the past answers, each with the surprise that it was
to the trunk, and corrects. Relations between steps (same item, shared concept, prerequisite, how long ago) enter as
attention biases. An asked step is a query that attends to past answers only, never to itself, another asked step or
anything later, so hundreds of steps are asked of one encoded history, a row of attention each. What a site has learned
of single items and concepts stands beside, as a table of small vectors under their stable ids.

Letters in shapes: B students, T past answers, Q asked steps, D width, W trunk width, H heads, F features,
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
from training.features import ALIKE, DISTANCES, EVIDENCE, KINSHIPS, NAMES, PAUSES, STANDING, WIDTH

disable_progress_bar()  # type: ignore[no-untyped-call]  # else saving a few megabytes draws one

RESPONSES = 5  # columns of features.responses
MASTERY_WIDTH = 32
RIDGE = 0.05  # C of the regression that a network starts as
REGRESSION_ROWS = 200_000  # at most, to fit it
CLIP = 6.0  # standard deviations at which a feature is cut off


class TracingConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """What is needed to build the network again; saved as config.json."""

    model_type = "yincai_tracing"

    def __init__(  # noqa: PLR0913 - transformers wants every setting as an argument of its own
        self,
        *,
        width: int = 64,
        trunk: int = 192,
        layers: int = 2,
        heads: int = 4,
        residual_width: int = 16,
        dropout: float = 0.3,
        max_history: int = 128,
        features: int = WIDTH,
        **rest: Any,
    ) -> None:
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared by {heads} heads")
        self.width = width
        self.trunk = trunk
        self.layers = layers
        self.heads = heads
        self.residual_width = residual_width
        self.dropout = dropout
        self.max_history = max_history
        self.features = features
        super().__init__(**rest)


@dataclass(frozen=True)
class Described:
    """Steps at a moment, before any look at single past answers."""

    hidden: Tensor  # [..., W]
    odds: Tensor  # [...] log odds that the trunk expects
    mastery: Tensor  # [...] log odds by a function of which a right answer never lowers the value


class Trunk(nn.Module):
    """Features and residual vectors become what can be expected of a step without a look at single answers."""

    def __init__(self, config: TracingConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.first = nn.Linear(config.features, config.trunk)
        self.residual = nn.Linear(config.residual_width, config.trunk, bias=False)
        self.second = nn.Linear(config.trunk, config.trunk)
        self.out = nn.Linear(config.trunk, 1, bias=False)
        self.direct = nn.Linear(config.features, 1)  # the features speak for themselves, too
        self.residual_out = nn.Linear(config.residual_width, 1, bias=False)

    def forward(self, scaled: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states [..., W] and log odds [...] from scaled features [..., F] and residual vectors [..., V]."""
        hidden = functional.gelu(self.first(scaled) + self.residual(residual))
        hidden = functional.dropout(hidden, self.dropout, self.training)
        worked = functional.gelu(self.second(hidden))
        hidden = hidden + functional.dropout(worked, self.dropout, self.training)
        odds = self.out(hidden) + self.direct(scaled) + self.residual_out(residual)
        return hidden, odds.squeeze(-1)


class Mastery(nn.Module):
    """Mastery by a function that cannot go the wrong way: it never falls where a column of EVIDENCE rises.

    Weights on these and all after them are kept positive, and the activation rises. STANDING may do as it likes.
    """

    of_evidence: Tensor
    of_standing: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.evidence = nn.Parameter(torch.full((MASTERY_WIDTH, len(EVIDENCE)), -2.0))
        self.standing = nn.Linear(len(STANDING), MASTERY_WIDTH)
        self.out = nn.Parameter(torch.full((MASTERY_WIDTH,), -3.0))
        self.direct = nn.Linear(len(STANDING), 1)
        self.register_buffer("of_evidence", torch.tensor([NAMES.index(name) for name in EVIDENCE]), persistent=False)
        self.register_buffer("of_standing", torch.tensor([NAMES.index(name) for name in STANDING]), persistent=False)

    def forward(self, scaled: Tensor) -> Tensor:
        """Log odds [...] from scaled features [..., F]."""
        evidence, standing = scaled.index_select(-1, self.of_evidence), scaled.index_select(-1, self.of_standing)
        hidden = (evidence @ functional.softplus(self.evidence).T + self.standing(standing)).tanh()
        odds: Tensor = hidden @ functional.softplus(self.out) + self.direct(standing).squeeze(-1)
        return odds

    @torch.no_grad()
    def recalibrate(self, slope: float, shift: float) -> None:
        """Make the log odds `slope` (above 0, so that nothing turns round) times what they were, and `shift` more."""
        self.direct.weight.mul_(slope)
        self.direct.bias.mul_(slope).add_(shift)
        out = functional.softplus(self.out) * slope
        self.out.copy_(out + torch.log(-torch.expm1(-out)))  # softplus of it is `out`


class Bias(torch.autograd.Function):
    """table[:, code]: [H, codes] and [B, Q, T] -> [B, H, Q, T]. Its gradient is a sum by code, which counting does."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, code: Tensor) -> Tensor:
        """Look up."""
        ctx.save_for_backward(code)
        ctx.codes = table.shape[1]
        return torch.stack([row[code] for row in table], 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Sum up."""
        (code,) = ctx.saved_tensors
        flat = code.reshape(-1)
        rows = [torch.bincount(flat, gradient[:, head].reshape(-1), ctx.codes) for head in range(gradient.shape[1])]
        return torch.stack(rows).to(gradient.dtype), None


class Layer(nn.Module):
    """One transformer layer: a row of queries looks at past answers, then a small network works on what it found."""

    def __init__(self, config: TracingConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.asks_norm = nn.LayerNorm(config.width)
        self.query = nn.Linear(config.width, config.width)
        self.key_value = nn.Linear(config.width, 2 * config.width)
        self.nothing = nn.Parameter(torch.zeros(2, config.width))  # key and value of «no past answer helps»
        self.kinship = nn.Parameter(torch.zeros(config.heads, KINSHIPS))
        self.distance = nn.Parameter(torch.zeros(config.heads, DISTANCES))
        self.pause = nn.Parameter(torch.zeros(config.heads, PAUSES))
        self.out = nn.Linear(config.width, config.width)
        self.inner_norm = nn.LayerNorm(config.width)
        self.inner = nn.Sequential(
            nn.Linear(config.width, 2 * config.width), nn.GELU(), nn.Linear(2 * config.width, config.width)
        )

    def past(self, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, H, 1 + T, D / H] of past answers [B, T, D]; «nothing» comes first."""
        rows = self.key_value(answers)  # [B, T, 2 D]
        nothing = self.nothing.reshape(1, 1, -1).expand(len(rows), 1, -1)
        return tuple(self._split(part) for part in torch.cat([nothing, rows], 1).chunk(2, -1))  # type: ignore[return-value]

    def bias(self, code: Tensor) -> Tensor:
        """[B, H, Q, 1 + T] added to the attention, by codes [B, Q, T]; «nothing», the first column, gets none."""
        # What texts alike add starts at nothing, and stays there in training without texts: a site may have them later.
        kinship = torch.cat([self.kinship[:, :ALIKE], self.kinship[:, :ALIKE] + self.kinship[:, ALIKE:]], 1)
        table = kinship[:, :, None, None] + self.distance[:, None, :, None] + self.pause[:, None, None, :]
        table = functional.pad(table.flatten(1), (0, 1), value=float("-inf"))  # HIDDEN
        found: Tensor = Bias.apply(table, code)  # type: ignore[no-untyped-call]
        return functional.pad(found, (1, 0))

    def forward(self, asks: Tensor, keys: Tensor, values: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """Asking states [B, Q, D] after one look, and where they looked [B, H, Q, 1 + T]."""
        query = self._split(self.query(self.asks_norm(asks))) * (asks.shape[-1] // self.heads) ** -0.5
        looks = (query @ keys.transpose(-1, -2) + self.bias(code)).softmax(-1)
        seen = (looks @ values).transpose(1, 2).reshape(asks.shape)
        asks = asks + functional.dropout(self.out(seen), self.dropout, self.training)
        worked = self.inner(self.inner_norm(asks))
        return asks + functional.dropout(worked, self.dropout, self.training), looks

    def _split(self, rows: Tensor) -> Tensor:
        return rows.reshape(*rows.shape[:-1], self.heads, rows.shape[-1] // self.heads).transpose(1, 2)


@dataclass(frozen=True)
class Encoded:
    """A student's past, encoded once: keys and values of each layer."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]


class Tracer(PreTrainedModel):  # type: ignore[no-untyped-call]
    """The network. `describe` -> `encode` -> `ask`; `forward` does all three over whole windows, to train on."""

    config_class = TracingConfig
    base_model_prefix = "tracer"
    config: TracingConfig
    feature_mean: Tensor
    feature_scale: Tensor
    calibration: Tensor

    def __init__(self, config: TracingConfig) -> None:
        super().__init__(config)
        self.register_buffer("feature_mean", torch.zeros(config.features))
        self.register_buffer("feature_scale", torch.ones(config.features))
        self.register_buffer("calibration", torch.tensor([1.0, 0.0]))  # slope and shift of the log odds, at the end
        self.trunk = Trunk(config)
        self.mastery = Mastery()
        self.asked = nn.Linear(config.trunk + config.residual_width, config.width)
        self.answered = nn.Linear(config.trunk + config.residual_width, config.width)
        self.response = nn.Linear(RESPONSES + 1, config.width)
        self.answered_norm = nn.LayerNorm(config.width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.head_norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, 1, bias=False)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=min(0.1, module.in_features**-0.5))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, Tracer):
            nn.init.ones_(module.feature_scale)
            module.calibration.copy_(torch.tensor([1.0, 0.0]))
            nn.init.zeros_(module.feature_mean)
            nn.init.zeros_(module.head.weight)
        elif isinstance(module, Layer):
            for weights in (module.nothing, module.kinship, module.distance, module.pause):
                nn.init.zeros_(weights)
            # One head begins by looking at the item, one at its concepts, one at the latest answers.
            kin = torch.arange(ALIKE)
            with torch.no_grad():
                module.kinship[0, :ALIKE] += 2.0 * (kin & 1)
                module.kinship[1 % module.heads, :ALIKE] += 2.0 * (kin >> 1 & 1)
                module.distance[2 % module.heads] -= 0.3 * torch.arange(DISTANCES)

    def begin_as_regression(self, features: Floats, right: Any) -> None:
        """Start as the ridge logistic regression over the features [rows, F]: all else has nothing to say yet.

        Few answers then do no worse than it, and many start from where it ends.
        """
        self.feature_mean.copy_(torch.from_numpy(features.mean(0, dtype=np.float64)))
        self.feature_scale.copy_(torch.from_numpy(np.maximum(features.std(0, dtype=np.float64), 0.05)))
        nn.init.zeros_(self.trunk.out.weight)
        if len(np.unique(right)) < 2:
            return
        some = slice(None, None, -(-len(features) // REGRESSION_ROWS))
        scaled = self.scaled(torch.from_numpy(features[some])).numpy()
        fitted = LogisticRegression(C=RIDGE, max_iter=200, tol=1e-3).fit(scaled, right[some])
        with torch.no_grad():
            self.trunk.direct.weight.copy_(torch.from_numpy(fitted.coef_))
            self.trunk.direct.bias.copy_(torch.from_numpy(fitted.intercept_))

    def set_dropout(self, share: float) -> None:
        """Train with another dropout than the base was."""
        self.config.dropout = share
        self.trunk.dropout = share
        for layer in self.stack:
            layer.dropout = share

    @property
    def stack(self) -> list[Layer]:
        """The transformer layers, first to last."""
        return cast(list[Layer], list(self.layers))

    def scaled(self, features: Tensor) -> Tensor:
        """Features [..., F] in standard deviations, outliers cut off."""
        return ((features.float() - self.feature_mean) / self.feature_scale).clamp(-CLIP, CLIP)

    def describe(self, features: Tensor, residual: Tensor) -> Described:
        """Steps at a moment, from features [..., F] and residual vectors [..., V]."""
        scaled = self.scaled(features)
        hidden, odds = self.trunk(scaled, residual)
        return Described(hidden, odds, self.mastery(scaled))

    def encode(self, described: Described, residual: Tensor, responses: Tensor) -> Encoded:
        """Past answers: steps [B, T], residual vectors [B, T, V] and responses [B, T, RESPONSES].

        An answer is encoded by itself: what came before it is in its features.
        """
        surprise = responses[..., 1] - described.odds.detach().sigmoid()
        response = self.response(torch.cat([responses, 2 * surprise.unsqueeze(-1)], -1))
        answers = self.answered(torch.cat([described.hidden, residual], -1))
        answers = self.answered_norm(functional.gelu(answers) + response)
        pairs = [layer.past(answers) for layer in self.stack]
        return Encoded(tuple(keys for keys, _ in pairs), tuple(values for _, values in pairs))

    def ask(self, described: Described, residual: Tensor, past: Encoded, code: Tensor) -> tuple[Tensor, Tensor]:
        """Log odds [B, Q] of asked steps, and where the last layer looked [B, Q, 1 + T] (mean of heads).

        `code` [B, Q, T] says how each asked step is related to each past answer (features.relations), or HIDDEN.
        """
        states = self.asked(torch.cat([described.hidden, residual], -1))
        looks = states
        for layer, keys, values in zip(self.stack, past.keys, past.values, strict=True):
            states, looks = layer(states, keys, values, code)
        states = functional.dropout(self.head_norm(states), self.config.dropout, self.training)
        odds = described.odds + self.head(states).squeeze(-1)
        if not self.training:
            odds = self.calibration[0] * odds + self.calibration[1]
        return odds, looks.mean(1)

    def forward(self, *, features: Tensor, responses: Tensor, residual: Tensor, code: Tensor) -> Tensor:
        """Log odds [B, Q] of the last Q answers of windows, each from the answers before it.

        features [B, T, F], responses [B, T, RESPONSES], residual [B, T, V], code [B, Q, T]; windows shorter than T
        are filled up at the end, where no answer looks.
        """
        described = self.describe(features, residual)
        first = features.shape[1] - code.shape[1]
        asked = Described(described.hidden[:, first:], described.odds[:, first:], described.mastery[:, first:])
        past = self.encode(described, residual, responses)
        odds, _ = self.ask(asked, residual[:, first:], past, code)
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
            rows = rows * (torch.rand(len(rows), 1, device=rows.device) >= drop)
        return functional.pad(rows, (0, 0, 1, 0))  # row 0: unknown


def loss(odds: Tensor, right: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy summed over the labelled answers; odds [..., *shape], right and label [*shape]."""
    each = functional.binary_cross_entropy_with_logits(odds, right.expand_as(odds), reduction="none")
    return (each * label).sum()


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
    if config.features != WIDTH:
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
