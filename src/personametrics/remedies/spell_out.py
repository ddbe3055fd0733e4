"""Personas whose values, experiences and manner are spelled out instead of a label."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.roster import read_personas
from personametrics.data.scale import Nominal

Form = Literal["values", "interview"]
FORMS: Mapping[Form, str] = {
    "values": "Tell this person, in the second person (“You …”), what they value and why, what they have been through that made them so, "
    "and how they speak.",
    "interview": "Write an interview with this person: what matters most to them and why, what they have been through that made them so, "
    "how they speak. Begin every question on a line of its own with “Interviewer:” and every answer, in the first person, with “You:”.",
}
"""What is to be written."""
PROMPT = (
    "Here is a person, described in few words.\n\n{told}\n\n{form} Write what follows from these words and no more: no name, place, date, "
    "number or event that is not in them, and no judgement of the person. At most {words} words, in the language of the description, "
    "between <persona> and </persona>."
)
WRITTEN = re.compile(r"<persona>(.*?)</persona>", re.DOTALL | re.IGNORECASE)
"""Without these marks a reply is a refusal, or cut off."""
MARK = "spell_out"
"""Stands where an ask names its item."""
TOKENS = 5
"""Tokens that a word may take; some languages and models need as many."""


@dataclass(frozen=True)
class SpellOut(Remedy):
    """A model writes each persona out once, from its text and attributes; whoever wants to edit that gives the texts instead.

    What it is worth is not known from recorded answers: those of 12 models to the Moral Foundations items, steadier in 11 with values
    spelled out than with a label, come from personas that were told the answers to these items. Spell out nothing that is asked. A steadier
    panel is not yet a truer one; and attributes that the text did not tell make it a better informed one.

    Attributes:
        form: `values`, told in the second person; `interview`, told in questions and answers.
        words: at most so many are asked for.
        tell: attributes that the model may use; empty: all. Leave out what is no part of the person, such as an id or answers.
        texts: a table (CSV, Parquet, NDJSON) with the columns id and text, of what was written or edited before; nothing is drafted then.
    """

    form: Form = "values"
    words: int = 150
    tell: tuple[str, ...] = ()
    texts: str = ""
    says: ClassVar[str] = "Have a model spell out each persona's values, experiences and manner of speaking, once."
    acts_on: ClassVar[Stage] = "personas"
    cite: ClassVar[tuple[str, ...]] = ("lutz2025", "park2024")

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            message = f'spell_out.form: "{self.form}" is unknown: {options(self.form, get_args(Form))}.'
            raise StudyError(message)
        if self.words < 1:
            message = f"spell_out.words: {self.words} words are none; write a number such as 150."
            raise StudyError(message)

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """One ask a persona; none where the texts are given.

        Raises:
            DesignError: no persona has an attribute that is to be told.
        """
        known = sorted({name for persona in personas for name in persona.attributes})
        for name in self.tell:
            if name not in known:
                message = f'spell_out.tell: no persona has the attribute "{name}": {options(name, known)}.'
                raise DesignError(message)
        return [] if self.texts else [self._draft(persona) for persona in personas]

    def _draft(self, persona: Persona) -> Request:
        """What a model is asked to write."""
        attributes = [f"{name}: {value}" for name, value in persona.attributes.items() if not self.tell or name in self.tell]
        question = PROMPT.format(told="\n".join([persona.text, *attributes]), form=FORMS[self.form], words=self.words)
        about = {"persona": persona.id, "item": MARK, "run": "0", "scale": "text"}
        return Request((Message("user", question),), sampling=Sampling(max_tokens=TOKENS * self.words + 50), about=about)

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """The same personas, each told its own text and what was written.

        Raises:
            InputError: a draft is missing, refused, empty or cut off; the texts cannot be read, or lack a persona.
        """
        texts = {one.id: one.text for one in read_personas(self.texts)} if self.texts else _drafted(personas, written)
        for persona in personas:
            if persona.id not in texts:
                message = (
                    f'{self.texts} has no text for the persona "{persona.id}"; add a row with its id, or remove texts= to have it drafted.'
                )
                raise DesignError(message)
        return tuple(replace(persona, text=f"{persona.text}\n\n{texts[persona.id].strip()}") for persona in personas)

    def known(self) -> RemedyWorld:
        """Two camps: seven in ten answers are those of one's camp as long as it is a label, nine in ten once it is spelled out."""
        camps = ("order", "freedom")
        personas = tuple(Persona(f"persona {at}", f"You are number {at}.", {"camp": camps[at % 2]}) for at in range(12))
        items = tuple(Item(f"item {at}", f"Statement {at}.", Nominal(("no", "yes")), {"with": camps[at // 2 % 2]}) for at in range(12))
        camp, holds = ({one.id: next(iter(one.attributes.values())) for one in them} for them in (personas, items))

        def world(request: Request, spelled: float = 0.9) -> Mapping[str, float]:
            persona = request.about["persona"]
            if request.about["item"] == MARK:
                return {f"<persona>You value {camp[persona]}.</persona>": 1.0}
            told = any(f"You value {camp[persona]}." in message.text for message in request.messages)
            held = spelled if told else 0.7
            yes = held if camp[persona] == holds[request.about["item"]] else 1 - held
            return {"no": 1 - yes, "yes": yes}

        return RemedyWorld(
            "stability:permutations=99",
            personas,
            items,
            world,
            {"signal": _signal(0.9) - _signal(0.7)},
            lambda request: world(request, 0.7),
        )


def _drafted(personas: Sequence[Persona], written: Sequence[str]) -> dict[str, str]:
    """What was written of each persona."""
    if len(written) != len(personas):
        message = f"spell_out needs one draft a persona: there are {len(written)} for {len(personas)}; have them written, or name texts=."
        raise DesignError(message)
    found = {}
    for persona, reply in zip(personas, written, strict=True):
        draft = WRITTEN.search(reply)
        if not draft or not draft[1].strip():
            message = (
                f'Nothing usable was written for the persona "{persona.id}" (refused, empty or cut off); give the texts with texts=FILE.'
            )
            raise DesignError(message)
        found[persona.id] = draft[1]
    return found


def _signal(held: float, apart: float = 6 / 11) -> float:
    """The persona signal where an answer is that of one's camp with this probability, and so many pairs of personas are of two camps."""
    rerun = 2 * held * (1 - held)
    return 1 - rerun / ((1 - apart) * rerun + apart * (1 - rerun))
