"""The model card of a checkpoint; all of its numbers are measured anew.

PYTHONPATH=training python -m embedded_training.model_card FOLDER --write        writes FOLDER/README.md
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embedded_training import held_out
from embedded_training.dial import Case, Odds, people, put
from embedded_training.proof import RUNS, Proof, answered, divergence, proofs
from personametrics.data.model import Model
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import instruments

CARD = """# The embedded toy model of personametrics

A language model of the Llama architecture in a standard checkpoint folder, small enough to be bundled with the library. It was trained from
scratch on conversations with people of a made-up society whose every answer distribution is known. It speaks the few hundred words of that
world, in English. It shows that measurements and remedies recover what was planted; it says nothing about people or about other models.

## How it was made

`PYTHONPATH=training python -m embedded_training.train`

{how}

## How near it is to the society

Mean Kullback–Leibler divergence of its answers from the planted distributions. New people combine age, politics and faith as nobody in
the training does; new statements and wordings were held out as well. Label mass: probability that it gives to the labels of the question.

<!-- --8<-- [start:fits] -->
{fits}
<!-- --8<-- [end:fits] -->

## Dials

Planted: the number in the society. The model's own: the same number by its exact probabilities. Sampled: estimated from {runs} answers to
each prompt, jackknife over runs. Recovered: the model's own value lies within the dial's tolerance of the planted one.

<!-- --8<-- [start:dials] -->
{dials}
<!-- --8<-- [end:dials] -->
"""


@dataclass(frozen=True)
class Fit:
    """The distance of the model's answers from the society's, for a kind of question.

    Attributes:
        kind: kind of question.
        who: people who are asked, or the held-out part.
        cases: number of prompts.
        divergence: mean Kullback–Leibler divergence of the model's answers, in nats.
        base: the same divergence for a predictor that knows only the mean answer to each question, not the person.
        mass: mean total probability of the possible answers.
    """

    kind: str
    who: str
    cases: int
    divergence: float
    base: float
    mass: float


def fits(model: Model, people_of_each: int = 30) -> list[Fit]:
    """Measure the distance from the society for every kind of question, on trained and on held-out material."""
    rows = []
    for kind, who, cases in kinds(np.random.default_rng(7), people_of_each):
        odds = [dict(reply.probabilities or {}) for reply in answered(model, [case.request for case in cases])]
        last = [case.request.messages[-1].text for case in cases]
        means = {text: _mean([case.truth for case, other in zip(cases, last, strict=True) if other == text]) for text in set(last)}
        rows.append(
            Fit(
                kind,
                who,
                len(cases),
                float(np.mean([divergence(case.truth, estimate) for case, estimate in zip(cases, odds, strict=True)])),
                float(np.mean([divergence(case.truth, means[text]) for case, text in zip(cases, last, strict=True)])),
                float(np.mean([sum(estimate.values()) for estimate in odds])),
            )
        )
    return rows


def kinds(rng: np.random.Generator, number: int) -> Iterator[tuple[str, str, list[Case]]]:
    """Make the cases: kind of question, people who are asked, and prompts with known answers."""
    items = {item.id: item for item in instruments.statements()}
    new = held_out.STATEMENTS
    pools = {
        "opinion": [item for name, item in items.items() if name not in new][::6],
        "evidence": list(instruments.evidence()[::3]),
        "knowledge": list(instruments.knowledge()[::2]),
        "dilemma": list(instruments.dilemmas()),
        "rating": list(instruments.ratings()[::12]),
    }
    for kind, pool in pools.items():
        for held, who in enumerate(("people like those learned from", "new people")):
            yield kind, who, [put(person, item, rng) for person in people(rng, number, held=bool(held)) for item in pool]
        yield kind, "the assistant", [put(None, item, rng) for item in pool]
    some = people(rng, number)
    yield "opinion", "new statements", [put(person, items[name], rng) for person in some for name in sorted(new)]
    held_wordings = sorted(held_out.WORDINGS)
    yield "opinion", "new wordings", [put(person, items[name], rng, wording) for person in some for name, wording in held_wordings]


def _mean(distributions: Sequence[Odds]) -> dict[str, float]:
    """Return the mean of distributions."""
    return {label: float(np.mean([odds[label] for odds in distributions])) for label in distributions[0]}


def fit_table(rows: Sequence[Fit]) -> str:
    """Return the fits as a Markdown table."""
    lines = [
        "| kind | asked | prompts | divergence, nats | without knowing who | label mass |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [f"| {fit.kind} | {fit.who} | {fit.cases} | {fit.divergence:.4f} | {fit.base:.4f} | {fit.mass:.4f} |" for fit in rows]
    return "\n".join(lines)


def table(rows: Sequence[Proof]) -> str:
    """Return the proofs as a Markdown table."""
    lines = [
        "| dial | what it is | planted | model's own | sampled, 90 % interval | divergence | mass | recovered |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for proof in rows:
        sampled = "" if proof.sampled is None else f"{proof.sampled:.3f} ({proof.low:.3f} to {proof.high:.3f})"
        promise = "yes" if proof.recovered else "**no**"
        numbers = f"{proof.dial.planted:.3f} | {proof.exact:.3f} | {sampled} | {proof.divergence:.4f} | {proof.mass:.4f}"
        lines.append(f"| {proof.dial.name} | {proof.dial.says} | {numbers} | {promise} |")
    return "\n".join(lines)


def model_card(folder: Path, runs: int) -> str:
    """Measure a checkpoint and return its model card."""
    model, made = Embedded(folder), json.loads((folder / "training.json").read_text(encoding="utf-8"))
    how = "\n".join(f"- {name}: {value}" for name, value in made.items())
    return CARD.format(how=how, fits=fit_table(fits(model)), dials=table(proofs(model, runs=runs)), runs=runs)


def main() -> None:
    """Measure a checkpoint, and print or write its model card."""
    parser = argparse.ArgumentParser(description="Planted, exact and sampled value of every dial.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=RUNS, help="answers drawn to each prompt; 0: exact values alone")
    parser.add_argument("--write", action="store_true", help="write the model card, README.md in the folder")
    options = parser.parse_args()
    card = model_card(options.folder, options.runs)
    if options.write:
        (options.folder / "README.md").write_text(card, encoding="utf-8")
    print(card)  # noqa: T201 (a command)


if __name__ == "__main__":
    main()
