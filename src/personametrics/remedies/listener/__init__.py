"""The remedy in which personas prefer answers that distinguish them from the other personas of the panel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.model import Blends, Model
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.probabilities import label_probabilities
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.remedies.listener.comparison import Aware, question_rows
from personametrics.remedies.listener.world import prior_world
from personametrics.stats.arrays import Floats
from personametrics.stats.people.listener import Speaker, Update, comparators, listener_step

On = Literal["labels", "text"]


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
    says: ClassVar[str] = "Prefer answers from which an imagined listener would recognise the persona among all personas of the panel."
    acts_on: ClassVar[Stage] = "responses"
    against: ClassVar[tuple[str, ...]] = ("resistance",)
    cite: ClassVar[tuple[str, ...]] = ("kim2020",)

    def __post_init__(self) -> None:
        """Refuse numbers below 0 or infinite."""
        super().__post_init__()
        if not (0 <= self.alpha < np.inf and 0 <= self.beta < np.inf) or self.distractors < 0:
            numbers = f"alpha {self.alpha:g}, beta {self.beta:g} and distractors {self.distractors}"
            message = f"listener: {numbers} must be 0 or more, and finite."
            raise StudyError(message)
        if self.on == "text":
            object.__setattr__(self, "acts_on", "model")  # recorded answers cannot show its effect

    def model(self, model: Model, personas: Sequence[Persona]) -> Model:
        """Return, on text, a model whose personas are compared with each other."""
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
        """Return the requests as they are; on labels, drawn answers are refused here, before they are paid."""
        if self.on == "labels" and any(not request.score for request in requests):
            message = "listener reads label probabilities. Ask with --score, or write listener:on=text."
            raise DesignError(message)
        return list(requests)

    def responses(self, responses: Responses) -> Responses:
        """Return label probabilities changed by the comparison of personas with the same question (see `question_rows`).

        Label probabilities without a persona stay.
        """
        if self.on == "text":
            return responses
        columns = responses.columns.probabilities
        if not columns:
            message = f"{responses.source} contains answers without label probabilities. Ask with --score, or write listener:on=text."
            raise DesignError(message)
        frame = responses.frame
        shares = label_probabilities(frame, columns, responses.source, some=True)
        questions = question_rows(responses, np.asarray(np.isfinite(shares).all(1)), self.among)
        alone = sum(len(rows) == 1 for rows in questions)
        if alone == len(questions):
            message = (
                f"{responses.source} contains no question that two personas answered, so no personas can be compared. Ask more personas."
            )
            raise DesignError(message)
        for rows in questions:
            shares[rows] = self.preferred(shares[rows])
        given = frame.select(pl.col(columns).cast(pl.String).cast(pl.Float64, strict=False).is_finite().fill_null(value=False)).to_numpy()
        changed = np.where(given, shares, np.nan).T
        new = [pl.Series(name, column).fill_nan(None) for name, column in zip(columns, changed, strict=True)]
        notice = Notice("alone", f"{alone} of {len(questions)} questions were answered by only one persona. Their answers stay unchanged.")
        return replace(responses, frame=frame.with_columns(new), notices=(*responses.notices, *([notice] if alone else [])))

    def preferred(self, shares: Floats) -> Floats:
        """Return the label probabilities (P, L) of the personas who answered one question, from those of the model (P, L)."""
        with np.errstate(divide="ignore"):
            logs = np.log(shares)
        if not 0 < self.distractors < len(logs) - 1:
            return np.exp(listener_step(logs, None, self.alpha, self.beta).speaker)
        return np.exp(listener_step(logs[comparators(len(logs), self.distractors)], None, self.alpha, self.beta).speaker[:, 0])

    def known(self) -> RemedyWorld:
        """Return a world in which four fifths of every answer are the prior's; in the null world all personas are the same."""
        return prior_world(self.preferred)
