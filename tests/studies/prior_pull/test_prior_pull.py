import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

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
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.data.study import Elicitation
from personametrics.studies.prior_pull import PriorPull
from personametrics.testing import Simulation

STEPS = ("1", "2", "3", "4", "5")


def recorded(rows: list[tuple[str, str, int, str]], scale: Scale | None = None) -> Responses:
    frame = pl.DataFrame(rows, schema=["persona", "item", "run", "answer"], orient="row")
    arm = pl.when(pl.col("persona") == NOBODY).then(pl.lit("none")).otherwise(pl.lit("persona"))
    return Responses.read(frame.with_columns(arm=arm), Columns(run="run", more=("arm",)), scale or Ordinal(STEPS))


def shares(table: Mapping[tuple[str, str], list[float]], labels: tuple[str, ...] = STEPS, scale: Scale | None = None) -> Responses:
    rows = [(who, item, "none" if who == NOBODY else "persona", *odds) for (who, item), odds in table.items()]
    columns = [f"p:{label}" for label in labels]
    frame = pl.DataFrame(rows, schema=["persona", "item", "arm", *columns], orient="row")
    return Responses.read(frame, Columns(probabilities=tuple(columns), more=("arm",)), scale or Ordinal(labels))


def drawn(seed: int = 0) -> list[tuple[str, str, int, str]]:
    rng = np.random.default_rng(seed)
    rows = []
    for who in (NOBODY, *(f"person {index}" for index in range(6))):
        for item in range(7):
            odds = rng.dirichlet(np.full(5, 0.3))
            rows += [(who, f"item {item}", run, STEPS[rng.choice(5, p=odds)]) for run in range(6)]
    return rows


def mixture(weight: float, labels: int = 5, people: int = 5, items: int = 10) -> dict[tuple[str, str], list[float]]:
    """Priors that differ, and personas whose own thoughts even out over personas."""

    def near(index: int) -> np.ndarray:
        return np.where(np.arange(labels) == index % labels, 0.9, 0.1 / (labels - 1))

    table = {(NOBODY, f"item {item}"): near(item * 2).tolist() for item in range(items)}
    for who in range(people):
        for item in range(items):
            table[f"person {who}", f"item {item}"] = (weight * near(item * 2) + (1 - weight) * near(who + item)).tolist()
    return table


def test_every_number_is_that_of_a_plain_loop() -> None:
    rows = drawn()
    cells: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for who, item, _, answer in rows:
        cells[who, item][answer] += 1
    x, y, noise, turned, kl = [], [], [], [], []
    for (who, item), answers in cells.items():
        if who == NOBODY:
            continue
        prior = cells[NOBODY, item]
        x.append(sum(int(a) * n for a, n in prior.items()) / 6)
        y.append(sum(int(a) * n for a, n in answers.items()) / 6)
        noise.append(sum(n * (int(a) - x[-1]) ** 2 for a, n in prior.items()) / 5 / 6)
        mode, most = prior.most_common(1)[0]
        if most / 6 >= 0.8:
            turned.append(answers[mode] < max(answers.values()))
        p, q = ([(side[a] + 0.5) / 8.5 for a in STEPS] for side in (answers, prior))
        kl.append(sum(first * math.log(first / second) for first, second in zip(p, q, strict=True)))
    above = sum((a - sum(x) / 42) * (b - sum(y) / 42) for a, b in zip(x, y, strict=True))
    below = sum((a - sum(x) / 42) ** 2 for a in x) - sum(noise) * (1 - 1 / 7)
    finding = PriorPull().estimate(recorded(rows))
    assert finding["slope"].value == pytest.approx(above / below)
    assert finding["flip"].value == pytest.approx(sum(turned) / len(turned))
    assert finding["flip"].n == len(turned)
    assert finding["persuasion"].value == pytest.approx(sum(kl) / 42)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("scale", [Ordinal(STEPS), Nominal(STEPS)])
def test_the_slope_of_known_probabilities_is_the_weight_of_the_prior(weight: float, scale: Scale) -> None:
    finding = PriorPull().estimate(shares(mixture(weight), scale=scale))
    assert finding["slope"].value == pytest.approx(weight, abs=1e-9)


def test_persuasion_of_known_probabilities_is_exact_and_has_no_floor() -> None:
    table = {(NOBODY, item): [0.9, 0.1] for item in "abcdef"} | {(who, item): [0.5, 0.5] for who in "pqrst" for item in "abcdef"}
    finding = PriorPull().estimate(shares(table, ("no", "yes")))
    assert finding["persuasion"].value == finding["persuasion.excess"].value == pytest.approx(0.510826, abs=1e-6)
    assert finding["persuasion.floor"].value == 0


def test_a_tie_with_the_priors_mode_is_no_flip() -> None:
    table = {(NOBODY, item): [0.9, 0.1] for item in "abcdef"}
    table |= {(who, item): [0.5, 0.5] if who in "pq" else [0.4, 0.6] for who in "pqrs" for item in "abcdef"}
    assert PriorPull().estimate(shares(table, ("no", "yes")))["flip"].value == 0.5


def test_without_a_persona_effect_the_floor_is_what_persuasion_is() -> None:
    study = PriorPull()
    labels = {"1": 0.1, "2": 0.2, "3": 0.4, "4": 0.2, "5": 0.1}
    simulation = Simulation.of(study, study.known())

    def alike(_: Request) -> Mapping[str, float]:
        return labels

    findings = [study.estimate(simulation.answers(alike, seed)) for seed in range(6)]
    assert np.mean([finding["persuasion.excess"].value for finding in findings]) == pytest.approx(0, abs=0.015)
    assert np.mean([finding["persuasion"].value for finding in findings]) > 0.2


def test_probabilities_are_the_limit_of_many_runs() -> None:
    table = mixture(0.8)
    runs = [
        (who, item, run, answer)
        for (who, item), odds in table.items()
        for run, answer in enumerate(label for label, share in zip(STEPS, odds, strict=True) for _ in range(round(40 * share)))
    ]
    exact, many = PriorPull().estimate(shares(table)), PriorPull(smooth=1e-9).estimate(recorded(runs))
    assert many["slope"].value == pytest.approx(exact["slope"].value, abs=0.02)
    assert many["persuasion"].value == pytest.approx(exact["persuasion"].value, abs=1e-6)
    assert many["flip"].value == exact["flip"].value == 0


@pytest.mark.parametrize(("weight", "label"), [(1.0, "prior wins"), (0.0, "persona wins")])
def test_slope_and_flips_together_make_the_verdict(weight: float, label: str) -> None:
    assert PriorPull().estimate(shares(mixture(weight, people=10, items=20))).verdict.label == label


def test_a_steep_slope_with_many_flips_is_undecided() -> None:
    def near(index: int) -> list[float]:
        return [0.92 if step == index else 0.02 for step in range(5)]

    table = {(NOBODY, f"item {item}"): near(item % 4) for item in range(12)}
    table |= {(f"person {who}", f"item {item}"): near(item % 4 + 1) for who in range(8) for item in range(12)}
    finding = PriorPull().estimate(shares(table))
    assert finding["slope"].low > 0.5
    assert finding["flip"].value == 1
    assert finding.verdict.label == "undecided"


def test_one_run_leaves_the_slope_open() -> None:
    finding = PriorPull().estimate(recorded([row for row in drawn() if row[2] == 0]))
    assert finding["slope"].status == EstimateStatus.NO_RERUNS
    assert math.isnan(finding["slope"].value)
    assert finding.verdict.label == "undecided"
    assert str(EstimateStatus.NO_RERUNS) in finding.verdict.sentence


def test_a_model_that_is_sure_of_nothing_has_no_flips() -> None:
    finding = PriorPull(strong=1.1).estimate(recorded(drawn()))
    assert finding["flip"].status == EstimateStatus.UNDEFINED
    assert "not sure of any answer" in finding.verdict.sentence


def test_a_prior_that_rules_an_answer_out_leaves_persuasion_undefined() -> None:
    table = {(NOBODY, item): [1.0, 0.0] for item in "abcdef"} | {(who, item): [0.5, 0.5] for who in "pqrst" for item in "abcdef"}
    assert PriorPull().estimate(shares(table, ("no", "yes")))["persuasion"].status == EstimateStatus.UNDEFINED


def test_evidence_lists_the_surest_items_that_turn_least() -> None:
    table = {(NOBODY, item): [0.9, 0.1] for item in "abcdef"}
    table |= {(who, item): [0.2, 0.8] if item in "abc" else [0.8, 0.2] for who in "pqrst" for item in "abcdef"}
    rows = PriorPull().estimate(shares(table, ("no", "yes"))).evidence["items"]
    assert [(row["item"], row["prior"], row["flips"]) for row in rows] == [(item, "no", float(item in "abc")) for item in "defabc"]


def test_what_is_missing_is_said() -> None:
    rows = drawn()
    table = recorded(rows)
    with pytest.raises(InputError, match='no column "arm"'):
        PriorPull().estimate(replace(table, frame=table.frame.drop("arm")))
    with pytest.raises(InputError, match='"somebody" is not one of persona, none'):
        PriorPull().estimate(replace(table, frame=table.frame.with_columns(arm=pl.lit("somebody"))))
    with pytest.raises(InputError, match="no item with answers of both arms"):
        PriorPull().estimate(recorded([row for row in rows if row[0] != NOBODY]))
    with pytest.raises(InputError, match="compares two or more labels"):
        PriorPull().estimate(recorded(rows, Numeric(1, 5)))


def test_opinions_are_asked_of_everybody_and_of_the_model_itself() -> None:
    people = [Persona(name, f"You are {name}.") for name in ("Ann", "Ben")]
    attributes_of = {"tea": {"kind": "opinion"}, "milk": {}, "taps": {"kind": "knowledge"}}
    items = [Item(name, f"About {name}.", Ordinal(STEPS), attributes) for name, attributes in attributes_of.items()]
    requests: list[Request] = PriorPull().design(people, items, Elicitation(runs=3))
    assert {request.about["item"] for request in requests} == {"tea", "milk"}
    assert len(requests) == 2 * 3 * 3
    assert {(request.about["persona"], request.about["arm"]) for request in requests} == {
        (NOBODY, "none"),
        ("Ann", "persona"),
        ("Ben", "persona"),
    }


def test_a_design_that_cannot_be_is_refused() -> None:
    people = [Persona(name, f"You are {name}.") for name in ("Ann", "Ben")]
    items = [Item("tea", "Tea?", Ordinal(STEPS)), Item("milk", "Milk?", Nominal(("no", "yes")))]
    with pytest.raises(InputError, match="on one scale"):
        PriorPull().design(people, items, Elicitation())
    with pytest.raises(InputError, match="two or more items"):
        PriorPull().design(people, items[:1], Elicitation())
    with pytest.raises(InputError, match="two or more personas"):
        PriorPull().design(people[:1], items, Elicitation())
