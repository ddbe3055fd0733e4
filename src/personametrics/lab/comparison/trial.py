"""A study asked without a remedy and with it, in one run directory; requests that coincide are asked once."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import InputError, StudyError, ensure
from personametrics.data.finding import Finding
from personametrics.data.model import TOY, Model
from personametrics.data.remedy import Remedy
from personametrics.data.role import WRITER
from personametrics.data.roster import write_personas
from personametrics.data.study import Request, Responses, Study
from personametrics.elicit.conversation import Talk, converse, everything
from personametrics.elicit.costs.estimate import expected
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.lab import members
from personametrics.lab.comparison.arms import ArmPair, require_people
from personametrics.lab.comparison.change import apply_to_everyone, measure_change
from personametrics.lab.comparison.price import prices, used
from personametrics.lab.measure import versions
from personametrics.lab.session import ANSWERS, Job, Session
from personametrics.lab.task import Task, put_all

ASKS_MORE = 1.5
"""A remedy that makes at least this many times the requests is compared with plain averaging at equal cost."""
SAME = 0.15
"""Two arms have the same price if it differs by less than this share."""


@dataclass(frozen=True)
class Comparison:
    """The effect of a remedy.

    Attributes:
        change: paired differences, the baseline at equal cost, the price, and the verdict.
        before: the finding without the remedy.
        after: the finding with it.
        others: the changes of other studies.
        provenance: what it takes to do it again.
    """

    change: Finding
    before: Finding
    after: Finding
    others: tuple[Finding, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def card(self) -> Card:
        """The comparison on one page."""
        arms = [
            replace(finding, question=f"{finding.question} ({name} the remedy)")
            for name, finding in (("without", self.before), ("with", self.after))
        ]
        title = f"{self.provenance.get('study')} under {self.provenance.get('remedy')}: {self.provenance.get('model')}"
        return Card(title, (self.change, *arms, *self.others), self.provenance)


@dataclass(frozen=True)
class Trial(Job):
    """A study without a remedy (`plain`) and with it.

    Attributes:
        group: attribute within whose values the spread of personas is watched; "": that of the study.
        also: other studies that are checked for side effects.
    """

    kind: ClassVar[str] = "studies"
    partial: ClassVar[bool] = False
    plain: Task
    remedy: Remedy
    group: str = ""
    also: tuple[Task, ...] = ()

    @classmethod
    def planned(cls, session: Session, plain: Task, remedy: Remedy, group: str = "", also: Sequence[str] = ()) -> "Trial":
        """Return the trial of a remedy on a task, and on other studies by name."""
        others = tuple(replace(plain, study=members.study(name)) for name in also)
        return cls(session, plain, remedy, group, others)

    @property
    def command(self) -> dict[str, Any]:
        """The command that makes the trial again, as JSON values."""
        study, *also = (members.spell(task.study) for task in (self.plain, *self.also))
        return {"verb": "compare", "study": study, "remedy": members.spell(self.remedy), "group": self.group, "also": also}

    @cached_property
    def drafts(self) -> list[Request]:
        """The requests for texts that the model has to write first."""
        return self.remedy.drafts(self.plain.personas)

    def _under(self, task: Task, remedy: Remedy) -> Task:
        """Return a task under a remedy; texts that have to be written first must be in the journal."""
        personas = remedy.personas(task.personas, self._written if remedy is self.remedy else ())
        return replace(task, personas=personas, model=remedy.model(self.session.model, personas), remedy=remedy)

    @cached_property
    def remedied(self) -> Task:
        """The study with the remedy."""
        return self._under(self.plain, self.remedy)

    @cached_property
    def _others(self) -> list[tuple[Task, Task]]:
        """The other studies, without the remedy and with it."""
        return [(task, self._under(task, self.remedy)) for task in self.also]

    @property
    def writer(self) -> Model:
        """The model that writes personas: that of the role, or the model that answers."""
        return self.session.models.get(WRITER, self.session.model)

    @property
    def _writing(self) -> Talk:
        """The conversation in which the model writes; a draft may wait for other replies."""
        return Talk(self.drafts, {"": self.writer.id}, role=WRITER)

    @cached_property
    def _written(self) -> list[str]:
        """The texts that the model wrote; a missing one is a StudyError."""
        if not self.drafts:
            return []
        talk = self._writing
        with Journal.read(self.folder) as journal:
            deque(talk.resolve(journal), 0)
        texts = talk.texts
        if missing := [request for request, text in zip(self.drafts, texts, strict=True) if text is None]:
            message = f"{self.writer.id} wrote nothing for {missing[0].about.get('persona', 'a persona')}. Run the command again."
            raise StudyError(message)
        return [text for text in texts if text is not None]

    @cached_property
    def rival(self) -> Remedy | None:
        """The baseline at equal cost; None where there is none."""
        if (rival := self.remedy.rival()) is not None:
            return members.remedy(rival) if isinstance(rival, str) else rival
        ratio = (len(everything(self.remedied.requests)) + len(everything(self.drafts))) / len(everything(self.plain.requests))
        name, kind = next((name, kind) for name, kind in members.remedies().items() if kind.budget)
        asks_more = ratio >= ASKS_MORE and not isinstance(self.remedy, kind) and not self.plain.elicitation.score
        return members.remedy(f"{name}:{kind.budget}={math.ceil(ratio)}") if asks_more else None

    @cached_property
    def _rivals(self) -> list[Task]:
        """The baseline in as many runs as the other arms; empty without one."""
        return [] if self.rival is None else [self._under(self.plain, self.rival)]

    @cached_property
    def _funded(self) -> list[Task]:
        """The baseline in as many runs as the price of the remedy pays for; both must have been asked."""
        return [self._paid_by(self.remedied, task) for task in self._rivals]

    def _paid_by(self, remedied: Task, rival: Task) -> Task:
        """Return the baseline in more runs, if its runs so far were cheaper; every further one costs its expected share of them."""
        runs, (spent, most) = rival.elicitation.runs, (used(rival).cost, used(remedied, self.drafts).cost)
        some, more = (rival.in_runs(number).expected().cost for number in (runs, runs + 1))
        if rival.elicitation.score or not spent or more <= some:
            return rival
        return rival.in_runs(runs + max(0, round((most / spent - 1) * some / (more - some))))

    @property
    def forecast(self) -> str:
        """The requests to come and their price, in words; those that depend on texts to be written first are not known yet."""
        plain = f"Without the remedy: {self.plain.expected()}"
        if self.drafts:
            texts = expected(everything(self.drafts), {"": self.writer.id}, self.writer)
            return f"{plain}. With the remedy: first {texts} for new texts, and then as much as without the remedy."
        rival = f" The baseline {members.spell(self.rival)} costs about as much as the remedy." if self.rival else ""
        return f"{plain}. With the remedy: {self.remedied.expected()}. Requests that both arms share are made once.{rival}"

    @property
    def extra(self) -> int:
        """The number of requests beyond those without the remedy; where personas are written first, all of them are asked anew."""
        if self.drafts:
            return len(everything(self.drafts)) + len(self.plain.requests)
        requests = self.remedied.requests
        waits = any(request.waits for request in requests)
        return len(everything(requests)) if waits else len(set(requests) - set(self.plain.requests))

    def design(self) -> None:
        """Refuse what cannot be asked, before anything is paid."""
        self.plain.requests  # noqa: B018 (designed, or refused)
        require_people(self.remedy, self.plain.study)
        if self.drafts:
            message = (
                f"{members.name_of(self.remedy)} needs texts from the model. The embedded toy model cannot write texts, so use another."
            )
            ensure(not self.writer.id.startswith(TOY), message, StudyError)
            self.remedy.requests(self.plain.requests)
            return
        for task in self._tasks():
            task.requests  # noqa: B018 (as above)

    async def put(self, journal: Journal, terms: Terms) -> Tally:
        """Ask what is missing: texts that are written first, both arms, the baseline, and the other studies."""
        tally: Tally | None = None
        if self.drafts:
            tally = await converse(self._writing, {"": self.writer}, journal, terms)
            if not tally.complete:
                return tally
            write_personas(self.remedied.personas, self.folder / "personas.csv")
        tally = await put_all(self._tasks(), journal, terms, tally)
        return await put_all(self._funded, journal, terms, tally) if tally.complete else tally

    def _tasks(self) -> list[Task]:
        """Return every task, in the order in which it is asked."""
        return [self.plain, self.remedied, *(task for pair in self._others for task in pair), *self._rivals]

    @cached_property
    def asked(self) -> ArmPair:
        """The answers of both arms."""
        return self._both(self.plain, self.remedied)

    def _both(self, plain: Task, remedied: Task) -> ArmPair:
        """Return both arms of a study from the journal."""
        return ArmPair(plain.study, self.remedy, plain.responses, remedied.responses, self.group)

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """The answers to the study, with their `arm`: `without` the remedy, `with` it, or the name of the baseline."""
        arms = {"without": self.plain, "with": self.remedied, **{members.spell(task.remedy): task for task in self._funded}}
        frames = [task.answers.with_columns(arm=pl.lit(name)) for name, task in arms.items()]
        return {ANSWERS: pl.concat(frames, how="diagonal_relaxed")}

    def exchanges(self) -> Iterator[tuple[Request, bytes]]:
        """Yield every request of the arms as it was sent, with its key."""
        for task in (self.plain, self.remedied, *self._funded):
            yield from task.exchanges()

    @property
    def card(self) -> Card:
        """The comparison on one page."""
        return self.comparison.card

    @cached_property
    def comparison(self) -> Comparison:
        """The effect of the remedy; an InputError says that too few answers came back."""
        level = self.plain.study.level
        remedied, asked = self.remedied, self.asked
        arms = {"without": used(self.plain), "with": used(remedied, self.drafts)}
        rivals = []
        for task in self._funded:
            arms[members.spell(task.remedy)] = cost = used(task)
            name = described(task, self.plain, cost.cost / arms["with"].cost)
            rivals.append(replace(asked, remedy=task.remedy, treated=task.responses, called=name))
        before, after, change = measure_change(asked, rivals[0] if rivals else None, level)
        learned = f" The remedy was {asked.learned_from}." if asked.learned_from else ""
        shared = len({request for request in remedied.settled if not request.waits} & set(self.plain.settled))
        price, ratio = prices(arms, self.session.model.id, shared)
        verdict = replace(change.verdict, sentence=f"{change.verdict.sentence}{learned} {ratio}")
        notices = (*change.notices, *(self.remedy.notices(self._written) if self.drafts else ()), *self.plain.judge_notices)
        change = replace(change, verdict=verdict, evidence={"price": price, **change.evidence}, notices=notices)
        provenance = {
            "study": members.spell(self.plain.study), "remedy": members.spell(self.remedy), "model": self.session.model.id,
            "knobs": {"study": _knobs(self.plain.study), "remedy": _knobs(self.remedy)}, "versions": versions(),
        }  # fmt: skip
        whole = apply_to_everyone(asked)
        others = [measure_change(self._both(plain, changed_), None, level)[2] for plain, changed_ in self._others]
        return Comparison(change, before, after, (*([whole] if whole else []), *self._guards(level), *others), provenance)

    def _guards(self, level: float) -> list[Finding]:
        """Return how the aims of the studies that guard every comparison changed, if the same answers can say."""
        findings = []
        for kind in members.studies().values():
            if kind.guards and not isinstance(self.plain.study, kind) and once(self.asked.plain) and once(self.asked.treated):
                with suppress(InputError):  # they cannot
                    findings.append(measure_change(replace(self.asked, study=kind()), None, level)[2])
        return findings


def described(rival: Task, plain: Task, share: float) -> str:
    """Return a baseline by its name, its runs, and its share of the remedy's price."""
    runs = rival.elicitation.runs
    more = f" in {runs} runs instead of {plain.elicitation.runs}" if runs > plain.elicitation.runs else ""
    price = "at the same price" if abs(share - 1) < SAME else f"at {share:.0%} of its price"
    return f"{members.spell(rival.remedy)}{more}, {price}"


def once(responses: Responses) -> bool:
    """Return whether every row is a run of one prompt per persona and item, so that runs are all that differs in a cell."""
    c = responses.columns
    by = [name for name in (c.persona, c.item, c.run) if name]
    return not responses.frame.select(by).is_duplicated().any()


def _knobs(member: Study | Remedy) -> dict[str, str]:
    """Return the knobs of a study or remedy, as text."""
    return {name: str(value) for name, value in member.knobs().items()}
