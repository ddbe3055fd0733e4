"""Studies of the embedded model: what its answers say holds what its probabilities are, and what was planted."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from embedded_training.proof import answered
from personametrics.data.finding import Finding
from personametrics.data.reply import Reply
from personametrics.data.request import Request, Sampling
from personametrics.data.study import Elicitation, Study
from personametrics.elicit.table import reply_table, study_responses
from personametrics.lab import examples as battery
from personametrics.lab.members import study
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import panels

LEVEL = 0.99
CHIEF = {
    "stability": ("signal", "component.run"),
    "wording": ("pss.gap",),
    "distortion": ("gap", "odds.ratio", "control.change"),
    "expertise": ("gain.expert", "gain.ignorant"),
    "value_tension": ("evenhandedness.none", "collapse"),
    "resistance": ("resistance",),
    "prior_pull": ("slope",),
    "self_knowledge": ("overconfidence", "accuracy"),
    "commitment": ("agreement.secret", "consistency.secret", "consistency.written"),
    "group_knowledge": ("gap",),
    "judge_reliability": ("omega.single", "component.persona"),
    "belief_structure": ("constraint",),
}
"""Estimates that mean the same for answers drawn and for probabilities."""
PLANTED = frozenset(CHIEF) - {"self_knowledge", "commitment"}
"""Studies whose every question the society itself answers."""
MODEL = Embedded()
MARKS = {item.id for item in panels.battery() if item.attributes["kind"] == "rating"}
"""Marks were never learned with their options in reverse."""


def asked(name: str) -> tuple[Study, Any, Any]:
    chosen: Any = study(name)
    return replace(chosen, level=LEVEL), battery.personas(MODEL.id, chosen.population)[:16], battery.items(MODEL.id)


def said(chosen: Study, requests: Sequence[Request], replies: list[Reply]) -> Finding:
    pairs = [
        pair for pair in zip(requests, replies, strict=True) if pair[0].about["item"] not in MARKS or pair[0].about["order"] == "given"
    ]
    requests, replies = ([*part] for part in zip(*pairs, strict=True))
    return chosen.estimate(study_responses(reply_table(requests, replies), "the embedded model"))


@pytest.mark.parametrize("name", CHIEF)
def test_drawn_answers_hold_the_model_s_own_value_and_what_was_planted(name: str) -> None:
    chosen, people, items = asked(name)
    drawn = chosen.design(people, items, Elicitation(runs=4, sampling=Sampling(seed=3)))
    exact = chosen.design(people, items, Elicitation(score=True))
    drawn_values, truth_values = said(chosen, drawn, answered(MODEL, drawn)), said(chosen, exact, answered(MODEL, exact))
    truth = (
        said(chosen, exact, [Reply(probabilities=panels.society(people, items)(request)) for request in exact])
        if name in PLANTED
        else truth_values
    )
    for key in CHIEF[name]:
        assert drawn_values[key].low <= truth[key].value <= drawn_values[key].high, key
        assert not math.isnan(truth_values[key].value)
        assert drawn_values[key].low <= truth_values[key].value <= drawn_values[key].high, key
