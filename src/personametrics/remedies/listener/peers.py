"""Who was asked the same."""

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data.errors import DesignError, options
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Ints


def asked_alike(responses: Responses, given: npt.NDArray[np.bool_], among: str = "") -> list[Ints]:
    """Rows of personas who were asked the same question the same way; the model itself is left out.

    How it was asked is told by the item, the conditions, and those columns that differ within one persona and item; others, such as what
    a persona was to answer, are its own.

    Args:
        responses: one row a persona and question.
        given: (N,) the row holds an answer.
        among: attribute of personas, a column, that must be the same as well; "": none.

    Returns:
        Of each question, its rows, in the order of the table.

    Raises:
        DesignError: one persona has two rows for one question, or there is no column `among`.
    """
    c, frame = responses.columns, responses.frame
    if among and among not in frame.columns:
        message = f'{responses.source} has no column "{among}" of the personas; {options(among, frame.columns, 30)}.'
        raise DesignError(message)
    rows = frame.with_row_index(" row").filter(pl.Series(given) & (pl.col(c.persona).cast(pl.String) != NOBODY))
    more = [name for name in dict.fromkeys((c.run, *c.more)) if name and name not in {c.persona, c.item, *c.condition, among}]
    differs = rows.group_by(c.persona, c.item).agg(pl.col(more).n_unique() > 1).select(pl.col(more).any())
    by = [c.item, *c.condition, *filter(None, [among]), *(name for name in more if differs[name].any())]
    found = rows.group_by(by, maintain_order=True).agg(pl.col(" row"), people=pl.col(c.persona).n_unique())
    if len(twice := found.filter(pl.col(" row").list.len() > pl.col("people"))):
        message = f'{responses.source} gives one persona\'s answer to "{twice[c.item][0]}" in several rows; name the condition or the run.'
        raise DesignError(message)
    return [np.array(some) for some in found[" row"].to_list()]
