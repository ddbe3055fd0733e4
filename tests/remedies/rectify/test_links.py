"""People and personas, tied by ids or by strata."""

from collections.abc import Mapping, Sequence

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.measures.population import people
from personametrics.remedies.rectify.links import link_people

LIKERT = Ordinal(("1", "2", "3", "4", "5"))


def table(rows: Sequence[Sequence[str]], more: Mapping[str, Mapping[str, str]] | None = None, scale: Scale = LIKERT) -> Responses:
    """Answers as persona, item, answer, with further columns by persona."""
    frame = pl.DataFrame(rows, ["persona", "item", "answer"], orient="row")
    columns = [pl.col("persona").replace_strict(dict(of), default=None).alias(name) for name, of in (more or {}).items()]
    return Responses.read(frame.with_columns(columns), Columns(attributes=tuple(more or {})), scale)


PANEL = table([("a", "q", "1"), ("b", "q", "3"), ("c", "q", "5"), ("d", "q", "5"), ("e", "q", "2")])
HUMAN = table([("c", "q", "4"), ("x", "q", "1"), ("b", "q", "2"), ("a", "q", "2")])


def test_people_find_the_personas_of_their_ids() -> None:
    links = link_people(PANEL, HUMAN)
    sample = links.sample(people(PANEL))
    assert list(links.people.ids) == ["a", "b", "c"]
    assert links.given == 4
    assert sample.people[0, 0].tolist() == [0.25, 0.25, 0.75]
    assert sample.twins[0, 0].tolist() == [0.0, 0.5, 1.0]
    assert sample.others[0, 0].tolist() == [1.0, 0.25]


def test_twins_keep_their_answers_when_the_panel_loses_them() -> None:
    panel = people(PANEL)
    sample = link_people(PANEL, HUMAN).sample(panel.select([3, 4]))
    assert sample.twins[0, 0].tolist() == [0.0, 0.5, 1.0]
    assert sample.others[0, 0].tolist() == [1.0, 0.25]


def test_strangers_are_refused() -> None:
    with pytest.raises(DesignError, match=r'The people .*"x".* are not linked to the personas .*"a".*strata'):
        link_people(PANEL, table([("x", "q", "4"), ("y", "q", "1")]))


def test_strata_tie_strangers() -> None:
    panel = table(
        [(name, "q", answer) for name, answer in zip("abcd", "1355", strict=True)], {"age": dict(zip("abcd", "oyoy", strict=True))}
    )
    human = table([("x", "q", "4"), ("y", "q", "1"), ("z", "q", "2")], {"age": {"x": "o", "y": "y", "z": "y"}})
    sample = link_people(panel, human, ["age"]).sample(people(panel))
    assert sample.twins[0, 0].tolist() == [0.5, 0.75, 0.75]
    assert sample.others[0, 0].tolist() == [0.5, 0.75, 0.5, 0.75]


def test_strata_that_no_persona_is_of_are_refused_by_name() -> None:
    panel = table([("a", "q", "1"), ("b", "q", "3")], {"age": {"a": "old", "b": "old"}, "sex": {"a": "f", "b": "m"}})
    human = table([("x", "q", "4")], {"age": {"x": "young"}, "sex": {"x": "f"}})
    with pytest.raises(DesignError, match='No persona is in the stratum "young / f"'):
        link_people(panel, human, ["age", "sex"])
    with pytest.raises(DesignError, match='"y" lacks one of the attributes age'):
        link_people(panel, table([("x", "q", "4"), ("y", "q", "1")], {"age": {"x": "old"}}), ["age"])
    with pytest.raises(ColumnError, match="region"):
        link_people(panel, human, ["region"])


def test_a_persona_that_was_not_there_has_no_stratum() -> None:
    panel = table([(name, "q", "1") for name in "abc"], {"age": dict.fromkeys("abc", "o")})
    links = link_people(panel, table([(name, "q", "2") for name in "xyz"], {"age": dict.fromkeys("xyz", "o")}), ["age"])
    with pytest.raises(DesignError, match="'d' is not in the panel"):
        links.sample(people(table([("d", "q", "1")])))


def test_an_item_needs_people() -> None:
    panel = people(table([(name, item, "1") for name in "abcde" for item in "qr"]))
    two = table([("a", "q", "1"), ("b", "q", "2"), ("c", "q", "2"), ("a", "r", "1"), ("b", "r", "1")])
    with pytest.raises(DesignError, match='2 of the people to learn from answered "r"'):
        link_people(table([(name, item, "1") for name in "abcde" for item in "qr"]), two).sample(panel)
    with pytest.raises(DesignError, match='No person to learn from answered "r"'):
        link_people(PANEL, HUMAN).sample(panel)


def test_weights_are_over_the_probability_of_having_been_asked() -> None:
    chance, weight = {"a": "0.5", "b": "0.25", "c": "1"}, {"a": "1", "b": "2", "c": "1"}
    rows = [(name, "q", "2") for name in "abc"]
    for columns, probability, expected in (
        ({"p": chance}, "p", [2.0, 4.0, 1.0]),
        ({"p": chance, "weight": weight}, "p", [2.0, 8.0, 1.0]),
        ({"weight": weight}, "", [1.0, 2.0, 1.0]),
    ):
        weights = link_people(PANEL, table(rows, columns), probability=probability).weights
        assert weights is not None
        assert weights.tolist() == expected
    assert link_people(PANEL, HUMAN).weights is None


@pytest.mark.parametrize("wrong", ["0", "1.5", "often", None])
def test_a_probability_is_one(wrong: str) -> None:
    human = table([(name, "q", "2") for name in "abc"], {"p": {"a": "0.5", "b": "0.5", "c": wrong}})
    with pytest.raises(DesignError, match='column "p": a probability is missing or outside 0 to 1'):
        link_people(PANEL, human, probability="p")


def test_labels_are_matched_by_name_and_unknown_ones_are_never_given() -> None:
    scale = Nominal(("red", "blue", "green"))
    panel = table([(name, "q", answer) for name, answer in zip("abcd", ("red", "red", "green", "blue"), strict=True)], scale=scale)
    human = table([("a", "q", "blue"), ("b", "q", "red"), ("c", "q", "red")], scale=Nominal(("blue", "red")))
    other = people(panel, labels=("green", "red", "blue"))
    sample = link_people(panel, human).sample(other)
    assert sample.people[0].tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 0]]
    assert sample.twins[0].tolist() == [[0, 0, 1], [1, 1, 0], [0, 0, 0]]
