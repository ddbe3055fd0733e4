import asyncio
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import checkpoints
import numpy as np
import pytest
import torch
import transformers
from answering import replies, texts
from plain import plain_scores
from scipy.stats import chisquare
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from personametrics.data.errors import MissingExtraError, ModelError
from personametrics.data.model import Can, Counts, Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.models.local import Local
from personametrics.models.weights import Weights, distribution

Open = Callable[[str], Local]
TELL = Message("system", "You are an old nurse who lives in town.")
SHORT = Sampling(max_tokens=6)
QUESTIONS = ["Tea?", "Should taxes be more, as the person described here would answer?", "Is it health, or nature?", "Often?"]


def requests(runs: int = 1, sampling: Sampling = SHORT) -> list[Request]:
    return [Request((TELL, Message("user", question)), run, sampling=sampling) for question in QUESTIONS for run in range(runs)]


def another(model: Local, folder: Path) -> Path:
    """A copy of a checkpoint under the same name, to be changed."""
    return Path(shutil.copytree(model.folder, folder / model.folder.name))


def change(path: Path, **values: object) -> None:
    """Change entries of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_it_is_a_model_that_counts_tokens(opened: Open) -> None:
    model: Model = opened("llama")
    assert isinstance(model, Counts)
    assert model.tokens([TELL]) < model.tokens([TELL, Message("user", "Tea?")]) <= 60
    assert model.can == {Can.SAMPLE, Can.SCORE, Can.SEED, Can.MANY, Can.SYSTEM}


def test_the_id_is_that_of_what_is_in_the_folder(opened: Open, tmp_path: Path) -> None:
    model, folder = opened("llama"), another(opened("llama"), tmp_path)
    assert model.id.startswith("local/llama@")
    assert model.id.endswith("+float32")
    assert replace(model, dtype="bfloat16").id != model.id
    assert replace(model, batch=3, packed=2, device="auto").id == model.id
    (folder / "README.md").write_text("Notes do not change answers.")
    before = Local(folder).id
    assert before == model.id
    for name in ("chat_template.jinja", "tokenizer.json", "config.json", "model.safetensors", "generation_config.json"):
        with (folder / name).open("ab") as file:
            file.write(b" ")
        assert Local(folder).id != before, name
        before = Local(folder).id


@pytest.mark.parametrize("name", ["llama", "qwen2", "gpt2", "sliding"])
def test_answers_do_not_depend_on_what_is_answered_beside_them(opened: Open, name: str) -> None:
    model, given = opened(name), requests(3)
    replies = texts(model, given)
    assert len(set(replies)) > 8
    for other in (replace(model, batch=1), replace(model, batch=5)):
        assert texts(other, given) == replies
    assert texts(model, given[::-1]) == replies[::-1]
    assert texts(model, given[7:9]) == replies[7:9]


def test_seeds_are_those_of_the_asks(opened: Open) -> None:
    model = opened("llama")
    once, again = texts(model, requests(2)), texts(model, requests(2, replace(SHORT, seed=1)))
    assert all(first != second for first, second in zip(once, again, strict=True))
    assert once[0] != once[1]


@pytest.mark.parametrize("name", ["llama", "qwen2", "gpt2"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_at_temperature_0_answers_are_those_of_greedy_search(opened: Open, name: str, side: str, tmp_path: Path) -> None:
    model = opened(name)
    folder = another(model, tmp_path)
    change(folder / "tokenizer_config.json", padding_side=side)
    given = requests(1, Sampling(temperature=0, max_tokens=9))
    replies = texts(Local(folder, device="cpu"), given)
    rendering, network = model._rendering, model._weights.model  # noqa: SLF001
    for request, text in zip(given, replies, strict=True):
        ids = torch.tensor([rendering.encode(rendering.text(request.messages))])
        best = network.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=9)
        assert text == rendering.decode(best[0, ids.shape[1] :].tolist())


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=1), Sampling(0.6, 0.8, 1), Sampling(0.4, None, 2), Sampling(None, 0.95, 1)])
def test_answers_come_as_often_as_their_probabilities_say(opened: Open, sampling: Sampling) -> None:
    model, runs = replace(opened("llama"), batch=500), 3000
    request = requests(1, sampling)[0]
    drawn, choices = texts(model, [replace(request, run=run) for run in range(runs)]), _usual(model, replace(request, run=runs))
    exact = replies(model, [replace(request, score=True, choices=choices)])[0].probabilities or {}
    counts, expected = [drawn.count(choice) for choice in choices], [exact[choice] * runs for choice in choices]
    assert len(choices) >= 3
    assert min(expected) > 5
    assert chisquare([*counts, runs - sum(counts)], [*expected, runs - sum(expected)]).pvalue > 0.001


def _usual(model: Local, request: Request) -> tuple[str, ...]:
    """Texts that often come, from other draws than those that are counted, and that have no other tokens than those drawn."""
    drawn = Counter(texts(model, [replace(request, run=request.run + more) for more in range(1000)]))
    encode = model._rendering.encode  # noqa: SLF001
    return tuple(text for text, count in drawn.most_common() if text and count > 10 and len(encode(text)) == request.sampling.max_tokens)


def test_top_p_keeps_the_fewest_tokens_that_reach_it() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    kept = [[1, 0, 0, 0], [0.625, 0.375, 0, 0], [0.5263, 0.3158, 0.1579, 0], [0.5, 0.3, 0.15, 0.05]]
    for top_p, expected in zip((0.4, 0.7, 0.9, 1.0), kept, strict=True):
        assert np.allclose(distribution(logits, Sampling(top_p=top_p)).exp().numpy(), np.array([expected]), atol=1e-4)
    assert np.allclose(distribution(logits, Sampling(temperature=0.5)).exp().numpy(), np.array([[25, 9, 2.25, 0.25]]) / 36.5)
    assert distribution(logits, Sampling(temperature=0)).exp().tolist() == [[1, 0, 0, 0]]


def test_an_answer_stops_where_the_checkpoint_says_so(opened: Open, tmp_path: Path) -> None:
    model, given = opened("llama"), requests(4)
    whole = texts(model, given)
    rendering = model._rendering  # noqa: SLF001
    folder = another(model, tmp_path)
    ends = sorted({rendering.encode(text)[2] for text in whole if text})
    change(folder / "generation_config.json", eos_token_id=ends)
    other = Local(folder, device="cpu")
    network = Local(folder, device="cpu")._rendering  # noqa: SLF001
    assert set(ends) < set(network.stops)
    stopped = [reply for reply in replies(other, requests(12)) if reply.finish == "stop"]
    assert stopped
    for reply in stopped:
        assert reply.tokens_out is not None
        assert reply.tokens_out <= 6
        assert not set(ends) & set(rendering.encode(reply.text or "")) or "\ufffd" in (reply.text or "")
    assert {reply.finish for reply in replies(model, given)} == {"length"}


def test_the_end_of_a_turn_is_an_end_even_if_no_setting_names_it(opened: Open, tmp_path: Path) -> None:
    folder = another(opened("llama"), tmp_path)
    change(folder / "generation_config.json", eos_token_id=2)
    change(folder / "tokenizer_config.json", eos_token="<|begin|>")  # noqa: S106 (no password)
    assert Local(folder)._rendering.stops == (1, 2)  # noqa: SLF001


def test_what_a_tokenizer_adds_by_itself_is_not_added_to_what_the_template_says(opened: Open, tmp_path: Path) -> None:
    model, folder = opened("llama"), another(opened("llama"), tmp_path)
    adding = Tokenizer.from_file(str(folder / "tokenizer.json"))
    adding.post_processor = TemplateProcessing(single="<|begin|> $A", special_tokens=[("<|begin|>", 2)])
    adding.save(str(folder / "tokenizer.json"))
    other = Local(folder, device="cpu")
    assert other.tokens([TELL]) == model.tokens([TELL])
    scored = replace(requests()[0], score=True, choices=("no", "yes"))
    assert replies(other, [scored])[0].probabilities == replies(model, [scored])[0].probabilities


def test_special_tokens_are_no_words(opened: Open) -> None:
    rendering = opened("llama")._rendering  # noqa: SLF001
    assert rendering.decode([2, *rendering.encode("tea"), 0]) == "tea"


def test_replies_tell_what_they_cost(opened: Open) -> None:
    model, given = opened("llama"), requests(3)
    answers = replies(model, given)
    assert [reply.tokens_in for reply in answers[:4]] == [model.tokens(given[0].messages), 0, 0, model.tokens(given[3].messages)]
    assert [reply.calls for reply in answers[:4]] == [1, 0, 0, 1]
    assert all(reply.tokens_out == 6 and reply.seconds > 0 for reply in answers)


def test_what_cannot_be_answered_fails_alone_and_says_why(opened: Open) -> None:
    model, (good, *_) = opened("llama"), requests()
    long = (TELL, Message("user", "tea " * 1100))
    bad = [
        (replace(good, messages=long), "has room for 1,024. Shorten the persona"),
        (replace(good, sampling=Sampling(max_tokens=1020)), "has room for 1,024"),
        (replace(good, messages=long, score=True, choices=("no", "yes")), "has room for 1,024"),
        (replace(good, messages=(Message("user", "Tea?<|im_end|>\n"),)), 'A message holds "<|im_end|>"'),
        (replace(good, score=True), "but has no choices"),
        (replace(good, score=True, choices=("no", "no")), "Two choices are equal"),
        (replace(good, sampling=Sampling(temperature=-1.0)), "temperature is -1.0"),
        (replace(good, sampling=Sampling(top_p=0.0)), "top_p is 0.0"),
        (replace(good, sampling=Sampling(max_tokens=0)), "max_tokens is 0"),
    ]
    answers = replies(model, [good, *(request for request, _ in bad), good])
    for reply, (_, words) in zip(answers[1:-1], bad, strict=True):
        assert reply.outcome is ReplyOutcome.FAILED
        assert (reply.text, reply.probabilities) == (None, None)
        assert words in reply.detail
        assert reply.detail.endswith(".")
        assert reply.calls == 0
    assert answers[0].text == answers[-1].text is not None


@pytest.mark.parametrize("name", ["refuses", "drops"])
def test_a_template_without_a_system_message_never_loses_the_persona(opened: Open, name: str) -> None:
    model = opened(name)
    assert Can.SYSTEM not in model.can
    with pytest.raises(ModelError, match=r"the persona would be lost\. Set prompt\.place: user\.$"):
        replies(model, requests())
    placed = [Request((Message("user", f"{TELL.text} {question}"),), sampling=SHORT) for question in QUESTIONS]
    assert all(reply.outcome is ReplyOutcome.ANSWERED for reply in replies(model, placed))


def test_messages_the_template_refuses_fail(opened: Open, tmp_path: Path) -> None:
    folder = another(opened("llama"), tmp_path)
    refusing = "{% if messages[-1]['role'] == 'assistant' %}{{ raise_exception('The last turn is mine') }}{% endif %}" + checkpoints.CHAT
    (folder / "chat_template.jinja").write_text(refusing)
    messages = (Message("user", "Tea?"), Message("assistant", "Yes."))
    (reply,) = replies(Local(folder, device="cpu"), [Request(messages, sampling=SHORT)])
    assert reply.detail == "The chat template refuses these messages: The last turn is mine."


def test_a_folder_that_cannot_be_used_is_one_sentence(opened: Open, tmp_path: Path) -> None:
    model = opened("llama")
    with pytest.raises(ModelError, match=r"is not a checkpoint.* Give a folder with config\.json"):
        Local(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"is not a checkpoint.* Give a folder with config\.json"):
        replies(Local(tmp_path), requests())
    folder = another(model, tmp_path)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match=r"has no chat template\. Add the chat_template"):
        replies(Local(folder), requests())
    for values, words in (
        ({"dtype": "float23"}, 'Did you mean "float32"'),
        ({"batch": 0}, "must be 1 or more"),
        ({"packed": 0}, "or more"),
    ):
        with pytest.raises(ModelError, match=words):
            replace(model, **values)
    with pytest.raises(ModelError, match="cannot be loaded on device nowhere"):
        replies(replace(model, device="nowhere"), requests())


def test_weights_that_are_missing_are_never_made_up(opened: Open, tmp_path: Path) -> None:
    folder = another(opened("llama"), tmp_path)
    change(folder / "config.json", num_hidden_layers=3)
    with pytest.raises(ModelError, match=r"lacks weights that its config\.json asks for, such as model\.layers\.2"):
        replies(Local(folder, device="cpu"), requests())
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        replies(Local(folder, device="cpu"), requests())


def test_logits_that_are_no_numbers_are_never_answers(opened: Open) -> None:
    model = Local(opened("llama").folder, device="cpu")
    replies(model, requests())
    with torch.no_grad():
        model._weights.model.lm_head.weight[7] = torch.nan  # noqa: SLF001
    for given in (requests(), [replace(request, score=True, choices=("no", "yes")) for request in requests()]):
        with pytest.raises(ModelError, match="not numbers, as happens if float16 overflows"):
            replies(model, given)


def test_running_out_of_memory_says_which_number_to_lower(opened: Open) -> None:
    model = opened("llama")
    for words, error in (("DefaultCPUAllocator: can't allocate memory", ModelError), ("shapes differ", RuntimeError)):
        with patch.object(Weights, "run", side_effect=RuntimeError(words)), pytest.raises(error, match=r"Lower batch \(16\) or|shapes"):
            replies(model, requests())


def test_a_template_that_asks_for_the_date_says_the_same_tomorrow(opened: Open, tmp_path: Path) -> None:
    folder = another(opened("llama"), tmp_path)
    (folder / "chat_template.jinja").write_text("{{ strftime_now('%d %b %Y') }} " + checkpoints.CHAT)
    assert Local(folder)._rendering.text([TELL]).startswith("1 January 2025 <|im_start|>system")  # noqa: SLF001


def test_without_torch_one_sentence_says_what_to_install(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rendering", "weights"):
        monkeypatch.delitem(sys.modules, f"personametrics.models.{name}")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        MissingExtraError, match=r"^A local model needs transformers\. Install it: pip install 'personametrics\[local\]'\.$"
    ):
        replies(replace(opened("llama")), requests())


def test_torch_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, personametrics.models.local; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_said_while_a_checkpoint_is_used(
    opened: Open, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logging: Any = transformers.utils.logging
    logging.enable_progress_bar()
    request = requests()[0]
    long = replace(request, messages=(Message("user", "tea " * 1100),))
    replies(Local(opened("llama").folder), [request, replace(request, score=True, choices=("no", "yes")), long])
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert logging.is_progress_bar_enabled()


@pytest.mark.parametrize("score", [False, True])
def test_asks_are_pulled_a_few_at_a_time_and_no_more_after_the_door_is_closed(opened: Open, score: bool) -> None:
    pulled, (request, other, *_) = 0, [replace(request, score=score, choices=("no", "yes")) for request in requests()]

    def endless() -> Iterator[Request]:
        nonlocal pulled
        while True:
            pulled += 1
            yield replace(request if pulled % 2 else other, run=pulled)

    async def some() -> None:
        async with aclosing(replace(opened("llama"), batch=4, packed=1).answer(endless())) as stream:
            async for index, _ in stream:
                assert pulled <= index + 1 + 2 * 4
                if index == 5:
                    break

    asyncio.run(some())
    assert pulled <= 5 + 1 + 4


def test_the_loop_lives_while_the_model_works(opened: Open) -> None:
    model, ticks = opened("llama"), 0
    replies(model, requests())

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def both() -> int:
        ticking = asyncio.create_task(tick())
        async for _ in model.answer([replace(requests()[0], sampling=Sampling(max_tokens=20))]):
            break
        ticking.cancel()
        return ticks

    assert asyncio.run(both()) > 20


def test_two_askers_of_one_model_get_what_each_would_get_alone(opened: Open) -> None:
    model, first, second = opened("llama"), requests(2), [replace(request, score=True, choices=("no", "yes")) for request in requests()]

    async def collect(given: Sequence[Request]) -> list[Reply]:
        return [reply async for _, reply in model.answer(given)]

    async def together() -> list[list[Reply]]:
        return list(await asyncio.gather(collect(first), collect(second)))

    words, scores = asyncio.run(together())
    assert [reply.text for reply in words] == texts(model, first)
    assert [reply.probabilities for reply in scores] == [reply.probabilities for reply in replies(model, second)]


def test_words_and_scores_may_be_asked_for_in_turn(opened: Open) -> None:
    model = opened("llama")
    mixed = [
        request
        for pair in zip(requests(), [replace(request, score=True, choices=("no", "yes")) for request in requests()], strict=True)
        for request in pair
    ]
    answers = replies(model, mixed)
    assert [reply.text for reply in answers[::2]] == texts(model, mixed[::2])
    for request, reply in zip(mixed[1::2], answers[1::2], strict=True):
        assert reply.probabilities == pytest.approx({name: np.exp(value) for name, value in plain_scores(model, request).items()}, rel=1e-4)


def test_every_ask_keeps_its_own_settings(opened: Open) -> None:
    model, short, cold = opened("llama"), requests(), requests(1, Sampling(0.5, 0.9, 3))
    mixed = [request for pair in zip(short, cold, strict=True) for request in pair]
    assert texts(model, mixed)[::2] == texts(model, short)
    assert texts(model, mixed)[1::2] == texts(model, cold)
    scored = [replace(request, score=True, choices=("no", "yes")) for request in mixed]
    for request, reply in zip(scored, replies(model, scored), strict=True):
        assert reply.probabilities == pytest.approx({name: np.exp(value) for name, value in plain_scores(model, request).items()}, rel=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_answers_on_a_gpu_are_drawn_by_the_same_seeds(opened: Open) -> None:
    model = replace(opened("llama"), device="cuda")
    assert texts(model, requests(2)) == texts(replace(model, batch=1), requests(2))
