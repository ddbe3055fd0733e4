"""The page of the prompts writes down the shipped ones, word for word."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import yaml

from personametrics.data.prompt import CONDITIONS, GIVEN, Order, Place, Prompt, Style
from personametrics.elicit.persona_check import WHO

PAGE = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")


def test_the_shipped_prompt_is_written_down() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert yaml.safe_load(block)["prompt"] == asdict(Prompt())


def test_the_table_of_styles_has_every_style_and_what_it_changes() -> None:
    rows = {style: [option, closed] for style, option, closed in re.findall(r"^\| `(\w+)` \| `(\{.*?)` \| (.*?) \|", PAGE, re.MULTILINE)}
    assert rows == {style: [Prompt.styled(style).option, Prompt.styled(style).closed] for style in get_args(Style)}


def test_a_style_changes_nothing_but_option_and_instruction() -> None:
    same = {name for name in asdict(Prompt()) if name not in {"option", "closed", "style"}}
    assert all(getattr(Prompt.styled(style), name) == getattr(Prompt(), name) for style in get_args(Style) for name in same)


def test_the_table_of_conditions_has_every_level() -> None:
    rows = {name: re.findall(r"`(\w+)`", levels) for name, levels in re.findall(r"^\| `(\w+)` \| (`given`.*?) \|", PAGE, re.MULTILINE)}
    assert rows == {"wording": [GIVEN], "order": [*get_args(Order)], "place": [GIVEN, *get_args(Place)]}
    assert tuple(rows) == CONDITIONS


def test_the_question_who_one_is_is_written_down() -> None:
    assert f"*{WHO}*" in PAGE
