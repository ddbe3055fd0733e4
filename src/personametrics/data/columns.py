"""The roles of the columns of a table of answers."""

from dataclasses import dataclass
from typing import Literal

Duplicates = Literal["error", "first", "last", "mean", "runs"]
"""The treatment of rows of one persona, item, condition and run: raise an error, keep one, average them, or count them as further runs."""


@dataclass(frozen=True)
class Columns:
    """The names of the columns, by their role.

    Attributes:
        persona: column of the persona; for people's answers, of the respondent.
        item: column of the item.
        answer: column of the answer.
        run: column of the retest of the same prompt; None: rows of one cell are its runs, in order.
        condition: columns of how the item was asked; the combinations of several columns are the conditions.
        outcome: column with `answered`, `refused`, `unparsable`, `failed` or `missing`; None: every row with an answer is answered.
        attributes: columns of properties of the persona, constant over its rows.
        probabilities: one column for each label with its probability or log-probability, in place of `answer`.
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
        """Return the names of all columns, each once."""
        answer = self.probabilities or (self.answer,)
        names = [self.persona, self.item, *answer, self.run, *self.condition, self.outcome, *self.attributes, *self.more]
        return list(dict.fromkeys(name for name in names if name is not None))
