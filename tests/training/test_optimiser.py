import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from embedded_training.llama import Llama, Shape
from embedded_training.optimiser import PLATEAU, WARM, Muon, optimisers, orthogonal, pace


@pytest.mark.parametrize("shape", [(64, 64), (96, 32), (32, 96), (5, 16, 48)])
def test_singular_vectors_stay_and_values_become_about_one(shape: tuple[int, ...]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 1e-3
    result = orthogonal(matrices).float()
    assert result.shape == matrices.shape
    values = torch.linalg.svdvals(result)
    assert values.max() < 1.3
    assert values.min() > 0.3
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    turned = left.mT @ result @ right.mT
    rest = turned - torch.diag_embed(torch.diagonal(turned, dim1=-2, dim2=-1))
    assert torch.diagonal(turned, dim1=-2, dim2=-1).min() > 0.3
    assert rest.abs().max() < 0.1


def test_a_step_goes_down_by_the_learning_rate_whatever_the_gradient() -> None:
    for scale in (1e-4, 1e4):
        wide, tall = torch.zeros(16, 64), torch.zeros(64, 16)
        gradient = torch.randn(16, 64) * scale
        wide.grad, tall.grad = gradient, gradient.mT.clone()
        Muon([wide, tall], rate=0.1).step()
        assert (wide * gradient).sum() < 0
        assert 0.07 < torch.linalg.matrix_norm(wide) / 16**0.5 < 0.12
        assert torch.allclose(tall, 2 * wide.mT, atol=1e-6)  # a tall matrix moves √(m/n) as far


def test_momentum_remembers() -> None:
    matrix, first = torch.zeros(4, 4), torch.eye(4)
    muon = Muon([matrix], rate=0.1)
    matrix.grad = first
    muon.step()
    before = matrix.clone()
    matrix.grad = torch.zeros(4, 4)
    muon.step()
    assert ((matrix - before).diagonal() < -0.05).all()


def test_muon_finds_a_matrix() -> None:
    target, result = torch.randn(16, 16, generator=torch.Generator().manual_seed(1)), torch.zeros(16, 16)
    muon = Muon([result], rate=0.2)
    for step in range(200):
        muon.param_groups[0]["lr"] = 0.2 * (1 - step / 200)
        result.grad = result - target
        muon.step()
    assert (result - target).norm() < 0.1 * target.norm()


def test_every_parameter_has_one_optimiser() -> None:
    model = Llama(Shape(300, 32, 2, 2, 96))
    muon, adam = optimisers(list(model.named_parameters()))
    names = {id(values): name for name, values in model.named_parameters()}
    groups = [{names[id(values)] for group in optimiser.param_groups for values in group["params"]} for optimiser in (muon, adam)]
    assert groups[0] | groups[1] == set(names.values())
    assert not groups[0] & groups[1]
    assert all("proj" in name for name in groups[0])
    assert all("norm" in name or "embed" in name for name in groups[1])


@given(st.integers(2 * WARM, 10_000), st.data())
def test_the_rate_rises_stays_and_falls_to_nothing(steps: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps))
    assert 0 <= pace(step, steps) <= 1
    if WARM <= step <= PLATEAU * steps:
        assert pace(step, steps) == pytest.approx(1)
    if step >= max(WARM, PLATEAU * steps):
        assert pace(step, steps) == pytest.approx((steps - step) / steps / (1 - PLATEAU))


def test_without_an_end_the_rate_stays() -> None:
    assert pace(10**6, math.inf) == 1
