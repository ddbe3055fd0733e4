"""A study of a model, with somebody else as its judge, without a run directory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from embedded_training.proof import answered
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.role import JUDGE
from personametrics.data.study import Elicitation
from personametrics.elicit.conversation import rounds
from personametrics.elicit.table import reply_table, study_responses


def played(
    study: Any, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation, model: Model, judge: Callable[[Request], str]
) -> Finding:
    """What a study says of a model: equal asks are asked once."""
    requests: list[Request] = study.design(personas, items, elicitation)
    spoken = dict[int, tuple[Request, Reply]]()
    answers = dict[Request, Reply]()
    for part in rounds(requests):
        texts = [
            tuple(message.filled([spoken[id(other)][1].text or "" for other in message.requests]) for message in request.messages)
            for request in part
        ]
        ready = [replace(request, messages=messages) for request, messages in zip(part, texts, strict=True)]
        fresh = [request for request in dict.fromkeys(ready) if request not in answers]
        subject = [request for request in fresh if request.to != JUDGE]
        answers |= dict(zip(subject, answered(model, subject), strict=True)) | {
            request: Reply(judge(request)) for request in fresh if request.to == JUDGE
        }
        spoken |= {id(request): (asked, answers[asked]) for request, asked in zip(part, ready, strict=True)}
    requested, replies = zip(*(spoken[id(request)] for request in requests), strict=True)
    finding: Finding = study.estimate(study_responses(reply_table(requested, replies), "the model"))
    return finding
