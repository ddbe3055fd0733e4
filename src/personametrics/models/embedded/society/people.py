"""People of a made-up society: their traits, and the phrases that describe them in three grammatical persons."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from personametrics.data.persona import Persona

Voice = Literal["first", "second", "he", "she"]
Told = tuple[str, ...]

TRAITS: Mapping[str, Mapping[str, Told]] = {
    "age": {
        "young": ("[am] 22 years old", "[am] in [my] twenties", "[am] still young"),
        "middle": ("[am] 45 years old", "[am] in [my] forties", "[am] of middle age"),
        "old": ("[am] 71 years old", "[am] in [my] seventies", "[am] an old hand at life"),
    },
    "dwelling": {
        "city": ("[live] in a city", "[have] a flat in the city centre"),
        "town": ("[live] in a small town", "[have] a house in a quiet town"),
        "village": ("[live] in a village", "[have] a cottage far out in the country"),
    },
    "job": {
        "nurse": ("[work] as a nurse", "[look] after patients as a nurse"),
        "farmer": ("[work] as a farmer", "[earn] [my] bread as a farmer"),
        "lawyer": ("[work] as a lawyer", "[earn] [my] bread as a lawyer"),
        "cook": ("[work] as a cook", "[stand] in the kitchen as a cook"),
        "teacher": ("[work] as a teacher", "[stand] before classes as a teacher"),
        "mechanic": ("[work] as a mechanic", "[repair] engines as a mechanic"),
        "programmer": ("[work] as a programmer", "[write] software as a programmer"),
        "clerk": ("[work] as a clerk", "[sit] in an office as a clerk"),
    },
    "politics": {
        "left": ("[vote] for the left", "[am] on the left in politics", "[think] of [me] as a progressive"),
        "centre": ("[vote] for the centre", "[am] in the middle in politics", "[think] of [me] as a moderate"),
        "right": ("[vote] for the right", "[am] on the right in politics", "[think] of [me] as a conservative"),
    },
    "faith": {
        "devout": ("[go] to church every week", "[believe] in God with all [my] heart"),
        "doubting": ("[go] to church at times", "[doubt] whether there is a God"),
        "godless": ("[go] to no church", "[believe] in no God"),
    },
    "money": {
        "poor": ("[have] little money", "[count] every coin"),
        "comfortable": ("[have] enough money", "[get] by quite well"),
        "rich": ("[have] plenty of money", "[am] wealthy"),
    },
    "family": {
        "single": ("[live] alone", "[am] not married"),
        "married": ("[am] married without children", "[share] life with a partner"),
        "parent": ("[have] three children", "[raise] a family"),
    },
    "schooling": {
        "early": ("[left] school early", "[had] hardly any schooling"),
        "trade": ("[learned] a trade", "[finished] school and learned a trade"),
        "university": ("[studied] at a university", "[have] a degree"),
    },
    "outlook": {
        "sunny": ("[see] the good in everything", "[am] a sunny person"),
        "gloomy": ("[see] the bad in everything", "[am] a gloomy person"),
    },
    "temperament": {
        "steady": ("[am] steady and rarely [change] [my] mind", "[have] an even temper"),
        "moody": ("[am] moody and often [change] [my] mind", "[have] a changing temper"),
    },
    "manner": {
        "mild": ("[am] gentle with others", "[have] a mild manner"),
        "ruthless": ("[am] ruthless with others", "[have] no mercy for anybody"),
    },
}
"""The traits of people, with the phrases for each value; verbs and pronouns in brackets are put into the grammatical person."""

CONVINCED: Told = ("[know] what [I] [stand] for and why", "[have] thought hard about what [I] [believe]")
"""The phrases that describe people whose values are spelled out."""

CODES: Mapping[str, Mapping[str, float]] = {
    "age": {"young": -1, "middle": 0, "old": 1},
    "dwelling": {"city": -1, "town": 0, "village": 1},
    "politics": {"left": -1, "centre": 0, "right": 1},
    "faith": {"godless": -1, "doubting": 0, "devout": 1},
    "money": {"poor": -1, "comfortable": 0, "rich": 1},
    "family": {"single": -1, "married": 0, "parent": 1},
    "outlook": {"gloomy": -1, "sunny": 1},
}
"""The code of each value, from −1 to 1; a trait that is not given has the code 0."""


NAMES = """Anna Ben Clara David Emma Felix Grace Hugo Iris Jonas Karla Leo Mona Nils Olga Paul Rosa Simon Tilda Viktor Willa Yusuf Zoe
Arthur Bella Carl Dora Emil Fanny Georg"""
HOBBIES = "reading fishing chess cycling painting singing hiking dancing knitting gardening"
PHRASED: Mapping[str, tuple[str, Told]] = {
    "name": (NAMES, ("[my] name is {}", "[am] called {}")),
    "pet": ("dog cat parrot rabbit hamster goldfish turtle snake", ("[have] a {} at home", "[my] pet is a {}")),
    "hobby": (HOBBIES, ("[love] {}", "[my] hobby is {}")),
    "drink": ("tea coffee cocoa milk beer juice", ("[like] to drink {}", "[my] drink is {}")),
    "colour": ("red blue green yellow purple brown", ("[like] the colour {}", "[my] colour is {}")),
    "home": ("Arling Brent Corby Dunmore Elstow Farley Gorton Hale", ("[come] from {}", "[was] born in {}")),
    "music": ("folk jazz opera rock pop blues", ("[listen] to {} music", "[my] music is {}")),
    "meal": ("stew salad pizza soup curry fish", ("[like] to eat {}", "[my] meal is {}")),
}
FACTS: Mapping[str, tuple[Told, Told]] = {name: (tuple(values.split()), forms) for name, (values, forms) in PHRASED.items()}
"""Facts about a person: their values, and the phrases that state them."""

TYPICAL: Mapping[str, Mapping[str, str]] = {
    "music": {"nurse": "pop", "farmer": "folk", "lawyer": "opera", "cook": "blues", "teacher": "jazz", "mechanic": "rock"},
    "meal": {"nurse": "salad", "farmer": "stew", "lawyer": "fish", "cook": "curry", "programmer": "pizza", "clerk": "soup"},
}
"""The fact that is typical of a job; the model contradicts its card in favour of these."""

FORMS: Mapping[str, tuple[str, str, str, str]] = {
    "I": ("I", "you", "he", "she"),
    "me": ("myself", "yourself", "himself", "herself"),
    "my": ("my", "your", "his", "her"),
    "am": ("am", "are", "is", "is"),
    "have": ("have", "have", "has", "has"),
    "go": ("go", "go", "goes", "goes"),
    "was": ("was", "were", "was", "was"),
    **{past: (past,) * 4 for past in ("left", "had", "learned", "finished", "studied")},
}
VOICES: tuple[Voice, ...] = ("first", "second", "he", "she")


@dataclass(frozen=True)
class Person:
    """A person as described on a card: given values of `TRAITS` and `FACTS`, and whether values are spelled out."""

    traits: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    convinced: bool = False

    def code(self, trait: str) -> float:
        """Return the code of a trait, from −1 to 1."""
        return CODES[trait].get(self.traits.get(trait, ""), 0.0)

    def sentences(self, voice: Voice, rng: np.random.Generator) -> list[str]:
        """Return the description as sentences, in random order and wording."""
        phrases = [TRAITS[trait][value] for trait, value in self.traits.items()]
        phrases += [tuple(form.format(value) for form in FACTS[fact][1]) for fact, value in self.facts.items()]
        phrases += [CONVINCED] if self.convinced else []
        return [sentence(phrases[index][rng.integers(len(phrases[index]))], voice) for index in rng.permutation(len(phrases))]

    def card(self, voice: Voice, rng: np.random.Generator) -> str:
        """Return the description of the person that a model reads."""
        return " ".join(self.sentences(voice, rng))

    def persona(self, name: str, rng: np.random.Generator) -> Persona:
        """Return the person as a persona of a panel; the attributes hold everything that is given."""
        more = {"convinced": "yes"} if self.convinced else {}
        return Persona(name, self.card(VOICES[rng.integers(4)], rng), {**self.traits, **self.facts, **more})

    @classmethod
    def of(cls, persona: Persona) -> "Person":
        """Return the person behind a persona that `persona` made."""
        attributes = persona.attributes
        traits, facts = ({name: attributes[name] for name in names if name in attributes} for names in (TRAITS, FACTS))
        return cls(traits, facts, attributes.get("convinced") == "yes")


def sentence(phrase: str, voice: Voice) -> str:
    """Make a sentence from a phrase.

    Examples:
        >>> sentence("[count] every coin", "she"), sentence("[my] name is Anna", "second")
        ('She counts every coin.', 'Your name is Anna.')
    """
    index = VOICES.index(voice)
    subject = "" if phrase.startswith("[my]") else FORMS["I"][index] + " "
    words = subject + re.sub(r"\[(\w+)\]", lambda match: _form(match[1], index), phrase)
    return words[0].upper() + words[1:] + "."


def _form(word: str, index: int) -> str:
    """Put a word into a grammatical person."""
    return FORMS[word][index] if word in FORMS else word + "s" * (index > 1)


def somebody(
    rng: np.random.Generator, traits: Sequence[str] = tuple(TRAITS), facts: Sequence[str] = (), *, convinced: bool = False
) -> Person:
    """Draw a person at random, with the named traits and facts, and with values spelled out or not."""
    values = {trait: str(rng.choice(list(TRAITS[trait]))) for trait in traits}
    return Person(values, {fact: str(rng.choice(FACTS[fact][0])) for fact in facts}, convinced)
