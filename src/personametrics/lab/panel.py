"""Checks of a panel before anything is asked: what would be confused, lost or asked twice is refused."""

from collections.abc import Mapping

from personametrics.data.errors import AnswerError, StudyError, ensure
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Message
from personametrics.data.scale import FreeText, Scale, parse_scale, spell_scale
from personametrics.lab.session import Session

TAKEN = {"arm", "persona", "item", "run", "answer", "outcome", "rule", "scale", "wording", "order", "place"} | {
    "tokens_in", "tokens_out", "seconds", "finish", "text", "detail",
}  # fmt: skip
"""Columns of the table that no attribute may be called."""


def check(session: Session) -> None:
    """Refuse personas, items and conditions that cannot make a panel; the message names what to change."""
    items = session.items
    for item in items:
        _check_conditions(session, item)
        if (mark := item.attributes.get("control", "")).strip().casefold() not in {"", "yes", "no"}:
            message = f'The item "{item.id}" has control "{mark}". Write yes or no.'
            raise StudyError(message)
        message = f'The scale of the item "{item.id}" cannot be written down. Remove "|", ":" and outer spaces from its labels.'
        ensure(_is_spelled(item.scale), message, StudyError)
    message = (
        "One control item is not enough to show whether personas change answers that they should not change. "
        "Mark two or more items as control, or mark none."
    )
    ensure(sum(item.is_control for item in items) != 1, message, StudyError)
    _check_personas(session)
    if session.plan.score and (loose := [item.id for item in items if not session.elicitation.prompt.ask(None, item).choices]):
        message = f'score: the item "{loose[0]}" has no labels to score. Give it a scale such as 1|2|3|4|5, or set score to false.'
        raise StudyError(message)


def _check_personas(session: Session) -> None:
    """Refuse attributes that are columns of the answers, and two personas with one text."""
    first: dict[str, Persona] = {}
    for persona in session.personas:
        if taken := sorted(TAKEN & set(persona.attributes)):
            message = f'The persona "{persona.id}" has the attribute "{taken[0]}", which is also a column of the answers. Rename it.'
            raise StudyError(message)
        if (twin := first.setdefault(persona.text, persona)) is not persona:
            message = f'The personas "{twin.id}" and "{persona.id}" have the same text and would share their answers. Remove one of them.'
            raise StudyError(message)


def _check_conditions(session: Session, item: Item) -> None:
    """Refuse a condition that does not exist or does not change the prompt: its replies would be those of another."""
    seen: dict[tuple[Message, ...], Mapping[str, str]] = {}
    for condition in session.elicitation.conditions:
        messages = session.elicitation.prompt.ask(Persona("", "a person"), item, 0, condition).messages
        if (before := seen.setdefault(messages, condition)) is not condition:
            one, other = (" / ".join(levels.values()) for levels in (before, condition))
            message = f'conditions: the prompt of the item "{item.id}" is the same under {one} and under {other}. Remove one of them.'
            raise StudyError(message)


def _is_spelled(scale: Scale) -> bool:
    """Return whether a run directory can remember a scale."""
    try:
        return isinstance(scale, FreeText) or parse_scale(spell_scale(scale)) == scale
    except AnswerError:
        return False
