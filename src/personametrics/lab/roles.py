"""Who plays the other parts of dialogues: the judge, the partner."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from personametrics.data.model import TOY, Model
from personametrics.data.notice import Notice
from personametrics.data.request import Request
from personametrics.data.role import JUDGE
from personametrics.models.named import named


class Cast(TypedDict, total=False):
    """Who plays the other parts; the model itself plays those that are not named.

    Attributes:
        judge: reads lines and says what it thinks of them; a model string or a model.
        partner: says the other side's lines, where they are not given.
    """

    judge: Model | str | None
    partner: Model | str | None


def players(model: str, cast: Cast) -> dict[str, Model]:
    """A model for each part that is named.

    Args:
        model: the id of what answers; the embedded toy model knows too little to judge, so its judge is the oracle of its world.
        cast: who is named.

    Raises:
        StudyError: there is no such model.
        ModelError: a model cannot be opened.
    """
    told: Mapping[str, Model | str | None] = {"judge": cast.get("judge"), "partner": cast.get("partner")}
    found = {part: named(one) if isinstance(one, str) else one for part, one in told.items() if one is not None}
    return found if JUDGE in found or not model.startswith(TOY) else {JUDGE: named("oracle"), **found}


def who_judged(requests: Sequence[Request], model: str, cast: Mapping[str, Model]) -> list[Notice]:
    """What a reader must know of who judged.

    Args:
        requests: of a study.
        model: the id of what answers.
        cast: who plays other parts.
    """
    if not any(request.to == JUDGE for request in requests):
        return []
    judge = cast[JUDGE].id if JUDGE in cast else model
    if judge == model:
        text = f"{model} judged its own lines; name another model as judge to see whether its verdicts hold."
        return [Notice("own-judge", text)]
    return [Notice("judge", f"The judge was {judge}; its verdicts are as good as it is.")]
