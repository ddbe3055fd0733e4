"""Accuracy on congruent, incongruent and neutral questions, and the gaps between them, as estimates."""

from collections.abc import Sequence

import polars as pl

from personametrics.data.estimate import Estimate, Name
from personametrics.data.sentences import PLAIN
from personametrics.measures.contrast import Contrasts, difference, first
from personametrics.stats.arrays import Floats
from personametrics.studies.distortion.congruence import CONTROL, NEUTRAL, PERSON, congruent_and_incongruent


def gap_estimates(rows: pl.DataFrame, sides: Sequence[str], level: float) -> list[Estimate]:
    """Return accuracy on congruent and incongruent questions with their gap, and the same gap on control questions that name a side.

    Args:
        rows: of `right_answers`, without an instruction.
        sides: sides of personas and questions.
        level: coverage of the intervals.
    """
    estimate = Contrasts(rows, level).estimate
    pairs, controls = congruent_and_incongruent(~CONTROL, sides), congruent_and_incongruent(CONTROL, sides)
    ratio = Name("ratio", "questions", "odds of a right answer on congruent questions divided by those on incongruent ones")
    return [
        *estimate("accuracy.congruent", _share("accuracy where the right answer favours one's own side"), pairs[:1], first),
        *estimate("accuracy.incongruent", _share("accuracy where the right answer favours another side"), pairs[1:], first),
        *estimate("gap", _share("accuracy on congruent minus that on incongruent questions"), pairs, difference),
        *estimate("odds.ratio", ratio, pairs, _odds_ratio, ratio=True),
        *estimate("gap.control", _share("the same gap on control questions that name a side"), controls, difference),
        *estimate("gap.net", _share("gap minus gap.control"), [*pairs, *controls], difference),
    ]


def reference_accuracies(rows: pl.DataFrame, sides: Sequence[str], level: float) -> list[Estimate]:
    """Return accuracy without a persona, and on neutral questions.

    Args:
        rows: of `right_answers`, without an instruction.
        sides: sides of personas and questions.
        level: coverage of the intervals.
    """
    estimate, neutral = Contrasts(rows, level).estimate, pl.col("side") == NEUTRAL
    model = [~PERSON & ~CONTROL & (pl.col("side") == side) for side in sides]
    personas, alone = [PERSON & neutral & (pl.col("identity") == side) for side in sides], [~PERSON & neutral]
    return [
        *estimate("accuracy.none", _share("accuracy on questions that favour a side, without a persona"), [model], first),
        *estimate("accuracy.control", _share("accuracy of personas on neutral questions"), [personas], first),
        *estimate("control.change", _share("accuracy.control minus that without a persona"), [personas, alone], difference),
    ]


def instruction_changes(rows: pl.DataFrame, sides: Sequence[str], name: str, level: float) -> list[Estimate]:
    """Return the gap under an instruction, and its difference to the gap without it.

    Args:
        rows: of `right_answers`.
        sides: sides of personas and questions.
        name: name of the instruction.
        level: coverage of the intervals.
    """
    estimate = Contrasts(rows, level).estimate
    under, plain = (congruent_and_incongruent(~CONTROL & (pl.col("instruction") == each), sides) for each in (name, PLAIN))
    change = _share(f"the gap under the instruction {name} minus that without it")
    return [
        *estimate(f"gap.{name}", _share(f"the gap under the instruction {name}"), under, difference),
        *estimate(f"change.{name}", change, [*under, *plain], difference),
    ]


def _share(meaning: str) -> Name:
    """Return the meaning of a share of right answers, or of a difference of two."""
    return Name("share", "questions", meaning)


def _odds_ratio(averages: Floats) -> Floats:
    """Return the odds of the first average divided by the odds of the second."""
    odds = averages / (1 - averages)
    return odds[..., 0] / odds[..., 1]
