"""Remedies of dialogues on the embedded model, whose people fade into the assistant."""

import asyncio
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from personametrics.data.model import Model
from personametrics.data.remedy import Remedy
from personametrics.data.request import Request
from personametrics.data.role import JUDGE
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import Turn, dialogue
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS
from personametrics.elicit.conversation import Talk, converse
from personametrics.elicit.engine import Terms
from personametrics.elicit.journal import Journal
from personametrics.lab import members
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import talk
from personametrics.models.embedded.society.people import somebody
from personametrics.models.function import Scripted

PEOPLE = 20
KINDS = ("chat", "fact", "emotional", "meta") * 2
MODEL = Embedded()


def _verdict(request: Request) -> str:
    """A judge that knows the assistant's lines."""
    line = request.messages[0].text.partition("<line>\n")[2].partition("\n</line>")[0]
    return CONTRADICTS if talk.is_assistant(line) else CONSISTENT


@cache
def _lines(number: int) -> tuple[Request, ...]:
    """Dialogues of eight turns of mixed kinds with different people."""
    rng, requests = np.random.default_rng(3), list[Request]()
    for index in range(number):
        persona = somebody(rng, facts=("name", "pet")).persona(f"person {index}", rng)
        turns = [Turn(talk.turn(rng, str(kind)).text, {"kind": str(kind)}) for kind in rng.permutation(KINDS)]
        requests += dialogue(Elicitation(), persona, (f"script {index}", turns)).lines
    return tuple(requests)


def persons(remedy: str, tmp_path_factory: pytest.TempPathFactory, number: int = PEOPLE) -> np.ndarray:
    """(people, turns) whether a line is a person's."""
    cure = members.remedy(remedy) if remedy else Remedy()
    cast: Mapping[str, Model] = {"": MODEL, JUDGE: Scripted(_verdict, id="scripted/judge")}
    played = Talk(cure.requests(_lines(number)), {part: model.id for part, model in cast.items()})
    with Journal.open(tmp_path_factory.mktemp("talk"), {"model": "m"}) as journal:
        asyncio.run(converse(played, cast, journal, Terms()))
        texts = list(journal.texts([key for _, key, _ in played.outcomes()]))
    return np.array([not talk.is_assistant(str(text)) for text in texts]).reshape(number, len(KINDS))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Without a remedy."""
    return persons("", tmp_path_factory)


@pytest.mark.parametrize(
    ("remedy", "gain"),
    [("restate:every=2", 0.21), ("mediator", 0.18), ("mediator:keep=none", 0.22), ("best_of:n=3", 0.34), ("mediator:keep=all", 0.0)],
)
def test_people_stay_who_they_are(remedy: str, gain: float, plain: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    change = (persons(remedy, tmp_path_factory) - plain.astype(float)).mean(1)
    error = change.std(ddof=1) / np.sqrt(PEOPLE)
    assert abs(change.mean() - gain) < 2 * error
    assert (change.mean() > 1.645 * error) == bool(gain)
