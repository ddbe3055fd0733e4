"""The coverage of 90 % intervals, by simulation through the library's own functions.

python benchmarks/coverage.py                     the full grid, 1,000 panels a row
python benchmarks/coverage.py --quick             100 panels per row, on a part of it
python benchmarks/coverage.py --markdown FILE     writes the tables into a Markdown file
"""

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
from tables import load, markdown, put
from trials import Setting, Trial, trial, trial_others
from worlds import Answers, Sizes, World, latent

SIZES = (Sizes(3, 30, 3), Sizes(5, 30, 3), Sizes(10, 10, 3), Sizes(10, 30, 5), Sizes(50, 30, 3))
ANSWERS: tuple[Answers, ...] = ("normal", "ordinal", "nominal")
STRESSED: tuple[Answers, ...] = ("heavy", "uneven")
SIGNALS = (0.02, 0.1, 0.3, 0.6, 0.8, 0.95)
SOME_SIGNALS = (0.1, 0.3, 0.8)
MISSING = (0.0, 0.6)

LOW, HIGH = 0.86, 0.94
"""The limits beyond which coverage counts as poor: 1,000 panels that cover 90 % hardly ever show less than .86 or more than .94."""
SCARCE = 0.1
"""The share of panels without an interval above which a setting is marked."""

Results = dict[Setting, tuple[Trial, Trial]]


def grid(share: float, *, quick: bool) -> Iterator[Setting]:
    """Return all settings, ordinary worlds first."""
    sizes, signals = (SIZES[1:3], SOME_SIGNALS[:2]) if quick else (SIZES, SIGNALS)
    for size, answers, missing, value in product(sizes, ANSWERS, MISSING, signals):
        yield Setting(size, World(answers, value, share), missing)
    for answers, size, value in product(STRESSED, sizes, signals):
        yield Setting(size, World(answers, value, share))


def run(share: float, panels: int, drawn: int, *, quick: bool) -> Results:
    """Simulate every setting of the grid, with a line for each."""
    results = {}
    for setting in grid(share, quick=quick):
        latent(setting.world)  # solved once, before timing
        start = time.perf_counter()
        jackknifed, bootstrapped = results[setting] = trial(setting, panels, drawn)
        each = (time.perf_counter() - start) / panels * 1e3
        print(f"{' '.join(_named(setting))}: {jackknifed.covered:.3f}, bootstrap {bootstrapped.covered:.3f}, {each:.2f} ms", flush=True)
    return results


def _named(setting: Setting) -> list[str]:
    """Return a setting as cells of a table."""
    return [str(setting.sizes), setting.world.answers, f"{setting.world.signal:g}", f"{100 * setting.missing:.0f} %"]


def summary(results: Results) -> str:
    """Return a row per group of settings: coverage, misses on either side, and coverage of the bootstrap."""
    groups: dict[str, Callable[[Setting], bool]] = {
        "3 personas": lambda s: s.sizes.personas == 3 and s.world.answers in ANSWERS,
        "5 personas": lambda s: s.sizes.personas == 5 and s.world.answers in ANSWERS,
        "10 or 50 personas, balanced": lambda s: s.sizes.personas >= 10 and not s.missing and s.world.answers in ANSWERS,
        "10 or 50 personas, 60 % missing": lambda s: s.sizes.personas >= 10 and s.missing > 0,
        "heavy-tailed personas": lambda s: s.world.answers == "heavy",
        "uneven run variance": lambda s: s.world.answers == "uneven",
    }
    head = ["panels", "rows", "coverage: lowest", "median", "highest", f"below {LOW}", f"above {HIGH}", "interval too low", "too high"]
    head += ["bootstrap: lowest", "median", "highest", "width ÷ bootstrap width"]
    rows = []
    for name, belongs in groups.items():
        chosen = [both for setting, both in results.items() if belongs(setting)]
        if chosen:
            rows.append([name, str(len(chosen)), *_summed(chosen)])
    return markdown(head, rows)


def _summed(chosen: list[tuple[Trial, Trial]]) -> list[str]:
    """Return a group as cells of a table."""
    covered = np.array([jackknifed.covered for jackknifed, _ in chosen])
    drawn = np.array([bootstrapped.covered for _, bootstrapped in chosen])
    ratio = [jackknifed.first(len(bootstrapped.ends)).width / bootstrapped.width for jackknifed, bootstrapped in chosen]
    missed = [np.median([getattr(jackknifed, side) for jackknifed, _ in chosen]) for side in ("below", "above")]
    counts = [str((covered < LOW).sum()), str((covered > HIGH).sum())]
    return [*_spread(covered), *counts, *map(_short, missed), *_spread(drawn), _short(float(np.nanmedian(ratio)))]


def _spread(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[str]:
    """Return minimum, median and maximum as text."""
    return [_short(float(value)) for value in (np.nanmin(values), np.nanmedian(values), np.nanmax(values))]


def _short(value: float) -> str:
    """Return three digits, or a dash for a missing value."""
    return "–" if np.isnan(value) else f"{value:.3f}"


def by_signal(results: Results) -> str:
    """Return the coverage of the signal, one column per signal; a star marks more than a tenth of panels without an interval."""
    signals = sorted({setting.world.signal for setting in results})
    rows: dict[tuple[str, ...], list[str]] = {}
    for setting, (jackknifed, _) in results.items():
        size, answers, _, missing = _named(setting)
        rows.setdefault((size, answers, missing), []).append(_short(jackknifed.covered) + ("*" if jackknifed.none > SCARCE else ""))
    return markdown(["panel", "answers", "missing", *map(str, signals)], [[*key, *cells] for key, cells in rows.items()])


def everything(results: Results) -> str:
    """Return one row per setting."""
    head = ["panel", "answers", "signal", "missing", "coverage", "too low", "too high", "width", "no interval", "bootstrap", "its width"]
    rows = []
    for setting, (result, drawn) in results.items():
        figures = (result.covered, result.below, result.above, result.width, result.none, drawn.covered, drawn.width)
        rows.append([*_named(setting), *map(_short, figures)])
    return markdown(head, rows)


def others(share: float, panels: int, *, quick: bool) -> str:
    """Return the coverage of all other estimates of a card, over all answers and three signals."""
    trials_of: dict[tuple[str, str], list[Trial]] = {}
    for size, answers, value in product(SIZES[1:3] if quick else SIZES[1:], ANSWERS, SOME_SIGNALS):
        print(f"everything else: {size} {answers} {value:g}", flush=True)
        for name, record in trial_others(Setting(size, World(answers, value, share)), panels).items():
            trials_of.setdefault((name, str(size)), []).append(record)
    rows = []
    for key, trials in sorted(trials_of.items(), key=lambda item: item[0][0]):
        covered = np.array([record.covered for record in trials])
        missed = [np.mean([getattr(record, side) for record in trials]) for side in ("below", "above")]
        rows.append([*key, *_spread(covered), *(_short(float(share)) for share in missed)])
    return markdown(["estimate", "panel", "coverage: lowest", "median", "highest", "interval too low", "too high"], rows)


def main() -> None:
    """Run the simulation and show its tables."""
    parser = argparse.ArgumentParser(description="How often 90 % intervals hold the truth.")
    parser.add_argument("--panels", type=int, default=1000, help="panels a row")
    parser.add_argument("--bootstrap", type=int, default=200, help="how many of them are bootstrapped too")
    parser.add_argument(
        "--share",
        type=float,
        nargs="+",
        default=[0.5],
        help="part of the latent persona variance that is a main effect; further ones are summed up only",
    )
    parser.add_argument("--quick", action="store_true", help="100 panels per row, two sizes, two signals")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file, between its marks")
    options = parser.parse_args()
    panels, start = 100 if options.quick else options.panels, time.perf_counter()
    share, *more = options.share
    results = run(share, panels, options.bootstrap, quick=options.quick)
    parts = {"summary": summary(results), "by signal": by_signal(results), "others": others(share, panels, quick=options.quick)}
    for value in more:
        parts[f"summary {value:g}"] = summary(run(value, panels, options.bootstrap, quick=options.quick))
    parts["everything"] = everything(results)
    bootstrapped = min(panels, options.bootstrap)
    minutes = (time.perf_counter() - start) / 60
    parts["run"] = f"{panels:,} panels per row, {bootstrapped} of them bootstrapped; it took {minutes:.0f} minutes ({load()})."
    for name, text in parts.items():
        print(f"\n{name}\n\n{text}")
        if options.markdown:
            put(options.markdown, name, text)


if __name__ == "__main__":
    main()
