"""The price of an audit and the width of its interval, before anything is asked."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from personametrics.data.errors import InputError
from personametrics.data.grid import CONTROL, PANEL, SHUFFLED, Grid
from personametrics.data.model import Counts, Model
from personametrics.data.responses import Responses
from personametrics.data.scale import FreeText
from personametrics.elicit.costs.estimate import BRIEF, SAMPLE
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN, tokens
from personametrics.elicit.engine import keys_of, missing
from personametrics.elicit.journal import FILE, Journal
from personametrics.lab.session import Session
from personametrics.measures.panel import Panel
from personametrics.stats.variance.precision import TYPICAL, UNEVEN, cheapest, expected_width, unevenness

WIDTHS = (0.1, 0.05)
"""Half-widths of the signal's interval for which the cheapest design is named."""


@dataclass(frozen=True)
class Forecast:
    """The expected price and precision of an audit.

    Attributes:
        requests: number of replies needed; equal requests, such as those of the shuffled control, share one.
        waiting: number of these that are not in the journal yet.
        tokens_in: tokens to be read, without any discount for several answers to one call.
        width: expected half-width of the signal's interval.
        designs: the cheapest design for each half-width, as sentences.
        basis: the source of the figures.
        adaptive: whether asking may end earlier.
    """

    requests: int
    waiting: int
    tokens_in: float
    tokens_out: float
    money: float | None
    width: float
    designs: tuple[str, ...]
    basis: str
    price: str = "price unknown (set prices.tokens_in and prices.tokens_out, per million tokens)"
    adaptive: bool = False

    @property
    def sentence(self) -> str:
        """The price in one sentence."""
        kept = f" ({self.requests - self.waiting:,} are answered already)" if self.waiting < self.requests else ""
        most = "at most " if self.adaptive and self.waiting else ""
        tokens_used = f"about {self.tokens_in:,.0f} tokens in, {self.tokens_out:,.0f} out"
        return f"{most}{self.waiting:,} requests to make{kept}: {tokens_used}; {self.price}."


def forecast(session: Session, grids: Sequence[Grid], arms: Callable[[], Mapping[str, Mapping[str, Responses]]]) -> Forecast:
    """Return the price of a panel with its controls and the width of its interval. Nothing is asked.

    Replies that the run directory holds already serve as a pilot; `arms` reads them, by scale and arm.
    """
    plan = session.plan
    grids = [grid for grid in grids if grid.arm != SHUFFLED]
    runs = grids[0].runs
    requests, pilot = _different(grids) * runs, _pilot(session, grids, arms)
    read = [_tokens_in(grid, session.model) for grid in grids]
    written = pilot.written or _assumed(session)
    waiting = requests - pilot.replies
    counted = "the model's own count of tokens" if isinstance(session.model, Counts) else f"{LETTERS_A_TOKEN:g} characters per token"
    tokens_in, tokens_out = waiting * sum(read) / sum(map(len, grids)), waiting * written
    sizes = {"persona": len(session.personas), "item": len(session.items), "run": runs}
    prices = session.prices
    money = None if prices is None else prices.of(tokens_in, tokens_out)
    panel = [(tokens, len(grid)) for tokens, grid in zip(read, grids, strict=True) if grid.arm in {PANEL, CONTROL}]
    each = sum(tokens for tokens, _ in panel) / sum(size for _, size in panel)
    width = math.nan if plan.score else expected_width(pilot.components, sizes, plan.level, pilot.uneven)
    designs, basis = () if plan.score else _designs(session, pilot, each, written), f"{pilot.basis}, and on {counted}"
    expected = Forecast(requests, waiting, tokens_in, tokens_out, money, width, designs, basis, adaptive=plan.adaptive)
    return expected if prices is None or money is None else replace(expected, price=prices.say(money))


@dataclass(frozen=True)
class _Pilot:
    """The replies so far: their number, tokens written for one, variance components, and how uneven these are."""

    replies: int = 0
    written: float = 0.0
    components: Mapping[str, float] = field(default_factory=lambda: TYPICAL)
    uneven: Mapping[str, float] = field(default_factory=lambda: UNEVEN)
    basis: str = "typical variance components with a signal of 0.5 (no request was made yet)"


def _pilot(session: Session, grids: Sequence[Grid], arms: Callable[[], Mapping[str, Mapping[str, Responses]]]) -> _Pilot:
    """Return the run so far as a pilot; typical components where it holds too little."""
    if not (session.folder / FILE).exists():
        return _Pilot()
    with Journal.read(session.folder) as journal:
        keys = np.unique(np.concatenate([keys_of(grid, session.model.id) for grid in grids]))
        replies, totals = len(keys) - len(missing(keys, journal)), journal.totals()
    written = totals["tokens_out"] / totals["replies"] if totals["replies"] else 0.0
    for by_arm in arms().values():
        try:
            panel = Panel(by_arm[PANEL], session.plan.level)
        except (InputError, KeyError):
            continue
        components = {effect: max(value, 0.0) for effect, value in panel.components.items()}
        if all(map(math.isfinite, components.values())) and components["run"] > 0:
            return _Pilot(replies, written, components, unevenness(panel.sums), f"the run so far as a pilot ({panel.answers:,} answers)")
    return _Pilot(replies, written)


def _different(grids: Iterable[Grid]) -> int:
    """Return the number of cells whose requests differ."""
    single = [replace(grid, elicitation=replace(grid.elicitation, runs=1)) for grid in grids]
    return len({request.key("") for grid in single for request in grid})


def _tokens_in(grid: Grid, model: Model | None) -> float:
    """Return the tokens of all prompts of a grid, estimated from some of them."""
    some = np.unique(np.linspace(0, len(grid) - 1, SAMPLE).astype(int))
    return len(grid) * float(np.mean([tokens(grid[int(index)].messages, model) for index in some]))


def _assumed(session: Session) -> float:
    """Return the tokens written for one request without a pilot; a free text is assumed to be half as long as it may be."""
    long = [not session.elicitation.prompt.ask(None, item).choices and isinstance(item.scale, FreeText) for item in session.items]
    most = session.plan.sampling.max_tokens
    return float(np.mean([most / 2 if is_long else min(BRIEF, most) for is_long in long]))


def _designs(session: Session, pilot: _Pilot, read: float, written: float) -> tuple[str, ...]:
    """Return the cheapest design for each half-width, in words."""
    personas, prices, lines = len(session.personas), session.prices, []
    for width in WIDTHS if personas > 1 else ():
        best = cheapest(pilot.components, width, {"persona": personas}, level=session.plan.level, uneven=pilot.uneven)
        money = f", {prices.say(prices.of(best.calls * read, best.calls * written))}" if prices else ""
        aim = f"for an interval of ± {width:g}"
        if best.reached:
            lines.append(f"{aim}: {best.runs} runs and {best.items} items ({best.calls:,} requests{money})")
        else:
            lines.append(f"{aim}: not possible with {personas} personas. {best.runs} runs of {best.items} items give ± {best.width:.2f}")
    return tuple(lines)
