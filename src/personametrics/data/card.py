"""The card: the findings about one panel, as they are stored and sent."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from personametrics.data.errors import InputError, ReadError, options
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.notice import Notice

SCHEMA = "personametrics.card/1"
USES = ("fit_for", "not_fit_for", "undecided")
"""The keys of the three lists of uses of a verdict."""


@dataclass(frozen=True)
class Card:
    """The findings about one panel.

    Attributes:
        title: the name of the panel.
        findings: one finding for each study.
        provenance: source of the answers, versions and choices; enough to repeat the measurement.
    """

    title: str
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Estimate:
        """Return the first estimate of a name in any finding; raises InputError without one."""
        names = [estimate.name for finding in self.findings for estimate in finding.estimates]
        if name not in names:
            message = f'The card has no estimate "{name}". {options(name, names, 40)}.'
            raise InputError(message)
        return next(estimate for finding in self.findings for estimate in finding.estimates if estimate.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON values; undefined numbers are null."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "findings": [_finding_to_dict(finding) for finding in self.findings],
            "provenance": _json(self.provenance),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """Return the card as JSON text; `Card.load` reads a file of it back."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def save(self, path: str | Path) -> None:
        """Write the card as JSON."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    @classmethod
    def from_dict(cls, card: Mapping[str, Any]) -> "Card":
        """Return the card of JSON values; raises ReadError if they are not a card, or have another schema."""
        if card.get("schema") != SCHEMA:
            message = f'The card has the schema "{card.get("schema")}", not {SCHEMA}. Write the card again with this version.'
            raise ReadError(message)
        try:
            return cls(card["title"], tuple(_finding_from_dict(finding) for finding in card["findings"]), card["provenance"])
        except (KeyError, TypeError, ValueError) as error:
            message = f"The card is damaged: {type(error).__name__} {error}. Write the card again."
            raise ReadError(message) from error

    @classmethod
    def load(cls, path: str | Path) -> "Card":
        """Return the card of a JSON file; raises ReadError if the file is not a card."""
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, AttributeError) as error:
            message = f"{path} cannot be read as a card ({error}). Give the path of a card.json file."
            raise ReadError(message) from error


def card_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a card, as published in the package."""
    schema: dict[str, Any] = json.loads((files("personametrics.data") / "card.schema.json").read_text(encoding="utf-8"))
    return schema


def _finding_to_dict(finding: Finding) -> dict[str, Any]:
    verdict = finding.verdict
    uses = dict(zip(USES, map(list, (verdict.fit, verdict.unfit, verdict.open)), strict=True))
    return {
        "study": finding.study,
        "question": finding.question,
        "verdict": {"label": verdict.label, "sentence": verdict.sentence, **uses},
        "estimates": [_estimate_to_dict(estimate) for estimate in finding.estimates],
        "notices": [{"code": notice.code, "text": notice.text} for notice in finding.notices],
        "evidence": _json(finding.evidence),
        "cite": list(finding.cite),
    }


def _estimate_to_dict(estimate: Estimate) -> dict[str, Any]:
    keys = ("name", "value", "low", "high", "level", "n", "unit", "method", "status")
    meaning = {} if estimate.means is None else {"counts": estimate.means.counts, "meaning": estimate.means.meaning}
    return {key: _json(getattr(estimate, key)) for key in keys} | meaning


def _finding_from_dict(finding: Mapping[str, Any]) -> Finding:
    verdict = finding["verdict"]
    return Finding(
        finding["study"],
        finding["question"],
        Verdict(verdict["label"], verdict["sentence"], *(tuple(verdict[key]) for key in USES)),
        tuple(_estimate_from_dict(estimate) for estimate in finding["estimates"]),
        tuple(Notice(notice["code"], notice["text"]) for notice in finding["notices"]),
        finding["evidence"],
        tuple(finding["cite"]),
    )


def _estimate_from_dict(estimate: Mapping[str, Any]) -> Estimate:
    value, low, high = (math.nan if estimate[key] is None else estimate[key] for key in ("value", "low", "high"))
    means = Name(estimate["unit"], estimate["counts"], estimate["meaning"]) if "meaning" in estimate else None
    rest = estimate["level"], estimate["n"], estimate["method"], EstimateStatus(estimate["status"])
    return Estimate(estimate["name"], value, low, high, *rest, means=means)


def _json(value: Any) -> Any:
    """Return a value as JSON: without NaN, infinity and tuples."""
    if isinstance(value, Mapping):
        return {str(key): _json(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [_json(content) for content in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, EstimateStatus) else value
