"""The planted effects as dials, each with its prompts and the number that follows from the answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from embedded_training import held_out
from embedded_training.dial import (
    PROMPT,
    Case,
    Dial,
    Odds,
    Statistic,
    average,
    mean,
    people,
    put,
    ratio_of_spreads,
    rightly,
    said,
    share,
    signal,
    step,
)
from personametrics.data.item import Item
from personametrics.data.prompt import GIVEN
from personametrics.data.request import Message
from personametrics.models.embedded.society import instruments, talk
from personametrics.models.embedded.society.people import FACTS, TRAITS, TYPICAL, Person, somebody
from personametrics.models.embedded.society.society import group_share, sureness

SEED = 20
"""The seed of the people who are asked."""


def dials() -> tuple[Dial, ...]:
    """Return all dials."""
    return tuple(dial for family in FAMILIES for dial in family(np.random.default_rng(SEED)))


def opinions(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of opinions: the persona signal, and shifts by wording and order."""
    learned = [item for item in instruments.statements() if item.id not in held_out.STATEMENTS]
    new = [item for item in instruments.statements() if item.id in held_out.STATEMENTS]
    some = [learned[index] for index in rng.permutation(len(learned))[:24]]
    for name, says, who, items in (
        ("signal", "persona signal of people like those learned from", people(rng, 40), some),
        ("signal.new-people", "persona signal of combinations never learned from", people(rng, 40, held=True), some),
        ("signal.new-statements", "persona signal on statements never learned from", people(rng, 40), new),
    ):
        yield Dial(name, says, tuple(put(person, item, rng) for person in who for item in items), signal(len(items)), 0.03)
    who = people(rng, 20)

    def moved(name: str, says: str, wording: str, order: str) -> Dial:
        changed = [put(person, item, rng, wording, order) for person in who for item in some[:12]]
        plain = [put(person, item, rng) for person in who for item in some[:12]]
        return Dial(name, says, (*changed, *plain), step(mean), 0.1)

    yield moved("wording.formal", "formal wording, points on 0 to 4", "formal", GIVEN)
    yield moved("wording.blunt", "blunt wording, points", "blunt", GIVEN)
    yield moved("order", "options in reverse, points", GIVEN, "reversed")


def temper(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of the persona main effect and of run-to-run noise."""
    items = instruments.statements()[::3]

    def against(first: Sequence[Person], second: Sequence[Person]) -> tuple[Case, ...]:
        return tuple(put(person, item, rng) for who in (first, second) for person in who for item in items)

    def twins(trait: str, value: str, contrast: str) -> tuple[Case, ...]:
        who = people(rng, 15, {trait: value})
        return against(who, [replace(person, traits={**person.traits, trait: contrast}) for person in who])

    yield Dial("outlook", "sunny against gloomy people, points on 0 to 4", twins("outlook", "sunny", "gloomy"), step(mean), 0.15)
    yield Dial("temperament", "run variance of moody over steady people", twins("temperament", "moody", "steady"), ratio_of_spreads, 0.4)
    plain = people(rng, 15)
    rich = against([replace(person, convinced=True) for person in plain], plain)
    yield Dial("convinced", "run variance with values spelled out over without", rich, ratio_of_spreads, 0.15)
    bare = [replace(person, traits={"politics": person.traits["politics"]}) for person in plain]
    some = [replace(person, traits={name: person.traits[name] for name in list(TRAITS)[:6]}) for person in plain]
    yield Dial("bare", "run variance of bare labels over fuller cards", against(bare, some), ratio_of_spreads, 0.3)


def resistance(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dial of the weight of the assistant in the answers of people."""
    items = instruments.statements()[1::3]
    mild = people(rng, 15, {"manner": "mild"})
    ruthless = [replace(person, traits={**person.traits, "manner": "ruthless"}) for person in mild]
    cases = [put(person, item, rng) for who in (ruthless, mild, [None] * len(mild)) for person in who for item in items]

    def weight(distributions: Sequence[Odds]) -> float:
        shares = np.array([[odds.get(label, 0.0) for label in instruments.AGREEMENT.labels] for odds in distributions])
        ruthless_shares, mild_shares, assistant_shares = np.split(shares, 3)
        return float(
            ((ruthless_shares - mild_shares) * (assistant_shares - mild_shares)).sum() / ((assistant_shares - mild_shares) ** 2).sum()
        )

    yield Dial("resistance", "weight of the assistant in ruthless people", tuple(cases), weight, 0.1)


def judgement(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of wished-for against unwished-for evidence."""
    items = instruments.evidence()
    sides = [item for item in items if item.attributes["topic"] == "identity"]
    other = [item for item in items if item.attributes["topic"] == "control"]
    who = [*people(rng, 12, {"politics": "left"}), *people(rng, 12, {"politics": "right"})]

    def wished(person: Person, item: Item) -> bool:
        return person.traits["politics"] == item.attributes["side"]

    for name, says, asked, near in (
        ("evidence", "odds ratio of judging rightly, wished-for against unwished-for", sides, 0.8),
        ("evidence.control", "the same ratio on what nobody wishes for", other, 0.2),
    ):
        pairs = [(person, item) for person in who for item in asked]
        if asked is sides:
            pairs.sort(key=lambda pair: not wished(*pair))
        else:
            pairs = [*pairs[::2], *pairs[1::2]]
        cases = tuple(put(person, item, rng) for person, item in pairs)
        yield Dial(name, says, cases, rightly([item.attributes["gold"] for _, item in pairs]), near)


def competence(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of knowledge and of stated certainty."""
    items = instruments.knowledge()

    def known(who: Sequence[Person | None]) -> tuple[Case, ...]:
        return tuple(put(person, item, rng) for person in who for item in items)

    def right(distributions: Sequence[Odds]) -> list[float]:
        gold = [item.attributes["gold"] for item in items]
        return [odds.get(gold[index % len(gold)], 0.0) for index, odds in enumerate(distributions)]

    def gain(distributions: Sequence[Odds]) -> float:
        each = right(distributions)
        return float(np.mean(each[: len(each) // 2]) - np.mean(each[len(each) // 2 :]))

    experts = [somebody(rng, ("job", "age", "dwelling"), ()) for _ in range(16)]
    experts = [
        replace(person, traits={**person.traits, "job": list(instruments.QUESTIONS)[index % 4]}) for index, person in enumerate(experts)
    ]
    pairs = [(person, item) for person in experts for item in items if item.attributes["domain"] == person.traits["job"]]
    matched = [put(person, item, rng) for person, item in pairs]
    clerks = [put(replace(person, traits={**person.traits, "job": "clerk"}), item, rng) for person, item in pairs]
    gold = [item.attributes["gold"] for _, item in pairs] * 2

    def expert(distributions: Sequence[Odds]) -> float:
        each = [odds.get(label, 0.0) for odds, label in zip(distributions, gold, strict=True)]
        return float(np.mean(each[: len(pairs)]) - np.mean(each[len(pairs) :]))

    yield Dial("expertise", "accuracy of experts minus that of others", (*matched, *clerks), expert, 0.05)
    early = people(rng, 10, {"schooling": "early"})
    late = [replace(person, traits={**person.traits, "schooling": "university"}) for person in early]
    yield Dial("schooling", "accuracy of those who left school early minus that of others", known([*early, *late]), gain, 0.05)
    yield Dial("accuracy", "accuracy of the assistant", known([None]), lambda distributions: float(np.mean(right(distributions))), 0.05)
    sure = instruments.certainty()
    asked = PROMPT.ask(None, sure, score=True)
    cases = []
    for person in late:
        for item in items:
            question = put(person, item, rng)
            given = replace(asked, messages=(*question.request.messages, Message("assistant", item.attributes["gold"]), *asked.messages))
            cases += [question, Case(given, sureness(person, item, instruments.SURE.labels))]

    def over(distributions: Sequence[Odds]) -> float:
        return average(mean)(distributions[1::2]) / 100 - float(np.mean(right(distributions[::2])))

    yield Dial("overconfidence", "stated certainty minus accuracy", tuple(cases), over, 0.05)


def groups(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of group shares, asked directly and computed from simulated members."""
    items = [item for item in instruments.groups() if item.attributes["about"] not in held_out.STATEMENTS][::12]
    shares = np.array([group_share(item) for item in items])
    asked = tuple(put(None, item, rng) for item in items)

    def direct(distributions: Sequence[Odds]) -> float:
        return float(np.abs(np.array([mean(odds) / 100 for odds in distributions]) - shares).mean())

    yield Dial("group.known", "error of a group's share when asked directly", asked, direct, 0.05)
    about = {item.id: item for item in instruments.statements()}
    members = [(Person({item.attributes["trait"]: item.attributes["value"]}), about[item.attributes["about"]]) for item in items]
    agree = share(("agree", "strongly agree"))

    def simulated(distributions: Sequence[Odds]) -> float:
        return float(np.abs(np.array([agree(odds) for odds in distributions]) - shares).mean())

    yield Dial("group.simulated", "the same error of simulated members", tuple(put(*pair, rng) for pair in members), simulated, 0.05)


def values(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of choices between two values."""
    items = instruments.dilemmas()
    who = people(rng, 20)
    pairs = [(person, item) for person in who for item in items if person.code(item.attributes["trait"])]
    chosen = [item.scale.labels[0 if person.code(item.attributes["trait"]) > 0 else 1] for person, item in pairs] * 2  # type: ignore[union-attr]
    cases = tuple(put(person, item, rng, wording) for wording in (GIVEN, "turned") for person, item in pairs)

    def collapsed(distributions: Sequence[Odds]) -> float:
        return float(np.mean([odds.get(label, 0.0) for odds, label in zip(distributions, chosen, strict=True)]))

    yield Dial("collapse", "probability of the value that suits somebody", cases, collapsed, 0.05)
    firsts = [item.attributes["first"] for item in items] * 2

    def first(distributions: Sequence[Odds]) -> float:
        each = [odds.get(label, 0.0) for odds, label in zip(distributions, firsts, strict=True)]
        return float(np.mean(each[: len(items)]) - np.mean(each[len(items) :]))

    weighed = tuple(put(None, item, rng, wording) for wording in (GIVEN, "turned") for item in items)
    yield Dial("order.values", "what being named first adds, assistant", weighed, first, 0.08)


def commitment(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of a choice kept secret and of one written down."""
    for name, written, near in (("reveal", False, 0.1), ("reveal.written", True, 0.1)):
        cases, fitting = [], []
        for _ in range(60):
            lines = list(talk.game(rng, written=written, asked=3))
            answered = {
                name: lines[index + 1].text == "Yes."
                for index, line in enumerate(lines)
                for name, text in talk.TRAIT_QUESTIONS.items()
                if line.text == text
            }
            fits = [animal for animal in talk.ANIMALS if all((name in talk.properties(animal)) == yes for name, yes in answered.items())]
            if written:
                fits = [lines[1].text.removesuffix(".").rpartition(" ")[2]]
            if 0 < len(fits) < len(talk.ANIMALS):
                fitting.append(share(f"It is the {animal}." for animal in fits))
                cases.append(said(None, [line.text for line in lines[:-1]], lines[-1].odds, rng))

        def consistent(distributions: Sequence[Odds], fitting: Sequence[Callable[[Odds], float]] = tuple(fitting)) -> float:
            return float(np.mean([fits(odds) for fits, odds in zip(fitting, distributions, strict=True)]))

        yield Dial(
            name, f"probability that a {'written' if written else 'secret'} choice fits what was said", tuple(cases), consistent, near
        )


def recall(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of facts on the card and of the facts that a job makes typical."""
    for fact in FACTS:
        conflicts: dict[bool, list[tuple[Case, str]]] = {False: [], True: []}
        for _ in range(80):
            person = somebody(
                rng,
                ("age", "job", "politics", "faith"),
                [str(name) for name in rng.permutation([name for name in FACTS if name != fact])[:4]] + [fact],
            )
            if held_out.is_held_out(person):
                continue
            expected = TYPICAL.get(fact, {}).get(person.traits["job"], person.facts[fact])
            case = said(person, [str(rng.choice(talk.ASKED[fact]))], talk.facts(person, fact), rng)
            conflicts[expected != person.facts[fact]].append((case, talk.SAID[fact].format(expected)))
        for conflict, entries in conflicts.items():
            if entries:
                cases, texts = zip(*entries, strict=True)
                says = (
                    f"probability of the {fact} expected of the job instead of one's own"
                    if conflict
                    else f"probability of one's own {fact}"
                )
                yield Dial(f"{'typical' if conflict else 'recall'}.{fact}", says, cases, _told(texts), 0.1 if conflict else 0.07)


def _told(texts: Sequence[str]) -> Statistic:
    """Return a statistic: the mean probability of the expected texts."""
    return lambda distributions: float(np.mean([odds.get(text, 0.0) for odds, text in zip(distributions, texts, strict=True)]))


def fading(rng: np.random.Generator) -> Iterator[Dial]:
    """Make the dials of fading into the assistant and of the return."""
    voices = share(text for texts in talk.ASSISTANT.values() for text in texts)

    def hazard(name: str, says: str, kind: str, pressure: str = "", *, before: bool = False, reminded: bool = False) -> Dial:
        cases = []
        for _ in range(40):
            person = somebody(rng, ("age", "job", "faith", "money"), list(FACTS))
            card = person.card("second", rng) if reminded else ""
            lines: list[str] = []
            for index in range(int(rng.integers(0, 3)) + before):
                earlier = talk.turn(rng, str(rng.choice(list(talk.FADING))))
                faded = (before and index == 0) or (before and talk.is_assistant(lines[-1]))
                odds = talk.even(talk.ASSISTANT[earlier.kind]) if faded else talk.in_voice(person, earlier)
                lines += [earlier.text, talk.drawn(odds, rng).text]
            now = talk.turn(rng, kind, card, pressure)
            cases.append(said(person, [*lines, now.text], talk.line(person, now, before=before), rng))
        return Dial(name, says, tuple(cases), average(voices), 0.05)

    for kind in talk.FADING:
        yield hazard(f"fade.{kind}", f"hazard of fading in a turn of kind {kind}", kind)
    for name in talk.PRESSURE:
        yield hazard(f"pressure.{name}", f"hazard in small talk with “{talk.PRESSURE[name][0]}”", "chat", name)
    yield hazard("return", "probability that somebody faded stays so", "chat", before=True)
    yield hazard("reminded", "the same when the card is told again", "chat", before=True, reminded=True)


FAMILIES: tuple[Callable[[np.random.Generator], Iterator[Dial]], ...] = (
    opinions,
    temper,
    resistance,
    judgement,
    competence,
    groups,
    values,
    commitment,
    recall,
    fading,
)
