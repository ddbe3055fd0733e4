"""What is said beside what is done."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from personametrics.data import library
from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.item import Item
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric
from personametrics.data.study import Elicitation
from personametrics.studies.say_do import SayDo
from personametrics.studies.say_do.games import reversed_scale
from personametrics.testing import Simulation

STUDY = SayDo()
KNOWN = STUDY.known()
WHOLE = Simulation.of(STUDY, KNOWN).answers(KNOWN.world, 2)


def means(responses: Responses) -> dict[tuple[str, str, str], dict[str, list[float]]]:
    """Places of the answers by persona, game and mode, by item."""
    cells: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in responses.frame.iter_rows(named=True):
        labels = row["least_to_most"].split("|")
        cells[row["persona"], row["game"], row["mode"]][row["item"]].append(labels.index(row["answer"]) / (len(labels) - 1))
    return cells


def test_correlation_counted_by_hand() -> None:
    cells = means(WHOLE)
    people = sorted({persona for persona, _, _ in cells})
    total = np.zeros(3)
    raw = np.zeros(3)
    for game in ("dictator", "trust"):
        x, y = (
            np.array([np.mean([np.mean(runs) for runs in cells[persona, game, mode].values()]) for persona in people])
            for mode in ("say", "do")
        )
        vx, vy = (
            np.mean([np.sum([np.var(runs, ddof=1) / len(runs) for runs in items.values()]) / len(items) ** 2 for items in noisy])
            for noisy in ([cells[persona, game, mode] for persona in people] for mode in ("say", "do"))
        )
        cov = np.cov(x, y)
        total += [cov[0, 1], cov[0, 0] - vx, cov[1, 1] - vy]
        raw += [cov[0, 1], cov[0, 0], cov[1, 1]]
    finding = STUDY.estimate(WHOLE)
    assert finding["correlation"].value == pytest.approx(total[0] / np.sqrt(total[1] * total[2]))
    assert finding["correlation.raw"].value == pytest.approx(raw[0] / np.sqrt(raw[1] * raw[2]))


def test_shifts_are_differences_of_two_groups() -> None:
    cells = means(WHOLE)
    group = dict(WHOLE.frame.select("persona", "group").unique().iter_rows())
    shift = {}
    for mode in ("say", "do"):
        mean: dict[str, list[float]] = defaultdict(list)
        for (persona, _, which), values in cells.items():
            if which == mode:
                mean[group[persona]].append(float(np.mean([np.mean(runs) for runs in values.values()])))
        shift[mode] = np.mean(mean["high"]) - np.mean(mean["low"])
    finding = STUDY.estimate(WHOLE)
    assert finding["shift.say"].value == pytest.approx(shift["say"])
    assert finding["shift.do"].value == pytest.approx(shift["do"])
    assert finding["shift.gap"].value == pytest.approx(shift["say"] - shift["do"])


def test_label_probabilities_give_the_truth_itself() -> None:
    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(score=True)).answers(KNOWN.world))
    for name, truth in KNOWN.truth.items():
        assert finding[name].value == pytest.approx(truth, abs=1e-9)
    assert finding.verdict.label == "says otherwise"


def test_doing_that_follows_saying_can_be_concluded() -> None:
    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(score=True)).answers(KNOWN.null))
    assert finding["correlation"].value == pytest.approx(1)
    assert finding.verdict.label == "does as it says"


def test_single_runs_leave_the_corrected_correlation_open_and_the_other_known() -> None:
    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN, Elicitation(1)).answers(KNOWN.null, 1))
    assert finding["correlation"].status == "no persona answered the same item twice, so that noise cannot be told from persona"
    assert finding["correlation.raw"].value > 0.3
    assert finding.verdict.label == "undecided"


def test_a_ladder_with_a_missing_rung_is_not_read() -> None:
    first = WHOLE.frame["persona"][0]
    cut = WHOLE.only(~((pl.col("persona") == first) & (pl.col("item") == "trust 2")))
    finding, whole = STUDY.estimate(cut), STUDY.estimate(WHOLE)
    assert finding["ladder.trust"].n == whole["ladder.trust"].n - 1
    assert finding["ladder.dictator"] == whole["ladder.dictator"]


def test_amounts_and_reversed_scales_are_placed_from_the_least_to_the_most() -> None:
    assert reversed_scale("no|perhaps|yes") == "yes|perhaps|no"
    rows = []
    for index, (say, low, high) in enumerate([("0", 1, 3), ("5", 4, 6), ("10", 7, 9)]):
        world = {"persona": f"p{index}", "game": "trust", "group": ""}
        rows.append(world | {"item": "s", "mode": "say", "odds": "any", "answer": say, "least_to_most": "0..10"})
        for item, odds, amount in (("a", "10", low), ("b", "90", high)):
            kept = str(10 - amount)  # what is kept is the other way round
            rows.append(world | {"item": item, "mode": "do", "odds": odds, "answer": kept, "least_to_most": "10..0"})
    columns = Columns(more=("mode", "game", "odds", "least_to_most", "group"))
    finding = STUDY.estimate(Responses.read(pl.DataFrame(rows), columns, Numeric()))
    assert finding["correlation.raw"].value == pytest.approx(1)
    assert finding["climb.trust"].value == pytest.approx(0.2)
    assert finding["ladder.trust"].value == 1


def test_the_bundled_games_and_people_are_enough() -> None:
    requests = STUDY.design(library.personas(), library.items(), Elicitation(1))
    assert {request.about["game"] for request in requests} == {"trust", "giving"}
    assert {request.about["group"] for request in requests} == {"low", "high"}
    reversed_ = next(request for request in requests if request.about["item"] == "trust.say.2")
    assert reversed_.about["least_to_most"].startswith("strongly agree")


def test_a_game_that_lacks_a_side_is_not_asked_and_none_at_all_is_refused() -> None:
    items = [item for item in KNOWN.items if item.attributes["mode"] == "say" or item.attributes["game"] == "trust"]
    assert {request.about["game"] for request in STUDY.design(KNOWN.personas, items, Elicitation(1))} == {"trust"}
    nominal = Item("x", "Take it?", Nominal(("no", "yes")), {"mode": "do", "game": "trust", "odds": "1"})
    with pytest.raises(DesignError, match=r"attribute game\) an item with mode=say"):
        STUDY.design(KNOWN.personas, [nominal], Elicitation())


def test_what_is_missing_or_wrong_is_named() -> None:
    frame = pl.DataFrame({"persona": ["a"], "item": ["q"], "answer": ["yes"], "mode": ["say"]})
    with pytest.raises(ColumnError, match='no column "game"'):
        STUDY.estimate(Responses.read(frame, Columns(more=("mode",)), Nominal()))
    with pytest.raises(AnswerError, match=r'unknown mode "tell"\. Write say or do'):
        STUDY.estimate(replace(WHOLE, frame=WHOLE.frame.with_columns(mode=pl.lit("tell"))))
