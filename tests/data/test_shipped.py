"""The shipped personas and questionnaires are what their columns, their README and their page say."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import combinations, product
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from personametrics.data import shipped
from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt, Style
from personametrics.data.reply import Reply
from personametrics.data.scale import Nominal, Ordinal
from personametrics.elicit.arms import TAKEN
from personametrics.parse.replies import parse

AGREEMENT = Ordinal(("strongly disagree", "disagree", "neutral", "agree", "strongly agree"))
KINDS = {
    "games": "game", "tasks": "task", "turns": "turn", "pressure": "pressure",
    "controls": "control", "dilemmas": "dilemma", "evidence": "evidence", "groups": "group", "headlines": "headline",
    "judging": "rating", "knowledge": "knowledge", "opinions": "opinion", "traits": "trait",
}  # fmt: skip
TRAITS = ("outgoing", "orderly", "warm", "anxious", "curious")
ROWS = {
    "games": 18, "tasks": 8, "turns": 24, "pressure": 16,
    "controls": 8, "dilemmas": 12, "evidence": 32, "groups": 48, "headlines": 20,
    "judging": 20, "knowledge": 32, "opinions": 24, "traits": 40,
}  # fmt: skip
SAID: Mapping[str, Mapping[str, str]] = {
    "politics": {
        "left": r"(for|on|to|of) the left|left-wing",
        "right": r"(for|on|to|of) the right|right-wing|conservative",
    },
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
"""What a text says of each attribute: one of these, and none of another value."""
AGES = {"young": range(18, 36), "middle": range(36, 60), "old": range(60, 100)}


def one_of_each(names: Iterable[str]) -> bool:
    """Whether everything that occurs occurs equally often."""
    return len(set(Counter(names).values())) == 1


def column(name: str, instrument: str) -> list[str]:
    return [item.attributes[name] for item in shipped.items(instrument)]


def everything() -> list[tuple[str, str]]:
    """Every text that a model may be told, by the id of its row."""
    found = [(one.id, one.text) for one in shipped.personas()]
    return found + [(item.id, text) for item in shipped.items() for text in (item.text, *item.wordings.values())]


def test_the_instruments_are_those_with_their_rows() -> None:
    assert {name: len(shipped.items(name)) for name in shipped.instruments()} == ROWS


@pytest.mark.parametrize(
    "page", [Path(str(files("personametrics.instruments") / "README.md")), Path(__file__).parents[2] / "docs/instruments.md"]
)
def test_both_tables_of_instruments_count_the_rows_and_name_the_columns(page: Path) -> None:
    rows = re.findall(r"^\| `(\w+)(?:\.csv)?` \| (\d+) \| .* \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(count) for name, count, _ in rows} == ROWS | {"personas": 24}
    for name, _, columns in rows:
        known = pl.read_csv(Path(str(files("personametrics.instruments") / f"{name}.csv"))).columns
        assert columns.replace("`", "").split(", ") == known[2 if name == "personas" else 4 :], name


def test_every_item_says_of_which_kind_it_is() -> None:
    assert {name: set(column("kind", name)) for name in shipped.instruments()} == {name: {kind} for name, kind in KINDS.items()}


def test_all_items_come_together_by_default_and_in_the_order_named_otherwise() -> None:
    assert shipped.items() == tuple(item for name in shipped.instruments() for item in shipped.items(name))
    assert shipped.items("traits", "controls", "traits") == shipped.items("traits") + shipped.items("controls")


def test_an_unknown_instrument_is_a_sentence_with_the_ones_there_are() -> None:
    with pytest.raises(StudyError, match=r'^There is no instrument "opinion": did you mean "opinions"\? There are: controls, .*, turns\.$'):
        shipped.items("opinion")


def test_personas_are_no_items() -> None:
    with pytest.raises(StudyError, match="no instrument"):
        shipped.items("personas")


def test_ids_are_unique_over_all_files() -> None:
    assert max(Counter([item.id for item in shipped.items()] + [one.id for one in shipped.personas()]).values()) == 1


def test_no_two_texts_are_alike() -> None:
    assert max(Counter(text for _, text in everything()).values()) == 1


def test_no_two_personas_share_a_sentence() -> None:
    sentences = [set(re.split(r"(?<=\.) ", one.text)) for one in shipped.personas()]
    assert all(not one & other for one, other in combinations(sentences, 2))


def test_texts_are_of_fair_length_and_end_as_sentences() -> None:
    for who, text in everything():
        assert 10 < len(text) <= 500, who
        assert text == " ".join(text.split()), who
        assert text[-1] in ".?", who


def test_no_attribute_is_called_like_a_column_of_the_answers() -> None:
    known = {one.id: one.attributes for one in shipped.personas()} | {item.id: item.attributes for item in shipped.items()}
    for who, attributes in known.items():
        assert not TAKEN & set(attributes), who


def test_every_attribute_is_filled() -> None:
    for name in shipped.instruments():
        assert len({frozenset(item.attributes) for item in shipped.items(name)}) == 1, name
    assert {frozenset(one.attributes) for one in shipped.personas()} == {frozenset({*SAID, "age"})}


def test_every_item_differs_in_each_of_its_wordings() -> None:
    for item in shipped.items():
        requests = [Prompt().ask(None, item, condition={"wording": wording}) for wording in ("given", *item.wordings)]
        assert len({request.messages for request in requests}) == 1 + len(item.wordings), item.id


@pytest.mark.parametrize("style", get_args(Style))
def test_every_option_is_read_as_itself(style: Style) -> None:
    for one in {item.scale: item for item in shipped.items()}.values():
        request = Prompt.styled(style).ask(None, one)
        for choice, label in zip(request.choices, request.labels, strict=True):
            said = json.dumps({"answer": choice}) if style == "json" else choice
            assert parse(Reply(said), request, one.scale, style).answer == label, (one.id, label)


@pytest.mark.parametrize("persona", shipped.personas(), ids=lambda persona: persona.id)
def test_a_persona_says_what_its_attributes_say(persona: Persona) -> None:
    for name, values in SAID.items():
        said = {value for value, words in values.items() if re.search(words, persona.text, re.IGNORECASE)}
        assert said == {persona.attributes[name]}, name
    (age,) = map(int, re.findall(r"\d+", persona.text))
    assert age in AGES[persona.attributes["age"]]
    assert 3 <= persona.text.count(". ") + 1 <= 5


def test_personas_are_balanced_and_jobs_within_politics_and_schooling() -> None:
    known = [one.attributes for one in shipped.personas()]
    for name in (*SAID, "age"):
        assert one_of_each(one[name] for one in known), name
    assert Counter((one["politics"], one["job"], one["schooling"]) for one in known) == Counter(
        product(("left", "right"), SAID["job"], SAID["schooling"])
    )
    for name in TRAITS:
        assert one_of_each((one["politics"] + one[name]) for one in known), name


def test_traits_are_nearly_balanced_within_jobs_and_schooling() -> None:
    known = [one.attributes for one in shipped.personas()]
    for trait, by in product(TRAITS, ("job", "schooling")):
        counts = Counter((one[by], one[trait]) for one in known)
        for value in SAID[by]:
            assert abs(counts[value, "high"] - counts[value, "low"]) <= 2, (trait, value)


def test_traits_do_not_go_together() -> None:
    known = [one.attributes for one in shipped.personas()]
    for one, other in combinations(TRAITS, 2):
        counts = Counter((each[one], each[other]) for each in known)
        assert set(counts.values()) <= {5, 6, 7}, (one, other)
        assert len(counts) == 4


@pytest.mark.parametrize(("instrument", "name", "times"), [("opinions", "subject", 1), ("traits", "trait", 4)])
def test_statements_are_balanced_in_keying_on_one_scale_of_agreement(instrument: str, name: str, times: int) -> None:
    pairs = zip(column(name, instrument), column("keyed", instrument), strict=True)
    assert Counter(pairs) == {(one, key): times for one in column(name, instrument) for key in "+-"}
    assert {item.scale for item in shipped.items(instrument)} == {AGREEMENT}
    assert set(column("trait", "traits")) == set(TRAITS)


def test_the_keying_of_opinions_is_that_of_their_ids() -> None:
    assert all(item.id == f"{item.attributes['subject']}.{direction(item)}" for item in shipped.items("opinions"))


def direction(item: Item) -> str:
    return {"+": "for", "-": "against"}[item.attributes["keyed"]]


def test_opinions_have_two_more_wordings() -> None:
    assert {tuple(item.wordings) for item in shipped.items("opinions")} == {("formal", "blunt")}


@pytest.mark.parametrize("item", shipped.items("evidence"), ids=lambda item: item.id)
def test_the_right_reading_of_counts_follows_from_the_text(item: Item) -> None:
    with_it, without = (int(count) for base, count in re.findall(r"Of (100) [^,]*, [^.]*?(\d+)\.", item.text))
    assert item.text.count("100") == 2
    assert abs(with_it - without) >= 30
    assert item.attributes["gold"] == ("yes" if with_it > without else "no")
    assert item.id.endswith(f".{with_it}.{without}")


def test_evidence_serves_both_sides_alike_with_either_answer() -> None:
    known = [item.attributes for item in shipped.items("evidence")]
    assert Counter((one["side"], one["gold"], one["topic"]) for one in known) == {
        **{(side, gold, "identity"): 6 for side, gold in product(("left", "right"), ("yes", "no"))},
        **{("none", gold, "control"): 4 for gold in ("yes", "no")},
    }


def test_the_side_of_evidence_turns_with_its_counts() -> None:
    sides = {item.id: item.attributes["side"] for item in shipped.items("evidence")}
    for name, side in sides.items():
        measure, high, low = name.rsplit(".", 2)
        assert sides[f"{measure}.{low}.{high}"] == {"left": "right", "right": "left", "none": "none"}[side]


def test_headlines_are_half_true_and_say_what_the_numbers_mean() -> None:
    assert Counter(column("gold", "headlines")) == {"true": 10, "false": 10}
    for item in shipped.items("headlines"):
        assert item.scale == Ordinal(tuple("123456"))
        assert "from 1 (surely false) to 6 (surely true)" in item.text


@pytest.mark.parametrize("instrument", ["evidence", "knowledge"])
def test_the_right_answer_is_one_of_the_options(instrument: str) -> None:
    for item in shipped.items(instrument):
        assert isinstance(item.scale, Nominal)
        assert item.attributes["gold"] in item.scale.labels, item.id


def test_right_answers_stand_at_each_place_equally_often() -> None:
    places = {
        item.id: item.scale.labels.index(item.attributes["gold"]) for item in shipped.items("knowledge") if isinstance(item.scale, Nominal)
    }
    assert len(places) == 32
    for domain in ("", *SAID["job"]):
        counts = Counter(place for name, place in places.items() if name.startswith(domain))
        assert set(counts) == {0, 1, 2}
        assert max(counts.values()) - min(counts.values()) <= 1


def test_knowledge_is_that_of_the_personas_jobs_with_three_options() -> None:
    assert Counter(column("domain", "knowledge")) == dict.fromkeys(SAID["job"], 8)
    assert {len(item.scale.labels) for item in shipped.items("knowledge") if isinstance(item.scale, Nominal)} == {3}


@pytest.mark.parametrize("item", shipped.items("dilemmas"), ids=lambda item: item.id)
def test_a_turned_dilemma_names_the_values_in_the_other_order(item: Item) -> None:
    assert isinstance(item.scale, Nominal)
    first, second = item.scale.labels
    assert item.attributes["first"] == first
    assert item.text.endswith(f": {first} or {second}?")
    assert item.wordings == {"turned": item.text.removesuffix(f"{first} or {second}?") + f"{second} or {first}?"}
    assert item.text.count(first) == item.text.count(second) == 1


def test_dilemmas_are_decided_by_attributes_of_personas() -> None:
    assert set(column("trait", "dilemmas")) <= set(shipped.personas()[0].attributes)


def test_marks_of_judging_have_each_quality_equally_often() -> None:
    assert Counter(column("quality", "judging")) == {str(quality): 4 for quality in range(-2, 3)}
    assert {item.scale for item in shipped.items("judging")} == {Ordinal(tuple("12345"))}


def test_questions_about_groups_hold_the_opinion_and_concern_people_of_the_panel() -> None:
    opinions = {item.id: item for item in shipped.items("opinions")}
    panel = {(name, value) for one in shipped.personas() for name, value in one.attributes.items()}
    groups: dict[tuple[str, str], list[str]] = {}
    for item in shipped.items("groups"):
        group = item.attributes["trait"], item.attributes["value"]
        groups.setdefault(group, []).append(item.attributes["about"])
        assert group in panel
        assert item.text.endswith(f"? {opinions[item.attributes['about']].text}")
        assert item.scale == Ordinal(tuple(str(ten) for ten in range(0, 101, 10)))
    assert len(groups) == 4
    assert {tuple(asked) for asked in groups.values()} == {tuple(next(iter(groups.values())))}
    asked = [opinions[about] for about in next(iter(groups.values()))]
    assert len({item.attributes["subject"] for item in asked}) == 12
    assert Counter(item.attributes["keyed"] for item in asked) == {"+": 6, "-": 6}


def test_turns_and_pressure_have_every_kind_and_family_equally_often() -> None:
    assert Counter(column("turn", "turns")) == dict.fromkeys(("chat", "fact", "emotional", "meta"), 6)
    assert set(Counter(column("family", "pressure")).values()) == {2}
    assert len(set(column("family", "pressure"))) == 8


def test_controls_are_controls_and_serve_two_scales() -> None:
    assert all(item.is_control for item in shipped.items("controls"))
    assert Counter(item.scale for item in shipped.items("controls")) == {Nominal(("yes", "no")): 4, AGREEMENT: 4}
    assert not any(item.is_control for name in shipped.instruments() if name != "controls" for item in shipped.items(name))
