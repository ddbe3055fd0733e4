"""A study of a model, with somebody else as its judge, without a run directory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from personametrics.data.ask import Ask
from personametrics.data.dialogues.judge import JUDGE
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.study import Asking
from personametrics.elicit.table import of_study, replied
from personametrics.elicit.talk import rounds
from personametrics.models.embedded.training.proof import answered


def played(
    study: Any, personas: Sequence[Persona], items: Sequence[Item], asking: Asking, model: Model, judge: Callable[[Ask], str]
) -> Finding:
    """What a study says of a model: equal asks are asked once."""
    asks: list[Ask] = study.design(personas, items, asking)
    spoken = dict[int, tuple[Ask, Reply]]()
    known = dict[Ask, Reply]()
    for part in rounds(asks):
        texts = [tuple(one.spoken([spoken[id(other)][1].text or "" for other in one.said]) for one in ask.messages) for ask in part]
        ready = [replace(ask, messages=messages) for ask, messages in zip(part, texts, strict=True)]
        fresh = [ask for ask in dict.fromkeys(ready) if ask not in known]
        own = [ask for ask in fresh if ask.to != JUDGE]
        known |= dict(zip(own, answered(model, own), strict=True)) | {ask: Reply(judge(ask)) for ask in fresh if ask.to == JUDGE}
        spoken |= {id(ask): (asked, known[asked]) for ask, asked in zip(part, ready, strict=True)}
    said, replies = zip(*(spoken[id(ask)] for ask in asks), strict=True)
    finding: Finding = study.estimate(of_study(replied(said, replies), "the model"))
    return finding
