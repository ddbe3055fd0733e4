"""personametrics demo: measure two panels of the embedded model, whose true values are known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from personametrics import report
from personametrics.data.card import Card
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.roster import write_items, write_personas
from personametrics.lab.audit import audit
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society.panels import bare, questionnaire, society, strong
from personametrics.models.function import Scripted

RUNS = 5
SHOWN = ("signal", "component.persona", "component.persona:item", "component.run")
PANELS = (("fully described people", "people.csv", "people-told-of-in-full", strong), ("bare labels", "labels.csv", "bare-labels", bare))
"""The panels: name, file of the personas, first part of the name of the run directory, and personas."""
NEXT = """
What next?
  personametrics audit --model openai:gpt-4.1-mini --personas people.csv --items items.csv   ask your own model; plan shows the price first
  personametrics measure answers.csv --persona persona_id --item question_id --answer rating   measure answers that you already have
  personametrics audit --model embedded --personas {out}/labels.csv --items {out}/items.csv --runs 20   ask this model again, in 20 runs
"""


def demo(out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("demo-report")) -> None:
    """Ask the embedded model as two panels, fully described people and mere labels, and compare both with the known truth."""
    console = Console()
    items, cards = questionnaire(), []
    out.mkdir(parents=True, exist_ok=True)
    write_items(items, out / "items.csv")
    for name, file, folder, personas in PANELS:
        write_personas(personas(), out / file)
        cards.append(_measure_panel(name, personas(), items, out / folder, console))
    page = out / "card.html"
    page.write_text(report.html(cards), encoding="utf-8")
    typer.echo(f"The report: {page.resolve()}")
    typer.echo(NEXT.format(out=out))
    typer.echo(lesson(cards))


def lesson(cards: Sequence[Card]) -> str:
    """Return the result of the demo in one sentence: the persona signal of both panels with its interval."""
    described, labels = (f"{e.value:.2f} ({e.low:.2f} to {e.high:.2f})" for e in (card["signal"] for card in cards))
    return f"The signal is {described} for fully described people and {labels} for bare labels."


def _measure_panel(name: str, personas: Sequence[Persona], items: Sequence[Item], out: Path, console: Console) -> Card:
    """Return the card of a panel, after printing it with the known truth."""
    model = Embedded()
    folder = out.with_name(f"{out.name}-{model.id[-12:]}")
    card = audit(model, personas, items, RUNS, out=str(folder / "run"))
    alone = {"score": True, "check": False, "controls": {"none": False, "shuffled": False, "irrelevant": 0}}
    exact = audit(model, personas, items, 1, out=str(folder / "exact"), **alone)
    planted = audit(Scripted(society(personas, items)), personas, items, 1, out=str(folder / "planted"), **alone)
    report.show(card, console)
    table = Table("estimate", "planted", "model's own", "estimated", "interval", "interval contains it", title=f"Known truth: {name}")
    table.columns[0].no_wrap = True
    for key in SHOWN:
        e, truth, value = card[key], planted[key].value, exact[key].value
        contained = "yes" if e.low <= value <= e.high else "no"
        table.add_row(key, f"{truth:.3f}", f"{value:.3f}", f"{e.value:.3f}", f"{e.low:.3f} to {e.high:.3f}", contained)
    console.print(table)
    console.print(
        "planted: the value in the society that the model was trained on. "
        "model's own: the value from the model's exact label probabilities, which the interval should contain."
    )
    return card
