"""Peaks of a map."""

import torch

from tadt_tracking.ops.peaks import peaks


def _hill(x, y, *, rows=9, columns=11, height=1.0):
    down = torch.arange(rows) - (rows - 1) / 2 - y
    across = torch.arange(columns) - (columns - 1) / 2 - x
    return height * torch.exp(-(down[:, None] ** 2 + across[None] ** 2) / 4)


def test_a_peak_is_found_between_cells():
    places, heights = peaks(_hill(1.3, -2.2), (1, 1), 1)
    torch.testing.assert_close(places[:, 0], torch.tensor([1.3, -2.2]), atol=0.05, rtol=0)
    assert 0.9 < heights[0] < 1


def test_the_highest_come_first_and_what_is_missing_has_no_height():
    places, heights = peaks(_hill(-3, 2, height=0.5) + _hill(3, -2), (1, 1), 3)
    torch.testing.assert_close(
        places[:, :2].T, torch.tensor([[3.0, -2], [-3, 2]]), atol=0.05, rtol=0
    )
    assert heights[2] == -torch.inf


def test_reach_counts_rows_and_columns():
    two = torch.zeros(9, 11)
    two[4, 2], two[4, 5] = 0.8, 1.0
    assert torch.isclose(peaks(two, (4, 2), 2)[1][1], torch.tensor(0.8))
    assert peaks(two, (4, 3), 2)[1][1] < 0.8


def test_a_peak_at_the_edge_stays_within_its_cell():
    edge = torch.zeros(9, 11)
    edge[0, 10] = 1.0
    places, _ = peaks(edge, (1, 1), 1)
    assert places[0, 0] == 5.5
    assert places[1, 0] == -4.5


def test_places_of_what_is_missing_are_on_the_map_too():
    places, _ = peaks(-_hill(0.3, 0.2), (4, 5), 9 * 11)
    assert (places.abs() <= torch.tensor([[5.5], [4.5]])).all()


def test_a_flat_map_has_finite_places():
    places, _ = peaks(torch.ones(5, 5), (2, 2), 4)
    assert places.isfinite().all()
