"""The remedy that puts a debiasing instruction before every question, so that its effect is measured rather than believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import ClassVar

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.data.sentences import INSTRUCTIONS, instructions, with_instruction

SIDES = ("left", "right")
SUITS, SUITS_NOT, ACCURATE = 0.8, 0.4, 0.6
"""Probabilities of a right answer in the known world: where evidence suits the persona's side, where it does not, and when instructed."""


@dataclass(frozen=True)
class Debias(Remedy):
    """A sentence before every question to a persona.

    Personas bend judgement toward their side; Dash and others (2025, arXiv 2506.20020) found that such instructions hardly change that.

    Attributes:
        instruction: `steps`, `accuracy`, or any other sentence.
    """

    instruction: str = "accuracy"
    says: ClassVar[str] = "Put a debiasing instruction before every question. In published tests, such instructions helped little."
    acts_on: ClassVar[Stage] = "requests"
    against: ClassVar[tuple[str, ...]] = ("distortion",)
    cite: ClassVar[tuple[str, ...]] = ("dash2025",)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return every question to a persona with the sentence before it, and questions without a persona as they are."""
        sentence = instructions([self.instruction])[self.instruction]
        return [request if request.about.get("persona") == NOBODY else with_instruction(request, sentence) for request in requests]

    def known(self) -> RemedyWorld:
        """Return a world in which the instruction makes judgement even, and a null world in which it changes nothing."""
        personas = tuple(
            Persona(f"{side} {index}", f"You are {index}, {side}.", {"politics": side}) for side in SIDES for index in range(8)
        )
        scale = Nominal(("yes", "no"))
        items = tuple(
            Item(f"{side} {gold} {index}", f"Study {2 * index + (gold == 'yes')}: did it help {side}?", scale, {"gold": gold, "side": side})
            for side, gold, index in product(SIDES, scale.labels, range(6))
        )

        def world(request: Request, *, heeds: bool) -> Mapping[str, float]:
            about, instructed = request.about, heeds and INSTRUCTIONS["accuracy"] in request.messages[-1].text
            right = ACCURATE if instructed or not about["identity"] else SUITS if about["side"] == about["identity"] else SUITS_NOT
            return {about["gold"]: right, "no" if about["gold"] == "yes" else "yes": 1 - right}

        change = {"gap": SUITS_NOT - SUITS}
        return RemedyWorld("distortion", personas, items, partial(world, heeds=True), change, partial(world, heeds=False))
