"""Psychometrics for simulated people: measure a persona panel before you trust it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personametrics.version import __version__

if TYPE_CHECKING:
    from personametrics import remedies as remedies
    from personametrics import report as report
    from personametrics import stats as stats
    from personametrics import studies as studies
    from personametrics.data.card import Card as Card
    from personametrics.data.citations import citations as citations
    from personametrics.data.columns import Columns as Columns
    from personametrics.data.errors import InputError as InputError
    from personametrics.data.errors import PersonametricsError as PersonametricsError
    from personametrics.data.estimate import Estimate as Estimate
    from personametrics.data.estimate import EstimateStatus as EstimateStatus
    from personametrics.data.estimate import Name as Name
    from personametrics.data.finding import Finding as Finding
    from personametrics.data.finding import Verdict as Verdict
    from personametrics.data.item import Item as Item
    from personametrics.data.notice import Notice as Notice
    from personametrics.data.outcome import ReplyOutcome as ReplyOutcome
    from personametrics.data.persona import Persona as Persona
    from personametrics.data.remedy import Remedy as Remedy
    from personametrics.data.remedy import RemedyWorld as RemedyWorld
    from personametrics.data.request import Request as Request
    from personametrics.data.request import Sampling as Sampling
    from personametrics.data.responses import Responses as Responses
    from personametrics.data.scale import FreeText as FreeText
    from personametrics.data.scale import Nominal as Nominal
    from personametrics.data.scale import Numeric as Numeric
    from personametrics.data.scale import Ordinal as Ordinal
    from personametrics.data.scale import parse_scale as parse_scale
    from personametrics.data.study import Elicitation as Elicitation
    from personametrics.data.study import Sign as Sign
    from personametrics.data.study import Study as Study
    from personametrics.data.study import StudyWorld as StudyWorld
    from personametrics.data.world import simulate as simulate
    from personametrics.lab.audit import aaudit as aaudit
    from personametrics.lab.audit import audit as audit
    from personametrics.lab.compare import acompare as acompare
    from personametrics.lab.compare import compare as compare
    from personametrics.lab.measure import measure as measure
    from personametrics.lab.run import arun as arun
    from personametrics.lab.run import run as run
    from personametrics.lab.talk import atalk as atalk
    from personametrics.lab.talk import talk as talk
    from personametrics.models.scripted import Scripted as Scripted

# Loaded when first used: the ground floor must import with numpy and scipy alone, and nobody waits for charts who needs a number.
_HOMES = {
    "Card": "data.card",
    "Columns": "data.columns",
    "Elicitation": "data.study",
    "Estimate": "data.estimate",
    "EstimateStatus": "data.estimate",
    "Finding": "data.finding",
    "FreeText": "data.scale",
    "InputError": "data.errors",
    "Item": "data.item",
    "Name": "data.estimate",
    "Nominal": "data.scale",
    "Notice": "data.notice",
    "Numeric": "data.scale",
    "Ordinal": "data.scale",
    "Persona": "data.persona",
    "PersonametricsError": "data.errors",
    "Remedy": "data.remedy",
    "RemedyWorld": "data.remedy",
    "ReplyOutcome": "data.outcome",
    "Request": "data.request",
    "Responses": "data.responses",
    "Sampling": "data.request",
    "Scripted": "models.scripted",
    "Sign": "data.study",
    "Study": "data.study",
    "StudyWorld": "data.study",
    "Verdict": "data.finding",
    "aaudit": "lab.audit",
    "acompare": "lab.compare",
    "arun": "lab.run",
    "atalk": "lab.talk",
    "audit": "lab.audit",
    "citations": "data.citations",
    "compare": "lab.compare",
    "measure": "lab.measure",
    "parse_scale": "data.scale",
    "run": "lab.run",
    "simulate": "data.world",
    "talk": "lab.talk",
}
_ROOMS = ("remedies", "report", "stats", "studies")
__all__ = [*_HOMES, *_ROOMS, "__version__"]  # noqa: PLE0604 (names are strings)


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name in _ROOMS:
        return import_module(f"personametrics.{name}")
    if name not in _HOMES:
        message = f"module 'personametrics' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"personametrics.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
