"""What would people answer?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld, one_scale
from personametrics.measures.panel import FEW
from personametrics.measures.population import Estimator, Numbers, People, both, people, plain
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.weighting import design_effect
from personametrics.stats.intervals.facets import jackknives
from personametrics.stats.intervals.proportion import wilson
from personametrics.studies.population.accuracy import Apart, half

PARTS = 12
"""People of either side are left out in this many parts."""
OVER_ITEMS = "jackknife over items"
OVER_ALL = "jackknife over items, personas and people"
USE = "stating numbers about people"
NAMES: Mapping[str, Name] = {
    "error": Name(
        "squared scale", "items", "mean squared error of an item's number, the noise of people's own mean taken off; 0.01 is 10 points"
    ),
    "bias": Name("scale", "items", "mean of the panel's number minus people's mean"),
    "covered": Name("share", "items", "items whose interval, widened by the noise of people's mean, holds people's mean"),
    "width": Name("scale", "items", "mean width of an item's interval"),
}
OWN = frozenset({"persona", "item", "run", "scale", "answer", "outcome", "rule", "text", "detail", "finish", "seconds"})
"""Attributes of these names are no columns, since the table has its own."""


@dataclass(frozen=True)
class Population(Study):
    """Numbers about people read off a panel, and how far they lie from what people say.

    A persona may stand for more people than another: by an attribute (of people: a column) called weight.

    Attributes:
        human: answers of people; their persona is the respondent. Without them there are numbers, but nothing to hold them against.
        estimator: from the panel's answers to the numbers; None: the mean over personas.
        margin: numbers may be stated where they are wrong by less than this, in the root mean square; scales run from 0 to 1.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    estimator: Estimator | None = None
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "What would people answer?"
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("error", "low")
    cite: ClassVar[tuple[str, ...]] = ("kish1965", "efron1981", "satterthwaite1946", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona and every item that people answered, else every item on one scale; attributes are columns.

        Raises:
            DesignError: people answered none of the items.
        """
        known = set(self.human.items.names) if self.human else set()
        asked = [item for item in items if item.id in known] if self.human else one_scale(items)
        if not asked:
            message = f"population needs items that the people answered, such as {min(known, default='none')}; give them the same ids."
            raise DesignError(message)
        names = sorted({name for persona in personas for name in persona.attributes} - OWN)
        told = {persona.id: {name: persona.attributes.get(name, "") for name in names} for persona in personas}
        return [request for persona in personas for item in asked for request in elicitation.ask(persona, item, told[persona.id])]

    def estimate(self, responses: Responses) -> Finding:
        """Numbers with their intervals, and their distance from people's.

        Raises:
            DesignError: no common item, scales that do not fit, or an estimator that lacks what it needs.
            InputError: as `data.population.both`.
        """
        panel, human = both(responses, self.human) if self.human else (people(responses), None)
        apart = self._apart(panel, human)
        tables = {"numbers": self._table(apart, panel, human), **(self.estimator.evidence(panel) if self.estimator else {})}
        found = self._errors(apart, panel, human) if human else []
        found += [self._estimate("width", apart.width(self.level))]
        said = _notices(responses, panel, human)
        return Finding("population", self.question, self._verdict(found), tuple(found), tuple(said), tables, self.cite)

    def _apart(self, panel: People, human: People | None) -> Apart:
        """Numbers of both sides."""
        ours = self.estimator.numbers(panel) if self.estimator else plain(panel)
        theirs = plain(human) if human else Numbers(np.full_like(ours.value, np.nan), np.full_like(ours.value, np.nan))
        some = np.nan_to_num(np.abs(ours.value)) + np.nan_to_num(theirs.value)
        return Apart(ours, theirs, some if len(panel.parts) > 1 else np.ones_like(some))

    def _errors(self, apart: Apart, panel: People, human: People) -> list[Estimate]:
        """Error, bias and coverage."""
        sides = self._left_out(panel, human)
        found = [self._estimate("error", apart.error(), [[one.error() for one in side] for side in sides], _noise(apart, apart.steep()))]
        if len(panel.parts) == 1:
            found += [self._estimate("bias", apart.bias(), [[one.bias() for one in side] for side in sides], _noise(apart, 1.0))]
        return [*found, self._covered(apart.covered(self.level))]

    def _left_out(self, panel: People, human: People) -> list[list[Apart]]:
        """The numbers without a part of the personas, and without a part of the people."""
        return [
            [self._part(part, human) for part in _without(panel)],
            [self._part(panel, part) for part in _without(human)],
        ]

    def _part(self, panel: People, human: People) -> Apart:
        """The numbers of a part; undefined where it is too small for its estimator."""
        try:
            return self._apart(panel, human)
        except DesignError:
            none = np.full((len(panel.items), len(panel.parts)), np.nan)
            return Apart(Numbers(none, none), plain(human), np.ones_like(none))

    def _estimate(self, name: str, values: Floats, sides: Sequence[Sequence[Floats]] = (), noise: Sequence[float] = ()) -> Estimate:
        """A mean over items, with what it becomes without items, and without people of either side.

        What both items and people contain, the noise of single answers, is taken off once (as in Cameron, Gelbach & Miller 2011).

        Args:
            name: of the estimate.
            values: (I,) by item.
            sides: for each side the values without each part of its people.
            noise: for each side what independent noise of the items' numbers adds to the variance.
        """
        here = np.isfinite(values)
        kept, method = values[here], OVER_ALL if sides else OVER_ITEMS
        I = len(kept)
        if not I:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, method, EstimateStatus.UNDEFINED, NAMES[name])
        drops = [(kept.sum() - kept) / max(I - 1, 1)]
        drops += [np.array([one[here].sum() / I for one in side]) for side in sides]  # undefined where one of the items is
        value, low, high, *_ = jackknives(float(kept.mean()), drops, self.level, (0.0, *noise))
        status = EstimateStatus.NO_INTERVAL if math.isnan(low) else EstimateStatus.FEW_ITEMS if I < FEW else EstimateStatus.OK
        return Estimate(name, value, low, high, self.level, I, method, status, NAMES[name])

    def _covered(self, shares: Floats) -> Estimate:
        """Share of items whose interval holds people's number, as if items were independent."""
        known = shares[np.isfinite(shares)]
        value, low, high = wilson(float(known.sum()), len(known), self.level)[:3]
        status = EstimateStatus.UNDEFINED if not len(known) else EstimateStatus.FEW_ITEMS if len(known) < FEW else EstimateStatus.OK
        return Estimate("covered", value, low, high, self.level, len(known), "score interval over items", status, NAMES["covered"])

    def _table(self, apart: Apart, panel: People, human: People | None) -> Rows:
        """Every number with its interval, beside people's."""
        reach = half(apart.ours.variance, apart.ours.freedom, self.level)
        asked, answered = panel.asked.sum(0), human.asked.sum(0) if human else np.zeros(len(panel.items), np.int64)
        return [
            {"item": item}
            | ({"answer": panel.parts[k]} if len(panel.parts) > 1 else {})
            | {"value": _at(apart.ours.value[i, k]), "low": _at((apart.ours.value - reach)[i, k])}
            | {"high": _at((apart.ours.value + reach)[i, k]), "people": _at(apart.theirs.value[i, k])}
            | {"personas": int(asked[i]), "humans": int(answered[i])}
            for i, item in enumerate(panel.items)
            for k in range(len(panel.parts))
            if apart.counts[i, k] > 0
        ]

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the error says."""
        by = {one.name: one for one in found}
        if "error" not in by:
            wide = f"its intervals are {by['width'].value:.2f} wide on average, which says nothing of how wrong they are"
            return Verdict("nothing to compare with", f"The panel gives numbers; {wide}. Give people's answers as human.", open=(USE,))
        error, covered = by["error"], by["covered"]
        if math.isnan(error.low):
            return Verdict("unknown", "People's means cannot be compared: too few items or people.", open=(USE,))
        off, low, high = (math.sqrt(max(end, 0.0)) for end in (error.value, error.low, error.high))
        said = (
            f"Its numbers are off by {off:.2f} of the scale ({low:.2f} to {high:.2f}); "
            f"{covered.value:.0%} of their intervals hold people's mean."
        )
        if error.low > self.margin**2:
            return Verdict("numbers unlike people's", said, unfit=(USE,))
        if error.high < self.margin**2:
            return Verdict("numbers like people's", said, fit=(USE,))
        return Verdict("undecided", said, open=(USE,))

    def known(self) -> StudyWorld:
        """200 people, of whom 30 to 70 % agree with each of 24 statements, and a panel that agrees more often."""
        shares = {f"statement {at}": 0.3 + 0.4 * (at % 9) / 8 for at in range(24)}
        draws = np.random.default_rng(0).random((200, 24))
        rows = [
            (f"person {who}", name, "yes" if draw < share else "no")
            for who, some in enumerate(draws)
            for (name, share), draw in zip(shares.items(), some, strict=True)
        ]
        scale = Ordinal(("no", "yes"))
        human = Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), scale)

        def world(request: Request, more: float = 0.2) -> Mapping[str, float]:
            yes = shares[request.about["item"]] + more
            return {"no": 1 - yes, "yes": yes}

        elicitation, personas = Elicitation(runs=5), tuple(Persona(f"persona {at}", f"You are number {at}.") for at in range(40))
        wrong = [share + 0.2 for share in shares.values()]
        noise = float(np.mean([yes * (1 - yes) for yes in wrong])) / (len(personas) * elicitation.runs)
        truth = {"error": 0.04 + noise, "bias": 0.2}
        items = tuple(Item(name, f"{name}.", scale) for name in shares)
        quiet = frozenset({"numbers like people's", "undecided"})
        label, study = "numbers unlike people's", replace(self, human=human)
        return StudyWorld(personas, items, world, truth, lambda request: world(request, 0.0), label, quiet, elicitation, study)


def _without(side: People) -> list[People]:
    """A side without each part of its people."""
    place = np.arange(len(side.ids))
    parts = min(PARTS, len(place))
    return [side.those(place[place % parts != part]) for part in range(parts)] if parts > 1 else []


def _noise(apart: Apart, steep: Floats | float) -> list[float]:
    """For each side, what independent noise of the items' numbers adds to the variance of a mean over items."""
    return [float(np.nansum(steep**2 * side.variance)) / len(side.value) ** 2 for side in (apart.ours, apart.theirs)]


def _notices(responses: Responses, panel: People, human: People | None) -> list[Notice]:
    """How many people were used, what they are worth, and what was left out."""
    found = []
    if human:
        found += [Notice("humans", f"Compared with {len(human.ids)} people on {len(panel.items)} common items.")]
        if left := [name for name in responses.items.names if name not in set(panel.items)]:
            text = f"{len(left)} items were not put to the people, such as {left[0]}; they are left out here."
            found.append(Notice("items-without-humans", text))
    for who, side in (("Personas", panel), ("People", human)):
        if side and side.weights is not None:
            worth = len(side.ids) / float(design_effect(side.weights))
            text = f"{who} are weighted by their weight: {len(side.ids)} of them are worth {worth:.0f} of equal weight."
            found.append(Notice("weighted", text))
    return found


def _at(value: float) -> float | None:
    """A number, or None where it is undefined."""
    return float(value) if math.isfinite(value) else None
