"""The optimisers: Muon for matrices, AdamW for the rest, one schedule for both."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""The coefficients of the quintic whose iteration brings every singular value near 1 (Jordan 2024)."""
WARM = 50
"""The number of steps until the full learning rate."""
PLATEAU = 0.5
"""The share of the steps before the learning rate begins to fall."""


def orthogonal(matrices: Tensor, rounds: int = 5) -> Tensor:
    """Approximate the nearest orthogonal matrices: the singular vectors stay, the singular values become about .7 to 1.2.

    Newton–Schulz iteration in bfloat16; https://kellerjordan.github.io/posts/muon/.

    Args:
        matrices: (…, m, n) matrices of any scale.
        rounds: number of iterations.

    Returns:
        The matrices, same shape, bfloat16.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[-2] > matrices.shape[-1]
    x: Tensor = (matrices.mT if tall else matrices).bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """An optimiser whose step is the nearest orthogonal matrix to the momentum; Jordan 2024, https://kellerjordan.github.io/posts/muon/.

    Args:
        matrices: parameters to optimise, each of two dimensions.
        rate: learning rate; the singular values of a step are about this, times √(m/n) for a tall matrix.
        momentum: Nesterov momentum.
    """

    def __init__(self, matrices: Iterable[Tensor], rate: float = 0.02, momentum: float = 0.95) -> None:
        super().__init__(sorted(matrices, key=lambda matrix: tuple(matrix.shape)), {"lr": rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002 - the signature is torch's
        """Take a step; matrices of one shape are made orthogonal together."""
        for group in self.param_groups:
            for shape, alike in groupby(group["params"], key=lambda matrix: tuple(matrix.shape)):
                matrices = list(alike)
                steps = orthogonal(torch.stack([self._ahead(matrix, group["momentum"]) for matrix in matrices]))
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for matrix, step in zip(matrices, steps, strict=True):
                    matrix.add_(step, alpha=-rate)

    def _ahead(self, matrix: Tensor, momentum: float) -> Tensor:
        """Return the gradient with Nesterov momentum, one step ahead."""
        past = self.state[matrix].setdefault("past", torch.zeros_like(matrix))
        gradient = torch.zeros_like(matrix) if matrix.grad is None else matrix.grad
        past.lerp_(gradient, 1 - momentum)
        return gradient.lerp(past, momentum)


def optimisers(parameters: Sequence[tuple[str, Tensor]], muon: float = 0.005, adam: float = 3e-3) -> tuple[torch.optim.Optimizer, ...]:
    """Return Muon for the hidden matrices, and AdamW for embeddings and gains.

    Args:
        parameters: names and values of the model's parameters.
        muon: learning rate of the matrices.
        adam: learning rate of the rest.
    """
    hidden = [values for name, values in parameters if values.ndim == 2 and "embed" not in name]
    rest = [values for name, values in parameters if values.ndim != 2 or "embed" in name]
    chosen = Muon(hidden, muon), torch.optim.AdamW(rest, adam, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0)
    for optimiser in chosen:
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return chosen


def pace(step: int, steps: float) -> float:
    """Return the share of the full learning rate: it rises over `WARM` steps, stays, and falls to 0 after `PLATEAU` of all steps.

    Args:
        step: number of steps already taken.
        steps: number of steps of the whole training; infinite: the rate never falls.

    Examples:
        >>> [round(pace(step, 1000), 2) for step in (24, 100, 600, 900, 1000)]
        [0.5, 1.0, 0.8, 0.2, 0.0]
    """
    falling = 1.0 if steps == float("inf") else (1 - step / steps) / (1 - PLATEAU)
    return max(0.0, min(1.0, (step + 1) / WARM, falling))
