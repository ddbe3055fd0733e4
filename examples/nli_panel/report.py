# ruff: noqa: INP001
"""Run the commands of this example and write what they say into README.md.

python examples/nli_panel/report.py            writes README.md from cards.json
python examples/nli_panel/report.py --run      runs every command first, about two minutes, and writes cards.json
"""

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CARDS, PAGE = HERE / "cards.json", HERE / "README.md"
INPUTS = ("personas.csv", "balanced.csv", "items.csv", "humans.csv", "few.csv", "study.yaml")
PANEL = "--model embedded --personas personas.csv --items items.csv --runs 5"
PEOPLE = "--human humans.csv --human-scale nominal:yes|no"
COMMANDS: Mapping[str, str] = {
    "audit": "audit study.yaml",
    "annotation": f"run annotation {PANEL} {PEOPLE} --out runs/annotation",
    "few": f"run annotation {PANEL} {PEOPLE.replace('humans', 'few')} --out runs/annotation",
    "abstain": f"compare annotation --remedy abstain {PANEL} {PEOPLE} --out runs/annotation",
    "population": f"run population {PANEL} {PEOPLE} --out runs/annotation",
    "rectify": f"compare population --remedy rectify:strata=politics {PANEL} {PEOPLE} --human-attribute politics --out runs/annotation",
    "balanced": f"run population {PANEL.replace('personas.csv', 'balanced.csv')} {PEOPLE} --out runs/balanced",
}
SHOWN = {
    "stability": ("signal",),
    "distortion": ("accuracy.congruent", "accuracy.incongruent", "gap"),
    "wording": ("pss.paraphrase", "pss.persona", "pss.gap"),
    "annotation": ("agreement", "ceiling", "gap", "advantage", "gap.single", "coverage"),
    "population": ("error", "covered", "width"),
}
"""Estimates that are kept of a study; of comparisons, all."""
KEPT = {*SHOWN, "diagnosis", "comparison"}
Summary = list[dict[str, Any]]


def ran() -> dict[str, Summary]:
    """What every command says, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name in INPUTS:
            shutil.copy(HERE / name, folder)
        return {name: summary(card(shlex.split(quoted(command)), Path(folder))) for name, command in COMMANDS.items()}


def card(arguments: Sequence[str], folder: Path) -> dict[str, Any]:
    """The card of one command."""
    command = [sys.executable, "-m", "personametrics", *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 (our own commands)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def summary(told: Mapping[str, Any]) -> Summary:
    """Of every finding what the page says of it."""
    found = []
    for one in told["findings"]:
        if one["study"] not in KEPT:
            continue
        names = SHOWN.get(one["study"], [each["name"] for each in one["estimates"]])
        kept = {each["name"]: [each[end] for end in ("value", "low", "high")] for each in one["estimates"] if each["name"] in names}
        row = {"study": one["study"], "question": one["question"], "verdict": one["verdict"], "estimates": kept}
        worth = [each for each in one["evidence"].get("rectified", []) if each["part"] == "yes"]
        if worth:
            means = {name: sum(each[name] for each in worth) / len(worth) for name in ("people", "worth", "people for half the width")}
            row["rectified"] = means
        if price := one["evidence"].get("price"):
            row["price"] = price
        found.append(row)
    return found


def blocks(cards: Mapping[str, Summary]) -> dict[str, str]:
    """Every generated part of the page, by its name."""
    found = {name: f"```bash\npersonametrics {quoted(COMMANDS[name])}\n```\n\n{told(cards[name])}" for name in COMMANDS}
    server = "openai:NAME@http://127.0.0.1:8000/v1"
    real = [quoted(command.replace("--model embedded", f"--model {server}")) for name, command in COMMANDS.items() if name != "few"]
    found["files"] = _files()
    found["server"] = "```text\n" + "\n".join(f"personametrics {one}" for one in real) + "\n```"
    return found | {"recommendation": _recommended(cards)}


def page(text: str, cards: Mapping[str, Summary]) -> str:
    """The page with its generated parts as the cards have them."""
    for name, block in blocks(cards).items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        text = re.sub(f"{begin}.*?{end}", lambda _, new=f"{begin}\n{block}\n{end}": new, text, flags=re.DOTALL)  # type: ignore[misc]
    return text


def quoted(command: str) -> str:
    """As a shell wants it."""
    return command.replace("nominal:yes|no", "'nominal:yes|no'")


def told(findings: Summary) -> str:
    """A row for every finding that has a verdict."""
    rows = ["| question | verdict | figures, 90 % intervals unless the card says otherwise |", "| --- | --- | --- |"]
    return "\n".join([*rows, *(f"| {one['question']} | **{one['verdict']['label']}** | {_figures(one)} |" for one in findings)])


def _figures(one: Mapping[str, Any]) -> str:
    """Estimates of a finding; of a diagnosis, what the panel is unfit for."""
    if one["study"] == "diagnosis":
        return "not fit for: " + "; ".join(one["verdict"]["not_fit_for"])
    said = [f"{name} {_number(name, ends)}" for name, ends in one["estimates"].items() if ends[0] is not None]
    if price := one.get("price"):
        before, after = price[:2]
        said.append(
            f"price: {after['asks']:,} requests instead of {before['asks']:,}, {after['tokens read']:,} tokens read instead of "
            f"{before['tokens read']:,}"
        )
    if worth := one.get("rectified"):
        said.append(_worth(worth))
    return "<br>".join(said) or one["verdict"]["sentence"]


def _number(name: str, ends: Sequence[float | None]) -> str:
    """A number with its interval."""
    digits = 4 if name.rpartition(".")[2] == "error" else 3
    value, *reach = (None if end is None else f"{end:.{digits}f}" for end in ends)
    return f"{value} ({reach[0]} to {reach[1]})" if None not in reach else f"{value}"


def _worth(worth: Mapping[str, float]) -> str:
    """What the panel is worth in people."""
    return (
        f"With the panel, {worth['people']:.0f} people give as much information as {worth['worth']:.1f} people without it. "
        f"For intervals of half the width, {worth['people for half the width']:.0f} people would have to answer each item."
    )


def _of(findings: Summary, study: str) -> dict[str, Any]:
    """The first finding of a study."""
    return next(one for one in findings if one["study"] == study)


def _recommended(cards: Mapping[str, Summary]) -> str:
    """What the panel may be used for; the words hold as long as the verdicts are those of `RESTS_ON`."""
    said = {name: _of(cards[name], study) for name, study in (("annotation",) * 2, ("few", "annotation"), ("population",) * 2)}
    labels, few = (said[name]["estimates"] for name in ("annotation", "few"))
    audit = {one["study"]: one["estimates"] for one in cards["audit"]}
    debias = next(one["estimates"] for one in cards["audit"] if one["question"].startswith("Does debias"))
    abstain, left = _of(cards["abstain"], "comparison")["estimates"], cards["abstain"][2]["estimates"]["coverage"][0]
    worth = next(one["rectified"] for one in reversed(cards["rectify"]) if "rectified" in one)
    off = max(said["population"]["estimates"]["error"][0], 0.0) ** 0.5
    figures = {
        "agreement": labels["agreement"][0], "people": worth["people"], "labels": FEW * len(_rows("items.csv")), "few": FEW,
        "bar": few["ceiling"][0], "signal": audit["stability"]["signal"][0], "bent": audit["distortion"]["gap"][0], "off": off,
        "stated": said["population"]["verdict"]["label"], "single": _number("", labels["gap.single"]), "left": 1 - left,
        "abstain": _number("", abstain["change.agreement"]), "debias": _number("", debias["change.gap"]), "worth": _worth(worth),
        "saved": worth["worth"] - worth["people"],
    }  # fmt: skip
    return RECOMMENDATION.strip().format(**figures)


def _rows(name: str) -> list[dict[str, str]]:
    """A table of this folder."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _files() -> str:
    """What the tables hold."""
    personas, people = _rows("personas.csv"), {row["respondent"] for row in _rows("humans.csv")}
    left = sum(row["politics"] == "left" for row in personas)
    told = {
        "personas.csv": f"the panel: {len(personas)} personas of a few words; {left} of them are on the left, like their authors",
        "balanced.csv": f"{len(_rows('balanced.csv'))} personas of the same kind, of all sides",
        "items.csv": f"{len(_rows('items.csv'))} pairs of a table (as a sentence) and a claim, with the right answer (`gold`) and "
        "the side that it suits (`side`)",
        "humans.csv": f"{len(people)} people of the same society who are not on the panel, each with a label for every item",
        "few.csv": f"the first {len({row['respondent'] for row in _rows('few.csv')})} of these people",
        "make_inputs.py": "writes these tables",
        "study.yaml": "the study file of the audit",
        "report.py": "runs all commands and writes their figures into this page; `cards.json` stores the figures",
    }
    return "\n".join(["| file | content |", "| --- | --- |", *(f"| `{name}` | {says} |" for name, says in told.items())])


RECOMMENDATION = """
- **Use the panel for** the label that most answers give, on items of this kind. This label equals the label of a random annotator in
  {agreement:.2f} of cases, and the label of most of {people:.0f} annotators equals it equally often. With {labels} labels, {few} per
  item, the verdict is the same, but the bar is lower: the label of the other two annotators reaches {bar:.2f}.
- **Do not use it for** three things: the opinion of a persona, or of a kind of persona, about an item (signal {signal:.2f}); grading
  evidence that suits a side (accuracy differs by {bent:.2f}); and shares of people (wrong by about {off:.2f}; {stated}).
- **One persona is worth one annotator, not more** (difference {single}). The label is good because it comes from many answers,
  not because of the texts of the personas.
- **Do not pay for** abstaining (agreement {abstain}, and {left:.0%} of the items are left to people). On this evidence, do not pay
  for a debiasing instruction either (gap {debias}).
- **Do this instead**: if you need shares of people, ask people. {worth} The panel saves {saved:.1f} of {people:.0f} people. If you
  need labels, draw personas of all sides, let people label a sample first, and check again for every new kind of item and
  every new model.
"""
FEW = 3
RESTS_ON = {
    ("annotation", "annotation"): "as good as annotators' majority",
    ("few", "annotation"): "as good as annotators' majority",
    ("audit", "stability"): "model uncertainty dominates",
    ("audit", "distortion"): "identity bends judgement",
    ("abstain", "comparison"): "changes nothing",
    ("population", "population"): "undecided",
}
"""Verdicts under which the recommendation was written, by command and study."""


def unlike(cards: Mapping[str, Summary]) -> list[str]:
    """Verdicts that are not those of `RESTS_ON`."""
    return [f"{name}: {study}" for (name, study), label in RESTS_ON.items() if _of(cards[name], study)["verdict"]["label"] != label]


def main() -> None:
    """Write the page."""
    if "--run" in sys.argv:
        CARDS.write_text(json.dumps(ran(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    cards = json.loads(CARDS.read_text(encoding="utf-8"))
    if other := unlike(cards):
        sys.exit(f"The recommendation was written for other verdicts; write it anew: {', '.join(other)}.")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), cards), encoding="utf-8")


if __name__ == "__main__":
    main()
