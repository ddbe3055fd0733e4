"""Discernment: the formula by hand, its granularity, and what a missing or a wrong rating does."""

from dataclasses import replace
from itertools import product
from statistics import fmean

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation
from personametrics.studies.discernment import Discernment
from personametrics.testing import Simulation

SIX = Ordinal(tuple("123456"))
TEN = {f"{gold} {index}": gold for gold in ("true", "false") for index in range(10)}
Ratings = dict[tuple[str, str], int]
GROUPS = {"a": "left", "b": "left", "c": "right", "d": "right", NOBODY: ""}


def ratings(seed: int = 0) -> Ratings:
    rng = np.random.default_rng(seed)
    return {(who, what): int(rng.integers(1, 7)) for who, what in product(GROUPS, TEN)}


def read(ratings: Ratings) -> Responses:
    rows = [(who, what, str(rating), TEN[what], GROUPS[who]) for (who, what), rating in ratings.items()]
    frame = pl.DataFrame(rows, schema=["persona", "item", "answer", "gold", "identity"], orient="row")
    return Responses.read(frame, Columns(more=("gold", "identity")), SIX)


def vda(ratings: Ratings, *who: str) -> float:
    """The formula as it stands in the docstring, over 20 headlines."""
    parts = [(r - 1) / 5 if TEN[what] == "true" else (6 - r) / 5 for (name, what), r in ratings.items() if name in who]
    return sum(parts) / len(parts)


@pytest.mark.parametrize("seed", range(3))
def test_vda_and_its_changes_are_those_of_the_formula(seed: int) -> None:
    given = ratings(seed)
    finding, alone = Discernment().estimate(read(given)), vda(given, NOBODY)
    expected = {"vda.none": alone, "vda.persona": vda(given, *"abcd"), "vda.left": vda(given, "a", "b"), "vda.right": vda(given, "c", "d")}
    expected |= {"change": expected["vda.persona"] / alone - 1, "change.right": expected["vda.right"] / alone - 1}
    for name, value in expected.items():
        assert finding[name].value == pytest.approx(value), name


def test_one_step_of_one_of_twenty_ratings_is_a_hundredth() -> None:
    # The granularity of the published scores, from which the formula was inferred.
    given = dict.fromkeys(ratings(), 3)
    more = given | {(NOBODY, "true 0"): 4}
    change = Discernment().estimate(read(more))["vda.none"].value - Discernment().estimate(read(given))["vda.none"].value
    assert change == pytest.approx(0.01)


def test_one_rating_throughout_is_blind_and_the_truth_is_perfect() -> None:
    blind = Discernment().estimate(read(dict.fromkeys(ratings(), 2)))
    assert blind["vda.persona"].value == pytest.approx(0.5)
    assert blind["change"].value == pytest.approx(0.0)
    perfect = {(who, what): 6 if TEN[what] == "true" else 1 for who, what in ratings()}
    assert Discernment().estimate(read(perfect))["vda.none"].value == pytest.approx(1.0)


def test_missing_ratings_of_one_kind_do_not_tilt_it() -> None:
    given = {key: rating for key, rating in ratings().items() if key[1] not in {f"false {index}" for index in range(8)}}
    true, false = (fmean((r - 1) / 5 for (w, i), r in given.items() if w == NOBODY and TEN[i] == gold) for gold in ("true", "false"))
    assert Discernment().estimate(read(given))["vda.none"].value == pytest.approx((true + 1 - false) / 2)


def _asked(study: Discernment, shift: dict[str, float]) -> Finding:
    """Return the finding in a world in which all rate 5 or 2, and an instruction makes personas waver."""

    def world(request: Request) -> dict[str, float]:
        wrong = shift[request.about["instruction"]] if request.about["identity"] else 0.0
        true = request.about["gold"] == "true"
        return {"1": 0.0, "2": wrong if true else 1 - wrong, "3": 0.0, "4": 0.0, "5": 1 - wrong if true else wrong, "6": 0.0}

    return study.estimate(Simulation.of(study, study.known(), Elicitation(score=True)).answers(world))


def test_an_instruction_is_compared_with_the_model_under_the_same_instruction() -> None:
    finding = _asked(Discernment(instructions=("steps",)), {"plain": 0.25, "steps": 0.5})
    assert finding["vda.none"].value == pytest.approx(0.8)
    assert finding["change"].value == pytest.approx((0.8 - 0.6 * 0.25) / 0.8 - 1)
    assert finding["change.under.steps"].value == pytest.approx((0.8 - 0.6 * 0.5) / 0.8 - 1)


@pytest.mark.parametrize(("wrong", "label"), [(0.25, "personas cost discernment"), (0.0, "no change")])
def test_verdicts(wrong: float, label: str) -> None:
    assert _asked(Discernment(), {"plain": wrong}).verdict.label == label


def test_a_design_names_what_is_missing() -> None:
    study = Discernment()
    world = study.known()
    for items in (world.items[:10], [replace(item, scale=Nominal(("true", "false"))) for item in world.items]):
        with pytest.raises(DesignError, match="true and false items"):
            study.design(world.personas, items, Elicitation())
    with pytest.raises(DesignError, match='"politics"'):
        study.design([Persona("p", "You.")], world.items, Elicitation())
    with pytest.raises(DesignError, match="true and false items"):
        study.design(world.personas, [Item("i", "?", Ordinal(tuple("12345")), {"gold": "true"})], Elicitation())


def test_without_ratings_of_personas_the_error_says_which_are_missing() -> None:
    model = {key: rating for key, rating in ratings().items() if key[0] == NOBODY}
    with pytest.raises(DesignError, match="Add ratings of true headlines by personas of any group"):
        Discernment().estimate(read(model))


def test_impossible_ratings_are_refused() -> None:
    given = read(ratings())
    with pytest.raises(AnswerError, match=r'"6" is not .* from 1 to 5'):
        Discernment(highest=5).estimate(given)
    with pytest.raises(AnswerError, match='gold "maybe"'):
        Discernment().estimate(replace(given, frame=given.frame.with_columns(gold=pl.lit("maybe"))))
    with pytest.raises(ColumnError, match="identity"):
        Discernment().estimate(replace(given, frame=given.frame.drop("identity")))
    with pytest.raises(DesignError, match="Add ratings of true headlines by the model without a persona, of false headlines by the model"):
        Discernment().estimate(read({key: rating for key, rating in ratings().items() if key[0] != NOBODY}))
