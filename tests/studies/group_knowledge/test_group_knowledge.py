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
    rng, found = np.random.default_rng(seed), list[Row]()
    for group in ("old", "young"):
        ready = rng.normal(0, spread, members)
        for at in range(statements):
            name, share = f"s{at}", f"{truth(group, at):.3f}"
            for run in range(runs):
                said = round(100 * direct(group, at) + rng.normal(0, 5), 1)
                found.append((NOBODY, f"{group} {name}", run, str(said), "direct", group, name, "", share))
                for who in range(members):
                    agrees = rng.random() < np.clip(simulated(group, at) + ready[who], 0, 1)
                    found.append((f"{group} {who}", name, run, "yes" if agrees else "no", "simulated", group, name, "yes|sure", ""))
    return found


def true(group: str, at: int) -> float:
    return 0.4 + 0.2 * (group == "old") + 0.05 * (at % 3)


def exaggerated(group: str, at: int) -> float:
    return true(group, at) + (0.15 if group == "old" else -0.15)


def wrong(group: str, at: int) -> float:
    return true(group, at) + (0.3 if at % 2 else -0.3)


def test_every_number_equals_a_plain_loop() -> None:
    table = [row for row in rows(1, direct=wrong, simulated=exaggerated, truth=true) if row[0] not in {"old 0", "old 1", "old 2"}]
    squares: dict[str, list[float]] = {"direct": [], "simulated": []}
    distances: dict[str, list[float]] = {"direct": [], "simulated": []}
    for group in ("old", "young"):
        for at in range(10):
            share = round(true(group, at), 3)
            own = [row for row in table if row[5] == group and row[6] == f"s{at}"]
            said = [float(row[3]) / 100 - share for row in own if row[4] == "direct"]
            names = {row[0] for row in own} - {NOBODY}
            acted = [float(np.mean([row[3] == "yes" for row in own if row[0] == name])) - share for name in names]
            for source, off in (("direct", said), ("simulated", acted)):
                squares[source].append(
                    float(np.mean([one * other for one, other in permutations(off, 2)]))
                )  # two are never one and the same
                distances[source].append(abs(float(np.mean(off))))
    found = STUDY.estimate(recorded(table))
    for source, products in squares.items():
        assert found[f"error.{source}"].value == pytest.approx(math.sqrt(np.mean(products)))
        assert found[f"distance.{source}"].value == pytest.approx(np.mean(distances[source]))
    assert found["gap"].value == pytest.approx(found["error.simulated"].value - found["error.direct"].value)
    assert found["gap"].n == 20


def test_errors_are_free_of_sampling_noise_and_covered_by_their_intervals() -> None:
    worlds = [rows(seed, direct=true, simulated=exaggerated, truth=true, spread=0.1, statements=30) for seed in range(40)]
    found = [STUDY.estimate(recorded(table)) for table in worlds]
    assert np.mean([one["error.simulated"].value ** 2 for one in found]) == pytest.approx(0.15**2, abs=0.003)
    for name, truth in (("error.simulated", 0.15), ("gap", 0.15), ("error.direct", 0.0)):
        assert np.mean([one[name].low <= truth <= one[name].high for one in found]) >= 0.7


def test_a_perfect_source_is_as_far_off_as_its_floor() -> None:
    found = [STUDY.estimate(recorded(rows(seed, direct=true, simulated=true, truth=true, members=12, runs=12))) for seed in range(10)]
    for source in ("direct", "simulated"):
        distance, floor = (np.mean([one[f"{name}.{source}"].value for one in found]) for name in ("distance", "floor"))
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
    found = STUDY.estimate(recorded(rows(3, direct=true, simulated=true, truth=true, members=3, statements=5, runs=2)))
    assert found.verdict.label == "undecided"
    assert len(found.verdict.open) == 2


def test_a_persona_counts_in_each_of_its_groups() -> None:
    apart, both = list[Row](), list[Row]()
    for at in range(6):
        for group in ("left", "old"):
            direct = [(NOBODY, f"{group} {at}", run, "50", "direct", group, f"s{at}", "", "0.5") for run in range(2)]
            apart, both = apart + direct, both + direct
        for who in range(4):
            told: Row = (f"p{who}", f"s{at}", 0, "yes" if who < 3 else "no", "simulated", "left|old", f"s{at}", "yes", "")
            both.append(told)
            apart += [(*told[:5], group, *told[6:]) for group in ("left", "old")]
    table = pl.DataFrame(apart, schema=COLUMNS, orient="row")
    twice = Responses.read(table, Columns(run="run", more=MORE), Nominal(), duplicates="runs")
    one, other = STUDY.estimate(recorded(both)), STUDY.estimate(twice)
    assert [found.value for found in one.estimates] == pytest.approx([found.value for found in other.estimates])
    assert one["error.simulated"].n == 12


def test_probabilities_are_the_limit_of_many_runs() -> None:
    known = STUDY.known()
    exact = STUDY.estimate(Simulation.of(STUDY, known, Elicitation(score=True)).answers(known.world))
    drawn = STUDY.estimate(Simulation.of(STUDY, known).answers(known.world))
    assert exact["error.direct"].value == pytest.approx(0)
    assert exact["error.simulated"].value == pytest.approx(known.truth["error.simulated"])
    assert drawn["error.simulated"].value == pytest.approx(exact["error.simulated"].value, abs=0.02)
    assert exact.verdict.label == known.verdict


def test_a_negative_squared_error_has_a_status() -> None:
    found = next(
        one
        for seed in range(20)
        if (one := STUDY.estimate(recorded(rows(seed, direct=true, simulated=true, truth=true))))["error.direct"].status
        == EstimateStatus.NEGATIVE
    )
    assert found["error.direct"].value == found["error.direct"].low == 0


def test_evidence_begins_with_what_is_farthest_off() -> None:
    def one_off(group: str, at: int) -> float:
        return true(group, at) + 0.35 * (group == "young" and at == 7)

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


def items(**told: str) -> list[Item]:
    statement = Item("tea", "Tea is good.", Ordinal(("disagree", "unsure", "agree", "surely")), {"kind": "opinion"})
    told = {"trait": "age", "value": "old", "about": "tea", **told}
    return [statement, Item("old tea", "How many?", Ordinal(("0", "50", "100")), told), Item("milk", "Milk?", statement.scale)]


PEOPLE = [Persona(f"p{at}", f"You are {at}.", {"age": "old" if at < 3 else "young"}) for at in range(5)]


def test_groups_are_asked_about_and_their_members_asked() -> None:
    requests: list[Request] = STUDY.design(PEOPLE, items(truth="0.3"), Elicitation(runs=2))
    told = {(request.about["source"], request.about["persona"], request.about["item"]) for request in requests}
    assert told == {("direct", NOBODY, "old tea"), *(("simulated", f"p{at}", "tea") for at in range(3))}
    assert len(requests) == 8
    assert {request.about["agree"] for request in requests} == {"", "agree|surely"}
    assert {(request.about["source"], request.about["truth"], request.about["group"]) for request in requests} == {
        ("direct", "0.3", "age=old"),
        ("simulated", "", "age=old"),
    }


def test_people_give_the_truth_where_items_do_not() -> None:
    said = [("a", "old", "agree"), ("b", "old", "disagree"), ("c", "old", "surely"), ("d", "young", "disagree")]
    frame = pl.DataFrame(said, schema=["who", "age", "said"], orient="row").with_columns(item=pl.lit("tea"))
    human = Responses.read(frame, Columns("who", "item", "said", attributes=("age",)), Ordinal(("disagree", "unsure", "agree", "surely")))
    requests = GroupKnowledge(human=human).design(PEOPLE, items(), Elicitation(runs=1))
    assert requests[0].about["truth"] == "0.6667"


@pytest.mark.parametrize("told", [{}, {"truth": "0.3", "about": "coffee"}, {"truth": "0.3", "value": "middle"}])
def test_a_design_that_cannot_be_is_refused(told: Mapping[str, str]) -> None:
    with pytest.raises(InputError, match="trait, value, truth and about"):
        STUDY.design(PEOPLE, items(**told), Elicitation())
