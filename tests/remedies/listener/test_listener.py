"""The imaginary listener: on tables of label probabilities, and on the embedded model, where stereotypes are planted."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded_training.held_out import is_held_out
from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.model import Model
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY, Prompt
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import talk
from personametrics.models.embedded.society.panels import questionnaire, society, strong
from personametrics.models.embedded.society.people import FACTS, TYPICAL, Person, somebody
from personametrics.models.function import Scripted
from personametrics.remedies.listener import Listener
from personametrics.remedies.listener.comparison import Aware
from personametrics.stats.arrays import Floats
from personametrics.stats.people.listener import UPDATES, Speaker
from personametrics.studies.prior_pull import PriorPull
from personametrics.testing import Simulation

ROWS = ((0.5, 0.3, 0.2), (0.1, 0.6, 0.3), (0.25, 0.25, 0.5))
LABELS = ("p:a", "p:b", "p:c")
PANEL = [Persona("a", "You are a cook.", {"job": "cook"}), Persona("b", "You are a nurse.", {"job": "nurse"})]


def table(rows: Mapping[Any, Sequence[float | None]], *more: str, **columns: Any) -> Responses:
    """Label probabilities by persona, item and further columns."""
    names = ("persona", "item", *more)
    frame = [dict(zip(names, key, strict=True)) | dict(zip(LABELS, shares, strict=True)) for key, shares in rows.items()]
    return Responses.read(pl.DataFrame(frame), Columns(probabilities=LABELS, **columns), Nominal())


def shares(responses: Responses) -> Floats:
    return responses.frame.select(LABELS).to_numpy()


def heard(rows: Sequence[Sequence[float]], alpha: float = 2, beta: float = 1) -> Floats:
    """S1 spelled out: each times a power of its share of the column."""
    base = np.array(rows)
    shares = base * (base**beta / (base**beta).sum(0)) ** alpha
    return np.asarray(shares / shares.sum(1, keepdims=True))


@pytest.mark.parametrize(("alpha", "beta"), [(2, 1), (8, 1), (2, 0.5), (0, 1)])
def test_personas_asked_the_same_mind_each_other_and_nobody_stays(alpha: float, beta: float) -> None:
    items = {"tea": ROWS, "salt": ROWS[::-1]}
    answered = {(f"p{index}", item): row for item, rows in items.items() for index, row in enumerate(rows)} | {
        (NOBODY, "tea"): (0.2, 0.7, 0.1)
    }
    responses = shares(Listener(alpha, beta).responses(table(answered)))
    np.testing.assert_allclose(responses, [*heard(ROWS, alpha, beta), *heard(ROWS[::-1], alpha, beta), (0.2, 0.7, 0.1)])


def test_columns_of_the_question_part_and_those_of_the_persona_do_not() -> None:
    """`turn` differs within a persona and item; `target` is the persona's own."""
    answered = {
        (f"p{index}", "tea", turn, "high" if index else "low"): row
        for turn, rows in (("1", ROWS), ("2", ROWS[::-1]))
        for index, row in enumerate(rows)
    }
    responses = Listener().responses(table(answered, "turn", "target", more=("turn", "target")))
    np.testing.assert_allclose(shares(responses), [*heard(ROWS), *heard(ROWS[::-1])])


def test_conditions_part_even_where_each_persona_has_but_one() -> None:
    answered = {("p0", "tea", "new"): ROWS[0], ("p1", "tea", "new"): ROWS[1], ("p2", "tea", "old"): ROWS[2]}
    responses = Listener().responses(table(answered, "wording", condition=("wording",)))
    np.testing.assert_allclose(shares(responses), [*heard(ROWS[:2]), ROWS[2]])
    assert [notice.code for notice in responses.notices] == ["alone"]
    assert responses.notices[0].text.startswith("1 of 2 questions")


def test_among_parts_by_an_attribute() -> None:
    answered = {("p0", "tea", "cook"): ROWS[0], ("p1", "tea", "nurse"): ROWS[1], ("p2", "tea", "cook"): ROWS[2]}
    responses = table(answered, "job", attributes=("job",))
    np.testing.assert_allclose(shares(Listener(among="job").responses(responses))[[0, 2]], heard([ROWS[0], ROWS[2]]))
    with pytest.raises(DesignError, match='no column "work"'):
        Listener(among="work").responses(responses)


def test_some_distractors_are_those_evenly_spaced() -> None:
    rows = (*ROWS, (0.4, 0.4, 0.2))
    responses = shares(Listener(distractors=1).responses(table({(f"p{index}", "tea"): row for index, row in enumerate(rows)})))
    np.testing.assert_allclose(responses, [heard([rows[index], rows[(index + 2) % 4]])[0] for index in range(4)])


def test_labels_of_another_scale_stay_empty_and_the_unsaid_unsaid() -> None:
    answered: dict[tuple[str, ...], Sequence[float | None]] = {
        ("p0", "tea"): (0.5, 0.5, None), ("p1", "tea"): (0.9, 0.1, None), ("p0", "salt"): (0.0, 0.4, 0.6), ("p1", "salt"): (0.5, 0.0, 0.5),
        ("p2", "salt"): (None, None, None),
    }  # fmt: skip
    frame = Listener().responses(table(answered)).frame
    assert frame["p:c"].to_list()[:2] == [None, None]
    assert frame.row(4)[2:] == (None, None, None)
    np.testing.assert_allclose(frame.select("p:a", "p:b").to_numpy()[:2], heard([(0.5, 0.5), (0.9, 0.1)]))
    np.testing.assert_allclose(frame.select(LABELS).to_numpy()[2:4], heard([(0, 0.4, 0.6), (0.5, 0, 0.5)]))


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 5))
def test_names_do_not_matter(order: Sequence[int], distractors: int) -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(3), 6)
    first, second = (
        Listener(distractors=distractors).responses(table({(f"p{names[index]}", "tea"): row.tolist() for index, row in enumerate(rows)}))
        for names in (range(6), order)
    )
    np.testing.assert_allclose(shares(first), shares(second))


@pytest.mark.parametrize(
    ("responses", "says"),
    [
        (Responses.read(pl.DataFrame({"persona": ["p"], "item": ["q"], "answer": ["a"]}), scale=Nominal()), "--score"),
        (table({("p0", "tea"): ROWS[0], ("p1", "salt"): ROWS[1]}), "no personas can be compared"),
        (table({(NOBODY, "tea"): ROWS[0]}), "no personas can be compared"),
        (table({("p0", "tea", "x"): ROWS[0], ("p0", "tea", "y"): ROWS[1]}, "wording"), "several rows"),
    ],
)
def test_what_cannot_be_compared_is_refused(responses: Responses, says: str) -> None:
    with pytest.raises(DesignError, match=says):
        Listener().responses(responses)


@pytest.mark.parametrize("knobs", [{"alpha": -1}, {"beta": float("nan")}, {"distractors": -1}, {"on": "words"}, {"update": "nobody"}])
def test_knobs_that_are_none_are_refused(knobs: Any) -> None:
    with pytest.raises(StudyError, match="listener"):
        Listener(**knobs)


@pytest.mark.parametrize("remedy", [Listener(), Listener(8), Listener(2, 0.5), Listener(distractors=4), Listener(0)])
def test_the_slope_on_the_prior_changes_as_known_and_not_among_the_same(remedy: Listener) -> None:
    cure, study = remedy.known(), PriorPull()
    simulation = Simulation(study.design(cure.personas, cure.items, cure.elicitation))
    plain = simulation.answers(cure.world)
    change = study.estimate(remedy.responses(plain))["slope"].value - study.estimate(plain)["slope"].value
    assert change == pytest.approx(cure.change["slope"], abs=1e-9)
    assert study.estimate(plain)["slope"].value == pytest.approx(0.8, abs=0.01)
    assert (change < -0.3) == (remedy.alpha > 0)
    alike = simulation.answers(cure.null)
    for first, second in zip(study.estimate(alike).estimates, study.estimate(remedy.responses(alike)).estimates, strict=True):
        np.testing.assert_allclose((first.value, first.low, first.high), (second.value, second.low, second.high), atol=1e-9)


def test_on_labels_the_model_and_on_text_the_answers_stay() -> None:
    model, drawn = Embedded(), Responses.read(pl.DataFrame({"persona": ["p"], "item": ["q"], "answer": ["a"]}), scale=Nominal())
    assert Listener().model(model, ()) is model
    assert Listener(on="text").responses(drawn) is drawn
    assert len({Listener(on="text", update=update).model(model, PANEL).id for update in UPDATES}) == len(UPDATES)
    for update in UPDATES:
        made = Listener(3, 0.5, on="text", update=update).model(model, PANEL)
        assert isinstance(made, Aware)
        speaker = made.blend()
        assert isinstance(speaker, Speaker)
        assert (speaker.alpha, speaker.beta, speaker.update) == (3, 0.5, update)
    assert (Listener().acts_on, replace(Listener(on="text"), alpha=1).acts_on) == ("responses", "model")


def test_a_model_or_panel_without_what_text_needs_is_refused() -> None:
    with pytest.raises(StudyError, match="does not show"):
        Listener(on="text").model(Scripted(lambda _: {"yes": 1.0}), PANEL)
    for remedy, some in ((Listener(on="text"), PANEL[:1] * 2), (Listener(on="text", among="job"), PANEL)):
        with pytest.raises(StudyError, match="two personas with different texts"):
            remedy.model(Embedded(), some)
    with pytest.raises(StudyError, match=r"no persona has this attribute\. Did you mean"):
        Listener(on="text", among="jobs").model(Embedded(), PANEL)


def colleagues(fact: str, number: int, *, typical: bool) -> list[Person]:
    """People of three jobs in turn, whose fact is, or is not, the one expected of the job."""
    rng, personas = np.random.default_rng(0), list[Person]()
    while len(personas) < number:
        person = somebody(rng, ("age", "politics", "faith"), ["name", "pet", "drink", fact])
        job = list(TYPICAL[fact])[len(personas) % 3]
        if not is_held_out(person) and (person.facts[fact] == TYPICAL[fact][job]) == typical:
            personas.append(replace(person, traits={**person.traits, "job": job}))
    return personas


def questions(people: Sequence[Person], fact: str, **how: Any) -> tuple[list[Persona], list[Request], list[str]]:
    """Personas, what they are asked, and what would be true to them."""
    rng = np.random.default_rng(1)
    panel = [person.persona(f"p{index}", rng) for index, person in enumerate(people)]
    prompts = [Prompt().messages(persona, "")[0] for persona in panel]
    requests = [Request((message, Message("user", talk.ASKED[fact][0])), **how) for message in prompts]
    return panel, requests, [talk.SAID[fact].format(persona.facts[fact]) for persona in people]


def answered(model: Model, requests: Sequence[Request]) -> list[Reply]:
    async def collect() -> dict[int, Reply]:
        return {index: reply async for index, reply in model.answer(requests)}

    replies = asyncio.run(collect())
    return [replies[index] for index in range(len(requests))]


@pytest.mark.parametrize("fact", TYPICAL)
@pytest.mark.parametrize("alpha", [1, 2, 4, 8])
def test_stereotypes_of_a_job_give_way_to_what_a_persona_was_told(fact: str, alpha: float) -> None:
    choices = tuple(talk.SAID[fact].format(value) for value in FACTS[fact][0])
    for typical in (False, True):
        panel, requests, facts = questions(colleagues(fact, 60, typical=typical), fact, choices=choices, score=True)
        rows = [
            {
                "persona": who.id,
                "item": fact,
                "job": who.attributes["job"],
                **{f"p:{label}": share for label, share in (reply.probabilities or {}).items()},
            }
            for who, reply in zip(panel, answered(Embedded(), requests), strict=True)
        ]
        columns = Columns(attributes=("job",), probabilities=tuple(f"p:{label}" for label in choices))
        plain = Responses.read(pl.DataFrame(rows), columns, Nominal())
        true = []
        for responses in (plain, Listener(alpha, among="job").responses(plain)):
            best = responses.frame.select(columns.probabilities).to_numpy().argmax(1)
            true.append(float(np.mean([choices[index] == right for index, right in zip(best, facts, strict=True)])))
        if typical:
            assert true == [1.0, 1.0]
        else:
            assert true[0] < 0.2
            assert true[1] > 0.95


@pytest.mark.parametrize("fact", TYPICAL)
def test_so_they_do_in_words(fact: str) -> None:
    for typical in (False, True):
        panel, requests, facts = questions(colleagues(fact, 30, typical=typical), fact, sampling=Sampling(0.0, max_tokens=10))
        true = [
            np.mean([reply.text == right for reply, right in zip(answered(model, requests), facts, strict=True)])
            for model in (Embedded(), Listener(on="text", among="job").model(Embedded(), panel))
        ]
        if typical:
            assert true == [1.0, 1.0]
        else:
            assert true[0] < 0.25
            assert true[1] > 0.9


def test_opinions_that_were_right_are_exaggerated() -> None:
    """The price: on people whose answers are as planted, the persona signal becomes far higher."""
    who, items = strong(), questionnaire()
    requests = [Prompt().ask(persona, item, score=True) for item in items for persona in who]
    odds = [list((reply.probabilities or {}).values()) for reply in answered(Embedded(), requests)]
    answered_shares = np.array(odds).reshape(len(items), len(who), -1)
    answered_shares /= answered_shares.sum(-1, keepdims=True)
    truth = np.array([list(society(who, items)(request).values()) for request in requests]).reshape(answered_shares.shape)
    planted, before, after = (
        persona_signal(shares)
        for shares in (truth, answered_shares, np.stack([Listener().preferred(shares) for shares in answered_shares]))
    )
    assert (planted, before, after) == pytest.approx((0.608, 0.589, 0.833), abs=0.01)


def persona_signal(shares: Floats) -> float:
    """1 − rerun over persona disagreement, of (items, personas, labels)."""
    places = np.arange(shares.shape[-1])
    means = shares @ places
    rerun = float((shares @ places**2 - means**2).mean())
    return 1 - rerun / (rerun + float(means.var(1, ddof=1).mean()))


def test_in_words_who_does_not_mind_speaks_as_before() -> None:
    panel, requests, _ = questions(colleagues("music", 6, typical=False), "music", sampling=Sampling(0.0, max_tokens=10))
    model = Listener(0, on="text").model(Embedded(), panel)
    assert [reply.text for reply in answered(model, requests)] == [reply.text for reply in answered(Embedded(), requests)]


def test_drawn_answers_are_refused_before_they_are_paid() -> None:
    requests = [Request((Message("user", "Tea?"),), score=score) for score in (True, False)]
    assert Listener().requests(requests[:1]) == requests[:1]
    assert Listener(on="text").requests(requests) == requests
    with pytest.raises(DesignError, match="Ask with --score"):
        Listener().requests(requests)
