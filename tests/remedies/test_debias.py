"""Debiasing instructions."""

from dataclasses import replace

import pytest

from personametrics.data.errors import StudyError
from personametrics.data.prompt import NOBODY
from personametrics.data.sentences import INSTRUCTIONS
from personametrics.remedies.debias import Debias
from personametrics.studies.distortion import Distortion

KNOWN = Distortion().known()
ASKS = Distortion().design(KNOWN.personas[:2] + KNOWN.personas[-2:], KNOWN.items[:4] + KNOWN.items[-8:], replace(KNOWN.elicitation, runs=1))


def test_personas_are_instructed_and_the_model_itself_is_not() -> None:
    for plain, instructed in zip(ASKS, Debias().requests(ASKS), strict=True):
        present = INSTRUCTIONS["accuracy"] in instructed.messages[-1].text
        assert present == (plain.about["persona"] != NOBODY)
        assert instructed.messages[-1].text.endswith(plain.messages[-1].text)
        assert instructed.about == plain.about


def test_a_sentence_of_ones_own_is_put_as_it_stands() -> None:
    instructed, *_ = [request for request in Debias("Think of both sides.").requests(ASKS) if "Think" in request.messages[-1].text]
    assert instructed.messages[-1].text.startswith("Think of both sides.\n\n")


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(StudyError, match="accurately"):
        Debias("accurately").requests(ASKS)
