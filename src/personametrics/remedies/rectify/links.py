"""People tied to simulated people: by their ids, or by the strata that both belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.responses import Responses
from personametrics.measures.population import People, both
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.inference.design_based import stratified
from personametrics.stats.inference.ppi import Sample

FEWEST = 3
"""People who must have answered an item: a mean, its variance and λ are estimated from them."""


@dataclass(frozen=True, eq=False)
class Tied:
    """What some people said, and what was predicted for them.

    Attributes:
        people: their answers.
        twins: what the personas with their ids answered; None: the mean of the panel in their stratum is predicted.
        strata: stratum of each simulated person (0) and person (1), by id.
        weights: (n,) what each person stands for; None: all alike.
        given: people in the table, of whom some may have no twin.
    """

    people: People
    twins: People | None
    strata: tuple[Mapping[str, str], Mapping[str, str]]
    weights: Floats | None
    given: int

    def sample(self, panel: People) -> Sample:
        """(I, K, ·) of the panel's items and parts: people, predictions for them, and those for all other personas.

        Raises:
            DesignError: too few people answered an item, or a persona was not there when they were tied.
        """
        y = _onto(self.people, panel)
        if self.twins is None:
            codes = self._codes(panel)
            sample = stratified(y, codes[1], _onto(panel, panel), codes[0], (self.weights, panel.weights))
        else:
            twins = set(self.twins.ids)
            others = panel.those([at for at, name in enumerate(panel.ids) if name not in twins])
            sample = Sample(y, _onto(self.twins, panel), _onto(others, panel), self.weights, others.weights)
        answered = np.isfinite(sample.people + sample.twins).sum(-1)[:, 0]
        if (answered < FEWEST).any():
            item = panel.items[int(answered.argmin())]
            message = f'{answered.min()} of the people to learn from answered "{item}"; {FEWEST} or more must, or leave it out.'
            raise DesignError(message)
        return sample

    def _codes(self, panel: People) -> tuple[Ints, Ints]:
        """Stratum of each persona of a panel and of each person, as numbers."""
        try:
            named = [[self.strata[side][name] for name in one.ids] for side, one in enumerate((panel, self.people))]
        except KeyError as error:
            message = f"The persona {error} was not there when people were tied to the panel; fit the remedy anew."
            raise DesignError(message) from None
        place = {name: at for at, name in enumerate(sorted(set(named[0])))}
        if lost := sorted(set(named[1]) - set(place)):
            raise DesignError(_no_persona(lost[0]))
        return np.array([place[name] for name in named[0]], np.int64), np.array([place[name] for name in named[1]], np.int64)


def tied(responses: Responses, human: Responses, strata: Sequence[str] = (), probability: str = "") -> Tied:
    """Tie people to a panel.

    Args:
        responses: of the panel.
        human: people's answers.
        strata: attributes of both; none: ids tie.
        probability: column of the human table with the probability that somebody was asked; "": the same for all.

    Raises:
        DesignError: neither ids nor strata tie anybody, somebody lacks an attribute, or a probability is none; or as `both`.
        ColumnError: there is no such attribute; or as `both`.
    """
    panel, people = both(responses, human)
    place = {name: at for at, name in enumerate(panel.ids)}
    used = people if strata else people.those([at for at, name in enumerate(people.ids) if name in place])
    if not used.ids:
        message = (
            f'Nothing ties the people of {human.source} ("{people.ids[0]}") to the personas of {responses.source} ("{panel.ids[0]}"): give '
            "personas the ids of the people they stand for, or name attributes that both have, as rectify:strata=age/region."
        )
        raise DesignError(message)
    twins = None if strata else panel.those([place[name] for name in used.ids])
    both_strata = (_strata(responses, panel, strata), _strata(human, people, strata))
    if lost := sorted(set(both_strata[1].values()) - set(both_strata[0].values())):
        raise DesignError(_no_persona(lost[0]))
    return Tied(used, twins, both_strata, _weights(used, human, probability), len(people.ids))


def _no_persona(stratum: str) -> str:
    return f'No persona is "{stratum}", so that nothing predicts such people; add some, or use fewer strata.'


def _strata(side: Responses, people: People, names: Sequence[str]) -> dict[str, str]:
    """Stratum of everybody."""
    known = [side.attribute(name) for name in names]
    if lost := [name for name in people.ids if not all(one.get(name) for one in known)]:
        message = f'{side.source}: "{lost[0]}" lacks one of the attributes {", ".join(names)}; fill it in, or leave them out.'
        raise DesignError(message)
    return {name: " / ".join(one[name] for one in known) for name in people.ids} if known else {}


def _weights(people: People, human: Responses, probability: str) -> Floats | None:
    """What each stands for: the column `weight`, over the probability of having been asked."""
    if not probability:
        return people.weights
    told = human.attribute(probability)
    chance = pl.Series([told.get(name) for name in people.ids], dtype=pl.String).cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    if not ((chance > 0) & (chance <= 1)).all():
        message = f'{human.source}, column "{probability}": a probability lies above 0 and not above 1, for everybody.'
        raise DesignError(message)
    return np.asarray(people.stand_for / chance)


def _onto(people: People, panel: People) -> Floats:
    """(I, K, P) values for the items and parts of a panel; labels that nobody here knows have a share of 0.

    Raises:
        DesignError: an item was not asked.
    """
    if lost := [name for name in panel.items if name not in set(people.items)]:
        message = f'None of the people to learn from answered "{lost[0]}"; {FEWEST} or more must, or leave it out.'
        raise DesignError(message)
    found = people.on(panel.items)
    nothing = np.where(found.asked, 0.0, np.nan)
    columns = [found.values[..., found.parts.index(part)] if part in found.parts else nothing for part in panel.parts]
    return np.stack(columns, -1).transpose(1, 2, 0)
