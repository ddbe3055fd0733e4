"""The remedy that spells out a persona's values, experiences and manner of speaking."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.roster import read_personas
from personametrics.data.scale import Nominal
from personametrics.data.world import camp_signal

Form = Literal["values", "interview"]
FORMS: Mapping[Form, str] = {
    "values": "Tell this person, in the second person (“You …”), what they value and why, what they have been through that made them so, "
    "and how they speak.",
    "interview": "Write an interview with this person: what matters most to them and why, what they have been through that made them so, "
    "how they speak. Begin every question on a line of its own with “Interviewer:” and every answer, in the first person, with “You:”.",
}
"""The text to write, by form."""
PROMPT = (
    "Here is a person, described in few words.\n\n{told}\n\n{form} Write what follows from these words and no more: no name, place, date, "
    "number or event that is not in them, and no judgement of the person. At most {words} words, in the language of the description, "
    "between <persona> and </persona>."
)
WRITTEN = re.compile(r"<persona>(.*?)</persona>", re.DOTALL | re.IGNORECASE)
"""A reply without these marks is a refusal, or was cut off."""
MARK = "spell_out"
"""The item of the requests for these texts."""
LABEL, SPELLED = 0.7, 0.9
"""Probabilities of an answer that follows the camp in the known world: with a label, and spelled out."""
TOKENS = 5
"""Largest number of tokens per word, in any language and model."""


@dataclass(frozen=True)
class SpellOut(Remedy):
    """Personas that a model spells out once, from their text and attributes; edited texts can be given in place of the model's.

    Recorded answers do not show the value of the remedy: with values spelled out, 11 of 12 models answered the Moral Foundations items more
    steadily than with a label, but these personas included the answers to the items. So do not spell out what the study asks. A steadier
    panel is not yet a more accurate one, and attributes that the text did not contain make it better informed.

    Attributes:
        form: `values`, in the second person; `interview`, in questions and answers.
        words: largest number of words to ask for.
        tell: attributes that the model may use; empty: all. Leave out attributes that do not describe the person, such as an id or answers.
        texts: a table (CSV, Parquet, NDJSON) with the columns id and text, of texts written or edited before; then the model writes none.
    """

    form: Form = "values"
    words: int = 150
    tell: tuple[str, ...] = ()
    texts: str = ""
    says: ClassVar[str] = "Let a model write out each persona's values, experiences and manner of speaking, once."
    acts_on: ClassVar[Stage] = "personas"
    against: ClassVar[tuple[str, ...]] = ("instability", "resistance")
    cite: ClassVar[tuple[str, ...]] = ("lutz2025", "park2024")

    def __post_init__(self) -> None:
        """Refuse a number of words below 1."""
        super().__post_init__()
        if self.words < 1:
            message = f"spell_out.words: {self.words} is not a number of words. Write a number such as 150."
            raise StudyError(message)

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """Return one request for each persona; none if the texts are given."""
        available = sorted({name for persona in personas for name in persona.attributes})
        if unknown := [name for name in self.tell if name not in available]:
            message = f'spell_out.tell: no persona has the attribute "{unknown[0]}". {options(unknown[0], available)}.'
            raise DesignError(message)
        return [] if self.texts else [self._draft(persona) for persona in personas]

    def _draft(self, persona: Persona) -> Request:
        """Return the request for the text of a persona."""
        attributes = [f"{name}: {value}" for name, value in persona.attributes.items() if not self.tell or name in self.tell]
        question = PROMPT.format(told="\n".join([persona.text, *attributes]), form=FORMS[self.form], words=self.words)
        about = {"persona": persona.id, "item": MARK, "run": "0", "scale": "text"}
        return Request((Message("user", question),), sampling=Sampling(max_tokens=TOKENS * self.words + 50), about=about)

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """Return the personas, each with its own text and the written text."""
        texts = {row.id: row.text for row in read_personas(self.texts)} if self.texts else _extract(personas, written)
        if missing := [persona.id for persona in personas if persona.id not in texts]:
            advice = "Add a row with its id, or remove texts= to let the model write it."
            message = f'{self.texts} has no text for the persona "{missing[0]}". {advice}'
            raise DesignError(message)
        return tuple(replace(persona, text=f"{persona.text}\n\n{texts[persona.id].strip()}") for persona in personas)

    def known(self) -> RemedyWorld:
        """Return a world of two camps, in which spelling out raises the share of answers that follow the camp; in the null world not."""
        camps = ("order", "freedom")
        personas = tuple(Persona(f"persona {index}", f"You are number {index}.", {"camp": camps[index % 2]}) for index in range(12))
        scale = Nominal(("no", "yes"))
        items = tuple(Item(f"item {index}", f"Statement {index}.", scale, {"with": camps[index // 2 % 2]}) for index in range(12))
        camp_of = {persona.id: persona.attributes["camp"] for persona in personas}
        agreeing = {item.id: item.attributes["with"] for item in items}

        def world(request: Request, spelled: float = SPELLED) -> Mapping[str, float]:
            camp = camp_of[request.about["persona"]]
            if request.about["item"] == MARK:
                return {f"<persona>You value {camp}.</persona>": 1.0}
            held = spelled if any(f"You value {camp}." in message.text for message in request.messages) else LABEL
            yes = held if camp == agreeing[request.about["item"]] else 1 - held
            return {"no": 1 - yes, "yes": yes}

        change = {"signal": camp_signal(SPELLED) - camp_signal(LABEL)}
        return RemedyWorld("stability:permutations=99", personas, items, world, change, lambda request: world(request, LABEL))


def _extract(personas: Sequence[Persona], written: Sequence[str]) -> dict[str, str]:
    """Return the written text of each persona, by its id."""
    if len(written) != len(personas):
        numbers = f"there are {len(written)} for {len(personas)}. Let the model write them, or name texts=."
        message = f"spell_out needs one written text for each persona, but {numbers}"
        raise DesignError(message)
    texts = {}
    for persona, reply in zip(personas, written, strict=True):
        text = WRITTEN.search(reply)
        if not text or not text[1].strip():
            message = f'The model wrote no usable text (refused, empty or cut off) for "{persona.id}". Give the texts with texts=FILE.'
            raise DesignError(message)
        texts[persona.id] = text[1]
    return texts
