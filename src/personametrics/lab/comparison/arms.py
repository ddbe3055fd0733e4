"""Answers without a remedy and with it, and the half that it learns from kept apart from the half that it is judged on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.remedy import Remedy
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Study
from personametrics.lab.comparison.differences import Arm
from personametrics.lab.members import name_of

IDENTITY = "identity"
"""Column of a persona's side, in studies of how sides differ."""


@dataclass(frozen=True)
class Asked:
    """Answers to a study as they came, without a remedy and with one.

    Attributes:
        study: with people's answers where it compares with them.
        remedy: knobs set, fitted or not.
        plain: answers without it.
        treated: answers to what it had asked; the same where it acts later.
        group: within what personas are compared for their spread; "": within sides where the study reads an `identity`, else all of them.
        called: the remedy in sentences; "": by its name.
    """

    study: Study
    remedy: Remedy
    plain: Responses
    treated: Responses
    group: str = ""
    called: str = ""

    def arms(self) -> tuple[Arm, Arm]:
        """Without and with the remedy; what it learns from is one half, drawn, and both arms are read on the other.

        Raises:
            DesignError: there is nothing to learn from, or it was fitted on what would be read here.
        """
        known, people = self, people_of(self.study)
        if self.remedy.splits == "people" and people is None:
            message = f"{name_of(self.remedy)} learns from people's answers, and there are none; give a table of them as human."
            raise DesignError(message)
        if self.remedy.splits == "items":
            names: Sequence[str] = self.treated.items.names
        else:
            names = people.personas.names if self.remedy.splits and people else ()
        if both := self.remedy.seen & set(names):
            message = (
                f"{name_of(self.remedy)} was fitted on {self.remedy.splits} that would be read here, such as {min(both)}; leave them out."
            )
            raise DesignError(message)
        if self.remedy.splits and not self.remedy.seen:
            known = self._fitted(names, people)
        group = self.group or (IDENTITY if IDENTITY in self.study.reads else "")  # between sides, spread is what such a study calls a bias
        return Arm(known.study, known.plain, group), Arm(known.remedy.estimates(known.study), known.remedy.responses(known.treated), group)

    def _fitted(self, names: Sequence[str], people: Responses | None) -> "Asked":
        """The remedy fitted on one half of the names, everything else without it."""
        half = np.random.default_rng(0).permutation(len(names))[: len(names) // 2]
        learned = frozenset(names[at] for at in half)
        by_items = self.remedy.splits == "items"
        answers = only(self.treated, learned) if by_items else self.treated
        human = None if people is None else only(people, learned, items=by_items)
        study: Any = self.study
        if people is not None:
            study = replace(study, human=only(people, learned, items=by_items, out=True))
        rest = [only(one, learned, out=True) if by_items else one for one in (self.plain, self.treated)]
        return Asked(study, replace(self.remedy.fit(answers, human), seen=learned), rest[0], rest[1], self.group)

    @property
    def learned_from(self) -> str:
        """How many of what the remedy learns from, in words; "" where it learns nothing."""
        if not self.remedy.splits:
            return ""
        if self.remedy.seen:
            return f"fitted before, on {len(self.remedy.seen)} other {self.remedy.splits}"
        people = people_of(self.study)
        names = self.treated.items.names if self.remedy.splits == "items" else people.personas.names if people else ()
        return f"fitted on {len(names) // 2} of {len(names)} {self.remedy.splits}, read on the others"


def on_one_scale(asked: Asked) -> Asked:
    """Numbers whose scale names no labels, on all that occur in either arm: each on its own would seem to reach from end to end."""
    both = asked.plain, asked.treated
    if any(one.scale != Ordinal() or one.columns.probabilities for one in both):
        return asked
    try:
        labels = {label for one in both if one.labelled for label in one.labelled.labels}
    except AnswerError:  # no numbers: the study says so, where it reads them as such
        return asked
    scale = Ordinal(tuple(sorted(labels, key=float)))
    return replace(asked, plain=replace(asked.plain, scale=scale), treated=replace(asked.treated, scale=scale))


def people_of(study: Study) -> Responses | None:
    """People's answers, of a study that compares with them."""
    found: Responses | None = getattr(study, "human", None)
    return found


def only(responses: Responses, names: Iterable[str], *, items: bool = True, out: bool = False) -> Responses:
    """Rows of some items or people, or of all others."""
    column = responses.columns.item if items else responses.columns.persona
    there = pl.col(column).cast(pl.String).is_in(list(names))
    return responses.only(~there if out else there)
