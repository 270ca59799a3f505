"""The encoder that is installed with the site, as it is: what it tells apart, and what it may not read."""

from pathlib import Path

import numpy as np
import pytest

from training.encoder import PACKAGED, Encoder


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return Encoder(PACKAGED)


def test_alike_texts_have_alike_vectors_of_length_one(minilm: Encoder) -> None:
    texts = ["Add the two fractions.", "What is the sum of the fractions?", "A red car."]
    adding, sum_of, colour = minilm.encode(texts)
    assert adding is not None
    assert sum_of is not None
    assert colour is not None
    assert adding.shape == (384,)
    assert np.linalg.norm(adding) == pytest.approx(1, abs=1e-5)
    assert adding @ sum_of > 0.6 > 0.3 > adding @ colour


def test_a_vector_does_not_depend_on_the_texts_beside_it(minilm: Encoder) -> None:
    (alone,) = minilm.encode(["Solve the equation 3 x = 12."])
    among = minilm.encode(["Short.", "Solve the equation 3 x = 12.", "A much longer text " * 30])[1]
    assert alone is not None
    assert among is not None
    assert alone @ among > 0.999


def test_chinese_is_not_embedded_by_an_encoder_that_does_not_know_its_characters(minilm: Encoder) -> None:
    chinese = "小明有三个苹果，又买了五个，现在一共有几个？"
    assert minilm.encode([chinese, "", f"Solve {chinese}"]) == [None, None, None]


def test_mathematics_and_a_single_foreign_word_are_read(minilm: Encoder) -> None:
    vectors = minilm.encode(["3 × (x + 2)/4 ≤ √ 7", "Where does the word 方程 in old books of algebra come from?"])
    assert all(vector is not None for vector in vectors)


def test_a_folder_serves_as_well_and_one_without_an_encoder_is_refused(tmp_path: Path, minilm: Encoder) -> None:
    minilm.model.save_pretrained(tmp_path / "copy")
    minilm.tokenizer.save_pretrained(tmp_path / "copy")
    (here,), (there,) = minilm.encode(["Count."]), Encoder(str(tmp_path / "copy")).encode(["Count."])
    assert here is not None
    assert there is not None
    assert np.array_equal(here, there)
    with pytest.raises((OSError, ValueError)):
        Encoder(str(tmp_path / "nothing"))
