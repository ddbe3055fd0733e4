"""One study in a session: its requests, and what their replies say."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from personametrics.data.errors import InputError, StudyError, ensure
from personametrics.data.finding import Finding, Notice, Rows, Verdict
from personametrics.data.grid import Grid, Joined
from personametrics.data.model import Model
from personametrics.data.remedy import Remedy
from personametrics.data.role import JUDGE
from personametrics.data.study import Elicitation, Item, Persona, Request, Responses, Study
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
BUNDLED = "The items are bundled with the library. They have not been validated."


@dataclass(frozen=True)
class Task:
    """A study with its requests to personas about items, in a session.

    Attributes:
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
        """The requests; refused in dialogues where the plan has conditions, which have no place there."""
        designed = self.study.design(self.personas, self.items, self.elicitation)
        for name in self.session.plan.conditions:
            message = f"conditions: {self.name} cannot vary the {name} of its prompts. Remove {name}."
            ensure(
                any(name in request.about for request in designed) and not any(request.waits for request in designed), message, StudyError
            )
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
        """The finding of the study; an InputError says that too few answers came back."""
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
        judge = self.ids.get(JUDGE, self.ids[""])
        if judge == self.ids[""]:
            return [Notice("own-judge", f"{judge} judged its own lines. Name another model as judge, and compare the verdicts.")]
        return [Notice("judge", f"The judge was {judge}. The verdicts are only as good as this judge.")]

    def _prompts(self, finding: Finding) -> Rows:
        """Return some prompts and answers, word for word, of the item that stands first in the evidence."""
        evidence = finding.evidence.get("items") or finding.evidence.get("dilemmas") or [{}]
        worst = evidence[0].get("item")
        texts = self.table["text"].to_list() if "text" in self.table.columns else [None] * len(self.requests)
        first = [(request, text) for request, text in zip(self.settled, texts, strict=True) if request.run == 0 and not request.waits]
        shown = [pair for pair in first if pair[0].about["item"] == worst] or first
        rows = []
        for request, text in shown[:MOST_PROMPTS]:
            prompt = "\n\n".join(f"[{message.role}] {message.text}" for message in request.messages)
            rows.append({"persona": request.about["persona"], "item": request.about["item"], "prompt": prompt, "answer": text})
        return rows


async def put_all(tasks: Iterable[Task], journal: Journal, terms: Terms, tally: Tally | None = None) -> Tally:
    """Ask what is missing of several tasks, one after the other as long as none is cut short; return their progress added to `tally`."""
    for task in tasks:
        if tally is None or tally.complete:
            more = await task.put(journal, terms)
            tally = more if tally is None else tally.with_more(more)
    assert tally is not None  # noqa: S101 (there is a task, or a tally)
    return tally


def exchanges(talk: Talk) -> Iterator[tuple[Request, bytes]]:
    """Yield every request of a conversation as it was sent, with its key; b"" where it could not be sent."""
    for (request, why), (_, key, _) in zip(talk.filled(), talk.outcomes(), strict=True):
        yield request, b"" if why else key
