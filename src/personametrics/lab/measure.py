"""The door of recorded answers: from a table to a card."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from personametrics.data.card import Card
from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Scale, parse_scale
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.stability import Stability
from personametrics.version import __version__


def measure(
    responses: Any,
    columns: Columns | None = None,
    scale: Scale | str = "ordinal",
    *,
    human: Fidelity | None = None,
    study: Stability | None = None,
    title: str = "",
) -> Card:
    """Say what recorded answers of a persona panel may be used for.

    Args:
        responses: a path, a Polars, pandas or Arrow table with one answer a row, or `Responses` that were read before.
        columns: which column holds what; not for `Responses`.
        scale: how answers are read, as for `parse_scale`; not for `Responses`.
        human: answers of people to compare with, and how groups match.
        study: knobs of the measurement, such as level, target reliability and price per call.
        title: of the card; by default the name of the source.

    Returns:
        The card: the finding of `stability`, and with human answers that of `fidelity`.

    Raises:
        InputError: the answers cannot be used; the message names place and fix.

    Examples:
        >>> import polars as pl
        >>> rows = [(p, i, r, (3 * p + i + r // 2) % 5) for p in range(6) for i in range(5) for r in range(3)]
        >>> frame = pl.DataFrame(rows, schema=["persona", "item", "run", "answer"], orient="row")
        >>> card = measure(frame, Columns(run="run"))
        >>> card["signal"].n
        90
    """
    if not isinstance(responses, Responses):
        responses = Responses.read(responses, columns, parse_scale(scale) if isinstance(scale, str) else scale)
    study = study or Stability()
    findings = [study.estimate(responses)]
    if human is not None:
        findings.append(human.estimate(responses))
    return Card(title or responses.source, tuple(findings), _provenance(responses, human, study))


def _provenance(responses: Responses, human: Fidelity | None, study: Stability) -> Mapping[str, Any]:
    """Return the source, the reading and the settings of a measurement, so that it can be repeated."""
    scale = responses.labelled or responses.coded.scale
    return {
        "answers": responses.source,
        "rows": len(responses.frame),
        "personas": len(responses.personas.names),
        "items": len(responses.items.names),
        "conditions": 1 if responses.conditions is None else len(responses.conditions.names),
        "columns": {name: value for name, value in vars(responses.columns).items() if value},
        "scale": {"kind": type(scale).__name__.lower(), "labels": list(getattr(scale, "labels", ()))},
        "missing": list(responses.missing),
        "human": None if human is None or human.human is None else {"answers": human.human.source, "match": dict(human.match)},
        "study": {name: value for name, value in vars(study).items() if value is not None},
        "versions": versions(),
    }


def versions() -> Mapping[str, str]:
    """Return the versions of this library and of those that its numbers depend on."""
    return {"personametrics": __version__, "python": platform.python_version(), "numpy": np.__version__, "polars": pl.__version__}
