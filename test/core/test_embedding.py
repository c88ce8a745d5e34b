"""Reading maps, and embeddings of places."""

import pytest
import torch

from tadt_tracking.ops.anchors import anchor_grid
from tadt_tracking.ops.embedding import embed, embed_around, embed_boxes, read


@pytest.mark.parametrize("cells", [4, 5])
def test_a_map_is_read_at_its_cells(cells):
    grid = torch.rand(3, cells, cells)
    places = anchor_grid(cells)[:2, 0]
    found = read(grid, places.flatten(1))
    assert found.shape == (3, cells * cells)
    assert torch.allclose(found, grid.flatten(1), atol=1e-5)
    assert torch.allclose(read(grid[1], places.flatten(1)), grid[1].flatten(), atol=1e-5)


def test_between_cells_reading_is_linear():
    grid = torch.arange(25.0).view(5, 5)  # 1 more for a cell to the right, 5 for one downwards
    places = torch.tensor([[0.0, 3, 0], [0, 0, -6]])
    assert read(grid, places, 6).tolist() == pytest.approx([12, 12.5, 7])


def test_beyond_the_edge_the_edge_is_read():
    grid = torch.arange(25.0).view(5, 5)
    assert read(grid, torch.tensor([[400.0], [-400.0]])).tolist() == pytest.approx([4])


def test_an_embedding_is_the_window_around_its_place():
    features = torch.randn(6, 9, 9)
    centred = features - features.mean((1, 2), keepdim=True)
    expected = torch.nn.functional.normalize(centred[:, 3:6, 5:8], dim=0)  # middle: row 4, column 6
    found = embed(features, torch.tensor([[16.0], [0.0]]), 3)
    # D is channel first, row by row.
    assert torch.allclose(found[0], expected.flatten() / 3, atol=1e-5)


def test_embeddings_have_unit_length_and_stay_on_the_map():
    features = torch.randn(6, 9, 9)
    places = torch.tensor([[3.7, 24.0, 500.0], [-9.1, 24.0, 500.0]])
    found = embed(features, places, 3)
    assert torch.allclose(found.norm(dim=1), torch.ones(3), atol=1e-5)
    assert torch.allclose(found[1], found[2], atol=1e-6)


def test_what_all_cells_share_and_how_strong_they_are_does_not_matter():
    features, places = torch.randn(6, 9, 9), torch.tensor([[3.0, -8], [5, 2]])
    common = torch.randn(6, 1, 1)
    assert torch.allclose(
        embed(3 * features + common, places, 3), embed(features, places, 3), atol=1e-4
    )


def test_a_box_is_looked_at_in_its_inner_part():
    features = torch.randn(6, 9, 9)
    centred = features - features.mean((1, 2), keepdim=True)
    box = torch.tensor([[8.0], [-16], [40], [20]])  # 0.8 of it: 4 cells wide, 2 cells high
    found = embed_boxes(features, box, 3, stride=8)
    assert found.shape == (1, 9, 6)
    rows, columns = (1, 2, 3), (3, 5, 7)
    expected = torch.nn.functional.normalize(centred[:, rows][:, :, columns], dim=0)
    assert torch.allclose(found[0].T, expected.flatten(1), atol=1e-5)


def test_looks_of_boxes_do_not_depend_on_what_all_cells_share_or_how_strong_they_are():
    features = torch.randn(6, 9, 9)
    boxes = torch.tensor([[3.0, -8], [5, 2], [20, 12], [16, 30]])
    changed = embed_boxes(3 * features + torch.randn(6, 1, 1), boxes, 5)
    assert torch.allclose(changed, embed_boxes(features, boxes, 5), atol=1e-4)


def test_looks_beyond_the_map_are_those_of_its_edge():
    features = torch.randn(6, 9, 9)
    far, farther = embed_boxes(features, torch.tensor([[900.0, 950], [0, 0], [9, 9], [9, 9]]), 3)
    assert torch.allclose(far, farther, atol=1e-6)


def test_around_a_box_every_cell_beyond_its_margin_counts():
    features = torch.randn(6, 9, 9)
    box = torch.tensor([8.0, -16, 30, 14])  # with its margin 36 x 16.8: 5 cells wide, 3 high
    found = embed_around(features, box, 0.1, stride=8).view(9, 9, 6)
    inside = torch.zeros(9, 9, dtype=torch.bool)
    inside[1:4, 3:8] = True
    assert not found[inside].any()
    centred = features - features.mean((1, 2), keepdim=True)
    expected = torch.nn.functional.normalize(centred, dim=0).permute(1, 2, 0)
    assert torch.allclose(found[~inside], expected[~inside], atol=1e-4)
