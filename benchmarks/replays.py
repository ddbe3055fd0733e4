"""Recorded answers of models and people in the form that studies need; they are not bundled with the library."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal
from personametrics.data.study import Study
from personametrics.lab.members import study
from personametrics.studies.annotation import Annotation
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.population import Population

FIVE, SIX, SEVEN = (Ordinal(tuple(str(index) for index in range(low, high + 1))) for low, high in ((1, 5), (0, 5), (1, 7)))
POLES = {"extr": "Extraversion", "agre": "Agreeableness", "cons": "Conscientiousness", "neur": "Neuroticism", "open": "Openness"}
"""The words of a persona's name that mean high on a trait; others mean low."""


class Recorded(NamedTuple):
    """A set of recorded answers for a study.

    Attributes:
        name: description of the answers.
        read: function from the folder of the data sets to the study and the answers.
    """

    name: str
    read: Callable[[Path], tuple[Study, Responses]]


def moral(of: str, model: str) -> Recorded:
    """Return 100 fully described personas, ten answers each to 30 Moral Foundations items at temperature 0.1."""
    return Recorded(f"Moral Foundations, 100 personas, {model}", partial(_moral, of=of, model=model))


def _moral(folder: Path, of: str, model: str) -> tuple[Study, Responses]:
    """Read the answers as personas."""
    columns = Columns("persona_id", "question_id", "rating", run="run_index")
    keep = [f"model={model}", "temperature=0.1"]
    return study(of), Responses.read(folder / "mfq_personas/responses.parquet", columns, SIX, missing=["-1"], keep=keep)


def with_and_without(model: str) -> Recorded:
    """Return the same answers and those without a persona."""
    return Recorded(f"Moral Foundations, 100 personas and none, {model}", partial(_with_and_without, model=model))


def _with_and_without(folder: Path, model: str) -> tuple[Study, Responses]:
    """Read the answers as personas, and as the model itself."""
    given, prior = (pl.scan_parquet(folder / f"mfq_personas/{name}.parquet") for name in ("responses", "no_persona"))
    given = given.with_columns(pl.col("persona_id").cast(pl.String), arm=pl.lit("persona"))
    prior = prior.with_columns(persona_id=pl.lit(NOBODY), arm=pl.lit("none"))
    names = ("persona_id", "question_id", "run_index", "rating", "arm")
    both = pl.concat(table.filter(model=model, temperature=0.1).select(names) for table in (given, prior)).collect()
    columns = Columns("persona_id", "question_id", "rating", run="run_index", more=("arm",))
    return study("prior_pull"), Responses.read(both, columns, SIX, missing=["-1"])


def ideology(of: str, model: str, *condition: str) -> Recorded:
    """Return three political personas (a label, or the answers to give), up to 50 answers each to 32 Moral Foundations items."""
    how = " and ".join({"naive_persona": "as a label", "value_persona": "with the answers to the items"}[letter] for letter in condition)
    return Recorded(
        f"Moral Foundations, three political personas given {how}, {model}", partial(_ideology, of=of, model=model, conditions=condition)
    )


def _ideology(folder: Path, of: str, model: str, conditions: tuple[str, ...]) -> tuple[Study, Responses]:
    """Read the answers of a model, under one or both descriptions."""
    frame = pl.read_parquet(folder / "mfq_ideology_repeats/responses.parquet")
    frame = frame.filter(pl.col("model") == model, pl.col("condition").is_in(conditions))
    columns = Columns("persona", "item", "response", run="run", condition=("condition",) if len(conditions) > 1 else ())
    return study(of), Responses.read(frame, columns, SIX)


def traits(model: str) -> Recorded:
    """Return 32 personas, high or low on five traits, ten answers each to 44 Big Five items."""
    return Recorded(f"PersonaLLM, {model}", partial(_traits, model=model))


def _traits(folder: Path, model: str) -> tuple[Study, Responses]:
    """Read the answers with trait, key and target of each."""
    place = folder / "personallm_bfi_repeats"
    scores = pl.read_csv(place / "bfi_scores.txt", separator="\t").with_row_index("item", offset=1)
    scores = scores.select(pl.col("item").cast(pl.String), "trait", keyed=pl.col("reverse").replace_strict({"N": "+", "R": "-"}))
    frame = pl.read_parquet(place / "bfi_items.parquet").filter(model=model).with_columns(pl.col("item").cast(pl.String))
    words = pl.col("persona").str.split("_")
    high = pl.any_horizontal((pl.col("trait") == trait) & words.list.contains(word) for word, trait in POLES.items())
    frame = frame.join(scores, "item").with_columns(target=pl.when(high).then(pl.lit("high")).otherwise(pl.lit("low")))
    return study("resistance"), Responses.read(
        frame, Columns("persona", "item", "rating", run="run", more=("trait", "keyed", "target")), FIVE
    )


def cues(model: str) -> Recorded:
    """Return 23 personas who judge posts, each with the cue hateful, no cue, or not hateful."""
    return Recorded(f"Hate-Personified, three cues, {model}", partial(_cues, model=model))


def _cues(folder: Path, model: str) -> tuple[Study, Responses]:
    """Read the labels by persona, post and cue."""
    labels = pl.read_parquet(folder / "hate_personified/llm_labels.parquet").filter(study="RQ2_PC", model=model)
    code = pl.col("prompt_code").str
    frame = labels.with_columns(cue=code.extract(r"^P(\d)_"), persona=code.extract(r"^P\d_(\d+)$")).drop_nulls(["cue", "persona"])
    return study("wording"), Responses.read(frame, Columns("persona", "item", "label", condition=("cue",)), Nominal())


def countries(model: str) -> Recorded:
    """Return the same 23 personas without a cue, and the majority of annotators in each of five countries."""
    return Recorded(f"Hate-Personified, no cue, against the majorities of five countries, {model}", partial(_countries, model=model))


def _countries(folder: Path, model: str) -> tuple[Study, Responses]:
    """Read the labels by persona and post; a country stands for an annotator."""
    labels = pl.read_parquet(folder / "hate_personified/llm_labels.parquet").filter(study="RQ2_PC", model=model)
    frame = labels.with_columns(persona=pl.col("prompt_code").str.extract(r"^P2_(\d+)$")).drop_nulls("persona")
    people = pl.read_parquet(folder / "hate_personified/human_country_labels.parquet").drop("isHate")
    people = people.unpivot(index="ID", variable_name="country", value_name="label").drop_nulls("label")
    human = Responses.read(people, Columns("country", "ID", "label"), Nominal())
    return Annotation(human), Responses.read(frame, Columns("persona", "item", "label"), Nominal())


PROFILES = {"demo": "age and sex", "omni": "17 answers of the person"}
"""The profiles of the twins, by their name in the files, and their content."""


def twins(of: str, profile: str) -> Recorded:
    """Return 1,511 people, four answers each, and a model's answers as each of them."""
    read: Any = {"individuation": _individuated, "fidelity": partial(_beside, Fidelity), "population": partial(_beside, Population)}[of]
    return Recorded(f"Twins of 1,511 people, given {PROFILES[profile]}", partial(read, profile=profile))


def _long(folder: Path, answers: str) -> pl.DataFrame:
    """Read one row per person and question, with the person's own answer and that of another column."""
    frame = pl.read_parquet(folder / "twin_human_vs_llm/study1.parquet").with_columns(pl.col("respondent").cast(pl.String))
    parts = [
        frame.select(persona="respondent", item=pl.lit(f"Q{index}"), human=f"aoa_{index}", answer=f"{answers}{index}").cast(pl.String)
        for index in range(1, 5)
    ]
    return pl.concat(parts)


def _individuated(folder: Path, profile: str) -> tuple[Study, Responses]:
    """Read the profile and, as its control, the prompt without a description of the person."""
    arms = {"own": f"llm_{profile}_Q", "none": "llm_baseline_Q"}
    frame = pl.concat(_long(folder, answers).with_columns(arm=pl.lit(arm)) for arm, answers in arms.items())
    return study("individuation"), Responses.read(frame, Columns(more=("human", "arm")), SEVEN)


def _beside(of: Callable[[Responses], Study], folder: Path, profile: str) -> tuple[Study, Responses]:
    """Read the twins and their people."""
    people, panel = (Responses.read(_long(folder, answers), Columns(), SEVEN) for answers in ("aoa_", f"llm_{profile}_Q"))
    return of(people), panel


def models() -> Recorded:
    """Return 100 personas of eight models; temperature 0.1, except for gpt-5-mini, which answers only at 1."""
    return Recorded("Moral Foundations, 100 personas, eight models", _models)


def _models(folder: Path) -> tuple[Study, Responses]:
    """Read the answers of all models as personas."""
    rows = pl.scan_parquet(folder / "mfq_personas/responses.parquet").filter(pl.col("temperature") != 0.4)
    columns = Columns("persona_id", "question_id", "rating", run="run_index", more=("model",))
    return study("capability"), Responses.read(rows.collect(), columns, SIX, missing=["-1"], duplicates="runs")


DIALOGUES = "consistent_llms_dialogues/dialogues.parquet"
SCORES = {"prompt": ("prompt_to_line", 1.0), "index": ("line_to_line", 1.0), "survey": ("reader", 5.0)}
"""The judged quality and the maximum score, by name of the column."""
CARDLESS = "d41d8cd9"
"""The therapist and the teacher, who have no card to contradict."""


def scored(path: Path) -> pl.DataFrame:
    """Read a judge's scores for either side of recorded dialogues, one per row."""
    table = pl.read_parquet(path)
    parts = [
        table.select(
            "file", persona=f"{side}_id", item=pl.col("rounds").cast(pl.String), run=pl.col("file") + pl.col("run").cast(pl.String) + side,
            judged=pl.lit(judged), answer=pl.col(f"{side}_{name}_consistency_score") / most,
        )
        for side in ("P1", "P2")
        for name, (judged, most) in SCORES.items()
    ]  # fmt: skip
    return pl.concat(parts).drop_nulls("answer").filter(pl.col("persona") != CARDLESS)


def consistent(scores: pl.DataFrame, pattern: str) -> Responses:
    """Read the scores of the dialogues whose file has this name, as `consistency` reads them."""
    rows = scores.filter(pl.col("file").str.contains(pattern))
    return Responses.read(rows, Columns(run="run", more=("judged",)), Numeric(0, 1), duplicates="runs")


def dialogues(name: str, pattern: str) -> Recorded:
    """Return dialogues of people described on a card, whose lines a judge has scored."""
    return Recorded(f"Consistent LLMs, {name}", partial(_dialogues, pattern=pattern))


def _dialogues(folder: Path, pattern: str) -> tuple[Study, Responses]:
    """Read the judge's scores."""
    return study("consistency"), consistent(scored(folder / DIALOGUES), pattern)
