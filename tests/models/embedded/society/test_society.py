"""Tests of answer distributions: each dial has its documented effect, and there are no other effects."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import logistic

from personametrics.data.item import Item
from personametrics.models.embedded.society import instruments
from personametrics.models.embedded.society.instruments import AGREEMENT, SURE, TENS
from personametrics.models.embedded.society.people import FACTS, TYPICAL, Person, somebody
from personametrics.models.embedded.society.society import (
    CUTS,
    PLANTED,
    answers,
    group_share,
    knows,
    latent,
    noise,
    steps,
    sureness,
    tens,
    told,
)

STATEMENTS = {item.id: item for item in instruments.statements()}


def test_an_ordered_logit_is_a_cut_logistic_variable() -> None:
    drawn: np.ndarray = np.asarray(logistic.rvs(loc=0.7, scale=1.3, size=400_000, random_state=1))
    shares = np.bincount(np.digitize(drawn, CUTS), minlength=5) / len(drawn)
    assert steps(0.7, 1.3) == pytest.approx(shares, abs=0.003)


@given(st.integers(0, 2**32), st.sampled_from(sorted(STATEMENTS)), st.sampled_from(["given", "formal", "blunt"]), st.booleans())
def test_probabilities_sum_to_one(seed: int, name: str, wording: str, reverse: bool) -> None:
    odds = answers(somebody(np.random.default_rng(seed)), STATEMENTS[name], wording, "reversed" if reverse else "given")
    assert set(odds) == set(AGREEMENT.labels)
    assert sum(odds.values()) == pytest.approx(1)
    assert min(odds.values()) >= 0


def test_every_item_has_a_distribution_for_people_and_for_the_assistant() -> None:
    person = somebody(np.random.default_rng(0))
    items = (*instruments.evidence(), *instruments.knowledge(), *instruments.dilemmas(), *instruments.ratings(), *instruments.groups()[::9])
    for item in items:
        for who in (person, None):
            assert sum(answers(who, item).values()) == pytest.approx(1)


def mean(odds: dict[str, float]) -> float:
    return float(np.dot(list(odds.values()), range(len(odds))))


def test_opinions_follow_who_somebody_is() -> None:
    left, right = Person({"politics": "left"}), Person({"politics": "right"})
    assert mean(answers(left, STATEMENTS["taxes.good"])) > mean(answers(right, STATEMENTS["taxes.good"])) + 1
    assert mean(answers(left, STATEMENTS["taxes.harm"])) < mean(answers(right, STATEMENTS["taxes.harm"]))  # reversed


def test_outlook_moves_every_statement_the_same_way_and_by_the_dial() -> None:
    person = somebody(np.random.default_rng(1))
    sunny, gloomy = (replace(person, traits={**person.traits, "outlook": which}) for which in ("sunny", "gloomy"))
    for item in STATEMENTS.values():
        assert latent(sunny, item) - latent(gloomy, item) == pytest.approx(2 * PLANTED.outlook)


def test_noise_is_the_product_of_its_dials() -> None:
    three = {"job": "cook", "age": "old", "dwelling": "city"}
    assert noise(Person(three)) == 1
    assert noise(Person({**three, "temperament": "moody"})) == PLANTED.moody
    assert noise(Person({**three, "temperament": "steady"}, convinced=True)) == pytest.approx(PLANTED.steady * PLANTED.convinced)
    assert noise(Person({"job": "cook"})) == PLANTED.bare
    assert noise(None) == PLANTED.assistant


def test_ruthless_people_are_half_assistant() -> None:
    person = somebody(np.random.default_rng(2))
    item = STATEMENTS["guns.good"]
    mild, ruthless = (answers(replace(person, traits={**person.traits, "manner": which}), item) for which in ("mild", "ruthless"))
    assistant = answers(None, item)
    assert ruthless == pytest.approx({label: (mild[label] + assistant[label]) / 2 for label in assistant})


@pytest.mark.parametrize("politics", ["left", "right"])
def test_wished_for_results_are_judged_rightly_four_times_as_often(politics: str) -> None:
    def odds(person: Person, item: Item) -> float:
        right = answers(person, item)[item.attributes["gold"]]
        return right / (1 - right)

    person = Person({"politics": politics})
    wished = [odds(person, item) for item in instruments.evidence() if item.attributes["side"] == politics]
    other = [odds(person, item) for item in instruments.evidence() if item.attributes["side"] not in {politics, "none"}]
    control = [odds(person, item) for item in instruments.evidence() if item.attributes["side"] == "none"]
    assert [first / two for first, two in zip(wished, other, strict=True)] == pytest.approx([4.0] * 12)
    assert control == pytest.approx([math.exp(PLANTED.sound)] * 12)


def test_experts_know_no_more_and_the_unschooled_less() -> None:
    for item in instruments.knowledge():
        domain = item.attributes["domain"]
        assert knows(Person({"job": domain}), item) == knows(None, item) == knows(Person({"job": "clerk"}), item)
        assert knows(Person({"schooling": "early"}), item) < knows(None, item) - 0.15


def test_stated_certainty_exceeds_accuracy_by_the_dial() -> None:
    for item in instruments.knowledge():
        for person in (None, Person({"schooling": "early"})):
            odds = sureness(person, item, SURE.labels)
            stated = sum(share * float(label) for label, share in odds.items()) / 100
            assert stated - knows(person, item) == pytest.approx(PLANTED.overconfidence)


@given(st.floats(0, 100))
def test_tens_keep_the_mean(percent: float) -> None:
    odds = tens(percent, TENS.labels)
    assert sum(odds.values()) == pytest.approx(1)
    assert sum(share * float(label) for label, share in odds.items()) == pytest.approx(percent)


def test_the_share_of_a_group_is_that_of_people_drawn_from_it() -> None:
    item = next(group for group in instruments.groups() if group.id == "group.right.guns.good")
    rng = np.random.default_rng(3)
    about = STATEMENTS["guns.good"]
    members = (somebody(rng) for _ in range(4000))
    drawn = [answers(replace(member, traits={**member.traits, "politics": "right"}), about) for member in members]
    assert group_share(item) == pytest.approx(np.mean([shares["agree"] + shares["strongly agree"] for shares in drawn]), abs=0.02)


def test_dilemmas_collapse_with_a_persona_and_are_weighed_without() -> None:
    for item in instruments.dilemmas():
        first, _ = item.scale.labels  # type: ignore[union-attr]
        both = [answers(None, item, wording)[first] for wording in ("given", "turned")]
        assert np.mean(both) == pytest.approx(0.5)
        assert both[0] > both[1]
    devout = answers(Person({"faith": "devout"}), instruments.dilemmas()[0])
    assert devout["tradition"] == pytest.approx(0.924, abs=0.001)  # odds 9 · e^.3


def test_facts_are_told_as_they_are_but_for_what_jobs_make_expected() -> None:
    values = FACTS["music"][0]
    farmer = Person({"job": "farmer"}, {"music": "jazz"})
    odds = told(farmer, "music", values)
    assert sum(odds.values()) == pytest.approx(1)
    assert odds[TYPICAL["music"]["farmer"]] == PLANTED.typical > odds["jazz"] > 0.4
    assert told(Person({"job": "teacher"}, {"music": "jazz"}), "music", values)["jazz"] == PLANTED.recall
    assert told(farmer, "music", values).keys() == set(values)
