# ruff: noqa: INP001
"""Write the panel, the items and the people's labels of this example; the same files every time.

The people are as made up as the panel: what they answer is known, so the example shows what can be found, not what people are like.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from personametrics.data.persona import Persona
from personametrics.data.roster import write_items, write_personas
from personametrics.models.embedded.society.instruments import evidence
from personametrics.models.embedded.society.panels import bare, strong
from personametrics.models.embedded.society.people import Person
from personametrics.models.embedded.society.society import answers

HERE = Path(__file__).parent
PANEL = {"left": 32, "centre": 4, "right": 4}
"""Personas of each side: the staff room in which they were thought up."""
BALANCED = {"left": 14, "centre": 13, "right": 13}
"""The same number of all sides."""
PEOPLE, FEW = 120, 3
"""Annotators, each of whom labels every item; and as many as a small check would ask."""
ITEMS = evidence()


def panel(sides: Mapping[str, int]) -> list[Persona]:
    """Personas of a few words, age, politics, a name and a home, so many of each side."""
    drawn = bare(400, seed=3)
    found = [one for side, number in sides.items() for one in [one for one in drawn if one.attributes["politics"] == side][:number]]
    told = [{name: one.attributes[name] for name in ("age", "politics")} for one in found]
    return [Persona(f"persona {at}", one.text, attributes) for at, (one, attributes) in enumerate(zip(found, told, strict=True), 1)]


def labels() -> list[dict[str, str]]:
    """One label a row, of people of all sides whom the panel does not know."""
    rng, rows = np.random.default_rng(2026), []
    for at, one in enumerate(strong(PEOPLE, seed=11), 1):
        person = Person.of(one)
        for item in ITEMS:
            shares = answers(person, item)
            said = str(rng.choice(list(shares), p=list(shares.values())))
            rows.append({"respondent": f"a{at}", "item": item.id, "answer": said, "politics": person.traits["politics"]})
    return rows


def main() -> None:
    """Write the three tables."""
    write_personas(panel(PANEL), HERE / "personas.csv")
    write_personas(panel(BALANCED), HERE / "balanced.csv")
    write_items(ITEMS, HERE / "items.csv")
    rows = labels()
    for name, some in (("humans.csv", rows), ("few.csv", rows[: FEW * len(ITEMS)])):
        with (HERE / name).open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(some)


if __name__ == "__main__":
    main()
