"""DaSiamRPN's recipe: what of a network's answers it asks for, and what it says about them."""

import pytest
import torch

from tadt_tracking.ops.anchors import anchor_grid, encode, iou
from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe, DaSiamRpnRunSettings
from tadt_tracking.training.siamese import Answer

BOXES = torch.tensor([[0.0, 0.0, 64.0, 64.0], [20.0, -9.0, 56.0, 80.0], [5.0, 5.0, 70.0, 60.0]])
ANCHORS = anchor_grid(17)


@pytest.fixture(scope="module")
def recipe():
    settings = DaSiamRpnRunSettings(start="random", box_weight=2.0, frozen=3)
    return DaSiamRpnRecipe(settings, None, None)


def _answer(search, negative):
    """A perfect one: the object's anchors, where it is the exemplar's, and its box everywhere."""
    boxes = BOXES[search].T[:, :, None, None, None]
    on_object = (iou(boxes, ANCHORS[:, None]) > 0.3) & ~torch.tensor(negative)[:, None, None, None]
    target = torch.where(on_object, 15.0, -15.0)
    offsets = encode(boxes, ANCHORS[:, None]).transpose(0, 1)
    return Answer(torch.stack([-target, target], 1), offsets, torch.tensor(search))


def _batch(kinds):
    return {"box": BOXES, "kind": torch.tensor(kinds)}


def _losses(recipe, answer, kinds):
    found = recipe.losses(answer, _batch(kinds), torch.Generator().manual_seed(0))
    return {name: value.item() for name, value in found.items()}


def test_foreign_exemplars_and_negative_pairs_are_not_to_be_found(recipe):
    answer = _answer([0, 1, 2, 0, 1], [False, False, True, True, True])
    found = _losses(recipe, answer, [0, 0, 1])
    assert found["loss"] < 1e-6
    assert found["found"] == 1
    assert found["iou"] == pytest.approx(1)


@pytest.mark.parametrize("blind", range(5))
def test_every_pair_counts(recipe, blind):
    answer = _answer([0, 1, 2, 0, 1], [False, False, True, True, True])
    answer.scores[blind] *= -1
    assert _losses(recipe, answer, [0, 0, 1])["cls_loss"] > 1


def test_loss_is_classification_and_weighted_boxes(recipe):
    answer = _answer([0, 1, 2], [False, False, False])
    wrong = answer._replace(scores=torch.zeros_like(answer.scores), offsets=answer.offsets + 0.1)
    found = _losses(recipe, wrong, [0, 0, 0])
    assert found["box_loss"] == pytest.approx(4 * 4.5 * 0.01, rel=1e-3)
    assert found["loss"] == pytest.approx(found["cls_loss"] + 2 * found["box_loss"])


def test_held_out_pairs_are_judged_by_the_highest_proposal(recipe):
    answer = _answer([0, 1, 2], [False, False, True])
    away = answer.offsets.clone()
    away[1, 0] += 100
    scores = recipe.scores(answer._replace(offsets=away), _batch([0, 0, 2]))
    assert scores["val_iou"].tolist() == pytest.approx([1, 0, float("nan")], nan_ok=True, abs=1e-5)
    assert scores["val_success"].tolist() == pytest.approx([1, 0, float("nan")], nan_ok=True)


def test_what_makes_kernels_learns_slower_by_the_products_of_a_response(recipe):
    recipe.trained(torch.device("cpu"))
    groups = recipe.parameter_groups()
    names = {id(parameter): name for name, parameter in recipe.network.named_parameters()}
    slow, others = (
        {names[id(p)] for group in groups for p in group["params"] if (group["factor"] < 1) is less}
        for less in (True, False)
    )
    assert {name.split(".")[0] for name in slow} == {"conv_r1", "conv_cls1"}
    assert slow.isdisjoint(others)
    assert slow | others == {n for n, p in recipe.network.named_parameters() if p.requires_grad}
    assert {group["factor"] for group in groups} == {1.0, 1 / (4 * 4 * 64)}
