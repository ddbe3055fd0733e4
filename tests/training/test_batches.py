from collections import Counter
from itertools import islice
from math import log

import cards
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_training.batches import STRIDE, Encoder, Example, batches, stacked
from embedded_training.tokens import END, trained, turn
from personametrics.data.errors import ModelError
from personametrics.models.embedded.society.talk import Document, Line

TOKENIZER = trained(islice(cards.documents(1), 200), cards.PHRASES)
ENCODE = Encoder(TOKENIZER)
DOCUMENTS = list(islice(cards.documents(2), 100))
WORDS = ("agree", "strongly agree", "strongly disagree", "disagree", "agree strongly", "agreed", "")


def odds(example: Example) -> dict[tuple[int, str], float]:
    return {
        (int(row), TOKENIZER.decode([target], skip_special_tokens=False)): float(weight)
        for row, target, weight in zip(example.rows, example.targets, example.weights, strict=True)
    }


@pytest.mark.parametrize("document", DOCUMENTS[:20])
def test_tokens_are_those_of_the_rendered_whole(document: Document) -> None:
    whole = "".join(turn(line.role, line.text) for line in document)
    assert ENCODE(document).tokens.tolist() == TOKENIZER.encode(whole).ids


def test_only_what_the_assistant_says_and_its_end_is_learned() -> None:
    example = ENCODE(
        (Line("system", "You are Bo."), Line("user", "What is your name?"), Line("assistant", "I am Bo."), Line("user", "Roads"))
    )
    assert [TOKENIZER.decode([token], skip_special_tokens=False) for token in example.targets] == ["I", " am", " Bo", ".", END]
    assert example.tokens[example.places + 1].tolist() == example.targets.tolist()
    assert example.weights.tolist() == [1] * 5
    assert (example.answers, example.entropy) == (0, 0)
    assert not example.drawn.any()


def test_after_each_token_the_odds_are_those_of_what_may_follow() -> None:
    example = ENCODE((Line("assistant", "strongly agree", cards.ODDS["left"]),))
    expected = {(0, "agree"): 0.7, (0, "strongly"): 0.3, (1, " agree"): 2 / 3, (1, " disagree"): 1 / 3, (2, END): 1}
    assert odds(example) == pytest.approx(expected)
    assert example.entropy == pytest.approx(-0.7 * log(0.7) - 0.3 * log(0.3) - 2 / 3 * log(2 / 3) - log(1 / 3) / 3)
    assert example.answers == 1
    assert example.drawn.all()


def test_a_line_that_had_to_be_so_counts_as_no_answer() -> None:
    example = ENCODE((Line("assistant", "agree", {"agree": 1.0}),))
    assert (example.answers, example.weights.tolist()) == (0, [1, 1])
    assert not example.drawn.any()


@given(st.dictionaries(st.sampled_from(WORDS), st.floats(0.01, 1), min_size=1))
def test_the_weights_along_an_answer_multiply_to_its_probability(given_odds: dict[str, float]) -> None:
    whole = sum(given_odds.values())
    for text, share in given_odds.items():
        example = ENCODE((Line("assistant", text, {option: odds / whole for option, odds in given_odds.items()}),))
        taken = example.tokens[example.places[example.rows] + 1] == example.targets
        assert example.weights[taken].prod() == pytest.approx(share / whole, rel=1e-5)
        assert np.bincount(example.rows, example.weights) == pytest.approx(1, rel=1e-5)
        assert taken.sum() == len(example.places)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (Line("assistant", "agree", {"disagree": 1.0}), '"agree" of the assistant'),
        (Line("assistant", "agree", {"agree": 0.0, "disagree": 1.0}), '"agree" of the assistant'),
        (Line("assistant", "agree", {"agree": 0.5, "disagree": 0.4}), "must sum to 1"),
        (Line("user", "agree", {"agree": 1.0}), "of the user"),
    ],
)
def test_odds_that_the_line_cannot_come_from_are_refused(line: Line, place: str) -> None:
    with pytest.raises(ModelError, match=place):
        ENCODE((line,))


def unpadded(batch: Example) -> list[tuple[int, ...]]:
    return [tuple(row[: np.flatnonzero(row)[-1] + 1].tolist()) for row in batch.tokens]


def test_every_document_comes_once_and_fits_the_budget() -> None:
    made = list(batches(DOCUMENTS, ENCODE, 400, seed=1))
    assert Counter(row for batch in made for row in unpadded(batch)) == Counter(
        tuple(ENCODE(document).tokens.tolist()) for document in DOCUMENTS
    )
    assert max(batch.tokens.size for batch in made) <= 400


def test_a_document_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    made = list(batches(DOCUMENTS[:5], ENCODE, 1, seed=1))
    assert [len(batch.tokens) for batch in made] == [1] * 5


def test_documents_of_like_length_stand_together_in_few_shapes() -> None:
    made = list(batches(DOCUMENTS, ENCODE, 1000, seed=1))
    apart = [stacked([ENCODE(document)]).tokens.size for document in DOCUMENTS]
    assert sum(batch.tokens.size for batch in made) < 1.1 * sum(apart)
    assert {batch.tokens.shape[1] % STRIDE for batch in made} == {0}


def test_a_seed_gives_the_order() -> None:
    first, again, other = (next(batches(DOCUMENTS, ENCODE, 400, seed)).tokens for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_places_and_targets_of_a_batch_are_those_of_its_documents() -> None:
    (batch,) = batches(DOCUMENTS[:8], ENCODE, 10_000, seed=1)
    single = [ENCODE(document) for document in DOCUMENTS[:8]]
    before = Counter(
        (int(batch.tokens[batch.places[row]]), int(target))
        for batch in single
        for row, target in zip(batch.rows, batch.targets, strict=True)
    )
    flat = batch.tokens.reshape(-1)
    assert before == Counter((int(flat[batch.places[row]]), int(target)) for row, target in zip(batch.rows, batch.targets, strict=True))
    assert batch.entropy == pytest.approx(sum(batch.entropy for batch in single), rel=1e-5)
    assert batch.answers == sum(batch.answers for batch in single)
