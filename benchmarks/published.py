"""Published claims, and the studies that test them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl
from replays import Recorded, countries, cues, dialogues, ideology, models, moral, traits, twins, with_and_without
from spoken import dropped, fits, gone

from personametrics.data.columns import Columns
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.data.study import Elicitation, Study
from personametrics.lab.members import study
from personametrics.lab.task import Task
from personametrics.models.embedded.society import instruments, panels
from personametrics.studies.annotation import Annotation
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.individuation import Individuation
from personametrics.studies.population import Population

Setting = tuple[Study, Sequence[Persona] | None, Sequence[Item] | None]
"""The type of a study with its personas and items; None: the bundled ones."""


@dataclass(frozen=True)
class Claim:
    """A published claim.

    Attributes:
        says: claim, in the words of this library.
        source: key in references.bib.
        study: study that tests it.
        estimate: name of the figure in the table.
        claimed: verdict that would confirm it, or a range of the whole interval: `< 1`, `> 0`.
        recorded: answers that others recorded.
        toy: people and questions for the embedded model, if the bundled ones are unsuitable.
        untested: reason why the embedded model cannot test it.
        runs: number of runs with the embedded model.
        more: options of the command in addition to study and model.
        instead: another command, if the study compares with people.
        digits: number of digits of the figure.
        planted: planted figure of a study of conversations, NaN if unknown; None: the same study on the society's odds.
    """

    says: str
    source: str
    study: str
    estimate: str
    claimed: str
    recorded: tuple[Recorded, ...] = ()
    toy: Callable[[], Setting] | None = None
    untested: str = ""
    runs: int = 5
    more: str = ""
    instead: str = ""
    digits: int = 2
    planted: Callable[[Task], float] | None = None

    @property
    def command(self) -> str:
        """The command that tests the claim on any model."""
        return self.instead or " ".join(part for part in (f"personametrics run {self.study} --model MODEL", self.more) if part)

    @property
    def setting(self) -> Setting:
        """The study, people and items for the embedded model."""
        return self.toy() if self.toy else (study(self.study), None, None)


def answered_once(people: Sequence[Persona], items: Sequence[Item], seed: int = 0) -> Responses:
    """Return one answer of every person to every item."""
    truth, draw = panels.society(people, items), np.random.default_rng(seed)
    rows = []
    for person, item in product(people, items):
        (request,) = Elicitation(1).ask(person, item)
        odds = truth(request)
        answer = draw.choice(list(odds), p=np.array(list(odds.values())) / sum(odds.values()))
        rows.append((person.id, item.id, str(answer), person.attributes["politics"]))
    table = pl.DataFrame(rows, ["persona", "item", "answer", "politics"], orient="row")
    return Responses.read(table, Columns(attributes=("politics",)), items[0].scale)


def statements() -> Setting:
    """Return 24 people of the society, and statements about which they differ."""
    return study("stability"), panels.strong(24), panels.questionnaire()


def own_answers() -> Setting:
    """Return 24 people of the society who gave one answer each to 12 statements."""
    people, items = panels.strong(24), panels.questionnaire(12)
    return Individuation(human=answered_once(people, items)), people, items


def annotators() -> Setting:
    """Return 24 people of the society who judge evidence, and 12 others as the human reference."""
    items = instruments.evidence()
    return Annotation(answered_once(panels.strong(12, seed=1), items)), panels.strong(24), items


def counted() -> Setting:
    """Return 60 people of the society, and 150 others as the human reference."""
    items = panels.questionnaire(12)
    return Population(answered_once(panels.strong(150, seed=1), items)), panels.strong(60), items


def population() -> Setting:
    """Return 24 bare labels, and 150 people of the society as the human reference, by politics."""
    items = panels.questionnaire(12)
    people = answered_once(panels.strong(150, seed=1), items)
    return Fidelity(people, {"politics": "politics"}), panels.bare(24), items


CHATS = (
    dialogues("chat, PPO after SFT", "chatting.*sft-ppo"),
    dialogues("chat, SFT", "chatting.*sft_llama"),
    dialogues("chat, KTO after SFT", "chatting.*kto"),
)
THERAPIES = (
    dialogues("therapy, SFT", "therapy.*sft_new_lr"),
    dialogues("therapy, KTO after SFT", "therapy.*kto"),
    dialogues("therapy, long, Mistral 7B", "therapy.*long_mistral"),
)
CLAIMS = (
    Claim(
        "Two personas differ more than two answers of the same persona",
        "costa2025", "stability", "signal", "persona dominates",
        (
            moral("stability", "gpt-4o"),
            moral("stability", "deepseek-v3"),
            ideology("stability", "llama3.1:8b", "naive_persona"),
            ideology("stability", "llama3.1:8b", "value_persona"),
        ),
        statements,
    ),
    Claim(
        "The way of asking changes the answers more than the persona does",
        "zhuo2024", "wording", "pss.gap", "wording moves more than the persona",
        (cues("gpt-3.5-chatgpt"), cues("flan-t5-base"), ideology("wording", "gemma2:27b", "naive_persona", "value_persona")),
    ),
    Claim(
        "Answers are constructed on the spot",
        "ghafouri2026", "response_types", "share.constructed", "mostly constructed",
        tuple(ideology("response_types", model, "naive_persona", "value_persona") for model in ("gemma2:27b", "llama3.1:8b")),
    ),
    Claim(
        "Models keep their own character",
        "lacava2024", "resistance", "resistance", "keeps its own character",
        (traits("gpt-4-0613"), traits("gpt-3.5-turbo-0613")),
    ),
    Claim(
        "The model's own opinion has more influence than the opinion of the persona",
        "du2024", "prior_pull", "slope", "prior wins",
        (with_and_without("deepseek-v3"), with_and_without("gpt-4o"), with_and_without("gemini-2.5-flash-lite")),
    ),
    Claim(
        "A person's own profile does not help to predict that person",
        "psych2026", "individuation", "accuracy.gain.shuffled", "no individuation",
        (twins("individuation", "demo"), twins("individuation", "omni")),
        own_answers, more="--personas people.csv",
    ),
    Claim(
        "Simulated people differ less from each other than people do",
        "bisbee2024", "fidelity", "spread.ratio", "< 1",
        (twins("fidelity", "demo"), twins("fidelity", "omni")),
        population,
        instead="personametrics measure answers.csv --human people.csv --match politics=politics",
    ),
    Claim(
        "On average simulated people answer as people do",
        "bisbee2024", "population", "error", "numbers like people's",
        (twins("population", "demo"), twins("population", "omni")),
        counted, more="--items items.csv --human people.csv", digits=4,
    ),
    Claim(
        "A model can label in place of one annotator among several",
        "calderon2025", "annotation", "advantage", "> -0.05",
        (countries("gpt-3.5-chatgpt"), countries("flan-t5-base")),
        annotators, more="--items items.csv --human labels.csv",
    ),
    Claim(
        "Opinions are correlated",
        "converse1964", "belief_structure", "constraint", "structured",
        (moral("belief_structure", "gpt-4o"), moral("belief_structure", "deepseek-v3")),
    ),
    Claim("A single grade by a model judge is not reliable", "schroeder2024", "judge_reliability", "omega.single", "not reliable enough"),
    Claim("Identity bends the judgement of evidence", "dash2025", "distortion", "odds.ratio", "identity bends judgement"),
    Claim(
        "Personas tell true headlines from false ones less well than the model alone",
        "dash2025", "discernment", "change", "personas cost discernment", untested="no headlines in its world",
    ),
    Claim("Personas who know little answer worse than the model alone", "basil2025", "expertise", "gain.ignorant", "< 0"),
    Claim("Expert personas do not answer better than the model alone", "basil2025", "expertise", "gain.expert", "< 0.05"),
    Claim("If a model is sure of its answers, more than 80 % of them are right", "dong2024", "self_knowledge", "sure.accuracy", "> 0.8"),
    Claim("The value named first is chosen more often", "pezeshkpour2023", "value_tension", "order.none", "> 0"),
    Claim(
        "A secret is chosen anew each time it is revealed",
        "shanahan2023", "commitment", "agreement.gain", "superposition", runs=20, more="--items games.csv",
    ),
    Claim(
        "Models know groups better than they answer as their members",
        "meister2024", "group_knowledge", "gap", "knows but does not act", more="--items groups.csv",
    ),
    Claim(
        "Most published effects return in simulated people",
        "yeykelis2024", "replication", "share.replicated", "most effects replicate", untested="no published experiments in its world",
        more="--items experiments.csv",
    ),
    Claim(
        "Simulated people leave their character during a conversation",
        "abdulhai2025", "drift", "faded", "fades", more="--judge MODEL", planted=gone,
    ),
    Claim(
        "Simulated people do not keep their identity from line to line",
        "abdulhai2025", "consistency", "prompt_to_line", "inconsistent", CHATS, runs=2, more="--judge MODEL", planted=fits,
    ),
    Claim(
        "Lines agree with each other but no longer with the persona's text",
        "abdulhai2025", "consistency", "gap.line_to_line", "> 0", THERAPIES, runs=2, more="--judge MODEL", planted=lambda _: math.nan,
    ),
    Claim(
        "A persona loses its character if words are added to a user's turn",
        "maiya2025", "pressure", "drop", "worn", runs=2, more="--judge MODEL", planted=dropped,
    ),
    Claim(
        "Many lines do not fit both the persona and the turn before them",
        "hsu2025", "coherence", "both", "incoherent", runs=3, more="--judge MODEL", planted=fits,
    ),
    Claim(
        "Models get lost if information comes bit by bit",
        "laban2025", "lost", "mean.turns", "lost in conversation", untested="no tasks in parts in its world",
        more="--judge MODEL",
    ),
    Claim(
        "The actions of personas do not agree with their statements",
        "mannekote2025", "say_do", "correlation", "says otherwise", untested="no games of trust or giving in its world",
    ),
    Claim(
        "Some models keep to a persona better than others",
        "costa2025", "capability", "signal.least", "models differ", (models(),), untested="it is one model",
        instead="personametrics replay capability answers.csv --column model=model",
    ),
)  # fmt: skip
