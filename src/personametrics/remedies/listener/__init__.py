"""The remedy in which personas prefer answers that distinguish them from the other personas of the panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal, get_args

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.model import Blends, Model
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.probabilities import label_probabilities
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation
from personametrics.remedies.listener.peers import question_rows
from personametrics.remedies.listener.speaker import Aware
from personametrics.stats.arrays import Floats
from personametrics.stats.people.comparators import comparators
from personametrics.stats.people.listener import UPDATES, Speaker, Update, listener_step

On = Literal["labels", "text"]
LABELS, PERSONAS = ("1", "2", "3", "4", "5"), 15
"""Labels and number of personas of the known world."""


@dataclass(frozen=True)
class Listener(Remedy):
    """An imagined listener who knows the panel; personas prefer answers from which the listener recognises them (Kim and others 2020).

    On label probabilities it needs no further call, since the answers of the other personas to the same question are recorded. On text it
    needs a model that can blend prompts, and every token is computed for all compared personas. It removes whatever the compared personas
    share, such as a stereotype, the model's own character, or the truth, so choose with `among` who is compared. Differences between groups
    stay, such as the stereotype of a job in a panel of many jobs. And where answers were right before, it exaggerates differences: personas
    of the embedded model with a planted signal of 0.61 (0.59 in their answers) have 0.83 with alpha 2.

    Attributes:
        alpha: weight of being recognised; 0: nothing changes. Published: 2 for open talk, 8 for a choice among given answers.
        beta: sensitivity of the listener. Published: 0.5 and 1.
        distractors: number of other personas that each persona is compared with, evenly spaced in the panel; 0: all.
        among: attribute that compared personas share; "": any personas. Traits that they share, such as a job's stereotype, are removed.
        on: `labels` (recorded label probabilities) or `text` (the model as it writes).
        update: on text, the speaker that updates the belief after each token: the one that the `listener` hears, the one that a listener to
            such a `speaker` hears, or a `uniform` prior.
    """

    alpha: float = 2.0
    beta: float = 1.0
    distractors: int = 0
    among: str = ""
    on: On = "labels"
    update: Update = "listener"
    says: ClassVar[str] = "Prefer answers from which an imagined listener recognises the persona among the panel."
    acts_on: ClassVar[Stage] = "responses"
    against: ClassVar[tuple[str, ...]] = ("resistance",)
    cite: ClassVar[tuple[str, ...]] = ("kim2020",)

    def __post_init__(self) -> None:
        """Refuse numbers below 0 or infinite, and unknown ways."""
        if not (0 <= self.alpha < np.inf and 0 <= self.beta < np.inf) or self.distractors < 0:
            message = (
                f"listener: alpha {self.alpha:g}, beta {self.beta:g} and distractors {self.distractors} must be 0 or more, and finite."
            )
            raise StudyError(message)
        for name, value, valid in (("on", self.on, get_args(On)), ("update", self.update, UPDATES)):
            if value not in valid:
                message = f'listener.{name}: unknown value "{value}". {options(value, valid)}.'
                raise StudyError(message)
        if self.on == "text":
            object.__setattr__(self, "acts_on", "model")  # recorded answers cannot show its effect

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:
        """Return, on text, a model whose personas are compared with each other.

        Raises:
            StudyError: the model cannot blend prompts, the attribute `among` is unknown, or all personas have the same text.
        """
        if self.on == "labels":
            return model
        if self.among and not any(self.among in persona.attributes for persona in personas):
            available = options(self.among, sorted({name for persona in personas for name in persona.attributes}))
            message = f"listener:among={self.among}: no persona has this attribute. {available}."
            raise StudyError(message)
        groups = {persona.text: persona.attributes.get(self.among, "") for persona in personas if persona.text.strip()}
        if not isinstance(model, Blends):
            message = f"listener:on=text needs token probabilities, which {model.id} does not show. Use local:FOLDER, or on=labels."
            raise StudyError(message)
        if len(groups) == len(set(groups.values())):
            same = f" and the same {self.among}" if self.among else ""
            message = f"listener:on=text needs two personas with different texts{same}. Add personas, or describe them differently."
            raise StudyError(message)
        name = f"listener(a={self.alpha:g},b={self.beta:g},{self.update})"
        return Aware(model, groups, self.distractors, partial(Speaker, self.alpha, self.beta, self.update), name)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return the requests as they are.

        Raises:
            DesignError: on labels, answers would be drawn, which is said here before they are paid.
        """
        if self.on == "labels" and any(not request.score for request in requests):
            message = "listener reads label probabilities. Ask with --score, or write listener:on=text."
            raise DesignError(message)
        return list(requests)

    def responses(self, responses: Responses) -> Responses:
        """Return label probabilities changed by the comparison of personas with the same question (see `question_rows`).

        Label probabilities without a persona stay.

        Raises:
            DesignError: answers were drawn, no question has two personas, a persona has two rows for one question, or the column `among` is
                missing.
        """
        if self.on == "text":
            return responses
        columns = responses.columns.probabilities
        if not columns:
            message = f"{responses.source} holds drawn answers. Ask with --score for label probabilities, or write listener:on=text."
            raise DesignError(message)
        frame = responses.frame
        shares = label_probabilities(frame, columns, responses.source, some=True)
        questions = question_rows(responses, np.asarray(np.isfinite(shares).all(1)), self.among)
        alone = sum(len(rows) == 1 for rows in questions)
        if alone == len(questions):
            message = f"{responses.source} holds no question that two personas answered, so nothing is compared. Ask more personas."
            raise DesignError(message)
        for rows in questions:
            shares[rows] = self.preferred(shares[rows])
        given = frame.select(pl.col(columns).cast(pl.String).cast(pl.Float64, strict=False).is_finite().fill_null(value=False)).to_numpy()
        changed = np.where(given, shares, np.nan).T
        new = [pl.Series(name, column).fill_nan(None) for name, column in zip(columns, changed, strict=True)]
        notice = Notice("alone", f"{alone} of {len(questions)} questions were answered by one persona only, and stay as they are.")
        return replace(responses, frame=frame.with_columns(new), notices=(*responses.notices, *([notice] if alone else [])))

    def preferred(self, shares: Floats) -> Floats:
        """Return the label probabilities (P, L) of the personas who answered one question.

        Args:
            shares: (P, L) label probabilities from the model.
        """
        with np.errstate(divide="ignore"):
            logs = np.log(shares)
        if not 0 < self.distractors < len(logs) - 1:
            return np.exp(listener_step(logs, None, self.alpha, self.beta).speaker)
        return np.exp(listener_step(logs[comparators(len(logs), self.distractors)], None, self.alpha, self.beta).speaker[:, 0])

    def known(self) -> RemedyWorld:
        """Return a world in which four fifths of every answer are the prior's; in the null world all personas are the same.

        Every favourite label is that of three personas, and the effect of the listener is known, so the slope on the prior is known too.
        """
        personas = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(PERSONAS))
        items = tuple(Item(f"statement {index}", f"Statement {index}.", Ordinal(LABELS), {"kind": "opinion"}) for index in range(16))

        def world(request: Request, *, same: bool) -> Mapping[str, float]:
            item, persona = int(request.about["item"].split()[1]), request.about["persona"].removeprefix("person ")
            row = 0 if persona == NOBODY else 1 + int(persona)
            return dict(zip(LABELS, _answers(item, same=same)[row].tolist(), strict=True))

        every = np.stack([_answers(item) for item in range(len(items))])
        prior, before, after = every[:, :1], every[:, 1:], np.stack([self.preferred(rows[1:]) for rows in every])
        change = {"slope": _slope(prior, after) - _slope(prior, before)}
        worlds = (partial(world, same=same) for same in (False, True))
        return RemedyWorld("prior_pull", personas, items, next(worlds), change, next(worlds), Elicitation(1, score=True))


def _answers(item: int, *, same: bool = False) -> Floats:
    """Return label probabilities (1 + personas, 5) in the known world, first without a persona, then of each persona."""
    prior = _shares(7 * item)
    opinions = [_shares(item + persona * (not same)) for persona in range(PERSONAS)]
    return np.array([prior, *(0.8 * prior + 0.2 * opinion for opinion in opinions)])


def _shares(favourite: int) -> Floats:
    """Return the label probabilities (5,) with a favourite label."""
    return np.where(np.arange(len(LABELS)) == favourite % len(LABELS), 0.9, 0.025)


def _slope(prior: Floats, own: Floats) -> float:
    """Return the slope of mean answers on the prior's, from (items, 1, 5) and (items, personas, 5) probabilities."""
    x, y = (shares @ np.arange(5.0) for shares in (prior, own))
    x = x - x.mean()
    return float((x * y).sum() / (x**2).sum() / y.shape[1])
