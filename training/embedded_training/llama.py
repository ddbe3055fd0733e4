"""The Llama architecture in torch, lean enough to be trained on two cores; its weights are those of transformers' `LlamaForCausalLM`."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5
BASE = 10_000.0
"""The base of the rotary positions."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a model.

    Attributes:
        vocabulary: number of tokens.
        width: width of the hidden states.
        layers: number of layers.
        heads: number of attention heads, each with its own keys and values.
        inner: width inside the SwiGLU.
    """

    vocabulary: int
    width: int = 128
    layers: int = 4
    heads: int = 2
    inner: int = 384


class Matrix(nn.Module):
    """A matrix of weights (outputs, inputs), normal with a standard deviation of 1/√inputs or of `scale`."""

    def __init__(self, outputs: int, inputs: int, scale: float | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * (inputs**-0.5 if scale is None else scale))


class Norm(nn.Module):
    """A root mean square norm with a gain per channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, states: Tensor) -> Tensor:
        """Normalise states (…, width)."""
        return functional.rms_norm(states, self.weight.shape, self.weight, EPSILON)


class Attention(nn.Module):
    """A causal self-attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q_proj, self.k_proj, self.v_proj = (Matrix(shape.width, shape.width) for _ in range(3))
        self.o_proj = Matrix(shape.width, shape.width, scale=0.0)

    def forward(self, states: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """Attend over (B, T, width); `turn` holds cosine and sine of the positions' angles, each (T, half a head)."""
        batch, time, width = states.shape
        weight = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight)).to(states.dtype)
        heads = functional.linear(states, weight).view(batch, time, 3 * self.heads, -1).transpose(1, 2)
        query, key = rotated(heads[:, : 2 * self.heads], *turn).chunk(2, dim=1)
        mixed = functional.scaled_dot_product_attention(query, key, heads[:, 2 * self.heads :], is_causal=True)
        return functional.linear(mixed.transpose(1, 2).reshape(batch, time, width), self.o_proj.weight.to(states.dtype))


class Inner(nn.Module):
    """A SwiGLU feed-forward block."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (Matrix(shape.inner, shape.width) for _ in range(2))
        self.down_proj = Matrix(shape.width, shape.inner, scale=0.0)

    def forward(self, states: Tensor) -> Tensor:
        """Apply the block to states (…, width)."""
        weight = torch.cat((self.gate_proj.weight, self.up_proj.weight)).to(states.dtype)
        gate, inner = functional.linear(states, weight).chunk(2, dim=-1)
        return functional.linear(functional.silu(gate) * inner, self.down_proj.weight.to(states.dtype))


class Layer(nn.Module):
    """A layer: attention, then SwiGLU, each added to its input."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = Norm(shape.width), Norm(shape.width)
        self.self_attn, self.mlp = Attention(shape), Inner(shape)

    def forward(self, states: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """Apply the layer to states (B, T, width); products are computed in the type of `turn`."""
        kind = turn[0].dtype
        states = states + self.self_attn(self.input_layernorm(states).to(kind), turn)
        inner: Tensor = self.mlp(self.post_attention_layernorm(states).to(kind))
        return states + inner


class Llama(nn.Module):
    """The network; input and output share their embedding weights.

    Args:
        shape: sizes of the model.
        kind: type of the products; states between layers, norms and logits are float32.
    """

    def __init__(self, shape: Shape, kind: torch.dtype = torch.bfloat16) -> None:
        super().__init__()
        self.shape, self.kind = shape, kind
        self.embed_tokens = Matrix(shape.vocabulary, shape.width, scale=0.05)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)

    def forward(self, tokens: Tensor, places: Tensor) -> Tensor:
        """Compute the logits of the next token.

        Args:
            tokens: (B, T) tokens, padded at the end.
            places: (P) positions in the flattened tokens after which the next token is needed.

        Returns:
            The logits, (P, vocabulary), float32.
        """
        size = self.shape.width // self.shape.heads
        angles = torch.arange(tokens.shape[1])[:, None] * BASE ** (-torch.arange(0, size, 2) / size)
        turn = angles.cos().to(self.kind), angles.sin().to(self.kind)
        states = functional.embedding(tokens, self.embed_tokens.weight)
        for layer in self.layers:
            states = layer(states, turn)
        chosen = self.norm(states.flatten(0, 1)[places]).to(self.kind)
        return functional.linear(chosen, self.embed_tokens.weight.to(self.kind)).float()


def rotated(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate the first half of each head (…, T, size) against the second half by the angle of its position."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
