"""A world in which personas are sure of their answers, and any other text leaves a coin toss."""

import random
from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Elicitation, Item, Nominal, Persona, Request, Study, StudyWorld


def texts_world(study: Study) -> StudyWorld:
    """Return that world, and one in which the personas' texts leave a coin toss too."""
    personas = tuple(Persona(f"p{number}", f"You are number {number}.") for number in range(12))
    items = tuple(Item(f"q{number}", f"Is it {number}?", Nominal(("no", "yes"))) for number in range(12))
    draw = random.Random(0)  # noqa: S311 (a world, not a secret)
    sure = {(persona.text, item.id): draw.choice((0.1, 0.9)) for persona in personas for item in items}

    def world(request: Request, strength: float = 1.0) -> Mapping[str, float]:
        text = next((text for text, item in sure if text in request.messages[0].text and item == request.about["item"]), None)
        yes = 0.5 if text is None else 0.5 + strength * (sure[text, request.about["item"]] - 0.5)
        return {"no": 1 - yes, "yes": yes}

    truth = {"control.none": 1 - (0.18 + 0.5) / 2 / 0.5, "control.irrelevant": 0.0}
    quiet, null = frozenset({"undecided", "not the persona"}), partial(world, strength=0.0)
    return StudyWorld(personas, items, world, truth, null, "personas are heard", quiet, Elicitation(5), study)
