"""The remedy that weights personas so that together they answer as people do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.finding import Cell, Rows
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Split, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation
from personametrics.measures.population import Numbers, People, panel_and_people, sample_means
from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.inference.weighting import best_ridge, design_effect, mixture, rake

Method = Literal["mixture", "poststratify", "rake"]
RIDGES = (0.1, 1.0, 10.0, 100.0, math.inf)
"""Ridges from which one is chosen; ∞ leaves the weights as they are."""
FEWEST = 4
"""Smallest number of questions on which a mixture is fitted."""
GAP, PEOPLE = 0.5, 200
TOWN, COUNTRY = 42, 6
"""In the known world: difference between the shares of town and country that agree, number of people, and numbers of personas."""


class Fitted(NamedTuple):
    """The weight of each persona (mean 1), from how many people and questions, and the ridge (NaN without a mixture)."""

    weights: Mapping[str, float]
    humans: int
    questions: int
    ridge: float


@dataclass(frozen=True)
class Reweight(Remedy):
    """Weights of personas, with which numbers about people become weighted means (Deming & Stephan 1940; Bui and others 2025).

    Weights change the composition of the panel, never the answers of a persona.

    Attributes:
        method: `mixture`: weights with which the panel answers the fitted questions as people do. `poststratify`: every combination of the
            attributes has its share among people. `rake`: every value of each attribute has its share.
        attributes: attributes of personas and of people, with the same names; for `poststratify` and `rake`.
        ridge: strength of a mixture's pull to equal weights, see `stats.inference.weighting.mixture`; negative: chosen by cross-validation
            over questions.
        fitted: weights that `fit` learned.
    """

    method: Method = "mixture"
    attributes: tuple[str, ...] = ()
    ridge: float = -1.0
    fitted: Fitted | None = field(default=None, kw_only=True, repr=False)
    says: ClassVar[str] = (
        "Weight the personas so that the panel has the composition of people, or gives people's answers to other questions."
    )
    acts_on: ClassVar[Stage] = "estimates"
    cite: ClassVar[tuple[str, ...]] = ("deming1940", "kish1965", "bui2025")
    splits: ClassVar[Split | None] = "items"

    def __post_init__(self) -> None:
        """Refuse groups without attributes."""
        super().__post_init__()
        if (self.method == "mixture") == bool(self.attributes):
            message = (
                "reweight needs attributes for method=poststratify or rake, such as attributes=party/gender, and none for method=mixture."
            )
            raise StudyError(message)

    def fit(self, responses: Responses, human: Responses | None) -> "Reweight":
        """Return a copy with weights from people's attributes, or from their answers to these questions."""
        if human is None:
            message = "reweight learns from people's answers, but has none. Give a table of them as human."
            raise DesignError(message)
        panel, people = panel_and_people(responses, human, self.attributes, self.attributes)
        weights, ridge = self._mixture(panel, people) if self.method == "mixture" else (self._shares(panel, people), math.nan)
        by_persona = dict(zip(panel.ids, (weights * len(weights)).tolist(), strict=True))
        fitted = Fitted(by_persona, len(people.ids), len(panel.items), ridge)
        return replace(self, fitted=fitted, seen=frozenset(panel.items))

    def _mixture(self, panel: People, people: People) -> tuple[Floats, float]:
        """Return weights and the ridge; a persona without an answer to a question counts as the mean of the others."""
        if len(panel.items) < FEWEST:
            message = f"reweight: a mixture is fitted on {FEWEST} or more questions, but there are {len(panel.items)}. Ask more questions."
            raise DesignError(message)
        base, target = panel.stand_for, sample_means(people).value
        answers = np.where(np.isfinite(panel.values), panel.values, sample_means(panel).value)
        ridge = self.ridge if self.ridge >= 0 else best_ridge(answers, target, RIDGES, base=base)
        return mixture(answers.reshape(len(base), -1), target.ravel(), ridge, base), ridge

    def _shares(self, panel: People, people: People) -> Floats:
        """Return weights with which groups have their shares among the people whose attributes are known."""
        groupings = [self.attributes] if self.method == "poststratify" else [(name,) for name in self.attributes]
        groups, shares = zip(*(_groups(panel, people, names) for names in groupings), strict=True)
        weights = rake(groups, shares, panel.stand_for)
        if not np.isfinite(weights).all():
            shares_of = f"the human shares of {', '.join(self.attributes)}"
            message = f"reweight: the personas cannot be weighted to match {shares_of}. Use fewer attributes."
            raise DesignError(message)
        return weights

    def numbers(self, panel: People) -> Numbers:
        """Return weighted means; their intervals take the weights as given."""
        return sample_means(self._weighted(panel))

    def _weighted(self, panel: People) -> People:
        """Return the panel with its weights."""
        weights = self._learned.weights
        if unknown := [name for name in panel.ids if name not in weights]:
            message = f'reweight was fitted on a panel without "{unknown[0]}". Fit it on this panel.'
            raise DesignError(message)
        return replace(panel, weights=np.array([weights[name] for name in panel.ids]))

    @property
    def _learned(self) -> Fitted:
        """The learned weights."""
        if self.fitted is None:
            message = "reweight is not fitted. Call fit with answers of the panel and of people."
            raise DesignError(message)
        return self.fitted

    def evidence(self, panel: People) -> Mapping[str, Rows]:
        """Return the number of people it learned from, the worth of the weighted personas, and the weights."""
        learned, weighted = self._learned, self._weighted(panel)
        effect = float(design_effect(weighted.stand_for))
        ridge = None if math.isnan(learned.ridge) else learned.ridge
        row: dict[str, Cell] = {"method": self.method, "humans": learned.humans, "questions": learned.questions, "ridge": ridge}
        row |= {"personas": len(panel.ids), "design effect": effect, "effective personas": len(panel.ids) / effect}
        order = np.argsort(-weighted.stand_for, kind="stable")
        weights = [{"persona": panel.ids[index], "weight": float(weighted.stand_for[index])} for index in order]
        return {"reweighted": [row], "weights": weights}

    def known(self) -> RemedyWorld:
        """Return a world with a panel mostly of town and people half of town; in the null world, people have the panel's composition."""
        scale, places = Ordinal(("no", "yes")), ("town",) * TOWN + ("country",) * COUNTRY
        personas = tuple(
            Persona(f"persona {index}", f"You live in the {place}, number {index}.", {"place": place}) for index, place in enumerate(places)
        )
        items = tuple(Item(f"statement {index}", f"Statement {index}.", scale) for index in range(24))

        def world(request: Request) -> Mapping[str, float]:
            share = _agreeing(request.about["place"], request.about["item"])
            return {"no": 1 - share, "yes": share}

        def human(seed: int, defect: bool) -> Responses:  # noqa: FBT001 (the signature of a remedy world)
            town = PEOPLE * 4 // 8 if defect else PEOPLE * 7 // 8
            people = [(f"person {index}", "town" if index < town else "country") for index in range(PEOPLE)]
            draws = np.random.default_rng(seed).random((PEOPLE, len(items)))
            rows = [
                (person, place, item.id, "yes" if draw < _agreeing(place, item.id) else "no")
                for ((person, place), item), draw in zip(product(people, items), draws.ravel(), strict=True)
            ]
            frame = pl.DataFrame(rows, ["persona", "place", "item", "answer"], orient="row")
            return Responses.read(frame, Columns(attributes=("place",)), scale)

        elicitation = Elicitation(runs=5)
        shares = (np.array([_agreeing(place, item.id) for item in items]) for place in ("town", "country"))
        town, country = (float((share * (1 - share)).mean()) / elicitation.runs for share in shares)  # noise of one persona's number
        before = (3 / 8 * GAP) ** 2 + (TOWN * town + COUNTRY * country) / len(personas) ** 2
        after = (town / TOWN + country / COUNTRY) / 4
        return RemedyWorld("population", personas, items, world, {"error": after - before}, world, elicitation, human)


def _agreeing(place: str, item: str) -> float:
    """Return the share that agrees with a statement in the known world."""
    return 0.4 + 0.05 * (int(item.split()[1]) % 5) + GAP * (0.5 if place == "town" else -0.5)


def _groups(panel: People, people: People, names: Sequence[str]) -> tuple[Ints, Floats]:
    """Return the group of each persona, and the groups' shares among the people whose attributes are known."""
    in_panel, in_people = (list(zip(*(side.attributes[name] for name in names), strict=True)) for side in (panel, people))
    complete = np.array(["" not in values for values in in_people])
    if any("" in values for values in in_panel) or not complete.any():
        incomplete = next((name for name, values in zip(panel.ids, in_panel, strict=True) if "" in values), "")
        who = f'the persona "{incomplete}" lacks them' if complete.any() else "all of the people lack them"
        message = f"reweight needs {' and '.join(names)} of all personas and of people, but {who}. Fill them in."
        raise DesignError(message)
    groups = sorted({*in_panel, *(values for values, known in zip(in_people, complete, strict=True) if known)})
    code = {group: index for index, group in enumerate(groups)}
    codes, weights = np.array([code.get(values, 0) for values in in_people]), np.where(complete, people.stand_for, 0.0)
    shares = sums(codes, weights / weights.sum(), len(groups))
    for group, share in zip(groups, shares, strict=True):
        if share > 0 and group not in set(in_panel):
            message = (
                f"reweight: {share:.0%} of people are {' and '.join(group)}, but no persona is. Add such a persona, or use broader groups."
            )
            raise DesignError(message)
    return np.array([code[values] for values in in_panel]), shares
