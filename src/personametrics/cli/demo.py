"""personametrics demo: two panels whose truth is known."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from personametrics import report
from personametrics.data.card import Card
from personametrics.data.world import simulate, truth
from personametrics.lab.measure import measure

WORLDS = {
    "spelled-out personas": {"persona": 0.5, "item": 1.0, "persona:item": 0.9, "run": 0.25},
    "bare labels": {"persona": 0.02, "item": 1.0, "persona:item": 0.08, "run": 1.2},
}
"""Variance components of two scripted panels: one steered by its personas, one that is mostly noise."""


def demo(out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("demo-report")) -> None:
    """Measure two scripted panels, one with persona signal and one almost without, and compare with their known truth."""
    console = Console()
    cards = []
    for seed, (name, components) in enumerate(WORLDS.items()):
        card = measure(simulate(components, {"persona": 30, "item": 25, "run": 5}, seed=seed), title=name)
        report.show(card, console)
        console.print(_beside_truth(card, components))
        cards.append(card)
    out.mkdir(parents=True, exist_ok=True)
    page = out / "card.html"
    page.write_text(report.html(cards), encoding="utf-8")
    typer.echo(f"The report: {page.resolve()}")
    typer.echo("Your own recorded answers: personametrics measure answers.csv --persona persona_id --item question_id --answer rating")


def _beside_truth(card: Card, components: dict[str, float]) -> Table:
    """The planted values beside the estimates."""
    table = Table("estimate", "truth", "estimated", f"{card['signal'].level:.0%} interval", "covers", title=f"Truth of: {card.title}")
    planted = {"signal": truth(components)} | {f"component.{effect}": variance for effect, variance in components.items()}
    for name, value in planted.items():
        e = card[name]
        covers = "yes" if e.low <= value <= e.high else "no"
        table.add_row(name, f"{value:.3f}", f"{e.value:.3f}", f"{e.low:.3f} to {e.high:.3f}", covers)
    return table
