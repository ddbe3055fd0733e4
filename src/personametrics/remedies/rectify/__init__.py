"""Prediction-powered inference: a small sample of people takes the panel's error off."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, ClassVar, Literal, Self, get_args

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
from personametrics.measures.population import Numbers, People
from personametrics.remedies.rectify.links import Tied, tied
from personametrics.stats.inference.design_based import design_based
from personametrics.stats.inference.mixed_subjects import best_split, correlation, effective_size, people_needed
from personametrics.stats.inference.ppi import Rectified, Sample, mean

Method = Literal["ppi++", "ppi", "dsl", "people"]
POWER: Mapping[Method, float | None] = {"ppi++": None, "ppi": 1.0, "people": 0.0}


@dataclass(frozen=True)
class Rectify(Remedy):
    """Estimates of a population from a panel and a few people's answers: unbiased, however bad the panel is.

    People are paired with the personas that have their ids. A person and all simulated people must come from one population, or be weighted
    so: a column `weight` among the human table's columns, or `probability`, does it.

    Attributes:
        method: `ppi++` (λ tuned), `ppi` (λ = 1), `dsl` (design-based pseudo-outcomes) or `people` (λ = 0: the panel is not used).
        strata: attributes that people and personas share, for when no persona stands for a person: predicted is then the stratum's mean.
        probability: column of the human table with the probability that somebody of their kind was asked; "": the same for all.
        price: of an answer of the panel, in people's answers, such as 0.002; with it the best split of the same money is worked out.
        fitted: what it learned.
    """

    method: Method = "ppi++"
    strata: tuple[str, ...] = ()
    probability: str = ""
    price: float = 0.0
    fitted: Tied | None = field(default=None, kw_only=True, repr=False, compare=False)
    says: ClassVar[str] = "Take the panel's error, as a few people show it, off what the whole panel says."
    acts_on: ClassVar[Stage] = "estimates"
    cite: ClassVar[tuple[str, ...]] = ("angelopoulos2023", "angelopoulos2023b", "egami2023", "broska2025")
    splits: ClassVar[Split | None] = "people"

    def __post_init__(self) -> None:
        """Refuse methods and prices that are none."""
        if self.method not in get_args(Method) or self.price < 0:
            message = f"rectify: price is 0 or more, not {self.price:g}; method is {options(self.method, get_args(Method))}."
            raise StudyError(message)

    def fit(self, responses: Responses, human: Responses | None) -> Self:
        """Keep what people said, and what the panel said in their place.

        Raises:
            DesignError: there are no people, or neither ids nor strata tie them to the panel; see `tied`.
        """
        if human is None:
            message = "rectify learns from people's answers, and there are none; give a table of them as human."
            raise DesignError(message)
        return replace(self, fitted=tied(responses, human, self.strata, self.probability), seen=frozenset(human.personas.names))

    def estimates(self, study: Study) -> Study:
        """The study, with this as its estimator.

        Raises:
            DesignError: it states no numbers about people.
        """
        found: Any = study
        if "estimator" not in {one.name for one in fields(found)}:
            name = type(study).__module__.rpartition(".")[2]
            message = f"{name} states no numbers about people; rectify changes those of the study population."
            raise DesignError(message)
        return replace(found, estimator=self)  # type: ignore[no-any-return]

    def numbers(self, panel: People) -> Numbers:
        """(I, K) what the population answers.

        Raises:
            DesignError: it was not fitted, or too few people answered an item.
        """
        found = self._estimated(self._learned.sample(panel))
        return Numbers(found.value, found.variance, found.freedom)

    def evidence(self, panel: People) -> Mapping[str, Rows]:
        """What the panel is worth in people, item by item.

        Columns: people and personas used, power λ, correlation ρ of the two, worth (people alone who would tell as much, at the tuned λ),
        people who would have to answer for an interval of half the width, and with a price the best split of the same money.
        """
        learned = self._learned
        sample = learned.sample(panel)
        power, rho = self._estimated(sample).power, correlation(sample)
        counts = np.isfinite(sample.people + sample.twins).sum(-1), np.isfinite(sample.others).sum(-1)
        rows: list[Mapping[str, Cell]] = []
        for at, item in enumerate(panel.items):
            for k, part in enumerate(panel.parts):
                people, others, r = int(counts[0][at, k]), int(counts[1][at, k]), float(rho[at, k])
                said: Mapping[str, Cell] = {"item": item, "part": part, "people": people, "personas": others, "power": float(power[at, k])}
                rows.append({**said, "correlation": r, **self._worth(people, others, r)})
        used: Rows = [{"people given": learned.given, "people used": len(learned.people.ids), "tied by": "/".join(self.strata) or "id"}]
        return {"rectified": rows, "rectified with": used}

    def _worth(self, people: int, others: int, rho: float) -> Mapping[str, Cell]:
        """What predictions of this correlation are worth."""
        others = 0 if self.method == "people" else others
        worth = float(effective_size(people, others, rho))
        needed = math.ceil(float(people_needed(4 * worth, others, rho)) - 1e-9)
        found: dict[str, Cell] = {"worth": worth, "people for half the width": needed}
        if self.price:
            best = best_split(rho, 1.0, self.price, people + (people + others) * self.price)
            found |= {"best people": best.people, "best personas": best.others, "best worth": best.effective}
        return found

    def rival(self) -> Remedy | None:
        """The same people without the panel."""
        return None if self.method == "people" else replace(self, method="people")

    @property
    def _learned(self) -> Tied:
        if self.fitted is None:
            message = "rectify has not been fitted on people's answers; call fit first."
            raise DesignError(message)
        return self.fitted

    def _estimated(self, sample: Sample) -> Rectified:
        """The means; one λ for all labels of an item, so that shares sum to 1."""
        if self.method != "dsl":
            return mean(sample, POWER[self.method], together=True)
        if sample.stands is not None:
            message = "rectify:method=dsl knows no weights of personas; drop that column, or use another method."
            raise DesignError(message)
        return design_based(sample)

    def known(self) -> RemedyWorld:
        """Personas say 1 or 5, people mostly 3; the panel's mean lies .2 of the scale above people's, and in the other world on it.

        60 personas and half of 48 people are equally uncertain, so that rectifying changes the error by the squared bias and nothing else.
        """
        personas = tuple(Persona(f"person {at}", f"You are person {at}.") for at in range(60))
        scale = Ordinal(("1", "2", "3", "4", "5"))
        items = tuple(Item(f"item {at}", f"Statement {at}.", scale) for at in range(16))
        people = {"1": 0.312, "3": 0.576, "5": 0.112}  # mean .4 and variance .096 = .24 · 24 / 60 on the scale from 0 to 1

        def answer(request: Request, *, high: float) -> Mapping[str, float]:  # noqa: ARG001 (whoever is asked whatever)
            return {"1": 1 - high, "5": high}

        def human(seed: int, defect: bool) -> Responses:  # noqa: ARG001, FBT001 (people are the same in both worlds)
            said = np.random.default_rng([1, seed]).choice(list(people), (48, len(items)), p=list(people.values()))
            rows = [(personas[at].id, item.id, said[at, what]) for at in range(len(said)) for what, item in enumerate(items)]
            return Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), scale)

        change = {"error": -(0.2**2)}
        return RemedyWorld(
            "population", personas, items, partial(answer, high=0.6), change, partial(answer, high=0.4), Elicitation(1), human
        )
