"""The remedy that rewrites personas until they answer as their people did before."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.scale import Nominal
from personametrics.dialogues.rewriting import by_persona, rewrite
from personametrics.remedies.adapt.distinctness import cards_apart, groups_apart
from personametrics.remedies.adapt.feedback import REVISION, profile_text, simulated_answer, updated_text
from personametrics.remedies.adapt.interactions import Interaction, most_alike, read_interactions
from personametrics.remedies.adapt.revision import GOLD, candidate, card, diary, kept_text

MEMORY = "You were asked before, and answered:\n{known}\n\n"
"""The text before a question with past answers."""
ADAPTED = "adapted"
"""The attribute that lists a persona's steps."""
KEYS, HELD = ("order", "calm"), (0.6, 0.75, 0.9)
"""In the known world: two facts about each person, and the probabilities of an answer that follows its camp, by facts in its text."""


@dataclass(frozen=True)
class Adapt(Remedy):
    """Personas that a model rewrites from their errors on the person's recent answers, as long as that helps on held-out answers.

    Zhang and others (2025, arXiv 2506.06254) draw a profile from the memory. Then, in each iteration, the last answers are simulated, the
    model remarks on each next to the person's own answer, and rewrites the persona from the remarks. Here each new text passes a gate: it
    stays only if the mean loss on other answers of the same person falls, and it is rolled back if the loss does not fall, if the text is
    too long, or if it quotes questions with their answers. Simulated answers are the likeliest ones (temperature 0), with the bundled
    prompt. The attribute `adapted` lists each persona's steps, as JSON.

    The gate reads few answers, and the same ones in each step: a new text that differs from the old one by chance only passes in 36 % of
    cases, with four answers of probability 0.5 each. The loss after the gate is therefore not an estimate of anything; use the study.

    Attributes:
        interactions: a table with the columns persona, item, text, scale, answer, the oldest first; or interactions. The study must not
            ask any of these items.
        recent: number of last answers that are simulated and remarked on.
        iterations: number of iterations; 0: none.
        held: number of answers before the recent ones that are held out; a persona with no further answer stays as it is.
        words: largest number of words of a persona.
        profile: True to begin with a profile drawn from all answers that are not held out.
        memory: number of past answers, to the questions with the most similar wording, that each question of the study shows; 0: none.
        quotes: share of the sequences of four words of a question with its answer from which a text counts as quoting it.
        group: attribute whose groups should lie apart; "": report distances of personas only.
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
    says: ClassVar[str] = "Rewrite personas from their errors on the person's recent answers, as long as that helps on held-out answers."
    acts_on: ClassVar[Stage] = "personas"
    cite: ClassVar[tuple[str, ...]] = ("zhang2025personaagent", "rousseeuw1987")

    def __post_init__(self) -> None:
        """Refuse numbers that are too small."""
        for name, least in (("recent", 1), ("iterations", 0), ("held", 1), ("words", 1), ("memory", 0)):
            if getattr(self, name) < least:
                message = f"adapt.{name}: {getattr(self, name)} is too few. Write {least} or more."
                raise StudyError(message)

    @cached_property
    def _memory(self) -> Mapping[str, list[Interaction]]:
        """The interactions of each person, the oldest first."""
        if not self.interactions:
            message = (
                "adapt needs people's earlier answers. Name a table with the columns persona, item, text, scale and answer: "
                "adapt:interactions=FILE."
            )
            raise DesignError(message)
        memory: dict[str, list[Interaction]] = {}
        for interaction in read_interactions(self.interactions) if isinstance(self.interactions, str) else self.interactions:
            memory.setdefault(interaction.persona, []).append(interaction)
        return memory

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """Return the diary of each persona, which waits for all requests about it.

        Raises:
            InputError: interactions are missing, unreadable or too few for all personas, or the attribute `group` is unknown.
        """
        names = sorted({name for persona in personas for name in persona.attributes})
        if self.group and self.group not in names:
            message = f'adapt.group: no persona has the attribute "{self.group}". {options(self.group, names)}.'
            raise DesignError(message)
        if not any(len(self._memory.get(persona.id, ())) > self.held for persona in personas):
            message = f"No persona has {self.held + 1} interactions or more. Check the column persona, or lower held={self.held}."
            raise DesignError(message)
        return [self._diary(persona) for persona in personas] if self.profile or self.iterations else []

    def _diary(self, persona: Persona) -> Request:
        """Return the request for all steps of a persona."""
        memory = self._memory.get(persona.id, [])
        recent = memory[max(len(memory) - self.recent, self.held) :]
        end = len(memory) - len(recent)
        held_out, older = memory[end - self.held : end], memory[: max(end - self.held, 0)]
        about = {"persona": persona.id, "before": persona.text, "group": persona.attributes.get(self.group, "")}
        text = card(persona.text)
        if not recent:
            return diary([kept_text(text, ())], about)
        steps, learned = [kept_text(text, [simulated_answer(text, one) for one in held_out])], [*older, *recent]
        for step in range(0 if self.profile else 1, self.iterations + 1):
            new = updated_text(steps[-1], recent, step, self.words) if step else profile_text(text, learned, self.words)
            tried = candidate(steps[-1], new, [one.words for one in learned], self.words, self.quotes)
            steps.append(kept_text(steps[-1], [simulated_answer(tried, one) for one in held_out], tried))
        return diary(steps, about)

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """Return the personas, each with the text that its last step kept."""
        diaries = {entry["persona"]: entry for entry in map(json.loads, written)}
        return tuple(_with_diary(persona, diaries[persona.id]) if persona.id in diaries else persona for persona in personas)

    def notices(self, written: Sequence[str]) -> list[Notice]:
        """Return the number of kept steps, reasons against the others, held-out loss, and distances of personas before and after."""
        diaries: list[dict[str, Any]] = [json.loads(text) for text in written]
        tried = [entry for entry in diaries if entry["steps"]]
        steps = [step for entry in tried for step in entry["steps"]]
        reasons = Counter(step["why"] for step in steps)
        rolled_back = "; ".join(f"{count} rolled back, since {why}" for why, count in sorted(reasons.items()) if why)
        before, after = (sum(losses) / len(tried) for losses in zip(*map(_losses, tried), strict=True))
        text = f"{reasons['']} of {len(steps)} rewritings were kept{f' ({rolled_back})' if rolled_back else ''}. Mean loss on the held-out"
        text += f" answers is {before:.2f} before and {after:.2f} after; since these answers decided, the loss after is too optimistic."
        notices = [Notice("gate", text), Notice("cards-apart", self._distances(diaries))]
        if untried := len(diaries) - len(tried):
            text = f"{untried} of {len(diaries)} personas have fewer than {self.held + 1} interactions and stay as they are."
            notices.append(Notice("no-interactions", text))
        return notices

    def _distances(self, diaries: Sequence[Mapping[str, Any]]) -> str:
        """Return a sentence on the distances of personas' texts."""
        before, after = ([entry[name] for entry in diaries] for name in ("before", "text"))
        text = f"The mean distance of two personas' texts is {cards_apart(before):.2f} before and {cards_apart(after):.2f} after"
        groups = [entry["group"] for entry in diaries]
        if len(set(groups)) > 1:
            silhouettes = f"{groups_apart(before, groups):.2f} before and {groups_apart(after, groups):.2f} after"
            text += f"; the mean silhouette of {self.group} is {silhouettes}"
        return f"{text} (by wording: one minus the cosine of character n-grams)."

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return every question with past answers to the questions with the most similar wording.

        Raises:
            DesignError: the study asks an item of the interactions.
        """
        seen = {name for memory in self._memory.values() for one in memory for name in (one.item.id, one.item.text)}
        for request in requests:
            item = request.about.get("item", "")
            if not seen.isdisjoint([item, *request.messages[-1].text.split("\n\n")]):
                message = f'The item "{item}" is among the interactions that personas are adapted to. Ask other items, or leave it out.'
                raise DesignError(message)
        return rewrite(requests, self._reminded) if self.memory else list(requests)

    def _reminded(self, request: Request) -> Request:
        """Return a question with past answers."""
        *before, question = request.messages
        memory = self._memory.get(request.about.get("persona", ""), [])
        if not by_persona(request) or not memory:
            return request
        listed = "\n".join(f"- {one.item.text} {one.answer}" for one in most_alike(memory, question.text, self.memory))
        return replace(request, messages=(*before, replace(question, text=MEMORY.replace("{known}", listed) + question.text)))

    def rival(self) -> "Adapt | None":
        """Return the remedy that shows the same answers word for word, without rewriting."""
        if not self.profile and not self.iterations:
            return None
        return replace(self, profile=False, iterations=0, memory=max(self.memory, self.recent))

    def known(self) -> RemedyWorld:
        """Return a world in which personas answer better with each of two facts in their text, and each remark names a missing fact.

        In the null world each remark is wrong.
        """
        personas = tuple(Persona(f"persona {index}", f"You are number {index}.", {"camp": str(index % 2)}) for index in range(12))
        scale = Nominal(("no", "yes"))
        items = tuple(Item(f"item {index}", f"Statement {index}.", scale, {"with": str(index // 2 % 2)}) for index in range(12))
        camp_of = {persona.id: persona.attributes["camp"] for persona in personas}
        talks = [Item(f"talk {index}", f"Is it {KEYS[index % 2]}, {index}?", scale) for index in range(8)]
        interactions = tuple(Interaction(one.id, talk, scale.labels[int(camp_of[one.id])]) for one in personas for talk in talks)
        agreeing = {item.id: item.attributes["with"] for item in items}

        def world(request: Request, *, corrupted: bool = False) -> Mapping[str, float]:
            persona, item, text = request.about["persona"], request.about["item"], "\n".join(message.text for message in request.messages)
            facts = [key for key in KEYS if f"You value {key}." in text]
            if item == REVISION:
                return {_scripted(text, facts, corrupted=corrupted): 1.0}
            if item in agreeing:
                held = HELD[len(facts)]
                yes = held if camp_of[persona] == agreeing[item] else 1 - held
                return {"no": 1 - yes, "yes": yes}
            gold = request.about[GOLD]
            right = any(f"Is it {key}," in text for key in facts)
            return {gold if right else next(choice for choice in request.choices if choice != gold): 1.0}

        remedy = replace(self, interactions=interactions, recent=3, iterations=3, held=4, words=200, memory=0, quotes=0.5, group="camp")
        change = {"signal": _signal(HELD[2]) - _signal(HELD[0])}
        null = partial(world, corrupted=True)
        return RemedyWorld("stability:permutations=99", personas, items, world, change, null, remedy=remedy)


def _with_diary(persona: Persona, entry: Mapping[str, Any]) -> Persona:
    """Return a persona with its last text, and its steps as an attribute."""
    attributes = {**persona.attributes, ADAPTED: json.dumps(entry["steps"], ensure_ascii=False)}
    return replace(persona, text=entry["text"], attributes=attributes)


def _losses(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Return the held-out loss before the first step and after the last."""
    last = entry["steps"][-1]
    return entry["steps"][0]["loss"], last["loss"] if last["why"] else last["tried"]


def _scripted(text: str, facts: Sequence[str], *, corrupted: bool) -> str:
    """Return the text that is written in the known world: a remark names a fact, and a rewriting adds the first missing fact."""
    description = text.partition("<description>\n")[2].partition("\n</description>")[0]
    if "<model>" in text:
        key = next(key for key in KEYS if f"Is it {key}," in text)
        return f"It lacks {'noise' if corrupted else key}."
    missing = [key for key in (*KEYS, "noise") if f"It lacks {key}." in text and key not in facts]
    return f"<persona>{' '.join([description, *(f'You value {key}.' for key in missing[:1])])}</persona>"


def _signal(held: float, other_camp: float = 6 / 11) -> float:
    """Return the persona signal for a probability of answers that follow the camp, and a share of pairs of personas of two camps."""
    rerun = 2 * held * (1 - held)
    return 1 - rerun / ((1 - other_camp) * rerun + other_camp * (1 - rerun))
