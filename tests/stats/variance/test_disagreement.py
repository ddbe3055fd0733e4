"""D[S] against its definition, pair by pair."""

import brute
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Panel, panels

from personametrics.stats import Cells, from_answers, from_labels, pairs, subsets


def answers(panel: Panel) -> list[brute.Answer]:
    return brute.as_answers(zip(*panel.codes, strict=True), panel.points[panel.labels])


@settings(max_examples=40)
@given(panels())
def test_every_disagreement_is_the_mean_over_pairs(panel: Panel) -> None:
    disagreements, expected = pairs(panel.cells()).whole(), brute.all_disagreements(answers(panel), panel.facets)
    assert set(disagreements) == set(expected)
    for shared, value in expected.items():
        np.testing.assert_allclose(disagreements[shared], value, atol=1e-10)


@settings(max_examples=25)
@given(panels(), st.sampled_from([["persona"], ["item"], ["persona", "item"]]))
def test_leaving_a_level_out_equals_measuring_without_it(panel: Panel, facets: list[str]) -> None:
    cells = panel.cells()
    left = pairs(cells).without(facets)
    group, _ = cells.groups(facets)
    for index, level in enumerate(np.unique(group)):
        keep = group != level
        assert cells.counts is not None
        rest = Cells(cells.facets, cells.codes[keep], cells.n[keep], cells.mean[keep], cells.scatter[keep], cells.counts[keep])
        if len(rest):
            for shared, value in pairs(rest).whole().items():
                np.testing.assert_allclose(left[shared][index], value, atol=1e-10)


@given(panels(facets=2))
def test_groups_are_parts_of_the_whole(panel: Panel) -> None:
    measured = pairs(panel.cells())
    shared = frozenset({"item"})
    pairs_per_item = np.bincount(measured.cells.codes[:, 1], measured.count[shared])
    per_item = np.nan_to_num(measured.within(["item"])[shared])
    if pairs_per_item.sum():
        assert (per_item * pairs_per_item).sum() / pairs_per_item.sum() == pytest.approx(float(measured.whole()[shared]))


@settings(max_examples=25)
@given(panels(facets=2))
def test_leaving_a_persona_out_of_one_item(panel: Panel) -> None:
    cells = panel.cells()
    shared = frozenset({"item"})
    left = pairs(cells).within_without("item", "persona")[shared]
    for item, persona in cells.codes[:, ::-1]:
        keep = (cells.codes[:, 1] == item) & (cells.codes[:, 0] != persona)
        rest = Cells(cells.facets, cells.codes[keep], cells.n[keep], cells.mean[keep], cells.scatter[keep])
        expected = pairs(rest).whole()[shared] if keep.any() else np.nan
        np.testing.assert_allclose(left[item, persona], expected, atol=1e-10)


@given(panels(), st.randoms(use_true_random=False))
def test_renaming_levels_changes_nothing(panel: Panel, random: "np.random.Generator") -> None:
    renamed = []
    for column in panel.codes:
        names = list(range(int(column.max()) + 1))
        random.shuffle(names)
        renamed.append(np.array(names)[column])
    disagreements, expected = pairs(from_labels(panel.facets, renamed, panel.labels, panel.points)).whole(), pairs(panel.cells()).whole()
    for shared, value in expected.items():
        np.testing.assert_allclose(disagreements[shared], value, atol=1e-10)


@given(panels(), st.floats(0.1, 10))
def test_scaling_answers_scales_disagreement_by_its_square(panel: Panel, factor: float) -> None:
    cells = panel.scored()
    scaled = Cells(cells.facets, cells.codes, cells.n, cells.mean * factor, cells.scatter * factor**2)
    for shared, value in pairs(cells).whole().items():
        np.testing.assert_allclose(pairs(scaled).whole()[shared], value * factor**2, atol=1e-8)


def test_labels_disagree_with_the_probability_that_they_differ() -> None:
    cells = from_labels(["persona", "item"], [np.array([0, 0, 1, 1]), np.zeros(4, np.int64)], np.array([0, 1, 1, 1]), np.eye(2))
    d = pairs(cells).whole()
    assert float(d[frozenset({"item"})]) == pytest.approx(0.5)
    assert float(d[frozenset({"persona", "item"})]) == pytest.approx(0.5)  # the mean of 1 and 0


def test_no_pair_is_nan_never_zero() -> None:
    d = pairs(from_answers(["persona", "item"], [np.array([0, 0]), np.array([0, 0])], np.array([1.0, 2.0]))).whole()
    assert np.isnan(d[frozenset({"item"})])
    assert float(d[frozenset({"persona", "item"})]) == pytest.approx(0.5)


def test_subsets_come_small_first() -> None:
    assert subsets(["a", "b"]) == [frozenset(), frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b"})]
