"""Dialogues the other way round: the persona is a user who speaks first, and what it talks to answers as an assistant would."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from personametrics.data.persona import Persona
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.role import LINE, PARTNER
from personametrics.data.study import Elicitation
from personametrics.data.task import Task
from personametrics.dialogues.dialogue import BEGIN, Dialogue, said


@dataclass(frozen=True)
class Assistant:
    """What a simulated user talks to; it is told of no persona.

    Attributes:
        instructions: its system message; "": none.
        says: its words, turn by turn, where they are given; nothing: a model says them.
        sampling: how its words are drawn.
        opening: what the user is told in the place of a first turn.
    """

    instructions: str = ""
    says: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    opening: str = BEGIN


def user_dialogue(
    elicitation: Elicitation, persona: Persona, task: Task | None, assistant: Assistant, turns: int, run: int = 0
) -> Dialogue:
    """What a persona and an assistant say in turn.

    Args:
        elicitation: prompt and sampling of the persona.
        persona: who speaks first.
        task: what it wants; told with the persona.
        assistant: what answers.
        turns: how often each of both speaks; where the words of the assistant are given, no more than these.
        run: which re-playing, from 0.

    Returns:
        The lines of both, with the columns persona, item (the task), run, turn (from 1), part and scale.
    """
    about = {"persona": persona.id, "item": task.id if task else "", "run": str(run), "scale": "text"}
    told = replace(persona, text=f"{persona.text}\n\n{task.text}") if task else persona
    messages = elicitation.prompt.messages(told, assistant.opening)
    heard = (Message("system", assistant.instructions),) if assistant.instructions else ()
    lines: list[Request] = []
    others: dict[int, Request] = {}
    for at in range(turns):
        lines.append(Request(messages, run, sampling=elicitation.sampling, about=_turn(about, at, LINE)))
        heard = (*heard, said(lines[-1], "user"))
        if assistant.says:
            answer = Message("assistant", assistant.says[at])
        else:
            others[at] = Request(heard, run, sampling=assistant.sampling, about=_turn(about, at, PARTNER), to=PARTNER)
            answer = said(others[at])
        heard = (*heard, answer)
        messages = (*messages, said(lines[-1]), replace(answer, role="user"))
    return Dialogue(tuple(lines), others)


def _turn(about: Mapping[str, str], at: int, part: str) -> dict[str, str]:
    """Columns of a line."""
    return {**about, "turn": str(at + 1), "part": part}
