"""Dialogues between a persona and another side, whose turns are scripted or come from a partner model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Message, Request, slot
from personametrics.data.role import LINE, PARTNER
from personametrics.data.study import Elicitation

BEGIN = "(The conversation begins.)"
"""The first user message to a side that speaks first."""


@dataclass(frozen=True)
class Turn:
    """A turn of the other side.

    Attributes:
        text: the words; "": a partner model writes them.
        columns: properties of the turn, such as its `kind`, as columns of the line that replies to it.
    """

    text: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dialogue:
    """One run of a script with one persona.

    Attributes:
        lines: requests for the persona's lines; each waits for the lines before it.
        partner: requests for the turns of the partner, by position of the turn.
    """

    lines: tuple[Request, ...]
    partner: Mapping[int, Request]

    def until(self, turns: int) -> tuple[Message, ...]:
        """Return the messages up to and including the n-th line, without a system message, for a question that follows.

        There are none up to line 0, because `Elicitation.ask` introduces the persona itself.
        """
        if not turns:
            return ()
        last = self.lines[turns - 1]
        opening = 1 if last.messages[0].role == "system" else 0
        return (*last.messages[opening:], reply_message(last))


def reply_message(request: Request, role: str = "assistant") -> Message:
    """Return a message that will hold the reply to a request."""
    return Message("user" if role == "user" else "assistant", slot(0), (request,))


def dialogue(
    elicitation: Elicitation, persona: Persona | None, script: tuple[str, Sequence[Turn]], run: int = 0, partner: str = ""
) -> Dialogue:
    """Return the requests of a dialogue in which a persona replies to a script.

    Args:
        elicitation: prompt and sampling.
        persona: the speaker; None: the model without a persona.
        script: id of the script, and its turns.
        run: number of the retest, from 0.
        partner: system message of the partner model, which writes the turns without words.

    Returns:
        The dialogue; its lines have the columns persona, item (the script), run, turn (from 1), part, scale, said (the words of a scripted
        turn) and those of the turn.
    """
    name, turns = script
    lines: list[Request] = []
    others: dict[int, Request] = {}
    messages: tuple[Message, ...] = ()
    partner_messages: tuple[Message, ...] = (Message("system", partner), Message("user", BEGIN)) if partner else ()
    for index, turn in enumerate(turns):
        if turn.text:
            words = Message("user", turn.text)
            partner_messages = (*partner_messages, Message("assistant", turn.text)) if partner_messages else ()
        else:
            about = _about(None, name, run, index, {"part": PARTNER})
            others[index] = Request(partner_messages, run, sampling=elicitation.sampling, about=about, to=PARTNER)
            words = reply_message(others[index], "user")
            partner_messages = (*partner_messages, reply_message(others[index]))
        messages = (*messages, words) if messages else _opening(elicitation, persona, words)
        about = _about(persona, name, run, index, {"part": LINE, "said": turn.text, **turn.columns})
        lines.append(Request(messages, run, sampling=elicitation.sampling, about=about))
        messages = (*messages, reply_message(lines[-1]))
        partner_messages = (*partner_messages, reply_message(lines[-1], "user")) if partner_messages else ()
    return Dialogue(tuple(lines), others)


def _opening(elicitation: Elicitation, persona: Persona | None, words: Message) -> tuple[Message, ...]:
    """Return the persona and the first turn, in their places."""
    *introduction, first = elicitation.prompt.messages(persona, words.text)
    return (*introduction, replace(first, requests=words.requests))


def _about(persona: Persona | None, name: str, run: int, index: int, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a line."""
    speaker = persona.id if persona else NOBODY
    return {"persona": speaker, "item": name, "run": str(run), "turn": str(index + 1), "scale": "text", **columns}
