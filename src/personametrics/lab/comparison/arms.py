"""The answers of two arms, and the half on which a remedy is fitted held out from the half on which it is evaluated."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError, ensure
from personametrics.data.remedy import Remedy, Split
from personametrics.data.study import Ordinal, Responses, Study
from personametrics.lab.comparison.differences import Arm
from personametrics.lab.members import name_of


@dataclass(frozen=True)
class ArmPair:
    """Answers to a study as they came, without a remedy and with one.

    Attributes:
        study: the study, with people's answers if it compares with them.
        remedy: the remedy, fitted or not.
        plain: answers without the remedy.
        treated: answers to the requests of the remedy; the same as `plain` where it acts later.
        group: column within whose values personas are compared for their spread; "": that of the study.
        called: name of the remedy in sentences; "": its name and knobs.
    """

    study: Study
    remedy: Remedy
    plain: Responses
    treated: Responses
    group: str = ""
    called: str = ""

    def arms(self) -> tuple[Arm, Arm]:
        """Return the arms without and with the remedy; one that learns is fitted on a drawn half, and both arms hold the other half."""
        require_people(self.remedy, self.study)
        if both := self.remedy.seen & set(self._learnable):
            message = (
                f"{name_of(self.remedy)} was fitted on {self.remedy.splits} of these answers, such as {min(both)}. "
                "Leave these out, or fit the remedy on others."
            )
            raise DesignError(message)
        pair = self._fitted(self.remedy.splits) if self.remedy.splits and not self.remedy.seen else self
        group = self.group or self.study.spread_group
        treated = pair.remedy.responses(pair.treated)
        return Arm(pair.study, pair.plain, group), Arm(pair.remedy.estimates(pair.study), treated, group)

    def _fitted(self, split: Split) -> "ArmPair":
        """Return the pair with the remedy fitted on one half of the names, and everything else without that half."""
        names, human = self._learnable, self.study.human
        learned = frozenset(names[index] for index in np.random.default_rng(0).permutation(len(names))[: len(names) // 2])
        answers = keep_names(self.treated, learned, "items") if split == "items" else self.treated
        teachers = None if human is None else keep_names(human, learned, split)
        study = self.study if human is None else self.study.set(human=drop_names(human, learned, split))
        rest = [drop_names(arm, learned, split) if split == "items" else arm for arm in (self.plain, self.treated)]
        return replace(self, study=study, remedy=replace(self.remedy.fit(answers, teachers), seen=learned), plain=rest[0], treated=rest[1])

    @property
    def _learnable(self) -> tuple[str, ...]:
        """The names of the items or people from which the remedy learns; none where it learns nothing."""
        if self.remedy.splits == "items":
            return self.treated.items.names
        return self.study.human.personas.names if self.remedy.splits == "people" and self.study.human else ()

    @property
    def learned_from(self) -> str:
        """The number of items or people on which the remedy was fitted, in words; "" where it learns nothing."""
        if not self.remedy.splits:
            return ""
        if self.remedy.seen:
            return f"fitted before, on {len(self.remedy.seen)} other {self.remedy.splits}"
        number = len(self._learnable)
        return f"fitted on {number // 2} of {number} {self.remedy.splits}, and evaluated on the others"


def require_people(remedy: Remedy, study: Study) -> None:
    """Refuse a remedy that learns from people's answers if the study has none."""
    message = f"{name_of(remedy)} learns from people's answers, but none are given. Give a table of them as human."
    ensure(remedy.splits != "people" or study.human is not None, message)


def share_scale(pair: ArmPair) -> ArmPair:
    """Return a pair on one scale: numbers without declared labels get the labels of both arms, so that their ends are the same."""
    both = pair.plain, pair.treated
    if any(arm.scale != Ordinal() or arm.columns.probabilities for arm in both):
        return pair
    try:
        labels = {label for arm in both if arm.labelled for label in arm.labelled.labels}
    except AnswerError:  # not numbers: the study says so where it reads them
        return pair
    scale = Ordinal(tuple(sorted(labels, key=float)))
    return replace(pair, plain=replace(pair.plain, scale=scale), treated=replace(pair.treated, scale=scale))


def keep_names(responses: Responses, names: Iterable[str], split: Split) -> Responses:
    """Return the answers to some items, or of some people."""
    return responses.only(_names(responses, names, split), f"some {split}")


def drop_names(responses: Responses, names: Iterable[str], split: Split) -> Responses:
    """Return the answers without some items, or some people."""
    return responses.only(~_names(responses, names, split), f"without some {split}")


def _names(responses: Responses, names: Iterable[str], split: Split) -> pl.Expr:
    """Return the condition that a row belongs to some items or people."""
    column = responses.columns.item if split == "items" else responses.columns.persona
    return pl.col(column).cast(pl.String).is_in(list(names))
