"""Dialogues of simulated users: the persona speaks first, and an assistant replies."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from personametrics.data.persona import Persona, Task
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.role import LINE, PARTNER
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import BEGIN, Dialogue, reply_message


@dataclass(frozen=True)
class Assistant:
    """The assistant to which a simulated user talks; its prompt holds no persona.

    Attributes:
        instructions: system message; "": no system message.
        says: scripted replies, turn by turn; empty: a model replies.
        sampling: settings of the draw of its replies.
        opening: message to the user in place of a first turn.
    """

    instructions: str = ""
    says: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    opening: str = BEGIN


def user_dialogue(
    elicitation: Elicitation, persona: Persona, task: Task | None, assistant: Assistant, turns: int, run: int = 0
) -> Dialogue:
    """Return the requests of a dialogue between a simulated user and an assistant.

    Args:
        elicitation: prompt and sampling of the user.
        persona: the user, who speaks first.
        task: aim of the user, which stands in the prompt after the persona; None: no aim.
        assistant: the assistant.
        turns: number of lines of each side; at most the number of scripted replies, if the assistant is scripted.
        run: number of the retest, from 0.

    Returns:
        The dialogue; its lines have the columns persona, item (the task), run, turn (from 1), part and scale.
    """
    about = {"persona": persona.id, "item": task.id if task else "", "run": str(run), "scale": "text"}
    user = replace(persona, text=f"{persona.text}\n\n{task.text}") if task else persona
    messages = elicitation.prompt.messages(user, assistant.opening)
    assistant_messages = (Message("system", assistant.instructions),) if assistant.instructions else ()
    lines: list[Request] = []
    others: dict[int, Request] = {}
    for index in range(turns):
        lines.append(Request(messages, run, sampling=elicitation.sampling, about=_turn(about, index, LINE)))
        assistant_messages = (*assistant_messages, reply_message(lines[-1], "user"))
        if assistant.says:
            answer = Message("assistant", assistant.says[index])
        else:
            columns = _turn(about, index, PARTNER)
            others[index] = Request(assistant_messages, run, sampling=assistant.sampling, about=columns, to=PARTNER)
            answer = reply_message(others[index])
        assistant_messages = (*assistant_messages, answer)
        messages = (*messages, reply_message(lines[-1]), replace(answer, role="user"))
    return Dialogue(tuple(lines), others)


def _turn(about: Mapping[str, str], index: int, part: str) -> dict[str, str]:
    """Return the columns of a line."""
    return {**about, "turn": str(index + 1), "part": part}
