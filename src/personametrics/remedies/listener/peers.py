"""The rows of personas that were asked the same question."""

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data.errors import DesignError, options
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Ints


def question_rows(responses: Responses, given: npt.NDArray[np.bool_], among: str = "") -> list[Ints]:
    """Return the rows of personas that were asked the same question in the same way; rows without a persona are left out.

    The way of asking is given by the item, the conditions, and those columns that differ within one persona and item; other columns, such
    as the target of a persona, belong to the persona.

    Args:
        responses: one row for each persona and question.
        given: (N,) True for rows with an answer.
        among: attribute of personas, a column, that must be the same as well; "": none.

    Returns:
        The rows of each question, in the order of the table.

    Raises:
        DesignError: a persona has two rows for one question, or the column `among` is missing.
    """
    c, frame = responses.columns, responses.frame
    if among and among not in frame.columns:
        message = f'{responses.source} has no column "{among}" of the personas. {options(among, frame.columns, 30)}.'
        raise DesignError(message)
    rows = frame.with_row_index(" row").filter(pl.Series(given) & (pl.col(c.persona).cast(pl.String) != NOBODY))
    more = [name for name in dict.fromkeys((c.run, *c.more)) if name and name not in {c.persona, c.item, *c.condition, among}]
    differs = rows.group_by(c.persona, c.item).agg(pl.col(more).n_unique() > 1).select(pl.col(more).any())
    by = [c.item, *c.condition, *filter(None, [among]), *(name for name in more if differs[name].any())]
    questions = rows.group_by(by, maintain_order=True).agg(pl.col(" row"), personas=pl.col(c.persona).n_unique())
    if len(repeated := questions.filter(pl.col(" row").list.len() > pl.col("personas"))):
        problem = f'one persona has several rows for the question "{repeated[c.item][0]}"'
        message = f"{responses.source}: {problem}. Name the column of the condition or of the run."
        raise DesignError(message)
    return [np.array(rows) for rows in questions[" row"].to_list()]
