"""The promises of every study, checked for all that are discovered."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from personametrics.data.citations import references
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.lab.members import studies, study
from personametrics.studies.stability import Stability
from personametrics.testing import Simulation, check_study


@pytest.mark.parametrize("name", studies())
def test_a_study_keeps_its_promises(name: str) -> None:
    check_study(study(name))


@pytest.mark.parametrize("name", studies())
def test_a_study_is_discovered_by_its_file_and_describes_what_it_reads(name: str) -> None:
    kind = studies()[name]
    assert kind.__module__ == f"personametrics.studies.{name}"
    assert set(kind.cite) <= set(references())
    assert all(meaning.strip() for meaning in kind.reads.values())


@pytest.mark.parametrize("name", studies())
def test_the_values_of_a_study_are_those_of_its_estimates(name: str) -> None:
    world = study(name).known()
    member = world.study or study(name)
    responses = Simulation.of(member, world).answers(world.world)
    estimates = {estimate.name: estimate.value for estimate in member.estimate(responses).estimates}
    values = member.values(responses)
    assert member.aim[0] in values
    assert {key: estimates[key] for key in values} == pytest.approx(dict(values), abs=1e-12, nan_ok=True)


@dataclass(frozen=True)
class Careless(Stability):
    """Compares two halves of the items, and fails if a cell is missing."""

    def estimate(self, responses: Responses) -> Finding:
        first, second = np.array_split(responses.cells.mean[:, 0], 2)
        assert np.isfinite(first - second).all()
        return super().estimate(responses)


@dataclass(frozen=True)
class Loud(Stability):
    """Finds a persona in every panel."""

    def estimate(self, responses: Responses) -> Finding:
        finding = super().estimate(responses)
        return replace(finding, verdict=replace(finding.verdict, label="persona dominates"))


@pytest.mark.parametrize(
    ("careless", "message"),
    [
        (Careless(permutations=9), r"without a fifth of the cells: ValueError: .*Return a finding, or raise an InputError"),
        (Loud(permutations=9), r"without an effect, 10 of 10 worlds find one: \{'persona dominates': 10\}"),
    ],
)
def test_a_careless_study_is_refused_with_the_reason(careless: Stability, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_study(careless, worlds=10)


def test_progress_is_reported_before_each_step() -> None:
    lines: list[str] = []
    check_study(Stability(permutations=9), worlds=12, report=lines.append)
    assert lines[:4] == [
        "worlds with the effect: 0 of 12 …", "worlds with the effect: 10 of 12 …",
        "worlds without it: 0 of 12 …", "worlds without it: 10 of 12 …",
    ]  # fmt: skip
    assert {"without a whole persona …", "with constant answers …", "with one run …"} <= set(lines)
