"""Requests to the judge and to a reader: verdicts on a dialogue, and on lines whose verdict is known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.dialogues.dialogue import Dialogue, Turn
from personametrics.dialogues.judge import indexed_request, judge_request
from personametrics.dialogues.verdicts import FALSE, OTHER, TRUE
from personametrics.studies.consistency.judge_errors import LL, PL

SAYS = "{} – {{}}."
"""How a statement of a fact is worded where its item has no `says`."""


def line_columns(line: Request) -> dict[str, str]:
    """Return the columns of a verdict on a line."""
    about = line.about
    return {name: about[name] for name in ("persona", "item", "turn")} | {"dialogue": about["run"], "kind": about.get("kind", "")}


def verdict_requests(persona: Persona, dialogue: Dialogue, *, index: bool) -> Iterator[Request]:
    """Yield requests for verdicts on every line, and on every pair of lines.

    Args:
        persona: whose card the lines are compared with.
        dialogue: the lines.
        index: True: ask about each line with all earlier ones at once, False: about each pair.
    """
    for number, line in enumerate(dialogue.lines):
        yield judge_request(PL, {"background": persona.text, "line": line}, line_columns(line))
        if index and number:
            yield indexed_request(dialogue.lines[:number], line, line_columns(line))
        for earlier_number, earlier in enumerate(() if index else dialogue.lines[:number], 1):
            columns = {**line_columns(line), "earlier": str(earlier_number)}
            yield judge_request(LL, {"earlier": earlier, "line": line}, columns)


def known_requests(who: tuple[Persona, Persona], dialogues: tuple[Dialogue, Dialogue], facts: Sequence[Item]) -> Iterator[Request]:
    """Yield requests that measure the judge: lines again, with the answers in the other order, against a wrong card; planted statements.

    Args:
        who: a persona, and another one.
        dialogues: a dialogue of each.
        facts: questions of fact; their true and false answers are planted as statements.
    """
    (persona, other), (own, foreign) = who, dialogues
    card = {"background": persona.text}
    for line, foreign_line in zip(own.lines, foreign.lines, strict=True):
        yield judge_request(PL, {**card, "line": line}, line_columns(line), run=1)
        yield judge_request(PL, {**card, "line": line}, line_columns(line), turned=True)
        if persona is not other:
            yield judge_request(PL, {**card, "line": foreign_line}, {**line_columns(line), "plant": OTHER})
    for fact in facts:
        says, name = fact.attributes.get("says", SAYS.format(fact.text)), fact.attributes["fact"]
        right, wrong = persona.attributes.get(name, ""), other.attributes.get(name, "")
        columns = {**line_columns(own.lines[0]), "item": fact.id}
        if right:
            yield judge_request(PL, {**card, "line": says.format(right)}, {**columns, "plant": TRUE})
        if right and wrong and wrong != right:
            yield judge_request(PL, {**card, "line": says.format(wrong)}, {**columns, "plant": FALSE})


def heard(turns: Sequence[Turn], dialogue: Dialogue) -> list[tuple[str, str | Request]]:
    """Return a dialogue up to its last turn, as a reader reads it."""
    pairs = zip(turns, dialogue.lines, strict=False)
    return [part for turn, line in pairs for part in (("Other", turn.text), ("Person", line))]


def in_conversation(probe: Request, fact: Item) -> Request:
    """Return a question of fact as one is asked in a conversation, if its item says how it is answered; otherwise with its options."""
    if "says" not in fact.attributes:
        return probe
    labels: tuple[str, ...] = fact.scale.labels  # type: ignore[union-attr]
    *before, last = probe.messages
    choices = tuple(fact.attributes["says"].format(label) for label in labels)
    return replace(probe, messages=(*before, replace(last, text=fact.text)), choices=choices, labels=labels)
