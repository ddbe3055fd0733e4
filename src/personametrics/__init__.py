"""Psychometrics for simulated people: measure a persona panel before you trust it."""

from typing import TYPE_CHECKING

from personametrics.loader import lazy_attributes

if TYPE_CHECKING:
    from personametrics import remedies, report, stats, studies
    from personametrics.data.card import Card
    from personametrics.data.citations import citations
    from personametrics.data.columns import Columns
    from personametrics.data.errors import InputError, PersonametricsError
    from personametrics.data.estimate import Estimate, EstimateStatus, Name
    from personametrics.data.finding import Finding, Verdict
    from personametrics.data.item import Item
    from personametrics.data.notice import Notice
    from personametrics.data.outcome import ReplyOutcome
    from personametrics.data.persona import Persona
    from personametrics.data.remedy import Remedy, RemedyWorld
    from personametrics.data.request import Request, Sampling
    from personametrics.data.responses import Responses
    from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, parse_scale
    from personametrics.data.study import Elicitation, Sign, Study, StudyWorld
    from personametrics.data.world import simulate
    from personametrics.lab.audit import aaudit, audit
    from personametrics.lab.compare import acompare, compare
    from personametrics.lab.measure import measure
    from personametrics.lab.run import arun, run
    from personametrics.lab.talk import atalk, talk
    from personametrics.models.function import Scripted
    from personametrics.version import __version__

__all__ = [
    "Card", "Columns", "Elicitation", "Estimate", "EstimateStatus", "Finding", "FreeText", "InputError", "Item", "Name", "Nominal",
    "Notice", "Numeric", "Ordinal", "Persona", "PersonametricsError", "Remedy", "RemedyWorld", "ReplyOutcome", "Request", "Responses",
    "Sampling", "Scripted", "Sign", "Study", "StudyWorld", "Verdict", "__version__", "aaudit", "acompare", "arun", "atalk", "audit",
    "citations", "compare", "measure", "parse_scale", "remedies", "report", "run", "simulate", "stats", "studies", "talk",
]  # fmt: skip

# Loaded when first used: the ground floor must import with numpy and scipy alone, and charts are slow to import.
_MODULES = {
    "data.card": "Card", "data.citations": "citations", "data.columns": "Columns", "data.errors": "InputError PersonametricsError",
    "data.estimate": "Estimate EstimateStatus Name", "data.finding": "Finding Verdict", "data.item": "Item", "data.notice": "Notice",
    "data.outcome": "ReplyOutcome", "data.persona": "Persona", "data.remedy": "Remedy RemedyWorld", "data.request": "Request Sampling",
    "data.responses": "Responses", "data.scale": "FreeText Nominal Numeric Ordinal parse_scale",
    "data.study": "Elicitation Sign Study StudyWorld", "data.world": "simulate", "lab.audit": "aaudit audit",
    "lab.compare": "acompare compare", "lab.measure": "measure", "lab.run": "arun run", "lab.talk": "atalk talk",
    "models.function": "Scripted", "remedies": "remedies", "report": "report", "stats": "stats", "studies": "studies",
    "version": "__version__",
}  # fmt: skip
__getattr__, __dir__ = lazy_attributes(__name__, {name: module for module, names in _MODULES.items() for name in names.split()})
