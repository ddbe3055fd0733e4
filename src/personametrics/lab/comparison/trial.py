"""A study that is asked without a remedy and with it, on the same asks where they coincide."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, Unpack

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import InputError, StudyError
from personametrics.data.finding import Finding
from personametrics.data.model import TOY, Model
from personametrics.data.remedy import Remedy
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.roster import write_personas
from personametrics.data.study import Elicitation, Study
from personametrics.elicit.conversation import Talk, converse, everything
from personametrics.elicit.costs.estimate import expected
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.lab import members
from personametrics.lab.comparison.arms import Asked
from personametrics.lab.comparison.change import applied, changed
from personametrics.lab.comparison.price import prices, used
from personametrics.lab.measure import versions
from personametrics.lab.roles import Cast
from personametrics.lab.run import Session, can_be_asked

ASKS_MORE = 1.5
"""From this many times the asks on, averaging as many runs stands beside a remedy."""
SAME = 0.15
"""Two arms have one price where their asks differ by less than this share."""
GUARD = "stability"
"""What is looked at beside every other study, where the same answers tell."""


class Options(TypedDict, total=False):
    """What `compare` takes beside study, model, remedy, personas and items.

    Attributes:
        out: the run directory; a second call asks only what is missing.
        elicitation: runs, label probabilities, prompt, sampling.
        human: people's answers, for remedies that learn from them and studies that compare with them.
        group: attribute of personas within whose values their spread is watched.
        beside: further studies, to see whether they get worse.
        cast: who plays other parts of dialogues, such as `judge`.
    """

    out: str | Path
    elicitation: Elicitation
    human: Responses
    group: str
    beside: Sequence[str]
    cast: Cast


@dataclass(frozen=True)
class Comparison:
    """What a remedy changed.

    Attributes:
        change: paired differences, what the same money buys without it, price, and the verdict.
        before: what the study finds without it.
        after: what it finds with it.
        beside: how other studies changed.
        provenance: enough to do it again.
    """

    change: Finding
    before: Finding
    after: Finding
    beside: tuple[Finding, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def card(self) -> Card:
        """All of it on one page."""
        arms = [
            replace(one, question=f"{one.question} ({name} the remedy)") for name, one in (("without", self.before), ("with", self.after))
        ]
        what = self.provenance
        return Card(f"{what.get('study')} under {what.get('remedy')}: {what.get('model')}", (self.change, *arms, *self.beside), what)


@dataclass(frozen=True)
class Trial:
    """A study that is asked without a remedy and with it, in one run directory.

    Attributes:
        plain: the session without it.
        model: what answers.
        remedy: with its knobs.
        group: attribute within whose values the spread of personas is watched.
        beside: sessions of further studies.
    """

    plain: Session
    model: Model
    remedy: Remedy
    group: str = ""
    beside: tuple[Session, ...] = ()

    @classmethod
    def opened(
        cls, study: Study | str, model: Model, remedy: Remedy | str, personas: Any = None, items: Any = None, **options: Unpack[Options]
    ) -> "Trial":
        """A trial of its own.

        Raises:
            InputError: personas or items cannot be read, or there is no such study or remedy.
        """
        chosen: Any = members.study(study) if isinstance(study, str) else study
        chosen = members.with_people(chosen, options["human"]) if "human" in options else chosen
        cure = members.remedy(remedy) if isinstance(remedy, str) else remedy
        out = options.get("out", f"compare-{members.name_of(chosen)}-{members.name_of(cure)}")
        plain = Session.opened(chosen, model.id, personas, items, out, options.get("elicitation")).played_by(**options.get("cast", {}))
        others = tuple(replace(plain, study=members.study(name)) for name in options.get("beside", ()))
        return cls(plain, model, cure, options.get("group", ""), others)

    @cached_property
    def drafts(self) -> list[Request]:
        """What the model has to write first."""
        return self.remedy.drafts(self.plain.personas)

    def _under(self, session: Session, remedy: Remedy) -> "tuple[Session, Model]":
        """A session with a remedy, and what answers there; what had to be written must be in the journal."""
        personas = remedy.personas(session.personas, self._written if remedy is self.remedy else ())
        model = remedy.model(self.model, personas)
        return replace(session, personas=personas, model=model.id, remedy=remedy), model

    @cached_property
    def cured(self) -> "tuple[Session, Model]":
        """The session with the remedy, and what answers there."""
        return self._under(self.plain, self.remedy)

    @cached_property
    def _others(self) -> "list[tuple[Session, Session, Model]]":
        """The further studies without the remedy and with it, and what answers there."""
        return [(session, *self._under(session, self.remedy)) for session in self.beside]

    @property
    def _writing(self) -> Talk:
        """What the model has to write first; some of it may wait for other replies."""
        return Talk(self.drafts, {"": self.model.id})

    @cached_property
    def _written(self) -> list[str]:
        """What the model wrote.

        Raises:
            StudyError: something is missing.
        """
        if not self.drafts:
            return []
        talk = self._writing
        with Journal.read(self.plain.folder) as journal:
            for _ in talk.hear(journal):
                pass
        said = talk.words
        if missing := [request for request, text in zip(self.drafts, said, strict=True) if text is None]:
            message = f"{self.model.id} wrote nothing for {missing[0].about.get('persona', 'a persona')}; run it again to ask anew."
            raise StudyError(message)
        return [text for text in said if text is not None]

    @cached_property
    def _asks(self) -> int:
        """Asked with the remedy, all told."""
        return len(everything(self.cured[0].requests)) + len(everything(self.drafts))

    @cached_property
    def rival(self) -> Remedy | None:
        """What the same money buys without the remedy."""
        ratio = self._asks / len(everything(self.plain.requests))
        asks_more = ratio >= ASKS_MORE and members.name_of(self.remedy) != "average" and not self.plain.elicitation.score
        if (rival := self.remedy.rival()) is not None:
            return members.remedy(rival) if isinstance(rival, str) else rival
        return members.remedy(f"average:k={math.ceil(ratio)}") if asks_more else None

    @cached_property
    def _rivals(self) -> "list[tuple[Session, Model]]":
        """The session of the rival, in as many runs as those beside it, and what answers there; empty without one."""
        return [] if self.rival is None else [self._under(self.plain, self.rival)]

    @cached_property
    def _funded(self) -> "list[tuple[Session, Model]]":
        """The rival in as many runs as the price of the remedy pays for; both must have been asked."""
        return [(self._paid_by(self.cured[0], session), model) for session, model in self._rivals]

    def _paid_by(self, cured: Session, rival: Session) -> Session:
        """The rival in more runs, if its runs so far were cheaper; every further one costs its expected share of them."""
        runs, (took, most) = rival.elicitation.runs, (used(rival).cost, used(cured, self.drafts).cost)
        some, more = (rival.in_runs(many).expected().cost for many in (runs, runs + 1))
        if rival.elicitation.score or not took or more <= some:
            return rival
        return rival.in_runs(runs + max(0, round((most / took - 1) * some / (more - some))))

    @property
    def forecast(self) -> str:
        """What is going to be asked, and its price; what personas have written first is not known yet."""
        plain = f"Without the remedy {self.plain.expected(self.model)}"
        if self.drafts:
            texts = expected(everything(self.drafts), {"": self.model.id}, self.model)
            return f"{plain}. With it {texts} for texts that are written first, and then as much as without it."
        rival = f" {members.spelled(self.rival)}, beside it, takes about as much as the remedy." if self.rival else ""
        return f"{plain}; with it {self.cured[0].expected(self.cured[1])}. What arms share is asked once.{rival}"

    @property
    def extra(self) -> int:
        """Asks beyond those without the remedy; where personas are written first, all of them are asked anew."""
        if self.drafts:
            return len(everything(self.drafts)) + len(self.plain.requests)
        requests = self.cured[0].requests
        return len(everything(requests)) if any(request.waits for request in requests) else len(set(requests) - set(self.plain.requests))

    async def ask(self, terms: Terms) -> Tally:
        """Ask what is missing: what has to be written, both arms, the rival, and the further studies.

        Raises:
            StudyError: the model lacks what is needed.
        """
        can_be_asked(self.model, self.plain.elicitation)
        self.plain.requests  # noqa: B018 (designed before anything is paid)
        if self.drafts and self.model.id.startswith(TOY):
            message = f"{members.name_of(self.remedy)} has texts written, and the embedded toy model writes none; use another model."
            raise StudyError(message)
        if not self.drafts:
            for session, _ in self._sessions():
                session.requests  # noqa: B018 (as above)
        else:
            self.remedy.requests(self.plain.requests)
        with Journal.open(self.plain.folder, self.plain.manifest) as journal:
            tally = await converse(self._writing, {"": self.model}, journal, terms) if self.drafts else None
            if tally is not None and not tally.complete:
                return tally
            if self.drafts:
                write_personas(self.cured[0].personas, self.plain.folder / "personas.csv")
            for sessions in (self._sessions, lambda: self._funded):
                for session, model in sessions():
                    more = await session.put(model, journal, terms)
                    tally = more if tally is None else tally.with_more(more)
                    if not more.complete:
                        return tally
        assert tally is not None  # noqa: S101 (there is always the plain arm)
        return tally

    def _sessions(self) -> "list[tuple[Session, Model]]":
        """Every session, in the order in which it is asked."""
        others = [pair for plain, cured, model in self._others for pair in ((plain, self.model), (cured, model))]
        return [(self.plain, self.model), self.cured, *others, *self._rivals]

    @cached_property
    def asked(self) -> Asked:
        """Both arms from the journal."""
        return self._both(self.plain, self.cured[0])

    def _both(self, plain: Session, cured: Session) -> Asked:
        """Both arms of a study from the journal."""
        return Asked(plain.study, self.remedy, plain.responses, cured.responses, self.group)

    @property
    def answers(self) -> pl.DataFrame:
        """Every answer to the study, with its `arm`: `without` the remedy, `with` it, or the rival's name."""
        arms = {"without": self.plain, "with": self.cured[0], **{members.spelled(one.remedy): one for one, _ in self._funded}}
        frames = [session.answers.with_columns(arm=pl.lit(name)) for name, session in arms.items()]
        return pl.concat(frames, how="diagonal_relaxed")

    @cached_property
    def comparison(self) -> Comparison:
        """What changed.

        Raises:
            InputError: too little came back.
        """
        level = getattr(self.plain.study, "level", 0.9)
        treated, asked = self.cured[0], self.asked
        arms = {"without": used(self.plain), "with": used(treated, self.drafts)}
        rivals = []
        for one, _ in self._funded:
            arms[members.spelled(one.remedy)] = took = used(one)
            told = called(one, self.plain, took.cost / arms["with"].cost)
            rivals.append(replace(asked, remedy=one.remedy, treated=one.responses, called=told))
        before, after, change = changed(asked, rivals[0] if rivals else None, level)
        said = f" The remedy was {asked.learned_from}." if asked.learned_from else ""
        price, ratio = prices(
            arms, self.model.id, len({request for request in treated.settled if not request.waits} & set(self.plain.settled))
        )
        verdict = replace(change.verdict, sentence=f"{change.verdict.sentence}{said} {ratio}")
        notices = (*change.notices, *(self.remedy.notices(self._written) if self.drafts else ()), *self.plain.who_judged)
        change = replace(change, verdict=verdict, evidence={"price": price, **change.evidence}, notices=notices)
        provenance = {
            "study": members.spelled(self.plain.study), "remedy": members.spelled(self.remedy), "model": self.model.id,
            "knobs": {"study": _knobs(self.plain.study), "remedy": _knobs(self.remedy)}, "versions": versions(),
        }  # fmt: skip
        whole = applied(asked)
        beside = [changed(self._both(plain, cured), None, level)[2] for plain, cured, _ in self._others]
        return Comparison(change, before, after, (*([whole] if whole else []), *self._guard(level), *beside), provenance)

    def _guard(self, level: float) -> list[Finding]:
        """How the stability of the panel changed, where the same answers tell."""
        asked = self.asked
        if members.name_of(self.plain.study) == GUARD or not (once(asked.plain) and once(asked.treated)):
            return []
        try:
            return [changed(replace(asked, study=members.study(GUARD)), None, level)[2]]
        except InputError:
            return []  # they do not


def called(rival: Session, plain: Session, share: float) -> str:
    """A rival by its name, its runs, and its share of the remedy's price."""
    runs = (
        f" in {rival.elicitation.runs} runs instead of {plain.elicitation.runs}" if rival.elicitation.runs > plain.elicitation.runs else ""
    )
    price = "at the same price" if abs(share - 1) < SAME else f"at {share:.0%} of its price"
    return f"{members.spelled(rival.remedy)}{runs}, {price}"


def once(responses: Responses) -> bool:
    """Whether every row is a run of one prompt a persona and item, so that reruns are all that differs in a cell."""
    c = responses.columns
    by = [name for name in (c.persona, c.item, c.run) if name]
    return not responses.frame.select(by).is_duplicated().any()


def _knobs(member: object) -> dict[str, str]:
    return {name: str(value) for name, value in members.knobs(member).items()}
