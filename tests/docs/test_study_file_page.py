"""The page of the study file lists every key with its type and meaning, and every study on it can be read."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from personametrics.cli.audit import NEEDED
from personametrics.elicit.plan.file import load
from personametrics.elicit.plan.study import Plan

PAGE = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
SCHEMA: Mapping[str, Any] = Plan.model_json_schema()
WORDS = {"string": "text", "integer": "whole number", "boolean": "`true`, `false`", "null": "`null`", "array": "rows", "object": "mapping"}
FREE = ("roles.", "human.match.")
"""Keys below which a user chooses the names."""
LIMITS = {"minimum": "≥ ", "exclusiveMinimum": "> ", "maximum": "≤ ", "exclusiveMaximum": "< ", "maxLength": "length ≤ "}


def kind(part: Mapping[str, Any]) -> str:
    """Return the type of a value in words."""
    if "anyOf" in part:
        return ", ".join(map(kind, part["anyOf"]))
    if "enum" in part:
        return ", ".join(f"`{value}`" if value else '`""`' for value in part["enum"])
    if "$ref" in part:
        return "mapping"
    if part["type"] == "array" and part["items"].get("type") == "string":
        return "list of text"
    limits = [f"{sign}{part[name]:,}" for name, sign in LIMITS.items() if name in part]
    return " ".join([WORDS.get(part["type"], part["type"]), *limits])


def keys(of: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield every key at every depth: name, type, default and description ("" if it has none)."""
    for name, part in of["properties"].items():
        inner = next((option["$ref"] for option in (part, *part.get("anyOf", ())) if "$ref" in option), "").rpartition("/")[2]
        below = SCHEMA["$defs"][inner] if inner else {}
        default = "needed" if name in of.get("required", ()) else f"`{json.dumps(part['default'])}`" if "default" in part else "–"
        meaning = part.get("description") or below.get("description", "")
        yield path + name, kind(part), "–" if "$ref" in part else default, meaning
        yield from keys(below, f"{path}{name}.") if below else ()


def test_the_table_lists_every_key_with_its_type_its_default_and_its_meaning() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \| (.*) \| (.+) \|$", PAGE, re.MULTILINE)
    expected = {name: parts for name, *parts in keys(SCHEMA)}
    assert [name for name, *_ in rows] == list(expected)
    for name, *shown in rows:
        meaning = expected[name][-1] or shown[-1]
        assert shown == [*expected[name][:-1], meaning], name


def test_every_study_on_the_page_can_be_read_and_the_full_one_has_every_key(tmp_path: Path) -> None:
    studies = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for index, study in enumerate(studies):
        file = tmp_path / f"{index}.yaml"
        file.write_text(study, encoding="utf-8")
        load(file)
    assert set(yaml.safe_load(studies[0])) == set(NEEDED) >= set(SCHEMA["required"])
    conditions = SCHEMA["properties"]["conditions"]["propertyNames"]["enum"]
    expected = {name for name, kind, *_ in keys(SCHEMA) if not kind.startswith("mapping")} | {f"conditions.{name}" for name in conditions}
    shown = set(flat(yaml.safe_load(studies[-1])))
    assert {name for name in shown if not name.startswith(FREE)} == expected
    assert all(any(name.startswith(start) for name in shown) for start in FREE)


def flat(study: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield every key of a study, at every depth."""
    for name, value in study.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{name}.")
        else:
            yield path + name
