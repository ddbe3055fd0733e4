"""Personas weighted so that together they answer as people do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, NamedTuple, get_args

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.finding import Cell, Rows
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Split, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation, Study
from personametrics.measures.population import Numbers, People, both, plain
from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.inference.weighting import best_ridge, design_effect, mixture, rake

Method = Literal["mixture", "poststratify", "rake"]
RIDGES = (0.1, 1.0, 10.0, 100.0, math.inf)
"""Of these one is chosen; ∞ leaves the weights as they are."""
FEWEST = 4
"""Questions that a mixture needs at least to be fitted on."""
GAP, PEOPLE = 0.5, 200
"""In the world whose truth is known: how much more people in towns agree, and how many people were asked."""


class Fitted(NamedTuple):
    """What was learned: each persona's weight (the mean is 1), from how many people and questions, with which ridge."""

    weights: Mapping[str, float]
    humans: int
    questions: int
    ridge: float


@dataclass(frozen=True)
class Reweight(Remedy):
    """Numbers about people are weighted means over personas. Weights mend who is on the panel, never how a persona answers.

    Attributes:
        method: `mixture`: weights under which the panel answers the questions it was fitted on as people do; `poststratify`: every
            combination of the attributes has its share among people; `rake`: every value of each attribute has.
        attributes: of personas and of people, under the same names; for `poststratify` and `rake`.
        ridge: how strongly a mixture is drawn to equal weights, see `stats.weighting.mixture`; negative: chosen by questions left out.
        fitted: what `fit` learned.
    """

    method: Method = "mixture"
    attributes: tuple[str, ...] = ()
    ridge: float = -1.0
    fitted: Fitted | None = field(default=None, kw_only=True, repr=False)
    says: ClassVar[str] = "Weight personas so that the panel is composed, or answers other questions, as people are and do."
    acts_on: ClassVar[Stage] = "estimates"
    cite: ClassVar[tuple[str, ...]] = ("deming1940", "kish1965", "bui2025")
    splits: ClassVar[Split | None] = "items"

    def __post_init__(self) -> None:
        """Refuse an unknown method, and groups without attributes."""
        if self.method not in get_args(Method):
            message = f'reweight: "{self.method}" is no method: {options(self.method, get_args(Method))}.'
            raise StudyError(message)
        if (self.method == "mixture") == bool(self.attributes):
            message = "reweight: poststratify and rake need attributes, such as attributes=party/gender; a mixture has none."
            raise StudyError(message)

    def fit(self, responses: Responses, human: Responses | None) -> "Reweight":
        """Weights from people's attributes, or from their answers to these questions.

        Raises:
            DesignError: there are no people, too few questions, or no weights that give people's shares.
        """
        if human is None:
            message = "reweight learns from people, and there are none; give a table of their answers as human."
            raise DesignError(message)
        panel, people = both(responses, human, self.attributes, self.attributes)
        if self.method == "mixture":
            weights, ridge = self._mixture(panel, people)
        else:
            weights, ridge = self._shares(panel, people), math.nan
        told = dict(zip(panel.ids, (float(one) for one in weights * len(weights)), strict=True))
        fitted = Fitted(told, len(people.ids), len(panel.items), ridge)
        return replace(self, fitted=fitted, seen=frozenset(panel.items))

    def _mixture(self, panel: People, people: People) -> tuple[Floats, float]:
        """Weights, and the ridge; a persona that left out a question counts as the mean of the others there."""
        if len(panel.items) < FEWEST:
            message = f"reweight: a mixture is fitted on {FEWEST} or more questions, and there are {len(panel.items)}; ask more."
            raise DesignError(message)
        base, wanted = panel.stand_for, plain(people).value
        answers = np.where(np.isfinite(panel.values), panel.values, plain(panel).value)
        ridge = self.ridge if self.ridge >= 0 else best_ridge(answers, wanted, RIDGES, base=base)
        return mixture(answers.reshape(len(base), -1), wanted.ravel(), ridge, base), ridge

    def _shares(self, panel: People, people: People) -> Floats:
        """Weights under which groups have their shares among the people whose attributes are known."""
        ways = [self.attributes] if self.method == "poststratify" else [(name,) for name in self.attributes]
        groups, shares = zip(*(_grouped(panel, people, way) for way in ways), strict=True)
        weights = rake(groups, shares, panel.stand_for)
        if not np.isfinite(weights).all():
            message = f"reweight: no weights of these personas give people's shares of {', '.join(self.attributes)}; poststratify on fewer."
            raise DesignError(message)
        return weights

    def estimates(self, study: Study) -> Study:
        """The study with weighted means.

        Raises:
            DesignError: it estimates no numbers about people.
        """
        if "estimator" not in vars(study):
            message = f"reweight acts on numbers about people, which {type(study).__name__} does not estimate; use it with population."
            raise DesignError(message)
        changed: Any = study
        found: Study = replace(changed, estimator=self)
        return found

    def numbers(self, panel: People) -> Numbers:
        """Weighted means; intervals hold for these weights, as if they had been known.

        Raises:
            DesignError: not fitted, or not on this panel.
        """
        return plain(self._weighted(panel))

    def _weighted(self, panel: People) -> People:
        """The panel with its weights."""
        known = self._known.weights
        if strange := [name for name in panel.ids if name not in known]:
            message = f'reweight was fitted on a panel without "{strange[0]}"; fit it on this one.'
            raise DesignError(message)
        return replace(panel, weights=np.array([known[name] for name in panel.ids]))

    @property
    def _known(self) -> Fitted:
        """What was learned."""
        if self.fitted is None:
            message = "reweight has learned nothing yet; call fit with answers of the panel and of people."
            raise DesignError(message)
        return self.fitted

    def evidence(self, panel: People) -> Mapping[str, Rows]:
        """How many people it learned from, what the weighted personas are worth, and the weights."""
        known, weighted = self._known, self._weighted(panel)
        effect = float(design_effect(weighted.stand_for))
        one: dict[str, Cell] = {"method": self.method, "humans": known.humans, "questions": known.questions}
        one |= {"ridge": None if math.isnan(known.ridge) else known.ridge}
        one |= {"personas": len(panel.ids), "design effect": effect, "effective personas": len(panel.ids) / effect}
        order = np.argsort(-weighted.stand_for, kind="stable")
        return {"reweighted": [one], "weights": [{"persona": panel.ids[at], "weight": float(weighted.stand_for[at])} for at in order]}

    def known(self) -> RemedyWorld:
        """Of 48 personas 42 live in a town, of people half; in the null world seven in eight people do too."""
        scale, places = Ordinal(("no", "yes")), ("town",) * 42 + ("country",) * 6
        personas = tuple(
            Persona(f"persona {at}", f"You live in the {name}, number {at}.", {"place": name}) for at, name in enumerate(places)
        )
        items = tuple(Item(f"statement {at}", f"Statement {at}.", scale) for at in range(24))

        def yes(place: str, item: str) -> float:
            return 0.4 + 0.05 * (int(item.split()[1]) % 5) + GAP * (0.5 if place == "town" else -0.5)

        def world(request: Request) -> Mapping[str, float]:
            share = yes(request.about["place"], request.about["item"])
            return {"no": 1 - share, "yes": share}

        def human(seed: int, defect: bool) -> Responses:  # noqa: FBT001 (the shape of a cure)
            town = PEOPLE * 4 // 8 if defect else PEOPLE * 7 // 8
            who = [(f"person {at}", "town" if at < town else "country") for at in range(PEOPLE)]
            draws = np.random.default_rng(seed).random((PEOPLE, len(items)))
            rows = [
                (name, place, item.id, "yes" if draw < yes(place, item.id) else "no")
                for (name, place), some in zip(who, draws, strict=True)
                for item, draw in zip(items, some, strict=True)
            ]
            frame = pl.DataFrame(rows, ["persona", "place", "item", "answer"], orient="row")
            return Responses.read(frame, Columns(attributes=("place",)), scale)

        elicitation = Elicitation(runs=5)
        shares = {place: np.array([yes(place, item.id) for item in items]) for place in ("town", "country")}
        town, country = (
            float((share * (1 - share)).mean()) / elicitation.runs for share in shares.values()
        )  # noise of one persona's number
        before = (3 / 8 * GAP) ** 2 + (42 * town + 6 * country) / 48**2
        after = (town / 42 + country / 6) / 4
        return RemedyWorld("population", personas, items, world, {"error": after - before}, world, elicitation, human)


def _grouped(panel: People, people: People, way: Sequence[str]) -> tuple[Ints, Floats]:
    """Group of each persona, and the groups' shares among the people whose attributes are known.

    Raises:
        DesignError: a persona is of no group, or a group of people has no persona.
    """
    mine, theirs = (list(zip(*(side.attributes[name] for name in way), strict=True)) for side in (panel, people))
    told = np.array(["" not in one for one in theirs])
    if any("" in one for one in mine) or not told.any():
        who = panel.ids[next(at for at, one in enumerate(mine) if "" in one)] if told.any() else "Nobody of the people"
        message = f"reweight needs {' and '.join(way)} of everybody on the panel and of people; {who} has none."
        raise DesignError(message)
    names = sorted({*mine, *(one for one, there in zip(theirs, told, strict=True) if there)})
    place = {name: at for at, name in enumerate(names)}
    codes, weights = np.array([place.get(one, 0) for one in theirs]), np.where(told, people.stand_for, 0.0)
    shares = sums(codes, weights / weights.sum(), len(names))
    for name, share in zip(names, shares, strict=True):
        if share > 0 and name not in set(mine):
            message = f"reweight: no persona is {' and '.join(name)}, as {share:.0%} of people are; add one, or group more coarsely."
            raise DesignError(message)
    return np.array([place[one] for one in mine]), shares
