"""The door of comparisons: ask a model without a remedy and with it, and say what changed and at what price."""

from typing import Any

from personametrics.data.model import Model
from personametrics.data.remedy import Remedy
from personametrics.data.study import Responses, Study
from personametrics.lab import members
from personametrics.lab.comparison.trial import Comparison, Trial
from personametrics.lab.run import session_of
from personametrics.lab.session import wait_for
from personametrics.lab.task import Task


def compare(
    study: Study | str, model: Model | str, remedy: Remedy | str, personas: Any = None, items: Any = None, **settings: Any
) -> Comparison:
    """Ask a model without a remedy and with it, and say what changed; works in a notebook too.

    Args:
        study: one of `personametrics studies` by its name, or a study with its knobs.
        model: a model string or a model, as for `audit`.
        remedy: one of `personametrics remedies` by its name, or a remedy with its knobs.
        personas: a path, a table or `Persona`s; None: bundled ones, which nobody has validated.
        items: a path, a table or `Item`s; None: as above.
        settings: every key of a study file, as for `run`; and `human`: people's answers, for remedies that learn from them and studies that
            compare with them; `group`: attribute of personas within whose values their spread is watched; `also`: names of other studies
            that are checked for side effects.

    Raises:
        InputError: the study cannot be asked, or too few answers came back.
        RunError: the run directory is in use, or of another model.
        ModelError: the model answers nothing.
    """
    return wait_for(acompare(study, model, remedy, personas, items, **settings))


async def acompare(
    study: Study | str, model: Model | str, remedy: Remedy | str, personas: Any = None, items: Any = None, **settings: Any
) -> Comparison:
    """Do what `compare` does; to be awaited."""
    trial = trial_of(study, model, remedy, personas, items, **settings)
    await trial.ask()
    return trial.comparison


def trial_of(
    study: Study | str, model: Model | str, remedy: Remedy | str, personas: Any = None, items: Any = None, **settings: Any
) -> Trial:
    """Return the trial that `compare` asks."""
    chosen = members.study(study) if isinstance(study, str) else study
    if isinstance(human := settings.get("human"), Responses):
        chosen = members.with_people(chosen, human)
        del settings["human"]
    changed = members.remedy(remedy) if isinstance(remedy, str) else remedy
    group, also = settings.pop("group", ""), settings.pop("also", ())
    out = f"compare-{members.name_of(chosen)}-{members.name_of(changed)}"
    session = session_of(chosen, model, personas, items, **{"out": out, **settings})
    return Trial.planned(session, Task.of(session, session.with_people(chosen)), changed, group, also)
