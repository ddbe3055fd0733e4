"""Which column of a table holds what."""

from dataclasses import dataclass
from typing import Literal

Duplicates = Literal["error", "first", "last", "mean", "runs"]
"""What to do with rows of one persona, item, condition and run: stop, keep one, average them, or take them as further runs."""


@dataclass(frozen=True)
class Columns:
    """Which column holds what.

    Attributes:
        persona: who answers; for human answers, the respondent.
        item: what is asked.
        answer: the answer.
        run: which re-asking of the same prompt; None: rows of one cell are its runs, in order.
        condition: how it was asked; several columns make one condition of their combinations.
        outcome: `answered`, `refused`, `unparsable`, `failed` or `missing`; None: whatever is not missing is answered.
        attributes: of the persona, the same in all of its rows.
        probabilities: instead of `answer`, a column per label with its probability or log-probability.
        more: further columns that a study reads.
    """

    persona: str = "persona"
    item: str = "item"
    answer: str = "answer"
    run: str | None = None
    condition: tuple[str, ...] = ()
    outcome: str | None = None
    attributes: tuple[str, ...] = ()
    probabilities: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    def used(self) -> list[str]:
        """Every column named, once."""
        answer = self.probabilities or (self.answer,)
        some = [self.persona, self.item, *answer, self.run, *self.condition, self.outcome, *self.attributes, *self.more]
        return list(dict.fromkeys(name for name in some if name is not None))
