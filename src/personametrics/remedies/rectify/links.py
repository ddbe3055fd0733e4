"""Links between people and simulated people: by their ids, or by strata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.responses import Responses
from personametrics.measures.population import People, panel_and_people
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.inference.design_based import stratified
from personametrics.stats.inference.ppi import Sample

FEWEST = 3
"""Smallest number of people with an answer to an item; a mean, its variance and λ are estimated from them."""


@dataclass(frozen=True, eq=False)
class LinkedPeople:
    """The answers of some people, of the number `given`, and the predictions of them.

    The twins are the answers of the personas with their ids; without twins, the mean of the panel in a person's stratum is the prediction.
    The strata are those of each simulated person (0) and person (1), by id; the weights are (n,), None if all are equal.
    """

    people: People
    twins: People | None
    strata: tuple[Mapping[str, str], Mapping[str, str]]
    weights: Floats | None
    given: int

    def sample(self, panel: People) -> Sample:
        """Return people, their predictions, and the predictions of all other personas, (I, K, ·) for the panel's items and parts."""
        y = _onto(self.people, panel)
        if self.twins is None:
            panel_codes, people_codes = self._codes(panel)
            sample = stratified(y, people_codes, _onto(panel, panel), panel_codes, (self.weights, panel.weights))
        else:
            twins = set(self.twins.ids)
            others = panel.select([index for index, name in enumerate(panel.ids) if name not in twins])
            sample = Sample(y, _onto(self.twins, panel), _onto(others, panel), self.weights, others.weights)
        answered = np.isfinite(sample.people + sample.twins).sum(-1)[:, 0]
        if (answered < FEWEST).any():
            item = panel.items[int(answered.argmin())]
            message = f'Only {answered.min()} of the people to learn from answered "{item}". Ask {FEWEST} or more, or leave the item out.'
            raise DesignError(message)
        return sample

    def _codes(self, panel: People) -> tuple[Ints, Ints]:
        """Return the strata of the personas of a panel and of the people, as codes."""
        try:
            strata = [[self.strata[side][name] for name in group.ids] for side, group in enumerate((panel, self.people))]
        except KeyError as error:
            message = f"The persona {error} is not in the panel to which people were linked. Fit the remedy again."
            raise DesignError(message) from None
        code = {stratum: index for index, stratum in enumerate(sorted(set(strata[0])))}
        if missing := sorted(set(strata[1]) - set(code)):
            raise DesignError(_no_persona(missing[0]))
        return np.array([code[stratum] for stratum in strata[0]], np.int64), np.array([code[stratum] for stratum in strata[1]], np.int64)


def link_people(responses: Responses, human: Responses, strata: Sequence[str] = (), probability: str = "") -> LinkedPeople:
    """Link people to a panel, by strata (attributes of both) or by ids; a column may give the probability that a person was asked."""
    panel, people = panel_and_people(responses, human)
    place = {name: index for index, name in enumerate(panel.ids)}
    used = people if strata else people.select([index for index, name in enumerate(people.ids) if name in place])
    if not used.ids:
        message = (
            f'The people of {human.source} ("{people.ids[0]}") are not linked to the personas of {responses.source} ("{panel.ids[0]}"). '
            "Give personas the ids of the people they represent, or name attributes that both have, as in rectify:strata=age/region."
        )
        raise DesignError(message)
    twins = None if strata else panel.select([place[name] for name in used.ids])
    strata_of = (_strata(responses, panel, strata), _strata(human, people, strata))
    if missing := sorted(set(strata_of[1].values()) - set(strata_of[0].values())):
        raise DesignError(_no_persona(missing[0]))
    return LinkedPeople(used, twins, strata_of, _weights(used, human, probability), len(people.ids))


def _no_persona(stratum: str) -> str:
    """Return the message about a stratum without personas."""
    return f'No persona is in the stratum "{stratum}", so the people in it cannot be predicted. Add personas, or use fewer strata.'


def _strata(side: Responses, people: People, names: Sequence[str]) -> dict[str, str]:
    """Return the stratum of each person."""
    attributes = [side.attribute(name) for name in names]
    if incomplete := [name for name in people.ids if not all(attribute.get(name) for attribute in attributes)]:
        message = f'{side.source}: "{incomplete[0]}" lacks one of the attributes {", ".join(names)}. Fill it in, or leave the row out.'
        raise DesignError(message)
    return {name: " / ".join(attribute[name] for attribute in attributes) for name in people.ids} if attributes else {}


def _weights(people: People, human: Responses, probability: str) -> Floats | None:
    """Return the weight of each person: the column `weight`, divided by the probability of having been asked."""
    if not probability:
        return people.weights
    texts = pl.Series(map(human.attribute(probability).get, people.ids), dtype=pl.String)
    chance = texts.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    if not ((chance > 0) & (chance <= 1)).all():
        message = (
            f'{human.source}, column "{probability}": a probability is missing or outside 0 to 1. Give each person a probability above 0.'
        )
        raise DesignError(message)
    return np.asarray(people.stand_for / chance)


def _onto(people: People, panel: People) -> Floats:
    """Return values (I, K, P) for the items and parts of a panel; labels that none of these people gave have a share of 0."""
    if missing := [name for name in panel.items if name not in set(people.items)]:
        message = f'No person to learn from answered "{missing[0]}". Ask {FEWEST} or more, or leave the item out.'
        raise DesignError(message)
    on_panel = people.on_items(panel.items)
    zero = np.where(on_panel.asked, 0.0, np.nan)
    columns = [on_panel.values[..., on_panel.parts.index(part)] if part in on_panel.parts else zero for part in panel.parts]
    return np.stack(columns, -1).transpose(1, 2, 0)
