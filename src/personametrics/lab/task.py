"""One study in a session: its requests, and what their replies say."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from personametrics.data.errors import InputError, StudyError
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.grid import Grid, Joined
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.role import JUDGE
from personametrics.data.study import Elicitation, Study
from personametrics.dialogues.transcripts import transcripts
from personametrics.elicit.conversation import Talk, converse, everything
from personametrics.elicit.costs.estimate import Expected, expected
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.elicit.table import dialogue_table, study_responses, table
from personametrics.lab import members
from personametrics.lab.session import Session

MOST_PROMPTS = 8
"""Prompts that a finding shows with their answers."""
BUNDLED = "The items are bundled with the library; nobody has validated them."


@dataclass(frozen=True)
class Task:
    """A study with its requests, in a session.

    Attributes:
        session: the run directory, the models, the plan.
        study: with its knobs.
        personas: who is asked.
        items: what they are asked.
        elicitation: how the questions are put.
        bundled: whether the items are bundled ones.
        remedy: changes what is asked.
        model: what answers, where a remedy changes it; None: the model of the session.
    """

    session: Session
    study: Study
    personas: Sequence[Persona]
    items: Sequence[Item]
    elicitation: Elicitation = field(default_factory=Elicitation)
    bundled: bool = False
    remedy: Remedy = field(default_factory=Remedy)
    model: Model | None = None

    @classmethod
    def of(cls, session: Session, study: Study) -> "Task":
        """Return the task of a study on everything that a session has."""
        return cls(session, study, session.personas, session.items, session.elicitation, session.bundled)

    @property
    def name(self) -> str:
        """The name of the study."""
        return members.name_of(self.study)

    @property
    def models(self) -> Mapping[str, Model]:
        """The model of each role."""
        return self.session.models if self.model is None else {**self.session.models, "": self.model}

    @property
    def ids(self) -> dict[str, str]:
        """The id of the model of each role."""
        return {role: model.id for role, model in self.models.items()}

    @cached_property
    def requests(self) -> Sequence[Request]:
        """The requests.

        Raises:
            DesignError: the items or personas lack what the study needs.
            StudyError: the study asks its questions in dialogues, where conditions of the plan have no place.
        """
        designed = self.study.design(self.personas, self.items, self.elicitation)
        for name in self.session.plan.conditions:
            if not any(name in request.about for request in designed) or any(request.waits for request in designed):
                message = f"conditions: {self.name} does not put its questions in several ways; leave {name} out."
                raise StudyError(message)
        changed = designed if type(self.remedy) is Remedy else self.remedy.requests(designed)  # a panel's grid stays lazy
        return self.session.with_role_settings(changed)

    @cached_property
    def talk(self) -> Talk | None:
        """The requests as a conversation; None where no request waits for another and no other role answers."""
        if isinstance(self.requests, Grid | Joined) or not any(request.waits or request.to for request in self.requests):
            return None
        return Talk(self.requests, self.ids, self.elicitation.room)

    def expected(self) -> Expected:
        """Return what all requests will take."""
        return expected(everything(self.requests), self.ids, self.models[""])

    def in_runs(self, runs: int) -> "Task":
        """Return the task with another number of runs."""
        return replace(self, elicitation=replace(self.elicitation, runs=runs))

    async def put(self, journal: Journal, terms: Terms) -> Tally:
        """Ask what is missing."""
        if (talk := self.talk) is None:
            return await elicit(self.models[""], self.requests, journal, terms)
        if roles := {request.to for request in everything(self.requests)} & set(self.models) - {""}:
            journal.note("cast", {role: self.models[role].id for role in sorted(roles)})
        return await converse(replace(talk), self.models, journal, terms)

    @cached_property
    def _replied(self) -> Talk | None:
        """The conversation with everything that was replied."""
        if (talk := self.talk) is not None:
            with Journal.read(self.session.folder) as journal:
                deque(talk.resolve(journal), 0)
        return talk

    @property
    def settled(self) -> Sequence[Request]:
        """The requests as they were sent, earlier turns filled in; those that never could be sent, unfilled."""
        return self.requests if self._replied is None else [request for request, _ in self._replied.filled()]

    def exchanges(self) -> Iterator[tuple[Request, bytes]]:
        """Yield every request as it was sent, with its key; b"" where it could not be sent."""
        if self._replied is None:
            yield from ((request, request.key(self.ids[""])) for request in self.requests)
        else:
            yield from exchanges(self._replied)

    @cached_property
    def table(self) -> pl.DataFrame:
        """The requests, one per row, with their replies so far."""
        with Journal.read(self.session.folder) as journal:
            if self._replied is None:
                return table(self.requests, journal, self.ids[""], style=self.elicitation.prompt.style)
            return dialogue_table(self._replied.outcomes(), journal, self.elicitation.prompt.style)

    @property
    def answers(self) -> pl.DataFrame:
        """The `table` with the attributes of who answered."""
        answers = self.table
        names = {name for persona in self.personas for name in persona.attributes} - set(answers.columns)
        if names:
            rows = [{"persona": persona.id, **{name: persona.attributes.get(name) for name in sorted(names)}} for persona in self.personas]
            attributes = pl.from_dicts(rows, infer_schema_length=None)
            answers = answers.join(attributes, on="persona", how="left", maintain_order="left")
        return answers

    @property
    def responses(self) -> Responses:
        """The answers as the study reads them."""
        return study_responses(self.answers, str(self.session.folder), tuple(self.session.plan.conditions))

    @property
    def finding(self) -> Finding:
        """The finding of the study.

        Raises:
            InputError: too few came back.
        """
        finding = self.study.estimate(self.responses)
        notices = [*finding.notices, *([Notice("shipped-items", BUNDLED)] if self.bundled else []), *self.judge_notices]
        evidence = {"transcripts": rows} if (rows := transcripts(self.table)) else {}
        return replace(finding, notices=tuple(notices), evidence={**finding.evidence, **evidence, "prompts": self._prompts(finding)})

    @property
    def finding_or_reason(self) -> Finding:
        """The finding, or the reason why there is none."""
        try:
            return self.finding
        except InputError as error:
            return Finding(self.name, self.study.question, Verdict("unknown", f"Nothing can be said: {error}"), ())

    @property
    def judge_notices(self) -> list[Notice]:
        """The notices that a reader needs about the judge."""
        if self.talk is None or not any(request.to == JUDGE for request in everything(self.requests)):
            return []
        ids = self.ids
        judge = ids.get(JUDGE, ids[""])
        if judge == ids[""]:
            text = f"{judge} judged its own lines; name another model as judge to see whether its verdicts hold."
            return [Notice("own-judge", text)]
        return [Notice("judge", f"The judge was {judge}; its verdicts are as good as it is.")]

    def _prompts(self, finding: Finding) -> Rows:
        """Return some prompts and answers, word for word, of the item that stands first in the evidence."""
        rows = finding.evidence.get("items") or finding.evidence.get("dilemmas") or [{}]
        worst = rows[0].get("item")
        texts = self.table["text"].to_list() if "text" in self.table.columns else [None] * len(self.requests)
        first = [(request, text) for request, text in zip(self.settled, texts, strict=True) if request.run == 0 and not request.waits]
        shown = [pair for pair in first if pair[0].about["item"] == worst] or first
        return [
            {"persona": request.about["persona"], "item": request.about["item"], "prompt": _as_read(request), "answer": text}
            for request, text in shown[:MOST_PROMPTS]
        ]


def exchanges(talk: Talk) -> Iterator[tuple[Request, bytes]]:
    """Yield every request of a conversation as it was sent, with its key; b"" where it could not be sent."""
    for (request, why), (_, key, _) in zip(talk.filled(), talk.outcomes(), strict=True):
        yield request, b"" if why else key


def _as_read(request: Request) -> str:
    """Return a prompt as it is read."""
    return "\n\n".join(f"[{message.role}] {message.text}" for message in request.messages)
