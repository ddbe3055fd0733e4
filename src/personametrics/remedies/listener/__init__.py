"""Personas that say what tells them apart from the others of the panel."""

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
from personametrics.remedies.listener.peers import asked_alike
from personametrics.remedies.listener.speaker import Aware
from personametrics.stats.arrays import Floats
from personametrics.stats.people.comparators import rivals
from personametrics.stats.people.listener import UPDATES, Speaker, Update, imagined

On = Literal["labels", "text"]


@dataclass(frozen=True)
class Listener(Remedy):
    """Personas imagine a listener who knows the panel, and prefer what lets the listener tell them from the others (Kim et al. 2020).

    On label probabilities it needs no further call: what the rest of the panel answers to the same question is known. On text it acts on
    models that can blend prompts, and every token is computed for all personas that are minded. It undoes what those who are compared have
    in common, be it a stereotype, the model's own character, or the truth; so choose `among` whom. What tells groups apart, such as the
    stereotype of a job in a panel of many jobs, it leaves. And where answers were right before, it exaggerates their differences: people of
    the embedded model whose planted signal is .61 (.59 as they answer) have .83 with alpha 2.

    Attributes:
        alpha: how much it matters to be known; 0: nothing changes. Published: 2 for open talk, 8 to choose among given answers.
        beta: how sharply the listener hears. Published: 0.5 and 1.
        distractors: others that each persona minds, evenly spaced in the panel; 0: all.
        among: attribute whose value they share; "": any. What is common to those who share it, such as the stereotype of a job, is undone.
        on: `labels` (label probabilities as they were recorded) or `text` (the model as it writes).
        update: on text, who is taken to be speaking after a token: whom the `listener` hears, whom a listener to such a `speaker` does, or
            anybody (`uniform`).
    """

    alpha: float = 2.0
    beta: float = 1.0
    distractors: int = 0
    among: str = ""
    on: On = "labels"
    update: Update = "listener"
    says: ClassVar[str] = "Prefer answers that let an imagined listener tell a persona from the others of the panel."
    acts_on: ClassVar[Stage] = "responses"
    cite: ClassVar[tuple[str, ...]] = ("kim2020",)

    def __post_init__(self) -> None:
        if not (0 <= self.alpha < np.inf and 0 <= self.beta < np.inf) or self.distractors < 0:
            message = (
                f"listener: alpha {self.alpha:g}, beta {self.beta:g} and distractors {self.distractors} must be 0 or more, and finite."
            )
            raise StudyError(message)
        for name, value, known in (("on", self.on, get_args(On)), ("update", self.update, UPDATES)):
            if value not in known:
                message = f'listener: {name} "{value}" is unknown: {options(value, known)}.'
                raise StudyError(message)
        if self.on == "text":
            object.__setattr__(self, "acts_on", "model")  # so that nobody takes recorded answers for its doing

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:
        """On text, a model whose personas mind each other.

        Raises:
            StudyError: the model cannot blend prompts, or no two personas have different texts.
        """
        if self.on == "labels":
            return model
        if self.among and not any(self.among in one.attributes for one in personas):
            known = options(self.among, sorted({name for one in personas for name in one.attributes}))
            message = f"listener:among={self.among}: no persona has this attribute; {known}."
            raise StudyError(message)
        groups = {one.text: one.attributes.get(self.among, "") for one in personas if one.text.strip()}
        if not isinstance(model, Blends):
            message = f"listener:on=text needs token probabilities, which {model.id} does not show; use local:FOLDER, or on=labels."
            raise StudyError(message)
        if len(groups) == len(set(groups.values())):
            message = f"listener:on=text needs two personas with different texts{f' and the same {self.among}' if self.among else ''}."
            raise StudyError(message)
        name = f"listener(a={self.alpha:g},b={self.beta:g},{self.update})"
        return Aware(model, groups, self.distractors, partial(Speaker, self.alpha, self.beta, self.update), name)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """As they are.

        Raises:
            DesignError: on labels, answers would be drawn; better said before they are paid.
        """
        if self.on == "labels" and any(not request.score for request in requests):
            message = "listener reads label probabilities: ask with --score, or write listener:on=text."
            raise DesignError(message)
        return list(requests)

    def responses(self, responses: Responses) -> Responses:
        """Label probabilities of personas who were asked the same (see `asked_alike`), aware of each other; those of nobody stay.

        Raises:
            DesignError: answers were drawn, nobody is compared, one persona has two rows for one question, or no column `among`.
        """
        if self.on == "text":
            return responses
        columns = responses.columns.probabilities
        if not columns:
            message = f"{responses.source} holds drawn answers: ask with --score for label probabilities, or write listener:on=text."
            raise DesignError(message)
        frame = responses.frame
        shares = label_probabilities(frame, columns, responses.source, some=True)
        questions = asked_alike(responses, np.asarray(np.isfinite(shares).all(1)), self.among)
        alone = sum(len(rows) == 1 for rows in questions)
        if alone == len(questions):
            message = f"{responses.source} holds no question that two personas answered, so that the listener compares nobody."
            raise DesignError(message)
        for rows in questions:
            shares[rows] = self.heard(shares[rows])
        given = frame.select(pl.col(columns).cast(pl.String).cast(pl.Float64, strict=False).is_finite().fill_null(value=False)).to_numpy()
        cured = [pl.Series(name, one).fill_nan(None) for name, one in zip(columns, np.where(given, shares, np.nan).T, strict=True)]
        notice = Notice("alone", f"{alone} of {len(questions)} questions were answered by one persona only, and stay as they are.")
        return replace(responses, frame=frame.with_columns(cured), notices=(*responses.notices, *([notice] if alone else [])))

    def heard(self, shares: Floats) -> Floats:
        """(I, L) label probabilities of the personas who answered one question, from those that the model gives them."""
        with np.errstate(divide="ignore"):
            logs = np.log(shares)
        if not 0 < self.distractors < len(logs) - 1:
            return np.exp(imagined(logs, None, self.alpha, self.beta).speaker)
        return np.exp(imagined(logs[rivals(len(logs), self.distractors)], None, self.alpha, self.beta).speaker[:, 0])

    def known(self) -> RemedyWorld:
        """Four fifths of every answer are the prior's, and the rest is the persona's own; or all personas are one.

        Every favourite is that of three personas, and what the listener makes of it is known, so the slope on the prior is, too.
        """
        labels = ("1", "2", "3", "4", "5")
        people = tuple(Persona(f"person {at}", f"You are person {at}.") for at in range(15))
        items = tuple(Item(f"statement {at}", f"Statement {at}.", Ordinal(labels), {"kind": "opinion"}) for at in range(16))

        def told(favourite: int) -> Floats:
            return np.where(np.arange(5) == favourite % 5, 0.9, 0.025)

        def answers(item: int, *, same: bool = False) -> Floats:
            """(1 + 15, 5) of the model itself, then of everybody."""
            prior = told(7 * item)
            own = [told(item + at * (not same)) for at in range(len(people))]
            return np.array([prior, *(0.8 * prior + 0.2 * one for one in own)])

        def world(request: Request, *, same: bool) -> Mapping[str, float]:
            item, who = int(request.about["item"].split()[1]), request.about["persona"].removeprefix("person ")
            return dict(zip(labels, answers(item, same=same)[0 if who == NOBODY else 1 + int(who)].tolist(), strict=True))

        every = np.stack([answers(at) for at in range(len(items))])
        prior, before, after = every[:, :1], every[:, 1:], np.stack([self.heard(one[1:]) for one in every])
        change = _slope(prior, after) - _slope(prior, before)
        both = (partial(world, same=same) for same in (False, True))
        return RemedyWorld("prior_pull", people, items, next(both), {"slope": change}, next(both), Elicitation(1, score=True))


def _slope(prior: Floats, own: Floats) -> float:
    """By how much mean answers move with the prior's, from (items, 1, 5) and (items, personas, 5) probabilities."""
    x, y = (shares @ np.arange(5.0) for shares in (prior, own))
    x = x - x.mean()
    return float((x * y).sum() / (x**2).sum() / y.shape[1])
