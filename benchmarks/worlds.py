"""Panels whose persona signal is known, on several kinds of answers.

Every answer has a latent value: persona + item + persona × item + run, all random. Scores are that value; ordinal labels are cut from it; a
nominal answer is the label whose own latent value is largest. The latent variance of the persona effects is solved so that the signal *of
the answers* is the required one.

    python benchmarks/worlds.py     compares the stated truths with large simulated panels
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from scipy import optimize, special
from scipy.stats import qmc
from tables import aligned

from personametrics.stats import Cells, components, from_answers, from_labels, pairs
from personametrics.stats.arrays import Floats, Ints

Answers = Literal["normal", "ordinal", "nominal", "heavy", "uneven"]
"""The kinds of answers. The last two are scores: personas with t₅ tails, run variance that differs by persona."""

CUTS = np.array([-0.3, 0.5, 1.1, 1.8])
"""The thresholds that cut the standardised latent value into five ordered labels."""
ATTRACTION = np.array([1.0, 0.4, 0.0, -0.6])
"""The attraction of each of four unordered labels, in latent standard deviations."""
ITEM = 0.3
"""The latent variance of items, as a share of that of persona effects and runs together."""
POINTS = 2**18
"""The number of quasi-random points that the truths of labels are integrated over."""
TAILS = 5
"""The degrees of freedom of heavy-tailed personas."""
UNEVEN = 2.0
"""The maximum run variance of uneven personas (the minimum is 1 over this), before they are scaled to a mean of 1."""


class Sizes(NamedTuple):
    """The sizes of a panel; `runs` per cell."""

    personas: int
    items: int
    runs: int

    def __str__(self) -> str:
        """Return the sizes as text, as in 10×30×5."""
        return "×".join(map(str, self))


LARGE = Sizes(150, 150, 3)
"""The sizes of the panels that the truths are compared with."""


@dataclass(frozen=True)
class World:
    """A population of personas, items and answers.

    Attributes:
        answers: kind of answers.
        signal: persona signal of the answers, 0 < signal < 1.
        share: part of the latent persona variance that is a main effect, the same for all items.
    """

    answers: Answers = "normal"
    signal: float = 0.3
    share: float = 0.5

    @property
    def points(self) -> Floats | None:
        """The (L, K) positions of the labels; None for scores."""
        return {"ordinal": np.arange(len(CUTS) + 1.0)[:, None], "nominal": np.eye(len(ATTRACTION))}.get(self.answers)

    @property
    def width(self) -> int:
        """The number of latent values of an answer."""
        return len(ATTRACTION) if self.answers == "nominal" else 1

    @property
    def noise(self) -> float:
        """The latent variance of a run: normal, or Gumbel for nominal answers."""
        return np.pi**2 / 6 if self.answers == "nominal" else 1.0


def truths(world: World) -> Mapping[str, float]:
    """Return the variance components of the answers: persona, item, persona:item and run."""
    v = latent(world)
    if world.points is None:
        return {"persona": v * world.share, "item": ITEM * (v + 1), "persona:item": v * (1 - world.share), "run": 1.0}
    d = _disagreements(world, v)
    both = d["item"] + d["persona"] - d["none"] - d["all"]
    return {"persona": d["none"] - d["persona"], "item": d["none"] - d["item"], "persona:item": both, "run": d["all"]}


@cache
def latent(world: World) -> float:
    """Return the latent variance of persona + persona × item that gives the answers the required signal."""
    if world.points is None:
        return world.signal / (1 - world.signal)

    def miss(log: float) -> float:
        d = _disagreements(world, float(np.exp(log)), ("all", "item"))
        return 1 - d["all"] / d["item"] - world.signal

    return float(np.exp(optimize.brentq(miss, np.log(1e-3), np.log(1e5), xtol=1e-5)))


def draw(rng: np.random.Generator, world: World, sizes: Sizes, missing: float = 0.0) -> Cells:
    """Simulate one panel.

    Args:
        rng: random generator.
        world: population to draw from.
        sizes: sizes of the panel.
        missing: probability that an answer is missing, independent of the answer.

    Returns:
        The sufficient statistics of the answers, as the library computes them.
    """
    scores, labels = _answers(rng, world, sizes)
    codes = list(np.indices(sizes).reshape(3, -1)[:2])
    if missing:
        kept = rng.random(scores.size) >= missing
        scores, labels = scores.ravel()[kept], labels.ravel()[kept]
        codes = [np.unique(column[kept], return_inverse=True)[1] for column in codes]
    if world.points is None:
        return from_answers(["persona", "item"], codes, scores.ravel())
    return from_labels(["persona", "item"], codes, labels.ravel(), world.points)


def _answers(rng: np.random.Generator, world: World, sizes: Sizes) -> tuple[Floats, Ints]:
    """Draw (personas, items, runs) latent values, and their labels."""
    v = latent(world)
    cell = _cells(rng, world, sizes)
    if world.answers == "nominal":
        drawn = cell + _attraction(v) + rng.gumbel(size=(*sizes, world.width))
        return drawn[..., 0], np.asarray(drawn.argmax(-1))
    spread: Floats = np.ones((sizes.personas, 1, 1))
    if world.answers == "uneven":
        reach = np.log(UNEVEN)
        spread = np.sqrt(np.exp(rng.uniform(-reach, reach, spread.shape)) * reach / np.sinh(reach))
    scores = np.asarray(cell[..., 0] + spread * rng.standard_normal(tuple(sizes)), np.float64)
    return scores, np.searchsorted(_cuts(v), scores) if world.answers == "ordinal" else np.zeros(sizes, np.int64)


def _cells(rng: np.random.Generator, world: World, sizes: Sizes) -> Floats:
    """Draw the (personas, items, 1, K) latent value of each cell, without runs."""
    personas, items, _ = sizes
    v, k = latent(world), world.width
    persona: Floats = rng.standard_normal((personas, 1, 1, k))
    if world.answers == "heavy":
        persona = rng.standard_t(TAILS, persona.shape) / np.sqrt(TAILS / (TAILS - 2))
    both, item = rng.standard_normal((personas, items, 1, k)), rng.standard_normal((1, items, 1, k))
    deviations = np.sqrt([v * world.share, v * (1 - world.share), ITEM * (v + world.noise)])
    return np.asarray(deviations[0] * persona + deviations[1] * both + deviations[2] * item)


def _cuts(v: float) -> Floats:
    """Return the thresholds of the latent value."""
    return np.asarray(CUTS * np.sqrt((1 + ITEM) * (v + 1)))


def _attraction(v: float) -> Floats:
    """Return the mean latent value of each nominal label."""
    return np.asarray(ATTRACTION * np.sqrt(v + np.pi**2 / 6))


def _disagreements(world: World, v: float, shared: tuple[str, ...] = ("all", "item", "persona", "none")) -> dict[str, float]:
    """Return the expected disagreement of two labels by their shared effects: an integral over all effects."""
    effects, points = _effects()[:, : world.width], world.points
    assert points is not None
    squared: Floats = ((points[:, None] - points) ** 2).sum(-1)
    item, persona, both = np.sqrt([ITEM * (v + world.noise), v * world.share, v * (1 - world.share)])

    def labels(i: int, p: int, e: int) -> Floats:
        return _probabilities(world, v, item * effects[..., i] + persona * effects[..., p] + both * effects[..., e])

    first = labels(0, 2, 4) @ squared / 2
    other = {"all": (0, 2, 4), "item": (0, 3, 5), "persona": (1, 2, 5), "none": (1, 3, 5)}
    return {name: float((first * labels(*other[name])).sum(-1).mean()) for name in shared}


def _probabilities(world: World, v: float, cell: Floats) -> Floats:
    """Return the (…, L) probability of each label, given the latent value of a cell (…, K)."""
    if world.answers == "nominal":
        return np.asarray(special.softmax(cell + _attraction(v), axis=-1))
    above = special.ndtr(cell - _cuts(v))
    ends = np.ones((*above.shape[:-1], 1))
    return -np.diff(np.concatenate([ends, above, 0 * ends], -1), axis=-1)


@cache
def _effects() -> Floats:
    """Return (points, K, 6) standard normal effects: two items, two personas, two interactions."""
    width = len(ATTRACTION)
    uniform = qmc.Sobol(6 * width, rng=7).random(POINTS)
    return np.asarray(special.ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))).reshape(POINTS, width, 6)


def check(panels: int, sizes: Sizes = LARGE, seed: int = 1) -> str:
    """Compare the stated truths with the means over many large panels, whose components the library estimates without bias.

    Args:
        panels: number of panels per world.
        sizes: sizes of each panel.
        seed: seed of the simulation.

    Returns:
        A table of truth, simulated mean, and their distance in standard errors.
    """
    rng, rows = np.random.default_rng(seed), []
    worlds = [World(answers, signal) for answers in ("ordinal", "nominal") for signal in (0.02, 0.1, 0.3, 0.6, 0.8, 0.95)]
    for world in [*worlds, World("normal"), World("heavy"), World("uneven"), World("ordinal", 0.6, 0.9), World("nominal", 0.6, 0.1)]:
        estimates = [components(pairs(draw(rng, world, sizes)).whole(), ["persona", "item"]) for _ in range(panels)]
        table = np.array([list(parts.values()) for parts in estimates], float)
        signals = 1 - table[:, 3] / (table[:, 0] + table[:, 2] + table[:, 3])
        cells = [
            _compared(world.signal, signals),
            *(_compared(truth, table[:, index]) for index, truth in enumerate(truths(world).values())),
        ]
        rows.append([f"{world.answers} {world.signal:g} share {world.share:g}", *cells])
    return aligned(["world", "signal", "persona", "item", "persona:item", "run"], rows)


def _compared(truth: float, simulated: Floats) -> str:
    """Return truth, mean of the simulated values and their distance in standard errors."""
    error = simulated.std(ddof=1) / np.sqrt(len(simulated))
    return f"{truth:.4f} {simulated.mean():.4f} ({(simulated.mean() - truth) / error:+.1f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare the stated truths with large simulated panels.")
    parser.add_argument("--panels", type=int, default=100, help="panels per world")
    print(check(parser.parse_args().panels))
