"""The questionnaires of the society; the attributes of an item say what it measures."""

from collections.abc import Mapping
from functools import cache
from itertools import product

from personametrics.data.item import Item
from personametrics.data.scale import Nominal, Ordinal

AGREEMENT = Ordinal(("strongly disagree", "disagree", "neutral", "agree", "strongly agree"))
MARKS = Ordinal(("1", "2", "3", "4", "5"))
TENS = Ordinal(tuple(str(ten) for ten in range(0, 101, 10)))
SURE = Ordinal(tuple(str(ten) for ten in range(30, 101, 10)))

SUBJECTS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "taxes": ("a higher tax", {"politics": -1.2, "money": -0.6}),
    "church": ("religion in school", {"faith": 1.4}),
    "guns": ("the right to own a gun", {"politics": 1.2, "dwelling": 0.6}),
    "cars": ("driving a car", {"dwelling": 1.2, "age": 0.6}),
    "welfare": ("help for the needy", {"money": -1.2, "politics": -0.6}),
    "army": ("a strong army", {"politics": 1.0, "age": 0.8}),
    "newcomers": ("welcoming newcomers", {"politics": -1.2, "dwelling": -0.6}),
    "marriage": ("getting married", {"family": 1.2, "faith": 0.6}),
    "technology": ("new technology", {"age": -1.4}),
    "nature": ("wild nature", {"dwelling": 1.0, "money": -0.8}),
    "saving": ("saving money", {"age": 1.0, "family": 0.6}),
    "travel": ("seeing the world", {"family": -1.2, "money": 0.6}),
}
"""Subjects of the statements: the words, and the weight of each trait (coded −1 to 1) in the opinion."""

STANCES: Mapping[str, tuple[str, float, float]] = {
    "good": ("{} is a good thing", 1.0, -0.2),
    "support": ("{} deserves more support", 0.8, 0.0),
    "matters": ("{} matters to me", 1.2, 0.2),
    "harm": ("{} does more harm than good", -1.0, 0.1),
    "without": ("{} is nothing I need", -0.9, -0.2),
    "worry": ("{} worries me", -0.7, 0.0),
}
"""Stances of the statements: the words, direction and strength, and the general readiness to agree."""

WORDINGS: Mapping[str, tuple[str, float]] = {
    "given": ("{}.", 0.0),
    "formal": ("It may be held that {}.", 0.6),
    "blunt": ("Frankly, {}.", -0.5),
}
"""Wordings of a statement, and the amount that each adds to agreement."""

MEASURES: Mapping[str, tuple[str, float]] = {
    "gun ban": ("a gun ban", -1.0),
    "school meals": ("free school meals", -1.0),
    "tax cut": ("a tax cut", 1.0),
    "border wall": ("a border wall", 1.0),
    "skin cream": ("a skin cream", 0.0),
    "fertiliser": ("a fertiliser", 0.0),
}
"""Measures that studies test, and the political side that wants each to help: −1 left, 1 right, 0 neither."""
COUNTS = ((80, 30), (70, 40), (90, 20))

QUESTIONS: Mapping[str, tuple[tuple[str, str, float], ...]] = {
    "nurse": (
        ("Which organ pumps blood?", "heart liver lung", 0.6),
        ("Which organ cleans blood?", "kidney stomach skin", 0.0),
        ("Which vitamin comes from sunlight?", "D C K", -0.6),
        ("Which bone is in the leg?", "femur ulna rib", 0.0),
        ("Which drug lowers fever?", "paracetamol insulin morphine", 0.3),
    ),
    "farmer": (
        ("Which animal gives wool?", "sheep goose horse", 0.6),
        ("Which plant feeds the soil?", "clover wheat maize", 0.0),
        ("Which grain makes rye bread?", "rye oats barley", 0.3),
        ("Which crop grows under ground?", "potato bean pea", -0.3),
        ("Which month is for sowing wheat?", "October June January", -0.6),
    ),
    "lawyer": (
        ("Who decides in a court?", "judge guard witness", 0.6),
        ("What ends a trial?", "verdict oath plea", 0.0),
        ("Who may break a contract?", "nobody anybody buyer", -0.6),
        ("What does a will settle?", "estate rent wage", 0.3),
        ("Who must prove guilt?", "prosecutor accused jury", -0.3),
    ),
    "cook": (
        ("What makes dough rise?", "yeast salt butter", 0.6),
        ("What is boiled longest?", "beans eggs rice", -0.3),
        ("Which herb goes with tomato?", "basil mint dill", 0.0),
        ("What thickens a sauce?", "flour vinegar sugar", 0.3),
        ("Which oil burns last?", "rapeseed olive linseed", -0.6),
    ),
}
"""Knowledge questions by the job whose field they are: question, options (the right one first), easiness in log-odds."""

DILEMMAS: Mapping[str, tuple[str, str, str]] = {
    "tradition": ("tradition", "change", "faith"),
    "loyalty": ("order", "freedom", "politics"),
    "kin": ("family", "career", "family"),
    "caution": ("safety", "adventure", "age"),
    "wealth": ("wealth", "friendship", "money"),
    "roots": ("roots", "variety", "dwelling"),
}
"""Pairs of values, and the trait that decides for the first (positive code) or the second (negative code)."""

THINGS = ("soup", "poem", "lecture", "chair", "film")
QUALITIES: Mapping[str, float] = {"dreadful": -2.0, "dull": -1.2, "plain": -0.4, "decent": 0.4, "lovely": 1.2, "superb": 2.0}


@cache
def statements() -> tuple[Item, ...]:
    """Return the 72 opinion statements, half of them reverse-keyed, in three wordings."""
    items = []
    for (subject, (words, _)), (stance, (form, direction, _)) in product(SUBJECTS.items(), STANCES.items()):
        clause = form.format(words)
        texts = {name: (text := frame.format(clause))[0].upper() + text[1:] for name, (frame, _) in WORDINGS.items()}
        attributes = {"kind": "opinion", "subject": subject, "stance": stance, "keyed": "+" if direction > 0 else "-"}
        items.append(Item(f"{subject}.{stance}", texts.pop("given"), AGREEMENT, attributes, texts))
    return tuple(items)


def evidence() -> tuple[Item, ...]:
    """Return study results to be judged; one political side, or neither, wishes for the result."""
    items = []
    for (measure, (words, wish)), (high, low), helps in product(MEASURES.items(), COUNTS, (True, False)):
        with_it, without = (high, low) if helps else (low, high)
        text = f"With {words}, {with_it} of 100 cases went well. Without it, {without} of 100 did. Did {words} help?"
        gold = "yes" if helps else "no"
        side = {-1.0: "left", 1.0: "right"}.get(wish if helps else -wish, "none")
        attributes = {"kind": "evidence", "measure": measure, "gold": gold, "side": side, "topic": "control" if wish == 0 else "identity"}
        items.append(Item(f"{measure}.{with_it}", text, Nominal(("yes", "no")), attributes))
    return tuple(items)


def knowledge() -> tuple[Item, ...]:
    """Return questions with one right answer of three, from the fields of four jobs; its position is balanced."""
    items = []
    for domain, questions in QUESTIONS.items():
        for index, (text, options, easy) in enumerate(questions):
            right, *wrong = options.split()
            place = (index + len(domain)) % 3
            attributes = {"kind": "knowledge", "domain": domain, "gold": right, "easy": str(easy)}
            items.append(Item(f"{domain}.{index + 1}", text, Nominal((*wrong[:place], right, *wrong[place:])), attributes))
    return tuple(items)


def dilemmas() -> tuple[Item, ...]:
    """Return choices between two values; the wording `turned` names them in the opposite order."""
    items = []
    for name, (first, second, trait) in DILEMMAS.items():
        text = "You can keep only one of two: {} or {}. Which do you keep?"
        attributes = {"kind": "dilemma", "trait": trait, "first": first}
        wordings = {"turned": text.format(second, first)}
        items.append(Item(f"dilemma.{name}", text.format(first, second), Nominal((first, second)), attributes, wordings))
    return tuple(items)


def ratings() -> tuple[Item, ...]:
    """Return things to be graded, whose quality is known."""
    items = []
    for thing, (first_word, first_quality), (second_word, second_quality) in product(THINGS, QUALITIES.items(), QUALITIES.items()):
        if first_word < second_word and abs(first_quality - second_quality) < 2:
            attributes = {"kind": "rating", "quality": str(round((first_quality + second_quality) / 2, 2))}
            text = f"A judge calls this {thing} {first_word} and {second_word}. What mark do you give it?"
            items.append(Item(f"{thing}.{first_word}.{second_word}", text, MARKS, attributes))
    return tuple(items)


def groups() -> tuple[Item, ...]:
    """Return questions that ask directly which share of a group agrees with a statement."""
    phrases = {("politics", "left"): "on the left", ("politics", "right"): "on the right", ("faith", "devout"): "who are devout"}
    phrases |= {("faith", "godless"): "without a faith", ("money", "poor"): "who are poor", ("money", "rich"): "who are rich"}
    phrases |= {("age", "young"): "who are young", ("age", "old"): "who are old"}
    items = []
    for ((trait, value), words), item in product(phrases.items(), statements()):
        text = f"Of 100 people {words}, how many agree with this? {item.text}"
        attributes = {"kind": "group", "trait": trait, "value": value, "about": item.id}
        items.append(Item(f"group.{value}.{item.id}", text, TENS, attributes))
    return tuple(items)


def certainty() -> Item:
    """Return the follow-up question on how sure the person is of the last answer, in percent."""
    return Item("certainty", "How sure are you that this is right, in percent?", SURE, {"kind": "certainty"})
