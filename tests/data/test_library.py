"""The bundled personas and questionnaires hold what studies and their documentation rely on."""

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterable
from importlib.resources import files
from itertools import combinations, product
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.library import instruments, items, personas
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt, Style
from personametrics.data.reply import Reply
from personametrics.data.scale import Nominal, Ordinal
from personametrics.lab.panel import TAKEN
from personametrics.parse.replies import parse

FOLDER = Path(str(files("personametrics") / "instruments"))
TRAITS = ("outgoing", "orderly", "warm", "anxious", "curious")
AGES = {"young": range(18, 36), "middle": range(36, 60), "old": range(60, 100)}
WORDS = {
    "politics": {"left": r"(for|on|to|of) the left|left-wing", "right": r"(for|on|to|of) the right|right-wing|conservative"},
    "job": {job: rf"\b{job}\b" for job in ("nurse", "farmer", "lawyer", "cook")},
    "schooling": {"early": r"left school at", "trade": r"trade|apprentice", "university": r"university degree"},
    "faith": {
        "devout": r"church every|pray (every|five times|before)",
        "doubting": r"\bdoubts?\b",
        "godless": r"believe in no God|atheist",
    },
    "outgoing": {"high": r"company|talk to every|talk to strangers", "low": r"\balone\b|\bquiet\b|\bshy\b|keep to yourself"},
    "orderly": {"high": r"\btidy\b|\bplan\b|\bplanned\b", "low": r"\bmess\b|lose papers|\bcome late"},
    "warm": {"high": r"\bkind\b|comfort|gentle|warm-hearted|generous", "low": r"\bcold\b|hard on|sharp tongue"},
    "anxious": {
        "high": r"\bworry\b|\bfret\b|nervous|dread|lie awake",
        "low": r"\bcalm\b|sleep soundly|nothing rattles|take it easy",
    },
    "curious": {"high": r"curious|eager to learn|ask why", "low": r"no interest in|\bbore\b|stick to what you know"},
}
"""The words by which a persona's text gives the value of each attribute."""
OPPOSITE = {"left": "right", "right": "left", "none": "none"}


def equally_often(values: Iterable[Hashable]) -> bool:
    """Return True if all values that occur occur equally often."""
    return len(set(Counter(values).values())) == 1


def column(instrument: str, name: str) -> list[str]:
    """Return an attribute of each item of an instrument."""
    return [item.attributes[name] for item in items(instrument)]


@pytest.mark.parametrize("page", [FOLDER / "README.md", Path(__file__).parents[2] / "docs/instruments.md"], ids=lambda page: page.stem)
def test_both_pages_list_every_file_with_its_rows_and_columns(page: Path) -> None:
    listed = re.findall(r"^\| `(\w+)(?:\.csv)?` \| (\d+) \| .* \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, _, _ in listed} == {*instruments(), "personas"}
    for name, rows, columns in listed:
        table = pl.read_csv(FOLDER / f"{name}.csv")
        assert (int(rows), columns.replace("`", "").split(", ")) == (len(table), table.columns[2 if name == "personas" else 4 :]), name


def test_items_are_those_of_all_instruments_or_of_the_named_ones_in_their_order() -> None:
    assert items() == tuple(item for name in instruments() for item in items(name))
    assert items("traits", "controls", "traits") == items("traits") + items("controls")
    for name in ("opinion", "personas"):
        with pytest.raises(StudyError, match=rf'^Unknown instrument "{name}"\. .*Available: controls, .*, turns\.$'):
            items(name)


def texts() -> dict[str, list[str]]:
    """Return all texts that a model may receive, by the id of the persona or item."""
    return {persona.id: [persona.text] for persona in personas()} | {item.id: [item.text, *item.wordings.values()] for item in items()}


def test_ids_and_texts_are_unique() -> None:
    assert max(Counter(text for given in texts().values() for text in given).values()) == 1
    assert len(texts()) == len(items()) + len(personas())


def test_texts_are_of_fair_length_and_end_as_sentences() -> None:
    for name, given in texts().items():
        for text in given:
            assert 10 < len(text) <= 500, name
            assert text == " ".join(text.split()), name
            assert text[-1] in ".?", name


def test_no_two_personas_share_a_sentence() -> None:
    sentences = [set(re.split(r"(?<=\.) ", persona.text)) for persona in personas()]
    assert all(not first & second for first, second in combinations(sentences, 2))
    assert all(3 <= len(sentence) <= 5 for sentence in sentences)


def test_attributes_are_filled_and_differ_from_the_columns_of_answers() -> None:
    for name in instruments():
        assert len({frozenset(item.attributes) for item in items(name)}) == 1, name
        assert len(set(column(name, "kind"))) == 1, name
    assert len({frozenset(persona.attributes) for persona in personas()}) == 1
    entries: list[Item | Persona] = [*personas(), *items()]
    for entry in entries:
        assert not TAKEN & set(entry.attributes), entry.id


def test_every_wording_gives_another_prompt() -> None:
    for item in items():
        prompts = {Prompt().ask(None, item, condition={"wording": wording}).messages for wording in ("given", *item.wordings)}
        assert len(prompts) == 1 + len(item.wordings), item.id


@pytest.mark.parametrize("style", get_args(Style))
def test_every_option_is_read_as_itself(style: Style) -> None:
    for item in {item.scale: item for item in items()}.values():
        request = Prompt.styled(style).ask(None, item)
        for choice, label in zip(request.choices, request.labels, strict=True):
            reply = Reply(json.dumps({"answer": choice}) if style == "json" else choice)
            assert parse(reply, request, item.scale, style).answer == label, (item.id, label)


def test_personas_are_balanced() -> None:
    people = [persona.attributes for persona in personas()]
    for name in people[0]:
        assert equally_often(person[name] for person in people), name
    cells = Counter((person["politics"], person["job"], person["schooling"]) for person in people)
    assert equally_often(cells.elements())
    assert len(cells) == 2 * 4 * 3
    for trait in TRAITS:
        assert equally_often((person["politics"], person[trait]) for person in people), trait


def test_traits_are_nearly_balanced_within_jobs_and_schooling() -> None:
    people = [persona.attributes for persona in personas()]
    for trait, group in product(TRAITS, ("job", "schooling")):
        counts = Counter((person[group], person[trait]) for person in people)
        for value in WORDS[group]:
            assert abs(counts[value, "high"] - counts[value, "low"]) <= 2, (trait, value)


@pytest.mark.parametrize("pair", list(combinations(TRAITS, 2)), ids="-".join)
def test_traits_vary_nearly_independently_of_each_other(pair: tuple[str, str]) -> None:
    counts = Counter(tuple(persona.attributes[trait] for trait in pair) for persona in personas())
    assert len(counts) == 4
    assert set(counts.values()) <= {5, 6, 7}


@pytest.mark.parametrize("persona", personas(), ids=lambda persona: persona.id)
def test_the_text_of_a_persona_gives_its_attributes_and_no_others(persona: Persona) -> None:
    assert {*WORDS, "age"} == set(persona.attributes)
    for name, values in WORDS.items():
        given = {value for value, words in values.items() if re.search(words, persona.text, re.IGNORECASE)}
        assert given == {persona.attributes[name]}, name
    (age,) = map(int, re.findall(r"\d+", persona.text))
    assert age in AGES[persona.attributes["age"]]


@pytest.mark.parametrize(("instrument", "subject"), [("opinions", "subject"), ("traits", "trait")])
def test_statements_are_balanced_in_keying_on_one_scale(instrument: str, subject: str) -> None:
    assert equally_often(zip(column(instrument, subject), column(instrument, "keyed"), strict=True))
    assert set(column(instrument, "keyed")) == {"+", "-"}
    assert len({item.scale for item in items("opinions", "traits")}) == 1


def test_traits_dilemmas_groups_and_knowledge_refer_to_attributes_of_the_personas() -> None:
    values = {pair for persona in personas() for pair in persona.attributes.items()}
    assert set(column("traits", "trait")) == set(TRAITS)
    assert set(column("dilemmas", "trait")) <= {name for name, _ in values}
    assert set(zip(column("groups", "trait"), column("groups", "value"), strict=True)) <= values
    assert set(column("knowledge", "domain")) == {value for name, value in values if name == "job"}


@pytest.mark.parametrize("item", items("evidence"), ids=lambda item: item.id)
def test_the_right_reading_of_counts_follows_from_the_text(item: Item) -> None:
    with_measure, without = (int(count) for count in re.findall(r"Of 100 [^,]*, [^.]*?(\d+)\.", item.text))
    assert abs(with_measure - without) >= 30
    assert item.attributes["gold"] == ("yes" if with_measure > without else "no")
    reverse = next(other for other in items("evidence") if other.id == f"{item.id.rsplit('.', 2)[0]}.{without}.{with_measure}")
    assert reverse.attributes["side"] == OPPOSITE[item.attributes["side"]]


def test_right_answers_favour_neither_a_side_nor_a_place() -> None:
    evidence = [item.attributes for item in items("evidence")]
    assert equally_often((row["side"], row["gold"]) for row in evidence if row["topic"] == "identity")
    assert equally_often(row["gold"] for row in evidence if row["topic"] == "control")
    assert equally_often(column("headlines", "gold"))
    places = [item.scale.labels.index(item.attributes["gold"]) for item in items("knowledge") if isinstance(item.scale, Nominal)]
    assert len(places) == len(items("knowledge"))
    assert max(Counter(places).values()) - min(Counter(places).values()) <= 1


@pytest.mark.parametrize("item", items("dilemmas"), ids=lambda item: item.id)
def test_a_turned_dilemma_names_the_values_in_the_other_order(item: Item) -> None:
    assert isinstance(item.scale, Nominal)
    first, second = item.scale.labels
    assert item.attributes["first"] == first
    assert item.wordings == {"turned": item.text.replace(f"{first} or {second}", f"{second} or {first}")}


def test_every_group_is_asked_about_the_same_opinions() -> None:
    opinions = {item.id: item for item in items("opinions")}
    for item in items("groups"):
        assert item.text.endswith(opinions[item.attributes["about"]].text), item.id
    groups = set(zip(column("groups", "trait"), column("groups", "value"), strict=True))
    asked = {(item.attributes["trait"], item.attributes["value"], item.attributes["about"]) for item in items("groups")}
    assert asked == {(*group, about) for group, about in product(groups, column("groups", "about"))}


@pytest.mark.parametrize(("instrument", "name"), [("judging", "quality"), ("turns", "turn"), ("pressure", "family")])
def test_kinds_within_an_instrument_are_equally_frequent(instrument: str, name: str) -> None:
    assert len(set(column(instrument, name))) > 3
    assert equally_often(column(instrument, name))


def test_controls_are_the_only_control_items_and_fit_opinions_and_evidence() -> None:
    assert {item.id for item in items() if item.is_control} == {item.id for item in items("controls")}
    scales = {items("opinions")[0].scale, items("evidence")[0].scale}
    assert {item.scale for item in items("controls")} == scales
    assert all(isinstance(scale, Nominal | Ordinal) for scale in scales)
