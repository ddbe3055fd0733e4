import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import InputError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation
from personametrics.studies.group_knowledge import GroupKnowledge
from personametrics.testing import Simulation

STUDY = GroupKnowledge()
MORE = ("source", "group", "about", "agree", "truth")
COLUMNS = ["persona", "item", "run", "answer", *MORE]
Row = tuple[str, str, int, str, str, str, str, str, str]
Share = Callable[[str, int], float]


def recorded(rows: list[Row]) -> Responses:
    return Responses.read(pl.DataFrame(rows, schema=COLUMNS, orient="row"), Columns(run="run", more=MORE), Nominal())


def rows(
    seed: int, *, direct: Share, simulated: Share, truth: Share, members: int = 8, statements: int = 10, spread: float = 0.0, runs: int = 4
) -> list[Row]:
    """Two groups; what is said of them, and what members drawn at random do, whose readiness to agree has a spread."""
    rng, table = np.random.default_rng(seed), list[Row]()
    for group in ("old", "young"):
        ready = rng.normal(0, spread, members)
        for index in range(statements):
            name, share = f"s{index}", f"{truth(group, index):.3f}"
            for run in range(runs):
                answer = round(100 * direct(group, index) + rng.normal(0, 5), 1)
                table.append((NOBODY, f"{group} {name}", run, str(answer), "direct", group, name, "", share))
                for who in range(members):
                    agrees = rng.random() < np.clip(simulated(group, index) + ready[who], 0, 1)
                    table.append((f"{group} {who}", name, run, "yes" if agrees else "no", "simulated", group, name, "yes|sure", ""))
    return table


def true(group: str, index: int) -> float:
    return 0.4 + 0.2 * (group == "old") + 0.05 * (index % 3)


def exaggerated(group: str, index: int) -> float:
    return true(group, index) + (0.15 if group == "old" else -0.15)


def wrong(group: str, index: int) -> float:
    return true(group, index) + (0.3 if index % 2 else -0.3)


def test_every_number_equals_a_plain_loop() -> None:
    table = [row for row in rows(1, direct=wrong, simulated=exaggerated, truth=true) if row[0] not in {"old 0", "old 1", "old 2"}]
    squares: dict[str, list[float]] = {"direct": [], "simulated": []}
    distances: dict[str, list[float]] = {"direct": [], "simulated": []}
    for group in ("old", "young"):
        for index in range(10):
            share = round(true(group, index), 3)
            cell = [row for row in table if row[5] == group and row[6] == f"s{index}"]
            errors = [float(row[3]) / 100 - share for row in cell if row[4] == "direct"]
            names = {row[0] for row in cell} - {NOBODY}
            acted = [float(np.mean([row[3] == "yes" for row in cell if row[0] == name])) - share for name in names]
            for source, off in (("direct", errors), ("simulated", acted)):
                squares[source].append(
                    float(np.mean([first * second for first, second in permutations(off, 2)]))
                )  # two are never one and the same
                distances[source].append(abs(float(np.mean(off))))
    finding = STUDY.estimate(recorded(table))
    for source, products in squares.items():
        assert finding[f"error.{source}"].value == pytest.approx(math.sqrt(np.mean(products)))
        assert finding[f"distance.{source}"].value == pytest.approx(np.mean(distances[source]))
    assert finding["gap"].value == pytest.approx(finding["error.simulated"].value - finding["error.direct"].value)
    assert finding["gap"].n == 20


def test_errors_are_free_of_sampling_noise_and_covered_by_their_intervals() -> None:
    worlds = [rows(seed, direct=true, simulated=exaggerated, truth=true, spread=0.1, statements=30) for seed in range(40)]
    findings = [STUDY.estimate(recorded(table)) for table in worlds]
    assert np.mean([finding["error.simulated"].value ** 2 for finding in findings]) == pytest.approx(0.15**2, abs=0.003)
    for name, truth in (("error.simulated", 0.15), ("gap", 0.15), ("error.direct", 0.0)):
        assert np.mean([finding[name].low <= truth <= finding[name].high for finding in findings]) >= 0.7


def test_a_perfect_source_is_as_far_off_as_its_floor() -> None:
    findings = [STUDY.estimate(recorded(rows(seed, direct=true, simulated=true, truth=true, members=12, runs=12))) for seed in range(10)]
    for source in ("direct", "simulated"):
        distance, floor = (np.mean([finding[f"{name}.{source}"].value for finding in findings]) for name in ("distance", "floor"))
        assert distance == pytest.approx(floor, rel=0.12)


@pytest.mark.parametrize(
    ("direct", "simulated", "label"),
    [
        (true, exaggerated, "knows but does not act"),
        (true, true, "acts what it knows"),
        (wrong, wrong, "does not know"),
        (wrong, true, "acts better than it says"),
    ],
)
def test_each_verdict(direct: Share, simulated: Share, label: str) -> None:
    table = rows(3, direct=direct, simulated=simulated, truth=true, members=40, statements=16)
    assert STUDY.estimate(recorded(table)).verdict.label == label


def test_few_members_leave_it_open() -> None:
    finding = STUDY.estimate(recorded(rows(3, direct=true, simulated=true, truth=true, members=3, statements=5, runs=2)))
    assert finding.verdict.label == "undecided"
    assert len(finding.verdict.open) == 2


def test_a_persona_counts_in_each_of_its_groups() -> None:
    apart, both = list[Row](), list[Row]()
    for index in range(6):
        for group in ("left", "old"):
            direct = [(NOBODY, f"{group} {index}", run, "50", "direct", group, f"s{index}", "", "0.5") for run in range(2)]
            apart, both = apart + direct, both + direct
        for who in range(4):
            row: Row = (f"p{who}", f"s{index}", 0, "yes" if who < 3 else "no", "simulated", "left|old", f"s{index}", "yes", "")
            both.append(row)
            apart += [(*row[:5], group, *row[6:]) for group in ("left", "old")]
    table = pl.DataFrame(apart, schema=COLUMNS, orient="row")
    twice = Responses.read(table, Columns(run="run", more=MORE), Nominal(), duplicates="runs")
    first, second = STUDY.estimate(recorded(both)), STUDY.estimate(twice)
    assert [estimate.value for estimate in first.estimates] == pytest.approx([estimate.value for estimate in second.estimates])
    assert first["error.simulated"].n == 12


def test_probabilities_are_the_limit_of_many_runs() -> None:
    world = STUDY.known()
    exact = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(score=True)).answers(world.world))
    drawn = STUDY.estimate(Simulation.of(STUDY, world).answers(world.world))
    assert exact["error.direct"].value == pytest.approx(0)
    assert exact["error.simulated"].value == pytest.approx(world.truth["error.simulated"])
    assert drawn["error.simulated"].value == pytest.approx(exact["error.simulated"].value, abs=0.02)
    assert exact.verdict.label == world.verdict


def test_a_negative_squared_error_has_a_status() -> None:
    finding = next(
        estimated
        for seed in range(20)
        if (estimated := STUDY.estimate(recorded(rows(seed, direct=true, simulated=true, truth=true))))["error.direct"].status
        == EstimateStatus.NEGATIVE
    )
    assert finding["error.direct"].value == finding["error.direct"].low == 0


def test_evidence_begins_with_what_is_farthest_off() -> None:
    def one_off(group: str, index: int) -> float:
        return true(group, index) + 0.35 * (group == "young" and index == 7)

    worst = STUDY.estimate(recorded(rows(2, direct=true, simulated=one_off, truth=true, members=30))).evidence["groups"][0]
    assert (worst["group"], worst["about"], worst["truth"], worst["members"]) == ("young", "s7", 0.45, 30)


def test_errors_name_what_is_missing() -> None:
    table = recorded(rows(0, direct=true, simulated=true, truth=true))
    for name in MORE:
        with pytest.raises(InputError, match=f'no column "{name}"'):
            STUDY.estimate(replace(table, frame=table.frame.drop(name)))
    with pytest.raises(InputError, match=r"is not a number\. Write 60"):
        STUDY.estimate(replace(table, frame=table.frame.with_columns(answer=pl.lit("many"))))
    with pytest.raises(InputError, match="is not a share from 0 to 1"):
        STUDY.estimate(replace(table, frame=table.frame.with_columns(truth=pl.lit("60"))))
    with pytest.raises(InputError, match="have two different truths"):
        STUDY.estimate(replace(table, frame=table.frame.with_columns(truth=(pl.int_range(pl.len()) % 2 / 2).cast(pl.String))))
    with pytest.raises(InputError, match="a direct answer given twice"):
        STUDY.estimate(table.only(pl.col("run") == 0))
    with pytest.raises(InputError, match="no group and statement"):
        STUDY.estimate(table.only(pl.col("source") == "direct"))


def items(**attributes: str) -> list[Item]:
    statement = Item("tea", "Tea is good.", Ordinal(("disagree", "unsure", "agree", "surely")), {"kind": "opinion"})
    attributes = {"trait": "age", "value": "old", "about": "tea", **attributes}
    return [statement, Item("old tea", "How many?", Ordinal(("0", "50", "100")), attributes), Item("milk", "Milk?", statement.scale)]


PEOPLE = [Persona(f"p{index}", f"You are {index}.", {"age": "old" if index < 3 else "young"}) for index in range(5)]


def test_groups_are_asked_about_and_their_members_asked() -> None:
    requests: list[Request] = STUDY.design(PEOPLE, items(truth="0.3"), Elicitation(runs=2))
    asked = {(request.about["source"], request.about["persona"], request.about["item"]) for request in requests}
    assert asked == {("direct", NOBODY, "old tea"), *(("simulated", f"p{index}", "tea") for index in range(3))}
    assert len(requests) == 8
    assert {request.about["agree"] for request in requests} == {"", "agree|surely"}
    assert {(request.about["source"], request.about["truth"], request.about["group"]) for request in requests} == {
        ("direct", "0.3", "age=old"),
        ("simulated", "", "age=old"),
    }


def test_people_give_the_truth_where_items_do_not() -> None:
    answers = [("a", "old", "agree"), ("b", "old", "disagree"), ("c", "old", "surely"), ("d", "young", "disagree")]
    frame = pl.DataFrame(answers, schema=["who", "age", "said"], orient="row").with_columns(item=pl.lit("tea"))
    human = Responses.read(frame, Columns("who", "item", "said", attributes=("age",)), Ordinal(("disagree", "unsure", "agree", "surely")))
    requests = GroupKnowledge(human=human).design(PEOPLE, items(), Elicitation(runs=1))
    assert requests[0].about["truth"] == "0.6667"


@pytest.mark.parametrize("attributes", [{}, {"truth": "0.3", "about": "coffee"}, {"truth": "0.3", "value": "middle"}])
def test_a_design_that_cannot_be_is_refused(attributes: Mapping[str, str]) -> None:
    with pytest.raises(InputError, match="trait, value, truth and about"):
        STUDY.design(PEOPLE, items(**attributes), Elicitation())
