"""What a plan will cost and how narrow its interval will be, before anything is asked."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from personametrics.data.errors import InputError
from personametrics.data.model import Counts, Model
from personametrics.data.scale import FreeText
from personametrics.elicit.arms import PANEL, SHUFFLED
from personametrics.elicit.costs.estimate import BRIEF, SAMPLE
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN, tokens
from personametrics.elicit.engine import keys_of, missing
from personametrics.elicit.grid import Grid
from personametrics.elicit.journal import FILE, Journal
from personametrics.elicit.run import Run
from personametrics.measures.panel import Panel
from personametrics.stats.variance.precision import TYPICAL, UNEVEN, cheapest, expected_width, unevenness

WIDTHS = (0.1, 0.05)
"""Half-widths of the signal's interval for which the cheapest design is named."""


@dataclass(frozen=True)
class Forecast:
    """What a plan will cost and give.

    Attributes:
        requests: replies that are needed; equal asks, such as those of the shuffled control, share one.
        waiting: of them, those that are not in the journal yet.
        tokens_in: to be read, without any discount for several answers to one call.
        tokens_out: to be written.
        money: None where no prices are known.
        width: expected half-width of the signal's interval.
        designs: the cheapest design for each half-width, as sentences.
        basis: what the figures rest on.
        price: the money in words.
        adaptive: asking may end before all that.
    """

    requests: int
    waiting: int
    tokens_in: float
    tokens_out: float
    money: float | None
    width: float
    designs: tuple[str, ...]
    basis: str
    price: str = "no price known; give prices: {tokens_in, tokens_out} per million"
    adaptive: bool = False

    @property
    def sentence(self) -> str:
        """The price in one sentence."""
        there = f" ({self.requests - self.waiting:,} are there)" if self.waiting < self.requests else ""
        most = "at most " if self.adaptive and self.waiting else ""
        return (
            f"{most}{self.waiting:,} asks to make{there}: about {self.tokens_in:,.0f} tokens in, {self.tokens_out:,.0f} out; {self.price}."
        )


def forecast(run: Run, model: Model | None = None) -> Forecast:
    """What a run will cost and how narrow its interval will be. Nothing is asked.

    Args:
        run: what is planned; replies that its directory holds already serve as a pilot.
        model: counts its own tokens, where it can.
    """
    grids = {arm: grid for arm, grid in run.arms.grids().items() if arm != SHUFFLED}
    requests, pilot = _different(grids.values()) * run.arms.runs, _pilot(run)
    read = {arm: _tokens_in(grid, model) for arm, grid in grids.items()}
    written = pilot.written or _assumed(run)
    waiting = requests - pilot.replies
    counted = f"{LETTERS_A_TOKEN:g} characters a token"
    if isinstance(model, Counts):
        counted = "the model's own count of tokens"
    tokens_in, tokens_out = waiting * sum(read.values()) / sum(map(len, grids.values())), waiting * written
    sizes = {"persona": len(run.arms.personas), "item": len(run.arms.items), "run": run.arms.runs}
    money = None if run.prices is None else run.prices.of(tokens_in, tokens_out)
    found = Forecast(
        requests,
        waiting,
        tokens_in,
        tokens_out,
        money,
        math.nan if run.plan.score else expected_width(pilot.known, sizes, run.plan.level, pilot.uneven),
        () if run.plan.score else _designs(run, pilot, read[PANEL] / len(grids[PANEL]), written),
        f"{pilot.basis}; {counted}",
        adaptive=run.plan.adaptive,
    )
    return found if run.prices is None or money is None else replace(found, price=run.prices.say(money))


@dataclass(frozen=True)
class _Pilot:
    """What is known before: replies there, tokens written for one, variance components, how uneven they are."""

    replies: int = 0
    written: float = 0.0
    known: Mapping[str, float] = field(default_factory=lambda: TYPICAL)
    uneven: Mapping[str, float] = field(default_factory=lambda: UNEVEN)
    basis: str = "typical variance components (a signal of one half), since nothing was asked yet"


def _pilot(run: Run) -> _Pilot:
    """The run so far as a pilot; typical components where it holds too little."""
    if not (run.folder / FILE).exists():
        return _Pilot()
    with Journal.read(run.folder) as journal:
        keys = keys_of(run.arms.requests(), run.model)
        replies, totals = len(np.unique(keys)) - len(missing(keys, journal)), journal.totals()
    written = totals["tokens_out"] / totals["replies"] if totals["replies"] else 0.0
    for arms in run.panels(run.table(texts=False)).values():
        try:
            panel = Panel(arms[PANEL], run.plan.level)
        except (InputError, KeyError):
            continue
        known = {effect: max(value, 0.0) for effect, value in panel.components.items()}
        if all(map(math.isfinite, known.values())) and known["run"] > 0:
            return _Pilot(replies, written, known, unevenness(panel.sums), f"the run so far as a pilot ({panel.answers:,} answers)")
    return _Pilot(replies, written)


def _different(grids: Iterable[Grid]) -> int:
    """How many cells there are whose asks differ."""
    return len({request.key("") for grid in grids for request in replace(grid, runs=1)})


def _tokens_in(grid: Grid, model: Model | None) -> float:
    """Tokens of all prompts of a grid, from some of them."""
    some = np.unique(np.linspace(0, len(grid) - 1, SAMPLE).astype(int))
    return len(grid) * float(np.mean([tokens(grid[int(at)].messages, model) for at in some]))


def _assumed(run: Run) -> float:
    """Tokens written for one ask, where no pilot says how many: a free text is taken to be half as long as it may be."""
    long = [not run.arms.prompt.ask(None, item).choices and isinstance(item.scale, FreeText) for item in run.arms.items]
    most = run.plan.sampling.max_tokens
    return float(np.mean([most / 2 if one else min(BRIEF, most) for one in long]))


def _designs(run: Run, pilot: _Pilot, read: float, written: float) -> tuple[str, ...]:
    """The cheapest design for each half-width."""
    personas, found = len(run.arms.personas), []
    for width in WIDTHS if personas > 1 else ():
        best = cheapest(pilot.known, width, {"persona": personas}, level=run.plan.level, uneven=pilot.uneven)
        cost = f"{best.calls:,} asks" + (
            f", {run.prices.say(run.prices.of(best.calls * read, best.calls * written))}" if run.prices else ""
        )
        wanted = f"for the signal ± {width:g}"
        if best.reached:
            found.append(f"{wanted}: {best.runs} runs, {best.items} items ({cost})")
        else:
            found.append(f"{wanted}: not with {personas} personas; {best.runs} runs of {best.items} items give ± {best.width:.2f}")
    return tuple(found)
