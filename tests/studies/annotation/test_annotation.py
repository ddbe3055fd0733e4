"""The study of annotation: a panel's labels against those of annotators."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from statistics import mean

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.studies.annotation import Annotation
from personametrics.testing import Simulation

KNOWN = Annotation().known()
STUDY = Annotation(getattr(KNOWN.study, "human", None))
LABELS = "abc"


def table(labels: Mapping[str, str], more: Mapping[str, Mapping[str, str]] | None = None) -> Responses:
    """The labels of each item, one letter a person; '-' for none."""
    rows = [(f"p{who}", item, None if answer == "-" else answer) for item, letters in labels.items() for who, answer in enumerate(letters)]
    frame = pl.DataFrame(rows, ["persona", "item", "answer"], orient="row")
    columns = {name: pl.col("item").replace_strict(dict(values)) for name, values in (more or {}).items()}
    return Responses.read(frame.with_columns(**columns), Columns(more=tuple(columns)), Nominal(tuple(LABELS)))


def drawn(seed: int, people: int, items: int = 400, sharp: float = 1.0) -> Responses:
    """Labels of people who draw from an item's own distribution, sharpened for a panel that is better."""
    odds = np.random.default_rng(0).dirichlet(np.full(3, 0.4), items) ** sharp
    rng = np.random.default_rng(seed)
    answers = {f"i{index}": "".join(rng.choice(list(LABELS), people, p=shares / shares.sum())) for index, shares in enumerate(odds)}
    return table(answers)


def test_estimates_are_the_plain_counts_over_items() -> None:
    responses, human = Simulation.of(STUDY, KNOWN).answers(KNOWN.world, 1), STUDY.human
    assert human is not None
    panel = {item: part["answer"].to_list() for (item,), part in responses.frame.group_by("item")}
    people = {item: part["answer"].to_list() for (item,), part in human.frame.group_by("item")}
    finding = STUDY.estimate(responses)
    agreement, single, others = [], [], []
    for item, answers in people.items():
        label = Counter(panel[item]).most_common(1)[0][0]  # 15 answers of two kinds: no ties
        agreement.append(mean(label == answer for answer in answers))
        single.append(mean(answer == other for answer in panel[item] for other in answers))
        for index, answer in enumerate(answers):
            left = Counter(answers[:index] + answers[index + 1 :])
            others.append(left[answer] == max(left.values()) and 1 / sum(n == max(left.values()) for n in left.values()))
    assert finding["agreement"].value == pytest.approx(mean(agreement))
    assert finding["agreement.single"].value == pytest.approx(mean(single))
    assert finding["ceiling"].value == pytest.approx(mean(others))
    assert finding["gap"].value == pytest.approx(mean(agreement) - mean(others))
    assert finding["coverage"].value == 1


def test_a_panel_of_such_people_reaches_their_ceiling() -> None:
    finding = replace(STUDY, human=drawn(1, 6)).estimate(drawn(2, 5))  # majorities of five on both sides
    assert finding["gap"].low < 0 < finding["gap"].high
    assert finding["gap.single"].low < 0 < finding["gap.single"].high
    assert finding["excess.tv"].low < 0.01
    assert finding.verdict.label == "as good as annotators' majority"
    assert finding["advantage"].low > 0


def test_one_persona_is_as_good_as_one_annotator_but_not_as_their_majority() -> None:
    finding = replace(STUDY, human=drawn(1, 6)).estimate(drawn(2, 1))
    assert finding["gap"].high < 0
    assert finding.verdict.label == "as good as one annotator"
    assert finding.verdict.fit == ("one annotator among several",)
    assert "annotating without people" not in finding.verdict.fit


def test_probabilities_are_the_limit_of_many_answers() -> None:
    exact = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(score=True)).answers(KNOWN.world))
    assert exact["agreement.single"].value == pytest.approx(KNOWN.truth["agreement.single"])
    many = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(runs=60)).answers(KNOWN.world))
    for name in ("agreement", "agreement.single", "ceiling"):
        assert exact[name].value == pytest.approx(many[name].value, abs=0.02)


def test_uncertainty_that_predicts_error_makes_the_area_small() -> None:
    human = table({f"i{index}": "aaa" for index in range(40)})
    telling = table({f"i{index}": "aaaa" if index < 20 else "aabb"[index % 2 :] + "b" * (index % 2) for index in range(40)})
    finding = replace(STUDY, human=human).estimate(telling)
    assert finding["aurc"].value < 1 - finding["agreement"].value
    silent = replace(STUDY, human=human).estimate(table({f"i{index}": "aaaa" if index < 20 else "bbbb" for index in range(40)}))
    assert silent["aurc"].value == pytest.approx(0.5)
    assert silent["augrc"].value == pytest.approx((1 + 1 / 40) / 4)


def test_items_that_the_panel_leaves_out_lower_coverage_and_nothing_else() -> None:
    human = table({f"i{index}": "aab" for index in range(10)})
    finding = replace(STUDY, human=human).estimate(table({f"i{index}": "aaa" if index < 6 else "---" for index in range(10)}))
    assert finding["coverage"].value == 0.6
    assert finding["agreement"].value == pytest.approx(2 / 3)
    assert finding["agreement"].n == 6
    assert "(only the 60% of items that the panel labels)" in " ".join((*finding.verdict.fit, *finding.verdict.open))


def test_one_annotator_an_item_gives_agreement_without_a_ceiling() -> None:
    finding = replace(STUDY, human=table({f"i{index}": "a" for index in range(10)})).estimate(
        table({f"i{index}": "aab" for index in range(10)})
    )
    assert finding["agreement"].value == 1
    assert finding["ceiling"].status is EstimateStatus.UNDEFINED
    assert finding.verdict.label == "no ceiling"


def test_items_of_one_annotator_are_left_out_where_others_have_more() -> None:
    human = table({f"i{index}": "ab" if index < 8 else "c" for index in range(10)})
    finding = replace(STUDY, human=human).estimate(table({f"i{index}": "aab" for index in range(10)}))
    assert finding["agreement"].n == 8
    assert [notice.code for notice in finding.notices] == ["humans", "one-annotator"]


def test_sets_of_possible_labels_are_measured() -> None:
    human = table({f"i{index}": "aab" for index in range(10)})
    sets = {f"i{index}": "a|b" if index < 5 else "c" for index in range(10)}
    finding = replace(STUDY, human=human).estimate(table({f"i{index}": "aab" if index else "---" for index in range(10)}, {"set": sets}))
    assert finding["sets.coverage"].value == 0.5
    assert finding["sets.size"].value == 1.5


def test_groups_are_shown_by_a_column_of_the_items() -> None:
    topics = {f"i{index}": "law" if index < 4 else "tea" for index in range(10)}
    human = table({name: "aaa" if topic == "law" else "bbb" for name, topic in topics.items()})
    finding = replace(STUDY, human=human, group="topic").estimate(table(dict.fromkeys(topics, "aaa"), {"topic": topics}))
    assert [(row["group"], row["items"], row["agreement"]) for row in finding.evidence["groups"]] == [("law", 4, 1.0), ("tea", 6, 0.0)]


def test_only_items_that_people_labelled_are_asked_with_their_group() -> None:
    items = [Item(name, "?", Nominal(tuple(LABELS)), {"topic": "law"}) for name in ("i0", "i1", "unknown")]
    study = replace(STUDY, human=table({"i0": "aa", "i1": "ab"}), group="topic")
    requests = study.design([Persona("p", "You are tall.")], items, Elicitation(runs=2))
    assert [(request.about["item"], request.about["topic"]) for request in requests] == [("i0", "law")] * 2 + [("i1", "law")] * 2
    with pytest.raises(DesignError, match="such as i0"):
        study.design([Persona("p", "You are tall.")], items[1:], Elicitation())


def test_human_labels_are_needed() -> None:
    with pytest.raises(DesignError, match="Give a table of these answers as `human`"):
        Annotation().design(KNOWN.personas, KNOWN.items, Elicitation())
