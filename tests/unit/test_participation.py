"""Participation ratio: known values, invariances, an independent reference, and intervals that cover."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hrm.analysis.participation import Moments, estimates, participation_ratio, ratios
from hrm.analysis.resampling import resamples

CPU = torch.device("cpu")


def moments_of(vectors: np.ndarray) -> Moments:
    found = Moments(len(vectors), vectors.shape[2], CPU)
    found.add(slice(0, len(vectors)), torch.from_numpy(vectors))
    return found


def reference(vectors: np.ndarray) -> float:
    eigenvalues = np.linalg.eigvalsh(np.cov(vectors.reshape(-1, vectors.shape[-1]), rowvar=False))
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_every_direction_alike_gives_their_number_and_one_direction_gives_1(size: int) -> None:
    line = torch.randn(size, generator=torch.Generator().manual_seed(size)).double()
    both = torch.stack((3.0 * torch.eye(size).double(), torch.outer(line, line)))
    assert participation_ratio(both).tolist() == pytest.approx([size, 1.0])


@given(st.integers(1, 8), st.integers(2, 6), st.floats(1e-3, 1e3), st.integers(0, 2**20))
@settings(max_examples=30, deadline=None)
def test_rotation_scale_and_shift_change_nothing(size: int, trajectories: int, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(trajectories, 5, size)) * rng.uniform(0.1, 2.0, size)
    turn, _ = np.linalg.qr(rng.normal(size=(size, size)))
    once = torch.ones(1, trajectories).double()
    before = ratios(moments_of(vectors), once)
    after = ratios(moments_of(scale * (vectors @ turn) + scale * rng.normal(size=size)), once)
    assert after.item() == pytest.approx(before.item(), rel=1e-6)
    assert 1.0 - 1e-9 <= before.item() <= size + 1e-9


def test_estimates_equal_the_eigenvalues_of_the_covariance_and_batches_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    high, low = rng.normal(size=(2, 9, 20, 6)).astype(np.float32) * np.linspace(0.2, 2.0, 6, dtype=np.float32)
    low[:, :, 2:] *= 0.1
    in_batches = Moments(9, 6, CPU)
    for rows in (slice(0, 4), slice(4, 9)):
        for part in (slice(0, 13), slice(13, 20)):
            in_batches.add(rows, torch.from_numpy(high[rows, part]))
    found = estimates({"H": in_batches, "L": moments_of(low)}, 5, 200, 0.9)
    assert found["H"].value == pytest.approx(reference(high[:5]))
    assert found["L"].value == pytest.approx(reference(low[:5]))
    assert found["H/L"].value == pytest.approx(reference(high[:5]) / reference(low[:5]))
    assert all(each.low <= each.value <= each.high for each in found.values())
    assert set(estimates({"core": in_batches}, 9, 100, 0.9)) == {"core"}


def test_a_resample_is_the_same_as_repeating_trajectories() -> None:
    vectors = np.random.default_rng(3).normal(size=(4, 6, 3))
    weights = torch.tensor([[2.0, 0.0, 1.0, 1.0]]).double()
    assert ratios(moments_of(vectors), weights).item() == pytest.approx(reference(vectors[[0, 0, 2, 3]]))
    drawn = resamples(4, 300, CPU)
    assert (drawn.sum(dim=1) == 4).all() and drawn.mean(dim=0).tolist() == pytest.approx([1.0] * 4, abs=0.15)
    assert torch.equal(drawn, resamples(4, 300, CPU))


def test_the_interval_covers_the_ratio_of_endless_trajectories() -> None:
    rng = np.random.default_rng(1)
    inside, between = np.linspace(1.0, 0.2, 12), np.linspace(0.2, 1.0, 12)
    variances = inside**2 + between**2
    truth = variances.sum() ** 2 / (variances**2).sum()
    covered, below = 0, 0
    for _ in range(100):
        centres = rng.normal(size=(30, 1, 12)) * between
        found = estimates({"core": moments_of(rng.normal(size=(30, 20, 12)) * inside + centres)}, 30, 200, 0.95)
        covered += found["core"].low <= truth <= found["core"].high
        below += found["core"].value < truth
    assert covered >= 90
    assert below >= 90  # which is why percentiles, lower still, would miss
