"""Debiasing instructions, so that their failure can be measured rather than believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from personametrics.data.instructions import INSTRUCTIONS, instructed, instructions
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.scale import Nominal


@dataclass(frozen=True)
class Debias(Remedy):
    """A sentence before every question that is put to a persona.

    Personas bend judgement toward their side; Dash et al. (2025, arXiv 2506.20020) found that such instructions hardly change that.

    Attributes:
        instruction: `steps`, `accuracy`, or a sentence of your own.
    """

    instruction: str = "accuracy"
    says: ClassVar[str] = "Put a debiasing instruction before every question; published ones hardly helped."
    acts_on: ClassVar[Stage] = "asks"
    cite: ClassVar[tuple[str, ...]] = ("dash2025",)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Every question to a persona, with the sentence before it; the model itself is asked as before.

        Raises:
            StudyError: the instruction is neither a name nor a sentence.
        """
        sentence = instructions([self.instruction])[self.instruction]
        return [request if request.about.get("persona") == NOBODY else instructed(request, sentence) for request in requests]

    def known(self) -> RemedyWorld:
        """Evidence that suits is judged rightly with probability .8, and .4 where it does not; told to be accurate, .6 everywhere."""
        people = tuple(
            Persona(f"{side} {at}", f"You are {at}, {side}.", {"politics": side}) for side in ("left", "right") for at in range(8)
        )
        items = tuple(
            Item(
                f"{side} {gold} {at}",
                f"Study {2 * at + (gold == 'yes')}: did it help {side}?",
                Nominal(("yes", "no")),
                {"gold": gold, "side": side},
            )
            for side in ("left", "right")
            for gold in ("yes", "no")
            for at in range(6)
        )

        def judged(request: Request, *, heeds: bool) -> Mapping[str, float]:
            about, told = request.about, heeds and INSTRUCTIONS["accuracy"] in request.messages[-1].text
            right = 0.6 if told or not about["identity"] else 0.8 if about["side"] == about["identity"] else 0.4
            return {about["gold"]: right, "no" if about["gold"] == "yes" else "yes": 1 - right}

        return RemedyWorld("distortion", people, items, partial(judged, heeds=True), {"gap": -0.4}, partial(judged, heeds=False))
