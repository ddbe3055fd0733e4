"""From persona and item to a prompt: templates are data with named slots."""

import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeVar, get_args

from personametrics.data.errors import StudyError, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.scale import FreeText, Numeric, spell_number

Place = Literal["system", "user"]
Style = Literal["label", "number", "letter", "json"]
Name = TypeVar("Name", bound=str)
Order = Literal["given", "reversed", "rotated"]
CONDITIONS = ("wording", "order", "place")
"""What may be changed about how an item is put."""

SLOTS = {
    "persona": ({"persona"}, {"persona"}),
    "item": ({"item", "options", "instruction"}, {"item", "instruction"}),
    "option": ({"mark", "label"}, {"mark"}),
    "closed": ({"first", "last"}, set()),
    "between": ({"low", "high"}, {"low", "high"}),
    "open": (set(), set()),
    "json": (set(), set()),
}
"""Slots that each template may have, and those that it must have."""
GIVEN = "given"
"""The level of a condition at which nothing is changed."""
NOBODY = "(no persona)"
"""What the table calls the model itself."""
LETTERS = string.ascii_uppercase


@dataclass(frozen=True)
class Prompt:
    r"""How a persona and an item become a prompt. Braces in personas and items are left as they are.

    Attributes:
        persona: what is said about who answers; slot {persona}. Without a persona, nothing is said.
        item: what is asked; slots {item}, {options}, {instruction}.
        option: one line of the options; slots {mark}, {label}. The mark is what is to be answered.
        closed: instruction where one of several options is to be answered; slots {first}, {last} (marks).
        between: instruction where a number is to be answered; slots {low}, {high}.
        open: instruction where free text is to be answered.
        json: added to the instruction for answers in JSON.
        place: where the persona is told: `system` message, or at the head of the `user` turn.
        style: what is answered: the `label` itself, its `number`, its `letter`, or `json` with the label in it.

    Raises:
        StudyError: an unknown slot, a missing slot, or a value that is none of those listed.

    Examples:
        >>> from personametrics.data.scale import Nominal
        >>> request = Prompt().ask(Persona("p", "You are 70."), Item("tea", "Tea?", Nominal(("no", "yes"))))
        >>> request.messages[0].text
        'Answer as the person described here would, in the first person. Stay this person throughout.\n\nYou are 70.'
        >>> print(request.messages[1].text)
        Tea?
        <BLANKLINE>
        no
        yes
        <BLANKLINE>
        Answer with exactly one of the options above, word for word, and nothing else.
    """

    persona: str = "Answer as the person described here would, in the first person. Stay this person throughout.\n\n{persona}"
    item: str = "{item}\n\n{options}\n\n{instruction}"
    option: str = "{mark}"
    closed: str = "Answer with exactly one of the options above, word for word, and nothing else."
    between: str = "Answer with one number from {low} to {high}, and nothing else."
    open: str = "Answer in one to three sentences."
    json: str = 'Write the answer as JSON, {"answer": …}, and nothing else.'
    place: Place = "system"
    style: Style = "label"

    def __post_init__(self) -> None:
        shown = {"item": {"options"}, "option": {"label"}} if self.style in {"number", "letter"} else {}  # or the marks mean nothing
        for name, (allowed, needed) in SLOTS.items():
            if name != "json":  # its braces are JSON's
                check_slots(f"prompt.{name}", getattr(self, name), allowed, needed | shown.get(name, set()))
        for name, kind in (("place", Place), ("style", Style)):
            if getattr(self, name) not in get_args(kind):
                message = f'prompt.{name}: "{getattr(self, name)}" is unknown: {options(getattr(self, name), get_args(kind))}.'
                raise StudyError(message)

    @classmethod
    def styled(cls, style: Style) -> "Prompt":
        """The shipped prompt of a style: numbers and letters stand before the options.

        Examples:
            >>> Prompt.styled("letter").closed
            'Answer with one of the letters {first} to {last}, and nothing else.'
        """
        if style in {"number", "letter"}:
            return cls(
                option="{mark}. {label}", closed=f"Answer with one of the {style}s {{first}} to {{last}}, and nothing else.", style=style
            )
        return cls(closed="Choose exactly one of the options above.", style=style) if style == "json" else cls(style=style)

    def ask(
        self,
        persona: Persona | None,
        item: Item,
        run: int = 0,
        condition: Mapping[str, str] | None = None,
        *,
        sampling: Sampling | None = None,
        score: bool = False,
    ) -> Request:
        """The ask of one persona and item.

        Args:
            persona: who answers; None: the model itself.
            item: what is asked.
            run: which re-asking, from 0.
            condition: how it is asked: `wording` (a key of the item's wordings), `order` (given, reversed, rotated), `place`; absent or
                `given`: nothing is changed.
            sampling: how the answer is drawn.
            score: ask for label probabilities.

        Raises:
            StudyError: a condition or wording that does not exist, a scale without labels or limits.
        """
        condition = condition or {}
        _check_condition(condition)
        labels = _ordered(item, condition.get("order", GIVEN))
        marks = self._marks(labels)
        text = self._question(item, condition.get("wording", GIVEN), labels, marks)
        about = {"persona": persona.id if persona else NOBODY, "item": item.id, "run": str(run), **condition}
        place = condition.get("place", GIVEN)
        return Request(self.messages(persona, text, place), run, marks, sampling or Sampling(), score, labels, about)

    def messages(self, persona: Persona | None, question: str, place: str = GIVEN) -> tuple[Message, ...]:
        """Persona and question, in their places."""
        if persona is None:
            return (Message("user", question),)
        told = self.persona.format(persona=persona.text)
        if (self.place if place == GIVEN else place) == "system":
            return (Message("system", told, told=persona.text), Message("user", question))
        return (Message("user", f"{told}\n\n{question}", told=persona.text),)

    def _question(self, item: Item, wording: str, labels: Sequence[str], marks: Sequence[str]) -> str:
        """The question with its options and its instruction."""
        if wording != GIVEN and wording not in item.wordings:
            message = f'The item "{item.id}" has no wording "{wording}": {options(wording, [GIVEN, *item.wordings])}.'
            raise StudyError(message)
        if GIVEN in item.wordings:
            message = f'The item "{item.id}" has a wording "{GIVEN}", which is the name of its text itself; rename it.'
            raise StudyError(message)
        asked = item.text if wording == GIVEN else item.wordings[wording]
        lines = "\n".join(self.option.format(mark=mark, label=label) for mark, label in zip(marks, labels, strict=True))
        template = self.item if lines else self.item.replace("{options}\n\n", "")  # no gap where nothing is to be chosen from
        return template.format(item=asked, options=lines, instruction=self._instruction(item, marks))

    def _instruction(self, item: Item, marks: Sequence[str]) -> str:
        """What to answer with."""
        if isinstance(item.scale, Numeric):
            if math.isinf(item.scale.low) or math.isinf(item.scale.high):
                message = f'The item "{item.id}" needs a scale with its limits, such as 0..10, so that they can be said.'
                raise StudyError(message)
            told = self.between.format(low=spell_number(item.scale.low), high=spell_number(item.scale.high))
        else:
            told = self.closed.format(first=marks[0], last=marks[-1]) if marks else self.open
        return f"{told} {self.json}" if self.style == "json" else told

    def _marks(self, labels: Sequence[str]) -> tuple[str, ...]:
        """What is answered for each label."""
        if self.style == "letter":
            if len(labels) > len(LETTERS):
                message = f"{len(labels)} options are more than there are letters; use the style label or number."
                raise StudyError(message)
            return tuple(LETTERS[: len(labels)])
        return tuple(str(at + 1) for at in range(len(labels))) if self.style == "number" else tuple(labels)


def conditions(levels: Mapping[Name, Sequence[str]]) -> tuple[Mapping[str, str], ...]:
    """Every combination of the levels of conditions.

    Raises:
        StudyError: a condition without levels, or with one twice.

    Examples:
        >>> conditions({"order": ["given", "reversed"]})
        ({'order': 'given'}, {'order': 'reversed'})
    """
    for name, given in levels.items():
        if not given or len(set(given)) < len(given):
            wrong = "a level is named twice" if given else "it has no levels"
            message = f'conditions.{name}: {wrong}; name different ones, such as "{GIVEN}".'
            raise StudyError(message)
    return tuple(dict(zip(levels, combination, strict=True)) for combination in product(*levels.values()))


def _check_condition(condition: Mapping[str, str]) -> None:
    """Every condition exists; levels of wording and order are checked where they are used.

    Raises:
        StudyError: it does not.
    """
    for name in condition:
        if name not in CONDITIONS:
            message = f'The condition "{name}" is unknown: {options(name, CONDITIONS)}.'
            raise StudyError(message)
    place = condition.get("place", GIVEN)
    if place not in (places := (GIVEN, *get_args(Place))):
        message = f'The place of the persona "{place}" is unknown: {options(place, places)}.'
        raise StudyError(message)


def _ordered(item: Item, order: str) -> tuple[str, ...]:
    """Labels of the item in the order shown."""
    if order not in get_args(Order):
        message = f'The order of options "{order}" is unknown: {options(order, get_args(Order))}.'
        raise StudyError(message)
    if isinstance(item.scale, Numeric | FreeText):
        return ()
    labels = item.scale.labels
    if len(labels) < 2:
        message = f'The item "{item.id}" needs a scale with its labels, such as 1|2|3|4|5, so that they can be shown.'
        raise StudyError(message)
    if len(set(labels)) < len(labels):
        message = f'The item "{item.id}" has a label twice in its scale, so that an answer could mean either; rename one.'
        raise StudyError(message)
    turned = {"given": labels, "reversed": labels[::-1], "rotated": labels[len(labels) // 2 :] + labels[: len(labels) // 2]}
    return turned[order]


def check_slots(name: str, template: str, allowed: set[str], needed: set[str]) -> None:
    """A template has the slots it must have, and no other.

    Args:
        name: what a message calls the template.
        template: with its slots.
        allowed: slots that it may have.
        needed: slots that it must have.

    Raises:
        StudyError: it has not.
    """
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        message = f"{name}: {error}; write {{{{ and }}}} for braces that are no slot."
        raise StudyError(message) from error
    found = {slot for _, slot, _, _ in parts if slot is not None}
    for slot in (slot for _, slot, spec, conversion in parts if spec or conversion):
        message = f'{name}: the slot "{{{slot}}}" takes nothing but its name; write no "!" or ":" in it.'
        raise StudyError(message)
    for slot in sorted(found - allowed):
        message = f'{name}: there is no slot "{{{slot}}}"; {options(slot, sorted(allowed)) if allowed else "it has none"}.'
        raise StudyError(message)
    for slot in sorted(needed - found):
        message = f'{name}: the slot "{{{slot}}}" is missing, so it would never reach the model.'
        raise StudyError(message)
