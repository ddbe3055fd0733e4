"""The remedy that corrects the panel's error with a small sample of people: prediction-powered inference."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import ClassVar, Literal, Self

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
from personametrics.measures.population import Numbers, People
from personametrics.remedies.rectify.links import LinkedPeople, link_people
from personametrics.stats.inference.design_based import design_based
from personametrics.stats.inference.mixed_subjects import best_split, correlation, effective_size, people_needed
from personametrics.stats.inference.ppi import Rectified, Sample, mean

Method = Literal["ppi++", "ppi", "dsl", "people"]
POWER: Mapping[Method, float | None] = {"ppi++": None, "ppi": 1.0, "people": 0.0}


@dataclass(frozen=True)
class Rectify(Remedy):
    """Estimates of a population from a panel and a few people's answers: unbiased, however bad the panel is.

    People are paired with the personas that have their ids. A person and all simulated people must come from one population, or be
    weighted to one: with a column `weight`, or with `probability` (Angelopoulos and others 2023; Egami and others 2023).

    Attributes:
        method: `ppi++` (λ tuned), `ppi` (λ = 1), `dsl` (design-based pseudo-outcomes) or `people` (λ = 0: the panel is not used).
        strata: attributes of people and personas, if no persona represents a person; then the mean of the stratum is predicted.
        probability: column of the human table with the probability that a person was asked; "": the same for all.
        price: price of a panel answer, in human answers, such as 0.002; with it the best split of the same money is computed.
        fitted: people and predictions that `fit` kept.
    """

    method: Method = "ppi++"
    strata: tuple[str, ...] = ()
    probability: str = ""
    price: float = 0.0
    fitted: LinkedPeople | None = field(default=None, kw_only=True, repr=False, compare=False)
    says: ClassVar[str] = "Estimate the panel's error from a few people, and subtract it from the numbers of the whole panel."
    acts_on: ClassVar[Stage] = "estimates"
    cite: ClassVar[tuple[str, ...]] = ("angelopoulos2023", "angelopoulos2023b", "egami2023", "broska2025")
    splits: ClassVar[Split | None] = "people"

    def __post_init__(self) -> None:
        """Refuse a negative price."""
        super().__post_init__()
        if self.price < 0:
            message = f"rectify.price: {self.price:g} is below 0. Write 0 or more."
            raise StudyError(message)

    def fit(self, responses: Responses, human: Responses | None) -> Self:
        """Return a copy with people's answers, and the panel's predictions of them; see `link_people`."""
        if human is None:
            message = "rectify learns from people's answers, but has none. Give a table of them as human."
            raise DesignError(message)
        fitted = link_people(responses, human, self.strata, self.probability)
        return replace(self, fitted=fitted, seen=frozenset(human.personas.names))

    def numbers(self, panel: People) -> Numbers:
        """Return the answers of the population (I, K)."""
        means = self._means(self._learned.sample(panel))
        return Numbers(means.value, means.variance, means.freedom)

    def evidence(self, panel: People) -> Mapping[str, Rows]:
        """Return the worth of the panel item by item: the number of people alone who give the same precision, at the tuned power λ.

        Further columns: people and personas used, λ, their correlation, people for half the width, and with a price the best split.
        """
        learned = self._learned
        sample = learned.sample(panel)
        power, rho = self._means(sample).power, correlation(sample)
        people, personas = np.isfinite(sample.people + sample.twins).sum(-1), np.isfinite(sample.others).sum(-1)
        rows: list[Mapping[str, Cell]] = []
        for (i, item), (k, part) in product(enumerate(panel.items), enumerate(panel.parts)):
            used: Mapping[str, Cell] = {"people": int(people[i, k]), "personas": int(personas[i, k]), "power": float(power[i, k])}
            worth = self._worth(int(people[i, k]), int(personas[i, k]), float(rho[i, k]))
            rows.append({"item": item, "part": part, **used, "correlation": float(rho[i, k]), **worth})
        tie = "/".join(self.strata) or "id"
        return {
            "rectified": rows,
            "rectified with": [{"people given": learned.given, "people used": len(learned.people.ids), "tied by": tie}],
        }

    def _worth(self, people: int, personas: int, rho: float) -> Mapping[str, Cell]:
        """Return the worth of predictions with this correlation."""
        personas = 0 if self.method == "people" else personas
        worth = float(effective_size(people, personas, rho))
        needed = math.ceil(float(people_needed(4 * worth, personas, rho)) - 1e-9)
        columns: dict[str, Cell] = {"worth": worth, "people for half the width": needed}
        if self.price:
            best = best_split(rho, 1.0, self.price, people + (people + personas) * self.price)
            columns |= {"best people": best.people, "best personas": best.others, "best worth": best.effective}
        return columns

    def rival(self) -> Remedy | None:
        """Return the same people without the panel."""
        return None if self.method == "people" else replace(self, method="people")

    @property
    def _learned(self) -> LinkedPeople:
        """The people that were linked to the panel."""
        if self.fitted is None:
            message = "rectify is not fitted on people's answers. Call fit first."
            raise DesignError(message)
        return self.fitted

    def _means(self, sample: Sample) -> Rectified:
        """Return the means; one λ for all labels of an item, so that shares sum to 1."""
        if self.method != "dsl":
            return mean(sample, POWER[self.method], together=True)
        if sample.other_weights is not None:
            message = "rectify:method=dsl does not use weights of personas. Remove the column of weights, or use another method."
            raise DesignError(message)
        return design_based(sample)

    def known(self) -> RemedyWorld:
        """Return a world in which the panel's mean lies 0.2 of the scale above people's; in the null world both are equal.

        Personas answer 1 or 5, and most people 3. The means of 60 personas and of half of 48 people are equally uncertain, so that
        rectifying changes the error by the squared bias and nothing else.
        """
        personas = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(60))
        scale = Ordinal(("1", "2", "3", "4", "5"))
        items = tuple(Item(f"item {index}", f"Statement {index}.", scale) for index in range(16))
        people = {"1": 0.312, "3": 0.576, "5": 0.112}  # mean .4 and variance .096 = .24 · 24 / 60 on the scale from 0 to 1

        def world(request: Request, *, high: float) -> Mapping[str, float]:  # noqa: ARG001 (all requests have the same answers)
            return {"1": 1 - high, "5": high}

        def human(seed: int, defect: bool) -> Responses:  # noqa: ARG001, FBT001 (people are the same in both worlds)
            draws = np.random.default_rng([1, seed]).choice(list(people), (48, len(items)), p=list(people.values()))
            rows = [(personas[i].id, items[k].id, answer) for (i, k), answer in np.ndenumerate(draws)]
            return Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), scale)

        worlds, change = (partial(world, high=high) for high in (0.6, 0.4)), {"error": -(0.2**2)}
        return RemedyWorld("population", personas, items, next(worlds), change, next(worlds), Elicitation(1), human)
