import json
from itertools import islice
from pathlib import Path

import cards
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, GenerationConfig, LlamaForCausalLM

from embedded_training import export
from embedded_training.llama import Llama, Shape
from embedded_training.tokens import END, PAD, trained

TOKENIZER = trained(islice(cards.documents(1), 200), cards.PHRASES)
SHAPE = Shape(TOKENIZER.get_vocab_size(), 32, 2, 2, 96)


@pytest.fixture
def model() -> Llama:
    torch.manual_seed(0)
    model = Llama(SHAPE, torch.float32)
    with torch.no_grad():
        for values in model.parameters():
            values.add_(torch.randn_like(values) * 0.1)
    return model


@pytest.fixture
def folder(tmp_path: Path, model: Llama) -> Path:
    export.begin(tmp_path / "new", SHAPE, TOKENIZER)
    export.weights(tmp_path / "new", model, {"seed": 3})
    return tmp_path / "new"


def test_transformers_answers_as_the_rounded_model_does(folder: Path, model: Llama) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert isinstance(theirs, LlamaForCausalLM)
    tokens = torch.randint(0, SHAPE.vocabulary, (2, 40))
    with torch.no_grad():
        for values in model.parameters():
            values.copy_(values.to(torch.bfloat16))
        assert torch.allclose(theirs(tokens).logits.flatten(0, 1), model(tokens, torch.arange(80)), atol=1e-5, rtol=1e-5)


def test_weights_are_rounded_to_the_nearest(folder: Path, model: Llama) -> None:
    kept = load_file(folder / "model.safetensors")
    for name, values in model.named_parameters():
        assert kept[f"model.{name}"].dtype == torch.bfloat16
        assert ((kept[f"model.{name}"].float() - values).abs() <= values.abs() * 2**-8).all()


def test_the_folder_holds_a_checkpoint_and_nothing_else(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    }
    assert json.loads((folder / "training.json").read_text()) == {"seed": 3}
    assert (folder / "model.safetensors").stat().st_mode & 0o777 == 0o644


def test_config_names_the_signs_and_the_types(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    signs = {"eos_token_id": TOKENIZER.token_to_id(END), "pad_token_id": TOKENIZER.token_to_id(PAD)}
    assert config.items() >= {**signs, "model_type": "llama", "tie_word_embeddings": True, "dtype": "bfloat16"}.items()
    assert config["rope_parameters"]["rope_theta"] == 10000
    drawn = GenerationConfig.from_pretrained(folder)
    assert (drawn.do_sample, drawn.temperature, drawn.top_p, drawn.eos_token_id) == (True, 1, 1, signs["eos_token_id"])


def test_old_weights_stay_until_the_new_ones_are_written(folder: Path, model: Llama, monkeypatch: pytest.MonkeyPatch) -> None:
    old = (folder / "model.safetensors").read_bytes()

    def full(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError

    monkeypatch.setattr(export, "save_file", full)
    with pytest.raises(OSError):
        export.weights(folder, model, {})
    assert (folder / "model.safetensors").read_bytes() == old
