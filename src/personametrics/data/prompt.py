"""Prompts: templates with named slots, into which a persona and an item are written."""

import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeVar, get_args

from personametrics.data.errors import StudyError, ensure, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.scale import FreeText, Numeric, spell_number

Place = Literal["system", "user"]
Style = Literal["label", "number", "letter", "json"]
Name = TypeVar("Name", bound=str)
Order = Literal["given", "reversed", "rotated"]
CONDITIONS = ("wording", "order", "place")
"""The conditions: properties of a prompt that can be varied."""
SLOTS = {
    "persona": ({"persona"}, {"persona"}),
    "item": ({"item", "options", "instruction"}, {"item", "instruction"}),
    "option": ({"mark", "label"}, {"mark"}),
    "closed": ({"first", "last"}, set()),
    "between": ({"low", "high"}, {"low", "high"}),
    "open": (set(), set()),
    "json": (set(), set()),
}
"""The slots that each template may have, and the slots that it must have."""
GIVEN = "given"
"""The level of a condition that changes nothing."""
NOBODY = "(no persona)"
"""The persona of answers that the model gives without a persona."""
LETTERS = string.ascii_uppercase


@dataclass(frozen=True)
class Prompt:
    r"""The templates of a prompt. Braces in personas and items stay as they are.

    Attributes:
        persona: introduction of the persona; slot {persona}. It is left out without a persona.
        item: the question; slots {item}, {options}, {instruction}.
        option: one line of the options; slots {mark}, {label}. The mark is the text to answer with.
        closed: instruction for an answer from several options; slots {first}, {last} (marks).
        between: instruction for an answer in numbers; slots {low}, {high}.
        open: instruction for an answer in free text.
        json: addition to the instruction for answers in JSON.
        place: place of the persona: the `system` message, or the beginning of the `user` turn.
        style: form of the answer: the `label`, its `number`, its `letter`, or `json` that holds the label.

    Raises:
        StudyError: a slot is unknown or missing, or `place` or `style` has an unknown value.

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
                message = f'prompt.{name}: unknown value "{getattr(self, name)}". {options(getattr(self, name), get_args(kind))}.'
                raise StudyError(message)

    @classmethod
    def styled(cls, style: Style) -> "Prompt":
        """Return the bundled prompt of a style; numbers and letters stand before the options.

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
        """Return the request for one persona and item.

        Args:
            persona: the persona; None: the model without a persona.
            item: the item.
            run: number of the retest, from 0.
            condition: levels of `wording` (a key of the item's wordings), `order` (given, reversed, rotated) and `place`; an absent
                condition is at `given`, which changes nothing.
            sampling: settings of the draw.
            score: True to request label probabilities.

        Raises:
            StudyError: a condition or wording does not exist, or the scale has no labels or limits.
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
        """Return the messages with persona and question in their places."""
        if persona is None:
            return (Message("user", question),)
        introduction = self.persona.format(persona=persona.text)
        if (self.place if place == GIVEN else place) == "system":
            return (Message("system", introduction, persona=persona.text), Message("user", question))
        return (Message("user", f"{introduction}\n\n{question}", persona=persona.text),)

    def _question(self, item: Item, wording: str, labels: Sequence[str], marks: Sequence[str]) -> str:
        """Return the question with its options and its instruction."""
        if wording != GIVEN and wording not in item.wordings:
            message = f'The item "{item.id}" has no wording "{wording}". {options(wording, [GIVEN, *item.wordings])}.'
            raise StudyError(message)
        if GIVEN in item.wordings:
            message = f'The item "{item.id}" has a wording with the name "{GIVEN}", which means its own text. Rename the wording.'
            raise StudyError(message)
        question = item.text if wording == GIVEN else item.wordings[wording]
        lines = "\n".join(self.option.format(mark=mark, label=label) for mark, label in zip(marks, labels, strict=True))
        template = self.item if lines else self.item.replace("{options}\n\n", "")  # no gap where nothing is to be chosen from
        return template.format(item=question, options=lines, instruction=self._instruction(item, marks))

    def _instruction(self, item: Item, marks: Sequence[str]) -> str:
        """Return the instruction on the form of the answer."""
        if isinstance(item.scale, Numeric):
            if math.isinf(item.scale.low) or math.isinf(item.scale.high):
                message = f'The item "{item.id}" needs a scale with limits, such as 0..10, because the prompt states the limits.'
                raise StudyError(message)
            instruction = self.between.format(low=spell_number(item.scale.low), high=spell_number(item.scale.high))
        else:
            instruction = self.closed.format(first=marks[0], last=marks[-1]) if marks else self.open
        return f"{instruction} {self.json}" if self.style == "json" else instruction

    def _marks(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the mark to answer with, for each label."""
        if self.style == "letter":
            if len(labels) > len(LETTERS):
                message = f"The style `letter` allows {len(LETTERS)} options, not {len(labels)}. Use the style `label` or `number`."
                raise StudyError(message)
            return tuple(LETTERS[: len(labels)])
        return tuple(str(number) for number in range(1, len(labels) + 1)) if self.style == "number" else tuple(labels)


def conditions(levels: Mapping[Name, Sequence[str]]) -> tuple[Mapping[str, str], ...]:
    """Return all combinations of the levels of conditions.

    Raises:
        StudyError: a condition has no levels, or names a level twice.

    Examples:
        >>> conditions({"order": ["given", "reversed"]})
        ({'order': 'given'}, {'order': 'reversed'})
    """
    for name, given in levels.items():
        if not given or len(set(given)) < len(given):
            problem = "a level is listed twice" if given else "no level is listed"
            message = f'conditions.{name}: {problem}. List different levels, such as "{GIVEN}".'
            raise StudyError(message)
    return tuple(dict(zip(levels, combination, strict=True)) for combination in product(*levels.values()))


def _check_condition(condition: Mapping[str, str]) -> None:
    """Check that every condition and place exists; the levels of wording and order are checked on use."""
    for name in condition:
        if name not in CONDITIONS:
            message = f'Unknown condition "{name}". {options(name, CONDITIONS)}.'
            raise StudyError(message)
    place = condition.get("place", GIVEN)
    if place not in (places := (GIVEN, *get_args(Place))):
        message = f'Unknown place of the persona "{place}". {options(place, places)}.'
        raise StudyError(message)


def _ordered(item: Item, order: str) -> tuple[str, ...]:
    """Return the labels of the item in the order shown."""
    if order not in get_args(Order):
        message = f'Unknown order of options "{order}". {options(order, get_args(Order))}.'
        raise StudyError(message)
    if isinstance(item.scale, Numeric | FreeText):
        return ()
    labels = item.scale.labels
    ensure(
        len(labels) > 1, f'The item "{item.id}" needs a scale with labels, such as 1|2|3, because the prompt shows the labels.', StudyError
    )
    ensure(
        len(set(labels)) == len(labels),
        f'The item "{item.id}" has two equal labels in its scale, so an answer could mean either label. Rename one of them.',
        StudyError,
    )
    orders = {"given": labels, "reversed": labels[::-1], "rotated": labels[len(labels) // 2 :] + labels[: len(labels) // 2]}
    return orders[order]


def check_slots(name: str, template: str, allowed: set[str], needed: set[str]) -> None:
    """Check that a template, `name` in messages, has the needed slots, and only allowed ones.

    Raises:
        StudyError: a slot is unknown, missing or malformed.
    """
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        message = f"{name}: {error}. Write {{{{ and }}}} for braces that do not mark a slot."
        raise StudyError(message) from error
    slots = {slot for _, slot, _, _ in parts if slot is not None}
    for slot in (slot for _, slot, spec, conversion in parts if spec or conversion):
        message = f'{name}: the slot "{{{slot}}}" may contain only its name. Remove "!" and ":" from it.'
        raise StudyError(message)
    for slot in sorted(slots - allowed):
        message = f'{name}: unknown slot "{{{slot}}}". {options(slot, sorted(allowed)) if allowed else "This template has no slots"}.'
        raise StudyError(message)
    for slot in sorted(needed - slots):
        message = f'{name}: the slot "{{{slot}}}" is missing, so its content would not reach the model. Add the slot.'
        raise StudyError(message)
