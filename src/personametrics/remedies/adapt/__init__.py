"""Personas that are rewritten until they answer as their people did before."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.dialogues.rewriting import by_persona, rewritten
from personametrics.remedies.adapt.distinctness import cards_apart, groups_apart
from personametrics.remedies.adapt.feedback import REVISION, profiled, simulated, updated
from personametrics.remedies.adapt.interactions import Interaction, read_interactions, remembered
from personametrics.remedies.adapt.revision import GOLD, candidate, card, diary, kept

MEMORY = "You were asked before, and answered:\n{known}\n\n"
"""What stands before a question, where past answers are told with it."""
ADAPTED = "adapted"
"""The attribute in which a persona's steps are kept."""
KEYS = ("order", "calm")
"""What has to be known of everybody in the known world."""


@dataclass(frozen=True)
class Adapt(Remedy):
    """Rewrites each persona by what a model says of where it errs on its person's recent answers, as long as that helps on held-out ones.

    Zhang et al. (2025, arXiv 2506.06254): a profile is drawn from the memory; then, in each iteration, the last answers are simulated, each
    is remarked on beside the person's own, and the persona is rewritten from the remarks. Here each rewriting is gated: it stays only
    where the mean loss on other answers of the same person falls, and it is rolled back where it does not, is too long, or quotes what was
    asked and answered. Simulated answers are the likeliest ones (temperature 0), under the shipped prompt. Its attribute `adapted` tells
    each persona's steps, as JSON.

    The gate reads few answers, and reads them again in each step: of two texts that differ by luck alone the new one passes it in 36 % of
    cases with four answers at one half each. The loss after it is therefore no estimate of anything; the study is.

    Attributes:
        interactions: a table with the columns persona, item, text, scale, answer, the oldest first; or interactions. Nothing in it may be
            asked by the study.
        recent: so many of the last are simulated and remarked on.
        iterations: how often, one after the other; 0: never.
        held: so many before these are held out; whoever has fewer than one more stays as it is.
        words: longest persona.
        profile: begin with a profile drawn from all that is not held out.
        memory: so many past answers, to questions worded most alike, are told with each question of the study; 0: none.
        quotes: share of the runs of four words of a question with its answer from which on a persona quotes it.
        group: attribute whose groups should lie apart; "": say only how far personas do.
    """

    interactions: str | tuple[Interaction, ...] = ""
    recent: int = 3
    iterations: int = 3
    held: int = 4
    words: int = 200
    profile: bool = True
    memory: int = 0
    quotes: float = 0.5
    group: str = ""
    says: ClassVar[str] = "Have personas rewritten by where they err on their person's recent answers, as long as that helps on others."
    acts_on: ClassVar[Stage] = "personas"
    cite: ClassVar[tuple[str, ...]] = ("zhang2025personaagent", "rousseeuw1987")

    def __post_init__(self) -> None:
        for name, least in (("recent", 1), ("iterations", 0), ("held", 1), ("words", 1), ("memory", 0)):
            if getattr(self, name) < least:
                message = f"adapt.{name}: {getattr(self, name)} is too few; write {least} or more."
                raise StudyError(message)

    @cached_property
    def _known(self) -> Mapping[str, list[Interaction]]:
        """What each person answered, the oldest first."""
        if not self.interactions:
            message = (
                "adapt needs what people answered before; name a table with the columns persona, item, text, scale and answer: "
                "adapt:interactions=FILE."
            )
            raise DesignError(message)
        found: dict[str, list[Interaction]] = {}
        for one in read_interactions(self.interactions) if isinstance(self.interactions, str) else self.interactions:
            found.setdefault(one.persona, []).append(one)
        return found

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """The diary of each persona, which waits for all that is asked of it.

        Raises:
            InputError: there are no interactions, they cannot be read, nobody has enough of them, or no persona has the attribute `group`.
        """
        names = sorted({name for persona in personas for name in persona.attributes})
        if self.group and self.group not in names:
            message = f'adapt.group: no persona has the attribute "{self.group}": {options(self.group, names)}.'
            raise DesignError(message)
        if not any(len(self._known.get(persona.id, ())) > self.held for persona in personas):
            message = f"No persona has {self.held + 1} interactions or more: check the column persona, or lower held={self.held}."
            raise DesignError(message)
        return [self._diary(persona) for persona in personas] if self.profile or self.iterations else []

    def _diary(self, persona: Persona) -> Request:
        """All steps of a persona."""
        known = self._known.get(persona.id, [])
        last = known[max(len(known) - self.recent, self.held) :]
        end = len(known) - len(last)
        held, older = known[end - self.held : end], known[: max(end - self.held, 0)]
        about = {"persona": persona.id, "before": persona.text, "group": persona.attributes.get(self.group, "")}
        text = card(persona.text)
        if not last:
            return diary([kept(text, ())], about)
        steps, taught = [kept(text, [simulated(text, one) for one in held])], [*older, *last]
        for at in range(0 if self.profile else 1, self.iterations + 1):
            new = updated(steps[-1], last, at, self.words) if at else profiled(text, taught, self.words)
            told = candidate(steps[-1], new, [one.words for one in taught], self.words, self.quotes)
            steps.append(kept(steps[-1], [simulated(told, one) for one in held], told))
        return diary(steps, about)

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """The same personas, each told the text that its last step kept."""
        found = {one["persona"]: one for one in map(json.loads, written)}
        return tuple(
            replace(one, text=told["text"], attributes={**one.attributes, ADAPTED: json.dumps(told["steps"], ensure_ascii=False)})
            if (told := found.get(one.id))
            else one
            for one in personas
        )

    def notices(self, written: Sequence[str]) -> list[Notice]:
        """How many steps were kept and why others were not, held-out loss, and how far the personas lie apart before and after."""
        found: list[dict[str, Any]] = [json.loads(one) for one in written]
        tried = [one for one in found if one["steps"]]
        steps = [step for one in tried for step in one["steps"]]
        reasons = Counter(step["why"] for step in steps)
        rolled = "; ".join(f"{count} rolled back, since {why}" for why, count in sorted(reasons.items()) if why)
        losses = [sum(ends) / len(tried) for ends in zip(*map(_ends, tried), strict=True)]
        text = f"{reasons['']} of {len(steps)} rewritings were kept{f' ({rolled})' if rolled else ''}."
        text += (
            f" Mean loss on the held-out answers that decided: {losses[0]:.2f} before, {losses[1]:.2f} after, which is too good to be true."
        )
        told = [Notice("gate", text), Notice("cards-apart", self._apart(found))]
        if alone := len(found) - len(tried):
            text = f"{alone} of {len(found)} personas have fewer than {self.held + 1} interactions and stay as they are."
            told.append(Notice("no-interactions", text))
        return told

    def _apart(self, found: Sequence[Mapping[str, Any]]) -> str:
        """How far personas lie apart, as texts."""
        before, after = ([one[name] for one in found] for name in ("before", "text"))
        said = f"Two personas' texts lie {cards_apart(before):.2f} apart before and {cards_apart(after):.2f} after"
        groups = [one["group"] for one in found]
        if len(set(groups)) > 1:
            said += f"; mean silhouette of {self.group}: {groups_apart(before, groups):.2f} before, {groups_apart(after, groups):.2f} after"
        return f"{said} (by wording: one minus the cosine of character n-grams)."

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Every question, with the past answers to those worded most alike.

        Raises:
            DesignError: the study asks what was learned from.
        """
        seen = {name for known in self._known.values() for one in known for name in (one.item.id, one.item.text)}
        for request in requests:
            item = request.about.get("item", "")
            if not seen.isdisjoint([item, *request.messages[-1].text.split("\n\n")]):
                message = f'The item "{item}" is among the interactions that personas are adapted to; ask others, or leave it out of them.'
                raise DesignError(message)
        return rewritten(requests, self._reminded) if self.memory else list(requests)

    def _reminded(self, request: Request) -> Request:
        """A question with past answers."""
        *before, question = request.messages
        known = self._known.get(request.about.get("persona", ""), [])
        if not by_persona(request) or not known:
            return request
        best = remembered(known, question.text, self.memory)
        listed = "\n".join(f"- {one.item.text} {one.answer}" for one in best)
        return replace(request, messages=(*before, replace(question, text=MEMORY.replace("{known}", listed) + question.text)))

    def rival(self) -> "Adapt | None":
        """The same answers told word for word, and nothing rewritten."""
        if not self.profile and not self.iterations:
            return None
        return replace(self, profile=False, iterations=0, memory=max(self.memory, self.recent))

    def known(self) -> RemedyWorld:
        """Whoever is told two things of itself answers right; each remark names one that is missing, or in the other world a wrong one."""
        personas = tuple(Persona(f"persona {at}", f"You are number {at}.", {"camp": str(at % 2)}) for at in range(12))
        scale = Nominal(("no", "yes"))
        items = tuple(Item(f"item {at}", f"Statement {at}.", scale, {"with": str(at // 2 % 2)}) for at in range(12))
        camp = {one.id: one.attributes["camp"] for one in personas}
        talks = [Item(f"talk {at}", f"Is it {KEYS[at % 2]}, {at}?", scale) for at in range(8)]
        interactions = tuple(Interaction(one.id, talk, scale.labels[int(camp[one.id])]) for one in personas for talk in talks)
        holds = {one.id: one.attributes["with"] for one in items}

        def world(request: Request, *, corrupted: bool = False) -> Mapping[str, float]:
            persona, item, text = request.about["persona"], request.about["item"], "\n".join(message.text for message in request.messages)
            told = [key for key in KEYS if f"You value {key}." in text]
            if item == REVISION:
                return {_scripted(text, told, corrupted=corrupted): 1.0}
            if item in holds:
                held = (0.6, 0.75, 0.9)[len(told)]
                yes = held if camp[persona] == holds[item] else 1 - held
                return {"no": 1 - yes, "yes": yes}
            right = any(f"Is it {key}," in text for key in told)
            return {request.about[GOLD] if right else next(one for one in request.choices if one != request.about[GOLD]): 1.0}

        remedy = replace(self, interactions=interactions, recent=3, iterations=3, held=4, words=200, memory=0, quotes=0.5, group="camp")
        change = {"signal": _signal(0.9) - _signal(0.6)}
        return RemedyWorld(
            "stability:permutations=99", personas, items, world, change, lambda request: world(request, corrupted=True), remedy=remedy
        )


def _ends(one: Mapping[str, Any]) -> tuple[float, float]:
    """Held-out loss before the first step and after the last."""
    last = one["steps"][-1]
    return one["steps"][0]["loss"], last["loss"] if last["why"] else last["tried"]


def _scripted(text: str, told: Sequence[str], *, corrupted: bool) -> str:
    """What is written in the known world: a remark names the key of its question; a rewriting adds the first one that is missing."""
    now = text.partition("<description>\n")[2].partition("\n</description>")[0]
    if "<model>" in text:
        key = next(key for key in KEYS if f"Is it {key}," in text)
        return f"It lacks {'noise' if corrupted else key}."
    missing = [key for key in (*KEYS, "noise") if f"It lacks {key}." in text and key not in told]
    return f"<persona>{' '.join([now, *(f'You value {key}.' for key in missing[:1])])}</persona>"


def _signal(held: float, apart: float = 6 / 11) -> float:
    """The persona signal where an answer is that of one's camp with this probability, and so many pairs of personas are of two camps."""
    rerun = 2 * held * (1 - held)
    return 1 - rerun / ((1 - apart) * rerun + apart * (1 - rerun))
