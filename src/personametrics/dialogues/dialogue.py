"""Dialogues: what one side says is a persona's, line by line; the other side's words are given, or said by a partner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Message, Request, slot
from personametrics.data.role import LINE, PARTNER
from personametrics.data.study import Elicitation

BEGIN = "(The conversation begins.)"
"""What a partner is told before anything was said."""


@dataclass(frozen=True)
class Turn:
    """What the other side says.

    Attributes:
        text: the words; "": a partner says them.
        columns: what is known of the turn, such as its `kind`; columns of the line that answers it.
    """

    text: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dialogue:
    """One run of a script with one persona.

    Attributes:
        lines: the persona's, each an ask that waits for those before.
        partner: what a partner is asked for its turns, by the position of the turn.
    """

    lines: tuple[Request, ...]
    partner: Mapping[int, Request]

    def until(self, turns: int) -> tuple[Message, ...]:
        """What was said up to and with a line, persona and all, for a question that follows.

        Args:
            turns: how many lines; 0: the persona alone, which `Asking.request` tells by itself.
        """
        if not turns:
            return ()
        last = self.lines[turns - 1]
        opening = 1 if last.messages[0].role == "system" else 0
        return (*last.messages[opening:], said(last))


def said(request: Request, role: str = "assistant") -> Message:
    """The reply to an ask as a message, once it is there."""
    return Message("user" if role == "user" else "assistant", slot(0), (request,))


def dialogue(
    elicitation: Elicitation, persona: Persona | None, script: tuple[str, Sequence[Turn]], run: int = 0, partner: str = ""
) -> Dialogue:
    """A persona's lines in answer to a script.

    Args:
        elicitation: prompt and sampling.
        persona: who speaks; None: the model itself.
        script: its id, and its turns.
        run: which re-playing, from 0.
        partner: what whoever says the turns without words is told of its part.

    Returns:
        Its lines, with the columns persona, item (the script), run, turn (from 1), part, scale, said (the other side's words, where they
        are given) and those of the turn.
    """
    name, turns = script
    lines: list[Request] = []
    others: dict[int, Request] = {}
    messages: tuple[Message, ...] = ()
    heard: tuple[Message, ...] = (Message("system", partner), Message("user", BEGIN)) if partner else ()
    for at, turn in enumerate(turns):
        if turn.text:
            words = Message("user", turn.text)
            heard = (*heard, Message("assistant", turn.text)) if heard else ()
        else:
            others[at] = Request(
                heard, run, sampling=elicitation.sampling, about=_about(None, name, run, at, {"part": PARTNER}), to=PARTNER
            )
            words = said(others[at], "user")
            heard = (*heard, said(others[at]))
        messages = (*messages, words) if messages else _opened(elicitation, persona, words)
        about = _about(persona, name, run, at, {"part": LINE, "said": turn.text, **turn.columns})
        lines.append(Request(messages, run, sampling=elicitation.sampling, about=about))
        messages = (*messages, said(lines[-1]))
        heard = (*heard, said(lines[-1], "user")) if heard else ()
    return Dialogue(tuple(lines), others)


def _opened(elicitation: Elicitation, persona: Persona | None, words: Message) -> tuple[Message, ...]:
    """Persona and first turn, in their places."""
    *told, first = elicitation.prompt.messages(persona, words.text)
    return (*told, replace(first, said=words.said))


def _about(persona: Persona | None, name: str, run: int, at: int, columns: Mapping[str, str]) -> dict[str, str]:
    """Columns of a line."""
    who = persona.id if persona else NOBODY
    return {"persona": who, "item": name, "run": str(run), "turn": str(at + 1), "scale": "text", **columns}
