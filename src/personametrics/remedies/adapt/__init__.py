"""The remedy that rewrites personas until they answer as their people did before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.dialogues.rewriting import by_persona, rewrite
from personametrics.remedies.adapt import revision
from personametrics.remedies.adapt.interactions import Interaction, read_interactions
from personametrics.remedies.adapt.wording import describe_distances, most_alike
from personametrics.remedies.adapt.world import known_interactions, known_world

MEMORY = "You were asked before, and answered:\n{known}\n\n"
"""The text before a question with past answers."""
ADAPTED = "adapted"
"""The attribute that lists a persona's steps."""


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
    says: ClassVar[str] = (
        "Rewrite each persona to correct its errors on the person's recent answers. Keep a new text only if it helps on held-out answers."
    )
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
            table = "a table with the columns persona, item, text, scale and answer"
            message = f"adapt needs people's earlier answers. Name {table}: adapt:interactions=FILE."
            raise DesignError(message)
        memory: dict[str, list[Interaction]] = {}
        for interaction in read_interactions(self.interactions) if isinstance(self.interactions, str) else self.interactions:
            memory.setdefault(interaction.persona, []).append(interaction)
        return memory

    def drafts(self, personas: Sequence[Persona]) -> list[Request]:
        """Return the diary of each persona, which waits for all requests about it."""
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
        text = revision.card(persona.text)
        if not recent:
            return revision.diary([revision.kept_text(text, ())], about)
        steps, learned = [revision.kept_text(text, [revision.simulated_answer(text, past) for past in held_out])], [*older, *recent]
        for step in range(0 if self.profile else 1, self.iterations + 1):
            new = revision.updated_text(steps[-1], recent, step, self.words) if step else revision.profile_text(text, learned, self.words)
            tried = revision.candidate(steps[-1], new, [past.words for past in learned], self.words, self.quotes)
            steps.append(revision.kept_text(steps[-1], [revision.simulated_answer(tried, past) for past in held_out], tried))
        return revision.diary(steps, about)

    def personas(self, personas: Sequence[Persona], written: Sequence[str]) -> tuple[Persona, ...]:
        """Return the personas, each with the text that its last step kept."""
        entries = {entry["persona"]: entry for entry in map(json.loads, written)}
        adapted = []
        for persona in personas:
            entry = entries.get(persona.id, {"text": persona.text})
            steps = {ADAPTED: json.dumps(entry["steps"], ensure_ascii=False)} if "steps" in entry else {}
            adapted.append(replace(persona, text=entry["text"], attributes={**persona.attributes, **steps}))
        return tuple(adapted)

    def notices(self, written: Sequence[str]) -> list[Notice]:
        """Return the number of kept steps, reasons against the others, held-out loss, and distances of personas before and after."""
        diaries: list[dict[str, Any]] = [json.loads(text) for text in written]
        tried = [entry for entry in diaries if entry["steps"]]
        before, after, groups = ([entry[name] for entry in diaries] for name in ("before", "text", "group"))
        distances = describe_distances(before, after, groups, self.group)
        notices = [Notice("gate", revision.describe_gate(tried)), Notice("cards-apart", distances)]
        if untried := len(diaries) - len(tried):
            text = f"{untried} of {len(diaries)} personas have fewer than {self.held + 1} interactions and keep their texts."
            notices.append(Notice("no-interactions", text))
        return notices

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return every question with past answers to the questions with the most similar wording."""
        seen = {name for memory in self._memory.values() for past in memory for name in (past.item.id, past.item.text)}
        for request in requests:
            item = request.about.get("item", "")
            if not seen.isdisjoint([item, *request.messages[-1].text.split("\n\n")]):
                message = f'The item "{item}" is among the interactions that personas are adapted to. Ask other items, or remove it there.'
                raise DesignError(message)
        return rewrite(requests, self._reminded) if self.memory else list(requests)

    def _reminded(self, request: Request) -> Request:
        """Return a question with past answers."""
        *before, question = request.messages
        memory = self._memory.get(request.about.get("persona", ""), [])
        if not by_persona(request) or not memory:
            return request
        listed = "\n".join(f"- {past.words}" for past in most_alike(memory, question.text, self.memory))
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
        remedy = replace(self, recent=3, iterations=3, held=4, words=200, memory=0, quotes=0.5, group="camp")
        return RemedyWorld(**known_world(), remedy=replace(remedy, interactions=known_interactions()))
