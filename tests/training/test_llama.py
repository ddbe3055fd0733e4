import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from embedded_training.llama import EPSILON, Llama, Shape


def random(shape: Shape, kind: torch.dtype = torch.float32) -> Llama:
    torch.manual_seed(0)
    model = Llama(shape, kind)
    with torch.no_grad():
        for values in model.parameters():
            values.add_(torch.randn_like(values) * 0.1)
    return model


@pytest.mark.parametrize("shape", [Shape(300, 32, 2, 2, 96), Shape(400), Shape(300, 48, 3, 3, 128)])
def test_logits_are_those_of_transformers(shape: Shape) -> None:
    ours = random(shape)
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        rms_norm_eps=EPSILON,
        tie_word_embeddings=True,
    )
    theirs = LlamaForCausalLM(config)
    left = theirs.load_state_dict({f"model.{name}": values for name, values in ours.state_dict().items()}, strict=False)
    assert (left.missing_keys, left.unexpected_keys) == (["lm_head.weight"], [])
    tokens = torch.randint(0, shape.vocabulary, (3, 70))
    with torch.no_grad():
        expected = theirs(tokens).logits.flatten(0, 1)
        assert torch.allclose(ours(tokens, torch.arange(210)), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.5


def test_padding_behind_changes_nothing_before() -> None:
    model = random(Shape(300, 32, 2, 2, 96))
    tokens = torch.randint(0, 300, (1, 20))
    padded = torch.cat((tokens, torch.zeros(1, 9, dtype=torch.int64)), 1)
    with torch.no_grad():
        assert torch.allclose(model(tokens, torch.arange(20)), model(padded, torch.arange(20)), atol=1e-5)


def test_bfloat16_is_close_to_float32() -> None:
    shape, tokens = Shape(300, 32, 2, 2, 96), torch.arange(30)[None]
    with torch.no_grad():
        exact, rounded = (random(shape, kind)(tokens, torch.arange(30)) for kind in (torch.float32, torch.bfloat16))
    assert rounded.dtype == torch.float32
    assert 0 < (exact - rounded).abs().max() < 0.1 * exact.std()


def test_the_small_one_has_about_a_million_parameters() -> None:
    assert sum(values.numel() for values in Llama(Shape(1500)).parameters()) == 1_045_120
