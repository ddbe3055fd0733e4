"""A world in which six judges nearly always see the quality of an item."""

from collections.abc import Mapping

import numpy as np

from personametrics.data.study import Item, Ordinal, Persona, Request, StudyWorld

MARKS = ("1", "2", "3", "4", "5")
SEEN = 0.96
"""Share of grades that are the quality itself; the others are spread evenly over all marks."""


def known_world() -> StudyWorld:
    """Return a world in which judges nearly always see the quality of an item, and one in which half of the grades are noise."""
    quality, scale = {f"thing {index}": MARKS[index % 5] for index in range(15)}, Ordinal(MARKS)
    items = tuple(Item(thing, f"What mark for {thing}?", scale, {"quality": mark}) for thing, mark in quality.items())
    judges = tuple(Persona(f"judge {index}", f"You are judge {index}.") for index in range(6))

    def world(request: Request, seen: float = SEEN) -> Mapping[str, float]:
        return {mark: seen * (mark == quality[request.about["item"]]) + (1 - seen) / 5 for mark in MARKS}

    marks, missed = np.arange(1, 6), 1 - SEEN
    noise = float(np.mean(SEEN * marks**2 + missed * 11 - (SEEN * marks + missed * 3) ** 2))
    between = SEEN**2 * 2 * 15 / 14
    agreement = (SEEN + missed / 5) ** 2 + 4 * (missed / 5) ** 2
    truth = {"omega.single": between / (between + noise), "agreement.rerun": agreement, "agreement.order": agreement, "order.loss": 0.0}
    quiet = frozenset({"not reliable enough", "undecided"})
    return StudyWorld(judges, items, world, truth, lambda request: world(request, 0.5), "reliable enough", quiet)
