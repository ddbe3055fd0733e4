"""Psychometrics for simulated people: measure a persona panel before you trust it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personametrics.version import __version__

if TYPE_CHECKING:
    from personametrics import report as report
    from personametrics.data.card import Card as Card
    from personametrics.data.citations import citations as citations
    from personametrics.data.columns import Columns as Columns
    from personametrics.data.errors import InputError as InputError
    from personametrics.data.errors import PersonametricsError as PersonametricsError
    from personametrics.data.estimate import Estimate as Estimate
    from personametrics.data.estimate import EstimateStatus as EstimateStatus
    from personametrics.data.finding import Finding as Finding
    from personametrics.data.finding import Verdict as Verdict
    from personametrics.data.item import Item as Item
    from personametrics.data.notice import Notice as Notice
    from personametrics.data.outcome import ReplyOutcome as ReplyOutcome
    from personametrics.data.persona import Persona as Persona
    from personametrics.data.responses import Responses as Responses
    from personametrics.data.scale import FreeText as FreeText
    from personametrics.data.scale import Nominal as Nominal
    from personametrics.data.scale import Numeric as Numeric
    from personametrics.data.scale import Ordinal as Ordinal
    from personametrics.data.scale import parse_scale as parse_scale
    from personametrics.data.world import simulate as simulate
    from personametrics.lab.audit import aaudit as aaudit
    from personametrics.lab.audit import audit as audit
    from personametrics.lab.compare import compare as compare
    from personametrics.lab.measure import measure as measure
    from personametrics.lab.run import run as run
    from personametrics.models.scripted import Scripted as Scripted
    from personametrics.studies.fidelity import Fidelity as Fidelity
    from personametrics.studies.stability import Stability as Stability

# Loaded when first used: the ground floor must import with numpy and scipy alone, and nobody waits for charts who wants a number.
_HOME = {
    "Card": "data.card",
    "Columns": "data.columns",
    "Estimate": "data.estimate",
    "Fidelity": "studies.fidelity",
    "Finding": "data.finding",
    "FreeText": "data.scale",
    "InputError": "data.errors",
    "Item": "data.item",
    "Nominal": "data.scale",
    "Notice": "data.notice",
    "Numeric": "data.scale",
    "Ordinal": "data.scale",
    "ReplyOutcome": "data.outcome",
    "Persona": "data.persona",
    "PersonametricsError": "data.errors",
    "Responses": "data.responses",
    "Scripted": "models.scripted",
    "Stability": "studies.stability",
    "EstimateStatus": "data.estimate",
    "Verdict": "data.finding",
    "citations": "data.citations",
    "aaudit": "lab.audit",
    "audit": "lab.audit",
    "compare": "lab.compare",
    "measure": "lab.measure",
    "parse_scale": "data.scale",
    "run": "lab.run",
    "simulate": "data.world",
}

__all__ = [*_HOME, "__version__", "report"]  # noqa: PLE0604 (names are strings)


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives."""
    if name == "report":
        return import_module("personametrics.report")
    if name not in _HOME:
        message = f"module 'personametrics' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"personametrics.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
