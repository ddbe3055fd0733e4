"""Cards to render: measured panels, a handmade one with human answers, and one with hostile names."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from personametrics.data.card import Card
from personametrics.data.columns import Columns
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.data.notice import Notice
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale
from personametrics.lab.measure import measure

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "=cmd()",
    "[red]x[/]",
    r"\input{secret}",
    "a|b",
    "</script><b id=injected>",
    "\x1b[31mred\u202eback",
    "{{ 7 * 7 }}",
    "javascript:alert(3)",
)
"""Names that would do harm if they were read as anything but text."""


def panel(personas: Sequence[str], items: Sequence[str], runs: int, scale: Scale, labels: Sequence[str]) -> Responses:
    """Answers in which personas and items differ and runs wobble."""
    rng = np.random.default_rng(7)
    lean, place = rng.normal(0, 1, len(personas)), rng.normal(0, 0.8, len(items))
    rows = []
    for p, persona in enumerate(personas):
        for i, item in enumerate(items):
            for run in range(runs):
                position = (len(labels) - 1) / 2 + lean[p] + place[i] + rng.normal(0, 0.5)
                rows.append(
                    {"persona": persona, "item": item, "run": run, "answer": labels[int(np.clip(round(position), 0, len(labels) - 1))]}
                )
    return Responses.read(pl.DataFrame(rows), Columns(run="run"), scale)


@pytest.fixture(scope="session")
def card() -> Card:
    """Seventy personas, eight items, four runs."""
    return measure(panel([f"p{index:02}" for index in range(70)], [f"item {index}" for index in range(8)], 4, Ordinal(), "12345"))


@pytest.fixture(scope="session")
def nominal_card() -> Card:
    """Answers without an order, more of them than there are colours."""
    labels = [f"party {letter}" for letter in "ABCDEFGHIJK"]
    return measure(panel([f"p{index}" for index in range(9)], [f"item {index}" for index in range(6)], 3, Nominal(), labels))


@pytest.fixture(scope="session")
def hostile_card() -> Card:
    """A card in which every text is hostile."""
    measured = measure(panel(HOSTILE, [*HOSTILE], 3, Nominal(), HOSTILE[:6])).findings[0]
    verdict = Verdict(HOSTILE[0], HOSTILE[1], HOSTILE[:3], HOSTILE[3:6], HOSTILE[6:])
    notices = tuple(Notice(f"code-{index}", name) for index, name in enumerate(HOSTILE))
    finding = Finding(
        measured.study, HOSTILE[6], verdict, measured.estimates, notices, measured.evidence, ("no-such-key<b>", *measured.cite)
    )
    provenance = {"names": list(HOSTILE), HOSTILE[0]: {HOSTILE[1]: HOSTILE[6]}}
    return Card(" ".join(HOSTILE), (finding,), provenance)


def estimate(
    name: str, value: float, low: float = math.nan, high: float = math.nan, status: EstimateStatus = EstimateStatus.OK
) -> Estimate:
    """An estimate made by hand."""
    return Estimate(name, value, low, high, 0.9, 12, "by hand", status)


@pytest.fixture(scope="session")
def human_card() -> Card:
    """A finding with human answers and with holes in its tables."""
    rng = np.random.default_rng(3)
    groups, items = ["left", "right", "centre"], [f"item {index}" for index in range(12)]
    differences: list[dict[str, Cell]] = [
        {"group": group, "item": item, "panel": float(human * 1.6 + wobble), "human": float(human)}
        for group in groups
        for item, human, wobble in zip(items, rng.normal(0, 0.4, 12), rng.normal(0, 0.1, 12), strict=True)
    ]
    differences.append({"group": "left", "item": "unasked", "panel": 0.2, "human": math.nan})
    distances: list[dict[str, Cell]] = [
        {
            "item": item,
            "tv": float(tv),
            "js": float(tv / 2),
            "wasserstein": None,
            "floor": 0.06,
            "ceiling": 0.1,
            "answers": 90,
            "humans": 200,
        }
        for item, tv in zip(items, rng.uniform(0.1, 0.6, 12), strict=True)
    ]
    spread: list[dict[str, Cell]] = [
        {"group": group, "panel": 0.3 + index / 10, "human": 0.9, "ratio": (0.3 + index / 10) / 0.9} for index, group in enumerate(groups)
    ]
    tracking: list[dict[str, Cell]] = [
        {"item": item, "human": float(human), "persona": float(human * 0.4), "rerun": 0.05}
        for item, human in zip(items, rng.uniform(0.2, 0.7, 12), strict=True)
    ]
    estimates = (
        estimate("distance.tv", 0.31, 0.24, 0.39),
        estimate("floor.tv", 0.06),
        estimate("ceiling.tv", 0.1),
        estimate("difference.slope", 1.62, 1.2, 2.1),
        estimate("spread.ratio", math.nan, status=EstimateStatus.NO_SPREAD),
        estimate("tracking.total", 0.00001234, -0.2, 0.3, EstimateStatus.FEW_ITEMS),
    )
    verdict = Verdict("panel exaggerates", "Group differences are larger than among humans.", (), ("sizes of group differences",), ())
    evidence: dict[str, Rows] = {"differences": differences, "distances": distances, "spread": spread, "tracking": tracking}
    return Card("A panel and humans", (Finding("fidelity", "Does it answer as humans do?", verdict, estimates, (), evidence),))


@pytest.fixture(scope="session")
def bare_card() -> Card:
    """A card of a failed measurement: a negative component, undefined numbers, no evidence."""
    estimates = (
        estimate("signal", math.nan, status=EstimateStatus.NO_RERUNS),
        estimate("component.persona", -0.02, -0.05, 0.01, EstimateStatus.NEGATIVE),
        estimate("component.run", 0.4),
        estimate("p.permutation", 0.0004),
    )
    verdict = Verdict("unknown", "Nothing can be said.", (), ("anything",), ())
    return Card("Bare", (Finding("stability", "Is it persona?", verdict, estimates, (Notice("few-personas", "Only 2 personas."),)),))
