"""A world in which turns cost answers: three in ten tasks are solved and six in ten self-descriptions fit, against eight in ten at once."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.role import LINE
from personametrics.data.study import Elicitation, Item, Nominal, Persona, Request, StudyWorld
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, VERDICT
from personametrics.stats.people.aptitude import expected_aptitude
from personametrics.studies.lost.arms import ARMS, CHANGES, SHARDED, WHO

RUNS = 4
AT_ONCE = 0.8
"""Share of right answers of both outcomes in the arms without turns."""
IN_TURNS: Mapping[str, float] = {"": 0.3, "persona.": 0.6}
"""Share of right answers in turns, by prefix of the estimates."""


def known_world() -> StudyWorld:
    """Return a world in which turns cost answers, and one without an effect of the turns."""
    people = tuple(Persona(f"person {index}", f"You are number {index}. You live by the sea.") for index in range(5))
    parts = [{"shard.1": f"How many are there on day {index}?", "shard.2": "Two came first."} for index in range(5)]
    numbers = Nominal(tuple("2345"))
    items = tuple(Item(f"sum {index}", " ".join(part.values()), numbers, part | {"gold": "4"}) for index, part in enumerate(parts))
    quiet, elicitation = frozenset({"not lost", "undecided"}), Elicitation(RUNS)
    return StudyWorld(people, items, _answer, _truth(), partial(_answer, loses=False), "lost in conversation", quiet, elicitation)


def _truth() -> dict[str, float]:
    """Return the true estimates; the aptitude at once is left out, since nearly all its runs reach 100."""
    truth = {f"aptitude.{SHARDED}": 100 * float(expected_aptitude(IN_TURNS[""], RUNS).aptitude)}
    at_once = expected_aptitude(AT_ONCE, RUNS)
    for prefix, share in IN_TURNS.items():
        in_turns = expected_aptitude(share, RUNS)
        for number in ("mean", "unreliability"):
            before, after = 100 * float(getattr(at_once, number)), 100 * float(getattr(in_turns, number))
            truth |= {f"{prefix}{number}.{arm}": after if arm == SHARDED else before for arm in ARMS}
            truth |= {f"{prefix}{number}.{change}": after - before for change in CHANGES}
    return truth


def _answer(request: Request, *, loses: bool = True) -> Mapping[str, float]:
    """Return the probabilities of answers, by the shares of tasks solved and of self-descriptions that fit."""
    solves, keeps = IN_TURNS.values() if loses and request.about["arm"] == SHARDED else (AT_ONCE, AT_ONCE)
    if request.about["part"] == VERDICT:
        fits = "sea" in request.messages[0].text.partition("<line>")[2]
        return {CONSISTENT: float(fits), CONTRADICTS: float(not fits)}
    if request.about["part"] == LINE:
        describes = request.messages[-1].text.endswith(WHO)
        return {"I live by the sea.": keeps, "I am an assistant.": 1 - keeps} if describes else {"I see.": 1.0}
    return {"4": solves, "3": 1 - solves, "2": 0.0, "5": 0.0}
