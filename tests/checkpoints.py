"""Small checkpoints made on the spot: random weights, a tokenizer trained on made-up sentences, a chat template. Nothing is downloaded.

python tests/checkpoints.py FOLDER
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

TURN = "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
REPLY = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
CHAT = "{% for message in messages %}" + TURN + "{% endfor %}" + REPLY
REFUSES = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHAT
"""No system message: the template raises."""
DROPS = "{% for message in messages %}{% if message['role'] != 'system' %}" + TURN + "{% endif %}{% endfor %}" + REPLY
"""No system message: the template leaves it out without a word."""

INSTRUCTION = "Answer with exactly one of the options above, word for word, and nothing else."
"""A sentence that is one token of checkpoints like the embedded model's."""
BEGIN, END, PAD = "<|begin|>", "<|im_end|>", "<|pad|>"
SYLLABLES = re.findall(r"\S+", "an be cor da el fi gra hu in jo ka lo mi nor o pra qui ri sta tu ul ven wa xi yo zen")
WORDS = re.findall(
    r"\S+",
    """You are a person who lives in town and works as nurse teacher farmer old young conservative liberal. I think that the answer is
    no yes not sure agree disagree strongly neither somewhat rather never always often tea coffee taxes nature health should be more
    Answer with exactly one of the options above, word for word, and nothing else, as the person described here would, in the first
    person. Stay this person throughout. number letter from to 1 2 3 4 5 6 7 8 9 10 A. B. C. D. E. system user assistant""",
)


class Size(NamedTuple):
    """How large a checkpoint is; `tokens` is the vocabulary, `positions` the longest context."""

    layers: int = 2
    width: int = 64
    heads: int = 2
    tokens: int = 512
    positions: int = 1024


def llama(
    folder: Path,
    *,
    layers: int = 2,
    width: int = 64,
    heads: int = 2,
    vocabulary: int = 512,
    positions: int = 1024,
    template: str | None = CHAT,
    scale: float = 3.0,
    seed: int = 0,
) -> Path:
    """A Llama checkpoint: rotary positions, RMS norm, output weights of its own.

    Args:
        folder: where it is written.
        layers: number of layers.
        width: of the hidden states; the inner width is 8/3 of it, in steps of 32.
        heads: of attention; each has keys and values of its own.
        vocabulary: tokens, at least 300.
        positions: longest context.
        template: chat template; None: none.
        scale: factor on the random weights; with 1, answers hardly depend on the prompt.
        seed: of the weights.

    Returns:
        The folder.
    """
    size = Size(layers, width, heads, vocabulary, positions)
    more = {"num_key_value_heads": heads, "tie_word_embeddings": False}
    return _checkpoint(folder, _rotary("LlamaConfig", size, **more), size, template, scale, seed)


def qwen2(folder: Path, *, template: str | None = CHAT, scale: float = 3.0, seed: int = 0, **more: Any) -> Path:
    """A Qwen2 checkpoint: two query heads share keys and values, attention has biases, output weights are those of the input."""
    size = Size()
    given = {"num_key_value_heads": 1, "tie_word_embeddings": True, **more}
    return _checkpoint(folder, _rotary("Qwen2Config", size, **given), size, template, scale, seed)


def gpt2(folder: Path, *, template: str | None = CHAT, scale: float = 3.0, seed: int = 0, positions: int = 512) -> Path:
    """A GPT-2 checkpoint: learned positions."""
    size = Size(positions=positions)
    config = transformers.GPT2Config(n_layer=size.layers, n_embd=size.width, n_head=size.heads, n_positions=positions)
    return _checkpoint(folder, config, size, template, scale, seed)


def embedded_like(folder: Path, texts: Sequence[str], *, scale: float = 3.0, seed: int = 0, dtype: str = "bfloat16", **more: Any) -> Path:
    """A checkpoint like the embedded model's: a Llama with tied embeddings that knows the words of some texts, random weights.

    Args:
        folder: where it is written.
        texts: what is read for the vocabulary.
        scale: factor on the random weights.
        seed: of the weights.
        dtype: of the weights.
        more: entries of the configuration that differ.

    Returns:
        The folder.
    """
    from embedded_training.tokens import save, trained  # noqa: PLC0415
    from personametrics.models.embedded.society.talk import Line  # noqa: PLC0415 (most checkpoints need none of it)

    tokenizer = trained([tuple(Line(role, text) for role in ("system", "user", "assistant")) for text in texts], [INSTRUCTION])
    plain = {
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "max_position_embeddings": 1024,
    }
    words = {"vocab_size": tokenizer.get_vocab_size(), "bos_token_id": None, "eos_token_id": tokenizer.token_to_id(END)}
    config = transformers.LlamaConfig(**{**plain, **words, "pad_token_id": 0, "tie_word_embeddings": True, **more})
    _write(folder, config, scale, seed, dtype)
    save(tokenizer, Path(folder))
    return Path(folder)


def _rotary(kind: str, size: Size, **more: Any) -> Any:
    """Configuration of a model with rotary positions."""
    return getattr(transformers, kind)(
        hidden_size=size.width,
        intermediate_size=-(-size.width // 12) * 32,  # 8/3 of the width, in whole blocks of 32 as quantisers want them
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        max_position_embeddings=size.positions,
        **more,
    )


def _checkpoint(folder: Path, config: Any, size: Size, template: str | None, scale: float, seed: int) -> Path:
    """Train the tokenizer, draw the weights, write both."""
    tokenizer = _tokenizer(size, template)
    config.vocab_size = len(tokenizer)
    config.bos_token_id, config.eos_token_id, config.pad_token_id = (tokenizer.convert_tokens_to_ids(name) for name in (BEGIN, END, PAD))
    _write(folder, config, scale, seed)
    tokenizer.save_pretrained(folder)
    return Path(folder)


def _write(folder: Path, config: Any, scale: float, seed: int, dtype: str = "float32") -> None:
    """Draw the weights and write them."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:  # so that sums over the width are as large as at width 512
                weights.mul_(scale * (512 / config.hidden_size) ** 0.5)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model.to(getattr(torch, dtype)).save_pretrained(folder)


def _tokenizer(size: Size, template: str | None) -> Any:
    """Byte-level BPE as GPT-2 has it, so that other programs can read it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size.tokens,
        special_tokens=["<|im_start|>", END, BEGIN, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sentences(size.tokens), trainer)
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
        model_max_length=size.positions,
        add_bos_token=False,
    )
    wrapped.chat_template = template
    return wrapped


def _sentences(number: int) -> Iterator[str]:
    """Sentences of real and of made-up words, enough of them to fill a vocabulary."""
    draw = np.random.default_rng(0)
    made = ["".join(draw.choice(SYLLABLES, draw.integers(2, 5))) for _ in range(2 * number)]
    for start in range(0, len(made), 4):
        mixed = [*draw.choice(WORDS, 8), *made[start : start + 4]]
        yield " ".join(draw.permutation(mixed)) + "."


def main() -> None:
    """Write the small Llama checkpoint."""
    parser = argparse.ArgumentParser(description="Make a small random Llama checkpoint.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--template", choices=("chat", "refuses", "drops"), default="chat", help="what becomes of a system message")
    given = parser.parse_args()
    llama(given.folder, template={"chat": CHAT, "refuses": REFUSES, "drops": DROPS}[given.template])


if __name__ == "__main__":
    main()
