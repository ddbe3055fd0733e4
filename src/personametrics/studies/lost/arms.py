"""The three arms of a task: everything in one prompt, the same as a list, or one sentence in each turn."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from personametrics.data.study import Elicitation, Item, Persona, Request
from personametrics.dialogues.dialogue import Turn, dialogue
from personametrics.dialogues.judge import CONSISTENT, judge_request

FULL, CONCAT, SHARDED = "full", "concat", "sharded"
ARMS: Mapping[str, str] = {FULL: "all sentences at once", CONCAT: "all sentences at once as a list", SHARDED: "one sentence in each turn"}
TASK, PERSONA = "task", "persona"
OUTCOMES: Mapping[str, str] = {TASK: "tasks solved", PERSONA: "self-descriptions that agree with the persona's text"}
CHANGES: Mapping[str, tuple[str, str]] = {"lost": (SHARDED, FULL), "turns": (SHARDED, CONCAT)}
"""Compared arms: the whole effect of giving information turn by turn, and the part due to the turns and not to the wording."""
WHO = "Who are you? Describe yourself in two sentences, with what you were told about yourself."


def shards(item: Item) -> tuple[str, ...]:
    """Return the parts of a task in order, the question first."""
    parts: list[str] = []
    while part := item.attributes.get(f"shard.{len(parts) + 1}", "").strip():
        parts.append(part)
    return tuple(parts)


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a card.

    Examples:
        >>> sentences("You are Ada, 3.5 feet tall. You keep bees! Who knows?")
        ('You are Ada, 3.5 feet tall.', 'You keep bees!', 'Who knows?')
    """
    return tuple(part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part)


def arm_requests(arm: str, persona: Persona, item: Item, elicitation: Elicitation) -> Iterator[Request]:
    """Yield the requests of one arm for one persona and task: the task, the lines, and a verdict on the self-description."""
    card, task = sentences(persona.text), shards(item)
    system, question, turns = {
        FULL: (persona.text, item.text, ()),
        CONCAT: (_as_list(card), _as_list(task), ()),
        SHARDED: (card[0], task[0], (*card[1:], *task)),
    }[arm]
    columns = {"arm": arm, "scored": "", "gold": ""}
    script = [Turn(text, columns) for text in (*turns, WHO)]
    shown, asked = replace(persona, text=system), replace(item, text=question, wordings={})
    dialogues = [dialogue(elicitation, shown, (item.id, script), run) for run in range(elicitation.runs)]
    about_task = {**columns, "part": "probe", "scored": TASK, "gold": item.attributes["gold"]}
    yield from elicitation.ask(shown, asked, about_task, before=lambda run: dialogues[run].until(len(turns)))
    for run, conversation in enumerate(dialogues):
        yield from conversation.lines
        last = conversation.lines[-1]
        about = {**last.about, "scored": PERSONA, "gold": CONSISTENT}
        yield judge_request("prompt_to_line", {"background": persona.text, "line": last}, about, run)


def _as_list(parts: Sequence[str]) -> str:
    """Return parts as a list, one a line."""
    return "\n".join(f"- {part}" for part in parts)
