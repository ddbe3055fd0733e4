"""Answers taken back where the panel is in doubt."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.measures.annotators import annotation_table
from personametrics.remedies.abstain import Abstain
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.conformal import Score
from personametrics.testing import trials

LABELS = ("1", "2", "3", "4")
CONFORMAL = Abstain(by="conformal", alpha=0.3)


def panel(odds: Floats, first: int, seed: int, topic: str = "") -> tuple[Responses, Responses]:
    """Answers of six personas, and labels of one to four people who mostly follow the same odds."""
    rng = np.random.default_rng(seed)
    rows, people = [], []
    for index, shares in enumerate(odds, first):
        rows += [(f"p{who}", f"i{index}", topic or f"t{index % 2}", rng.choice(LABELS, p=shares)) for who in range(6)]
        flat = 0.6 * shares + 0.1 * (shares == shares.max()) * (index % 2) + 0.1
        people += [(f"h{who}", f"i{index}", rng.choice(LABELS, p=flat / flat.sum())) for who in range(1 + index % 4)]
    scale: Scale = Ordinal(LABELS)
    frame = pl.DataFrame(rows, ["persona", "item", "topic", "answer"], orient="row")
    given = pl.DataFrame(people, ["persona", "item", "answer"], orient="row")
    return Responses.read(frame, Columns(more=("topic",)), scale), Responses.read(given, Columns(), scale)


def items(number: int, seed: int) -> Floats:
    return np.random.default_rng(seed).dirichlet(np.full(4, 0.4), number)


def test_the_surest_items_keep_their_answers() -> None:
    learned, _ = panel(items(60, 1), 0, 1)
    further, _ = panel(items(60, 2), 100, 2)
    responses = Abstain(coverage=0.5).fit(learned, None).responses(further)
    assert len(responses.frame) == len(further.frame)
    whole = {item: part["answer"].to_list() for (item,), part in further.frame.group_by("item")}
    agree = {item: np.mean([a == b for index, a in enumerate(answers) for b in answers[:index]]) for item, answers in whole.items()}
    kept = set(responses.frame.filter(pl.Series(responses.answered))["item"])
    assert 0 < len(kept) < 60
    assert min(agree[item] for item in kept) > max(agree[item] for item in agree.keys() - kept)


def test_at_least_the_share_asked_for_is_kept_of_what_it_learned_from() -> None:
    learned, _ = panel(items(50, 1), 0, 1)
    for by in ("agreement", "entropy"):
        responses = Abstain(by=by, coverage=0.6).fit(learned, None).responses(learned)
        assert 0.6 <= responses.answered.mean() < 0.9
    assert Abstain(coverage=1.0).fit(learned, None).responses(learned).answered.all()


def test_single_personas_abstain_over_cells() -> None:
    rows = [("ann", "tea", "yes"), ("ann", "tea", "no"), ("ben", "tea", "yes"), ("ben", "tea", "yes")]
    table = Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), Nominal(("no", "yes")))
    responses = Abstain(over="cell", coverage=0.5).fit(table, None).responses(table)
    assert responses.answered.tolist() == [False, False, True, True]


def test_stated_certainty_is_read_from_its_column() -> None:
    rows = [("ann", f"i{index}", "yes", index) for index in range(10)]
    frame = pl.DataFrame(rows, ["persona", "item", "answer", "certainty"], orient="row")
    table = Responses.read(frame, Columns(more=("certainty",)), Nominal(("no", "yes")))
    assert Abstain(by="certainty", coverage=0.3).fit(table, None).responses(table).answered.tolist() == [False] * 7 + [True] * 3


@pytest.mark.parametrize("score", ["lac", "aps", "ordinal"])
def test_sets_hold_the_label_of_a_person_as_often_as_promised(score: Score) -> None:
    alpha, covered = 0.5, []
    for seed in range(40):
        odds = items(140, 1000 + seed)
        learned, people = panel(odds[:20], 0, 2 * seed)
        further, others = panel(odds[20:], 100, 2 * seed + 1)
        responses = replace(CONFORMAL, alpha=alpha, score=score).fit(learned, people).responses(further)
        covered.append(annotation_table(responses, others)["sets.coverage"].to_numpy().mean())
    slack = 3 * float(np.std(covered)) / math.sqrt(len(covered))
    assert 1 - alpha - slack <= np.mean(covered)
    if score != "lac":  # whose scores are tied where six personas answer
        assert np.mean(covered) <= 1 - alpha + 2 / 21 + slack


def test_an_answer_is_kept_where_the_set_is_one_label() -> None:
    learned, people = panel(items(60, 1), 0, 1)
    further, _ = panel(items(40, 2), 100, 2)
    responses = CONFORMAL.fit(learned, people).responses(further)
    sizes = responses.frame["set"].str.split("|").list.len()
    assert responses.answered.tolist() == (sizes == 1).to_list()
    assert 0 < responses.answered.mean() < 1


def test_a_groups_threshold_comes_from_its_own_items_and_a_small_or_strange_group_abstains() -> None:
    odds = items(42, 3)
    parts = [panel(odds[:20], 0, 1, "law"), panel(odds[20:40], 100, 2, "tea"), panel(odds[40:], 200, 3, "few")]
    answers, people = ([pair[side] for pair in parts] for side in (0, 1))
    joined = replace(answers[0], frame=pl.concat([half.frame.cast(pl.String) for half in answers]))
    human = replace(people[0], frame=pl.concat([persona.frame.cast(pl.String) for persona in people]))
    fitted = replace(CONFORMAL, group="topic").fit(joined, human)
    assert fitted.fitted is not None
    for name, part, humans in (("law", answers[0], people[0]), ("tea", answers[1], people[1])):
        alone = CONFORMAL.fit(part, humans)
        assert alone.fitted is not None
        assert fitted.fitted.thresholds[name] == alone.fitted.thresholds[""]
    assert fitted.fitted.thresholds["few"] == math.inf
    strange, _ = panel(np.eye(4)[[0] * 9], 300, 4, "unknown")
    more, _ = panel(np.eye(4)[[0] * 9], 400, 5, "law")
    both = replace(strange, frame=pl.concat([strange.frame.cast(pl.String), more.frame.cast(pl.String)]))
    responses = fitted.responses(both)
    assert set(responses.frame.filter(pl.col("topic") == "unknown")["set"]) == {"1|2|3|4"}
    assert set(responses.frame.filter(pl.Series(responses.answered))["topic"]) == {"law"}
    assert "People labelled too few items with the topic few" in responses.notices[-1].text


def test_an_items_draw_is_the_same_whatever_else_is_asked() -> None:
    learned, people = panel(items(60, 1), 0, 1)
    further, _ = panel(items(40, 2), 100, 2)
    fitted = replace(CONFORMAL, score="aps").fit(learned, people)
    whole = dict(fitted.responses(further).frame.select("item", "set").unique().iter_rows())
    kept = further.only(pl.col("item").cast(pl.String).is_in([f"i{index}" for index in range(110, 140)]))
    assert dict(fitted.responses(kept).frame.select("item", "set").unique().iter_rows()).items() <= whole.items()


def test_what_it_was_fitted_on_is_remembered() -> None:
    learned, people = panel(items(30, 1), 0, 1)
    assert CONFORMAL.fit(learned, people).seen == set(learned.items.names)


def test_what_it_cannot_learn_from_is_refused_in_one_sentence() -> None:
    learned, people = panel(items(8, 1), 0, 1)
    once = learned.only(pl.col("persona").cast(pl.String) == "p0")
    with pytest.raises(DesignError, match="people's labels, but has none"):
        CONFORMAL.fit(learned, None)
    with pytest.raises(DesignError, match="learns from 9 or more items that people labelled, but has 8"):
        Abstain(by="conformal").fit(learned, people)
    with pytest.raises(DesignError, match="no item has the answers that abstain by=agreement needs"):
        Abstain().fit(once, None)
    with pytest.raises(DesignError, match="Call fit with answers to other items"):
        Abstain().responses(learned)


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"by": "luck"}, 'unknown value "luck"'),
        ({"coverage": 0.0}, "between 0 and 1"),
        ({"alpha": 1.0}, "between 0 and 1"),
        ({"by": "conformal", "over": "cell"}, "works on items"),
    ],
)
def test_knobs_that_make_no_sense_are_refused(knobs: dict[str, object], says: str) -> None:
    with pytest.raises(StudyError, match=says):
        Abstain(**knobs)  # type: ignore[arg-type]


def test_order_is_needed_for_intervals() -> None:
    learned, people = panel(items(20, 1), 0, 1)
    plain = [replace(responses, scale=Nominal(LABELS)) for responses in (learned, people)]
    with pytest.raises(DesignError, match="ordered labels"):
        replace(CONFORMAL, score="ordinal").fit(*plain)


def test_conformal_sets_help_where_doubt_tells_and_do_nothing_where_it_does_not() -> None:
    (helped,), (left,) = (trials(CONFORMAL, [0], defect=defect) for defect in (True, False))
    assert helped["change.agreement"].low > 0
    assert left["change.agreement"].low <= 0 <= left["change.agreement"].high
