"""Cards survive storage, fit their schema, and never hold a silent number."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from personametrics.data.card import Card, card_schema
from personametrics.data.citations import citations, references
from personametrics.data.errors import InputError, ReadError
from personametrics.data.estimate import NAMES, Estimate, EstimateStatus, name_of
from personametrics.data.world import simulate
from personametrics.lab.measure import measure


@pytest.fixture(scope="module")
def card() -> Card:
    return measure(simulate({"persona": 1.0, "item": 1.0, "run": 1.0}, {"persona": 6, "item": 5, "run": 2}))


@pytest.fixture(scope="module")
def bare() -> Card:
    """A panel that was asked once: most numbers are undefined."""
    return measure(pl.DataFrame({"persona": list("aabb"), "item": list("xyxy"), "answer": [1, 2, 3, 5]}))


def check(value: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(card_schema()).validate(value)


def test_cards_fit_the_published_schema(card: Card, bare: Card) -> None:
    jsonschema.Draft202012Validator.check_schema(card_schema())
    for shown in (card, bare):
        check(json.loads(shown.to_json()))


@pytest.mark.parametrize(
    "damage",
    [{"value": None}, {"n": -1}, {"level": 1.0}, {"status": ""}, {"low": "1"}, {"extra": 1}],
    ids=lambda damage: next(iter(damage)),
)
def test_the_schema_refuses_what_is_no_estimate(card: Card, damage: dict[str, Any]) -> None:
    value = card.to_dict()
    value["findings"][0]["estimates"][0] |= damage
    with pytest.raises(jsonschema.ValidationError):
        check(value)


def test_a_card_reads_back_as_it_was(card: Card, bare: Card, tmp_path: Path) -> None:
    for shown in (card, bare):
        shown.save(tmp_path / "card.json")
        assert Card.load(tmp_path / "card.json").to_dict() == shown.to_dict()


def test_what_is_no_card(card: Card, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"not personametrics\.card/1"):
        Card.from_dict(card.to_dict() | {"schema": "other/1"})
    with pytest.raises(ReadError, match="damaged"):
        Card.from_dict({"schema": "personametrics.card/1", "title": "t", "findings": [{}], "provenance": {}})
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(ReadError, match="cannot be read as a card"):
        Card.load(tmp_path / "x.json")


def test_undefined_numbers_are_null_with_a_sentence(bare: Card) -> None:
    rows = {row["name"]: row for row in bare.to_dict()["findings"][0]["estimates"]}
    assert rows["signal"]["value"] is None
    assert rows["signal"]["status"] == EstimateStatus.NO_RERUNS
    with pytest.raises(ValueError, match="Give the status with the reason"):
        Estimate("signal", math.nan, math.nan, math.nan, 0.9, 1, "m")


def test_names_are_known_or_refused(card: Card) -> None:
    assert card["signal"].unit == "share"
    assert name_of("reliability.k=7") == NAMES["reliability.k=*"]
    with pytest.raises(KeyError):
        replace(card["signal"], name="magic")
    with pytest.raises(InputError, match=r'no estimate "signl"\. Did you mean "signal"'):
        card["signl"]
    with pytest.raises(InputError, match="no estimate"):
        card.findings[0]["signl"]


def test_everything_cited_is_in_the_references(card: Card) -> None:
    for finding in card.findings:
        assert len(citations(finding.cite)) == len(finding.cite)
    for key, entry in references().items():
        assert {"author", "year"} <= set(entry), key
        assert citations([key])[0].endswith((".", entry.get("doi", "?"), entry.get("eprint", "?")))
