"""personametrics demo: two panels of the embedded model, whose truth is known."""

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
from personametrics.models.scripted import Scripted

RUNS = 5
SHOWN = ("signal", "component.persona", "component.persona:item", "component.run")
NEXT = """
What next?
  personametrics audit --model openai:gpt-4.1-mini --personas people.csv --items items.csv   your own model; plan shows the price before
  personametrics measure answers.csv --persona persona_id --item question_id --answer rating   answers you have already
  personametrics audit --model embedded --personas {out}/labels.csv --items {out}/items.csv --runs 20   this model again"""


def demo(out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("demo-report")) -> None:
    """Ask the embedded model as two panels, one steered by its personas and one of bare labels, and compare with the planted truth."""
    console = Console()
    items, cards = questionnaire(), []
    out.mkdir(parents=True, exist_ok=True)
    write_items(items, out / "items.csv")
    for name, file, personas in (("people told of in full", "people.csv", strong()), ("bare labels", "labels.csv", bare())):
        write_personas(personas, out / file)
        cards.append(_asked(name, personas, items, out, console))
    page = out / "card.html"
    page.write_text(report.html(cards), encoding="utf-8")
    typer.echo(f"The report: {page.resolve()}")
    typer.echo(NEXT.format(out=out))


def _asked(name: str, personas: Sequence[Persona], items: Sequence[Item], out: Path, console: Console) -> Card:
    """The card of a panel, shown with its truth beside."""
    model = Embedded()
    folder = out / f"{name.replace(' ', '-')}-{model.id[-12:]}"
    card = audit(model, personas, items, RUNS, out=str(folder / "run"))
    alone = {"score": True, "check": False, "controls": {"none": False, "shuffled": False, "irrelevant": 0}}
    exact = audit(model, personas, items, 1, out=str(folder / "exact"), **alone)
    planted = audit(Scripted(society(personas, items)), personas, items, 1, out=str(folder / "planted"), **alone)
    report.show(card, console)
    table = Table("estimate", "planted", "model's own", "estimated", "interval", "holds own", title=f"Truth of: {name}")
    table.columns[0].no_wrap = True
    for key in SHOWN:
        found, truth, own = card[key], planted[key].value, exact[key].value
        holds = "yes" if found.low <= own <= found.high else "no"
        table.add_row(key, f"{truth:.3f}", f"{own:.3f}", f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}", holds)
    console.print(table)
    console.print(
        "Planted: in the society it learned from. The model's own: by its exact probabilities; the estimate is to be judged by that."
    )
    return card
