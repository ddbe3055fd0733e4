import json
import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cards
import pytest
import torch

from embedded_training import train as module
from embedded_training.batches import Encoder, batches
from embedded_training.llama import Llama, Shape
from embedded_training.progress import Sums
from embedded_training.tokens import trained
from embedded_training.train import Gradients, Plan, learned, train
from personametrics.models.embedded.society.talk import Document

TOKENIZER = trained(islice(cards.documents(1), 200), cards.PHRASES)
ENCODE = Encoder(TOKENIZER)
SMALL = Shape(TOKENIZER.get_vocab_size(), 32, 2, 2, 96)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.SIZES, "1m", SMALL)


def gradients(model: Llama, documents: list[Document], budget: int) -> tuple[torch.Tensor, Sums]:
    held, sums = Gradients(list(model.parameters())), Sums()
    for batch in batches(documents, ENCODE, budget, seed=1):
        sums += learned(model, batch)
    whole = held.exchange(sums)
    return torch.cat([values.grad.flatten() for values in model.parameters() if values.grad is not None]), whole


def test_the_gradient_does_not_depend_on_how_documents_are_batched() -> None:
    model, documents = Llama(SMALL, torch.float32), list(islice(cards.documents(3), 12))
    together, whole = gradients(model, documents, 10_000)
    apart, parts = gradients(model, documents, 1)
    assert torch.allclose(together, apart, atol=1e-6)
    assert [parts.tokens, parts.places, parts.said, parts.answers] == [whole.tokens, whole.places, whole.said, whole.answers]
    assert [parts.hard, parts.soft] == pytest.approx([whole.hard, whole.soft], rel=1e-5)


def test_the_loss_is_that_of_the_planted_distribution() -> None:
    model = Llama(SMALL, torch.float32)
    with torch.no_grad():
        model.embed_tokens.weight.zero_()  # every token is as likely as any other
    (example,) = batches(islice(cards.documents(3), 12), ENCODE, 10_000, seed=1)
    Gradients(list(model.parameters()))
    sums = learned(model, example)
    even = torch.tensor(float(SMALL.vocabulary)).log().item()
    assert sums.surprise == pytest.approx(even, rel=1e-5)
    assert sums.soft == pytest.approx((sums.places - sums.said) * even - example.entropy, rel=1e-5)


def test_a_long_gradient_is_cut_and_a_short_one_is_the_mean() -> None:
    values = torch.zeros(3, requires_grad=True)
    held = Gradients([values])
    assert values.grad is not None
    values.grad += torch.tensor([0.0, 3.0, 4.0])
    held.exchange(Sums(places=1))
    assert values.grad.tolist() == pytest.approx([0, 0.6, 0.8])
    held.clear()
    values.grad += torch.tensor([0.0, 3.0, 4.0])
    held.exchange(Sums(places=100))
    assert values.grad.tolist() == pytest.approx([0, 0.03, 0.04])


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        train(Plan(tmp_path / name, 3, seed=seed, processes=1, budget=500), cards.documents, TOKENIZER)
    assert weights(tmp_path / "first") == weights(tmp_path / "again") != weights(tmp_path / "other")


def test_it_learns_to_copy_and_to_answer_by_the_odds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(Plan(tmp_path, 200, processes=1, budget=1500), cards.documents, TOKENIZER)
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["divergence"] < 0.2
    assert record["surprise"] < 0.05
    assert record.items() >= {"seed": 1, "processes": 1, "steps": 200, "of": 200}.items()
    assert record["tokens"] > 70_000
    assert capsys.readouterr().out.count("step") == 4


def interrupted(seed: int) -> Iterator[Document]:
    for number, document in enumerate(cards.documents(seed)):
        if number == 600:
            signal.raise_signal(signal.SIGINT)
        yield document


def test_an_interrupt_writes_what_there_is(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    train(Plan(tmp_path, 10_000, processes=1, budget=10_000), interrupted, TOKENIZER)
    record = json.loads((tmp_path / "training.json").read_text())
    assert 0 < record["steps"] < 100
    assert record["of"] == 10_000
    assert weights(tmp_path)
    assert signal.getsignal(signal.SIGINT) is before


def test_processes_take_documents_of_their_own() -> None:
    drawn = [Plan(Path(), seed=seed).drawing(rank) for seed in (1, 2) for rank in (-1, 0, 1)]
    assert len(set(drawn)) == 6


def test_two_processes_learn_from_twice_as_much(tmp_path: Path) -> None:
    tokens = []
    for processes in (1, 2):
        train(Plan(tmp_path, 4, processes=processes, budget=500), cards.documents, TOKENIZER)
        tokens.append(json.loads((tmp_path / "training.json").read_text())["tokens"])
    assert 1.5 * tokens[0] < tokens[1] < 3 * tokens[0]
