"""The door: ask a model without a remedy and with it, and say what changed and at what price."""

import asyncio
from typing import Any, Unpack

from personametrics.data.model import Model
from personametrics.data.remedy import Remedy
from personametrics.data.study import Study
from personametrics.elicit.engine import Terms
from personametrics.lab.comparison.trial import Comparison, Options, Trial
from personametrics.models.named import named


def compare(
    study: Study | str, model: Model | str, remedy: Remedy | str, personas: Any = None, items: Any = None, **options: Unpack[Options]
) -> Comparison:
    """Ask a model without a remedy and with it; in a notebook, await `personametrics.lab.compare.acompare` instead.

    Args:
        study: that shows the defect, by name or with its knobs.
        model: a model string or a model, as for `audit`.
        remedy: one of `personametrics remedies` by its name, several as `spell_out+average:k=3`, or with its knobs.
        personas: a path, a table or `Persona`s; None: those that come with the library, unvalidated.
        items: a path, a table or `Item`s; None: as above.
        options: out, asking, human, group, beside, cast: see `Options`.

    Raises:
        InputError: the study or the remedy cannot be asked, or too little came back.
        RunError: the run directory is in use, or of another model.
        ModelError: the model answers nothing.
    """
    return asyncio.run(acompare(study, model, remedy, personas, items, **options))


async def acompare(
    study: Study | str, model: Model | str, remedy: Remedy | str, personas: Any = None, items: Any = None, **options: Unpack[Options]
) -> Comparison:
    """`compare`, where an event loop runs already."""
    opened = named(model) if isinstance(model, str) else model
    trial = Trial.opened(study, opened, remedy, personas, items, **options)
    await trial.ask(Terms())
    return trial.comparison
