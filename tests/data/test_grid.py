from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.grid import ARM, Grid, Joined
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request, Sampling
from personametrics.data.scale import Ordinal, spell_scale
from personametrics.data.study import Elicitation

SCALE = Ordinal(("no", "so-so", "yes"))
PEOPLE = [Persona(f"p{n}", f"You are number {n}.") for n in range(4)]
ITEMS = [Item(f"q{n}", f"Question {n}?", SCALE) for n in range(4)]
WAYS = [{"order": "given"}, {"order": "reversed"}, {"order": "rotated"}]


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Draw a grid of any size, also with an empty side."""
    people: Sequence[Persona | None] = draw(st.sampled_from([PEOPLE[:n] for n in range(4)] + [[None], [None, *PEOPLE]]))
    items, ways = ITEMS[: draw(st.integers(0, 3))], WAYS[: draw(st.integers(0, 3))]
    names = [f"called {n}" for n in range(len(people))] if draw(st.booleans()) else []
    return Grid(people, items, Elicitation(draw(st.integers(0, 3)), conditions=ways), draw(st.sampled_from(["panel", "none", ""])), names)


def seen(request: Request) -> tuple[object, ...]:
    """Return all parts of a request, including those that equality ignores."""
    return request, request.labels, dict(request.about)


def slowly(grid: Grid) -> list[Request]:
    """Return the requests of a grid by four loops."""
    requests = []
    for index, persona in enumerate(grid.personas):
        for way in grid.conditions:
            for item in grid.items:
                for run in range(grid.runs):
                    elicitation = grid.elicitation
                    request = elicitation.prompt.ask(persona, item, run, way, sampling=elicitation.sampling, score=elicitation.score)
                    name = {"persona": grid.names[index]} if grid.names else {}
                    requests.append(
                        replace(
                            request,
                            about={**request.about, "scale": spell_scale(item.scale), **name, **({ARM: grid.arm} if grid.arm else {})},
                        )
                    )
    return requests


@given(grids())
def test_iteration_and_indexing_are_the_four_loops(grid: Grid) -> None:
    expected = [seen(request) for request in slowly(grid)]
    assert len(grid) == len(expected)
    assert [seen(request) for request in grid] == expected
    assert [seen(grid[index]) for index in range(len(grid))] == expected
    assert [seen(grid[index - len(grid)]) for index in range(len(grid))] == expected


@given(st.lists(grids(), max_size=3))
def test_joined_grids_are_one_after_the_other(parts: list[Grid]) -> None:
    joined, expected = Joined(tuple(parts)), [seen(request) for part in parts for request in slowly(part)]
    assert len(joined) == len(expected)
    assert [seen(request) for request in joined] == expected
    assert [seen(joined[index]) for index in range(len(joined))] == expected
    assert [seen(joined[index - len(joined)]) for index in range(len(joined))] == expected


@given(grids(), grids(), st.slices(12))
def test_slices_are_those_of_a_list(first: Grid, second: Grid, part: slice) -> None:
    for requests in (first, Joined((first, second))):
        assert requests[part] == list(requests)[part]


@given(grids(), st.integers(0, 3))
def test_beyond_the_ends_there_is_nothing(grid: Grid, beyond: int) -> None:
    for requests in (grid, Joined((grid,)), Joined(())):
        for index in (len(requests) + beyond, -len(requests) - 1 - beyond):
            with pytest.raises(IndexError):
                requests[index]


@given(grids())
def test_runs_of_one_prompt_stand_side_by_side_and_never_share_a_key(grid: Grid) -> None:
    requests = list(grid)
    for index in range(0, len(requests), max(grid.runs, 1)):
        cell = requests[index : index + grid.runs]
        assert [request.run for request in cell] == list(range(grid.runs))
        assert all(request.same_prompt(cell[0]) for request in cell)
        assert len({request.key("m") for request in cell}) == grid.runs


def test_sampling_score_and_arm_reach_every_ask() -> None:
    sampling = Sampling(0.3, 0.9, 7, 1)
    for request in Grid(PEOPLE, ITEMS, Elicitation(1, score=True, sampling=sampling), "other"):
        assert (request.sampling, request.score, request.about[ARM]) == (sampling, True, "other")


def test_a_million_asks_are_made_only_when_looked_at() -> None:
    class Counted(list[Persona]):
        looks = 0

        def __getitem__(self, index: object) -> Persona:  # type: ignore[override]
            Counted.looks += 1
            return super().__getitem__(index)  # type: ignore[no-any-return, call-overload]

    grid = Grid(Counted(PEOPLE * 250), ITEMS, Elicitation(250), "panel")
    assert len(grid) == 1_000_000
    assert grid[999_999].about == {"persona": "p3", "item": "q3", "run": "249", "scale": "no|so-so|yes", ARM: "panel"}
    assert Counted.looks == 1
