import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import checkpoints
import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from personametrics.data.errors import ModelError
from personametrics.models.embedded.checkpoint import Floats
from personametrics.models.embedded.network import KEPT, Network, Prefixes, attend
from personametrics.models.embedded.rows import Branches, Cache, Rows
from personametrics.models.packing import WORTH, Tokens

TEXTS = ["You are an old nurse who lives in town and likes tea, and thinks that taxes should be more.", "no yes not sure often"]
Made = Callable[..., Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Checkpoints like the embedded model's; the weights are so small that rounding is far below 1e-5."""

    def make(**given: Any) -> Path:
        return checkpoints.embedded_like(tmp_path_factory.mktemp("made") / "small", TEXTS, **{"scale": 1.0, **given})

    return make


@pytest.fixture(scope="module")
def network(made: Made) -> Network:
    return Network.read(made())


def numbers(count: int, seed: int = 0) -> Tokens:
    return tuple(np.random.default_rng(seed).integers(3, 260, count).tolist())


def theirs(folder: Path, tokens: Tokens) -> tuple[Floats, Floats]:
    """Logits and hidden states as transformers computes them in float32."""
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        out = model(torch.tensor([tokens]), output_hidden_states=True)
    return out.logits[0].numpy(), torch.cat(out.hidden_states).numpy()


def logits(network: Network, sequences: Sequence[Tokens], before: Sequence[Cache | None] = ()) -> list[Floats]:
    """Logits after every token of some sequences."""
    rows = Rows.of(sequences, before=before)
    cache = Cache.empty(network.shape, len(sequences), max(map(len, sequences)))
    scores = network.unembed(network.run(rows, cache, np.arange(len(rows.tokens))))
    return np.split(scores, np.cumsum([len(some) for some in sequences])[:-1])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"dtype": "float32", "seed": 1},
        {"dtype": "float16", "num_attention_heads": 4, "num_key_value_heads": 2},
        {"tie_word_embeddings": False, "num_key_value_heads": 1},
        {"num_hidden_layers": 1, "head_dim": 32, "rms_norm_eps": 1e-3},
        {"rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}},
    ],
    ids=["shipped", "float32", "float16 and shared keys", "own output weights", "one layer of narrow heads", "other wavelengths"],
)
def test_it_computes_what_transformers_computes(made: Made, given: dict[str, Any]) -> None:
    folder, tokens = made(**given), numbers(1000)
    network, (expected, _) = Network.read(folder), theirs(folder, tokens)
    (scores,) = logits(network, [tokens])
    assert scores.dtype == np.float32
    assert np.abs(scores - expected).max() < 1e-5
    assert expected.std() > 0.1


@pytest.mark.parametrize("width", [64, 96])
def test_it_computes_any_plain_llama(tmp_path: Path, width: int) -> None:
    folder = checkpoints.llama(tmp_path / "llama", width=width, layers=3, scale=1.0)
    expected, _ = theirs(folder, numbers(40))
    assert np.abs(logits(Network.read(folder), [numbers(40)])[0] - expected).max() < 1e-5


def test_hidden_states_are_those_between_the_layers(made: Made) -> None:
    folder = made()
    network, (expected, states) = Network.read(folder), theirs(folder, numbers(30))
    computed = network.hidden(numbers(30))
    assert computed.shape == (5, 30, 128)
    assert np.abs(computed[:-1] - states[:-1]).max() < 1e-5
    assert np.abs(network.unembed(computed[-1]) - expected).max() < 1e-5


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.lists(st.sampled_from([0, 1, 37, 70]), min_size=6, max_size=6))
def test_rows_side_by_side_are_what_each_is_alone(network: Network, lengths: list[int], begins: list[int]) -> None:
    begun = {length: network.begin([numbers(length, 9)])[0] if length else None for length in begins}
    sequences = [numbers(length, index) for index, length in enumerate(lengths)]
    before = [begun[begins[index]] for index in range(len(lengths))]
    for index, scores in enumerate(logits(network, sequences, before)):
        (alone,) = logits(network, [numbers(begins[index], 9) + sequences[index]])
        assert np.abs(scores - alone[begins[index] :]).max() < 1e-5


def test_branches_do_not_see_each_other_and_only_what_is_wanted_is_computed(network: Network) -> None:
    tokens, ways = numbers(20), ((5, 6, 7), (5, 8), (9, 6, 7, 5))
    (cache,) = network.begin([numbers(40, 1)])
    trees = [Branches.of(ways, True), Branches.of((), False), Branches.of(ways[:2], False)]  # noqa: FBT003 (a property of the ways)
    rows = Rows.of([tokens, tokens[:7], tokens[3:]], trees, [cache, cache, None])
    assert rows.tokens.tolist() == [*tokens, 5, 6, 7, 8, 9, 6, 7, 5, *tokens[:7], *tokens[3:], 5, 6]
    keep = np.array([19, 20, 22, 23, 24, 27, 34, 51, 52, 53])
    scores = network.unembed(network.run(rows, Cache.empty(network.shape, 3, 28), keep))
    first, second, third = numbers(40, 1) + tokens, numbers(40, 1) + tokens[:7], tokens[3:]
    sequences = [
        first,
        (*first, 5),
        (*first, 5, 6, 7),
        (*first, 5, 8),
        (*first, 9),
        (*first, *ways[2]),
        second,
        third,
        (*third, 5),
        (*third, 5, 6),
    ]
    for last, sequence in zip(scores, sequences, strict=True):
        assert np.abs(last - logits(network, [sequence])[0][-1]).max() < 1e-5


def test_rows_grow_token_by_token_after_some_of_them_left(network: Network) -> None:
    (begun,), sequences = network.begin([numbers(50, 7)]), [numbers(9), numbers(4, 1), numbers(6, 2)]
    before = [begun, begun, None]
    cache = Cache.empty(network.shape, 3, 9)
    network.run(Rows.of(sequences, before=before), cache, np.array([8, 12, 18]))
    rows = np.array([2, 0, 0])
    used, cache, before = np.array([6, 9, 9]), cache.take(rows, 9, 12), [before[row] for row in rows]
    whole = [numbers(6, 2), numbers(50, 7) + numbers(9), numbers(50, 7) + numbers(9)]
    for step in range(3):
        tokens = np.array([10 + step, 20, 30 + step])
        whole = [(*sequence, token) for sequence, token in zip(whole, tokens.tolist(), strict=True)]
        states = network.run(Rows.next(tokens, before, used + step), cache, np.arange(3))
        for scores, sequence in zip(network.unembed(states), whole, strict=True):
            assert np.abs(scores - logits(network, [sequence])[0][-1]).max() < 1e-5


def test_an_edit_changes_what_comes_after_it(network: Network) -> None:
    plain, shift = network.hidden(numbers(12)), np.linspace(-1, 1, 128, dtype=np.float32)

    def push(depth: int, states: Floats) -> Floats:
        assert states.shape == (12, 128)
        return (states + shift.astype(float)) if depth == 2 else states.T.copy().T

    pushed = network.hidden(numbers(12), push)
    assert np.array_equal(pushed[:2], plain[:2])
    assert np.allclose(pushed[2], plain[2] + shift)
    assert np.abs(pushed[3] - plain[3] - shift).max() > 1e-2
    assert np.array_equal(network.hidden(numbers(12)), plain)


def test_large_scores_in_two_places_are_weighed_together() -> None:
    draw = np.random.default_rng(0)
    queries = 30 * draw.standard_normal((1, 5, 1, 1, 8)).astype(np.float32)
    keys, values = draw.standard_normal((2, 1, 9, 1, 8)).astype(np.float32)
    attended, top, total = attend(queries, keys, values)
    scores = np.einsum("td,sd->ts", queries[0, :, 0, 0].astype(float), keys[0, :, 0].astype(float))
    weights = np.exp(scores - scores.max(1, keepdims=True))
    expected = weights @ values[0, :, 0] / weights.sum(1, keepdims=True)
    assert np.allclose((attended / total)[0, :, 0, 0], expected, atol=1e-5)
    assert np.allclose(top[0, :, 0, 0, 0], scores.max(1), rtol=1e-5)


@pytest.mark.filterwarnings("error")
def test_scores_too_large_for_exp_are_harmless(made: Made) -> None:
    network = Network.read(made(scale=40.0))
    (begun,) = network.begin([numbers(40, 1)])
    (scores,) = logits(network, [numbers(9)], [begun])
    assert np.isfinite(scores).all()


def test_beginnings_are_computed_once_for_a_persona(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Tokens] = []
    begin = Network.begin

    def noted(self: Network, sequences: Sequence[Tokens]) -> list[Cache]:
        read.extend(sequences)
        return begin(self, sequences)

    monkeypatch.setattr(Network, "begin", noted)
    ann, bob = numbers(90, 1), numbers(100, 2)
    prompts = [*((*ann, index, 4) for index in range(10, 15)), *((*bob, index, 4) for index in range(10, 13))]
    prefixes = Prefixes(network)
    beginnings = prefixes.of(prompts)
    assert read == [ann, bob]
    assert beginnings[0] is beginnings[4] is not beginnings[5]
    prefixes.of([(*ann, *numbers(WORTH - 1, 3), index) for index in (20, 21)])
    assert read == [ann, bob]
    prefixes.of([(*ann, *numbers(WORTH, 3), index) for index in (20, 21)])
    assert len(read) == 3
    assert prefixes.of([(8, 9), (8, 10)]) == [None, None]
    for seed in range(KEPT + 5):
        prefixes.of([(*numbers(60, 100 + seed), 5), (*numbers(60, 100 + seed), 6)])
    read.clear()
    for seed in range(KEPT + 5):
        prefixes.of([(*ann, 30), (*ann, 31), (*numbers(60, 200 + seed), 5), (*numbers(60, 200 + seed), 6)])
    assert read.count(ann) == 1


def test_a_beginning_is_never_a_whole_prompt(network: Network) -> None:
    prompt = numbers(80)
    (cache, same) = Prefixes(network).of([prompt, prompt])
    assert cache is same
    assert cache is not None
    assert cache.length == 79
    beginnings = Prefixes(network).of([prompt, (*prompt, 7)])
    assert [some.length for some in beginnings if some] == [79, 79]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "mistral"}, r"model_type is mistral, .* Open the folder as local:FOLDER\.$"),
        ({"attention_bias": True}, "attention_bias is True"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1.0}}, "rope_type is llama3"),
        ({"num_hidden_layers": 5}, r"lacks weights that its config\.json asks for, such as model\.layers\.4\."),
        ({"hidden_size": 64}, "whose shape differs from"),
        ({"num_key_value_heads": 1}, "whose shape differs from"),
        ({"num_attention_heads": None}, "lacks 'num_attention_heads'"),
    ],
)
def test_a_configuration_that_does_not_fit_is_one_sentence(made: Made, change: dict[str, Any], words: str) -> None:
    path = made() / "config.json"
    config = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))
    with pytest.raises(ModelError, match=words):
        Network.read(path.parent)


def test_files_that_cannot_be_read_are_one_sentence(made: Made) -> None:
    folder = made()
    weights = load_file(folder / "model.safetensors")
    save_file({**weights, "model.norm.weight": weights["model.norm.weight"].long()}, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"holds I64 numbers\. Store the weights as bfloat16"):
        Network.read(folder)
    (folder / "model.safetensors").write_bytes(b"\0" * 4)
    with pytest.raises(ModelError, match=r'model\.safetensors" cannot be read: '):
        Network.read(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"cannot be read: .*No such file"):
        Network.read(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"is not a checkpoint \(config\.json: .* Give a folder with"):
        Network.read(folder)


def test_rows_with_fewer_queries_keep_their_places(network: Network) -> None:
    rows = Rows.of([numbers(4), numbers(3)], before=[*network.begin([numbers(40)]), None])
    few = rows.only(np.array([1, 3, 6]))
    assert few.place.tolist() == [1, 3, 2]
    assert few.column.tolist() == [0, 1, 0]
    assert [(some.first, some.last) for some in few.prefixes] == [(0, 2)]
    assert (few.hidden[0] == 0).sum(1).tolist() == [2, 4]
    again = few.unpad(few.pad(np.arange(3, dtype=np.float32)))
    assert again.tolist() == [0, 1, 2]
    assert replace(few, prefixes=()).prefixes == ()
