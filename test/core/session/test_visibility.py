"""How much of a box has to lie in the picture."""

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.result import Result
from tadt_tracking.session.visibility import as_far_as_visible

PICTURE = np.zeros((100, 200, 3), np.uint8)


@pytest.mark.parametrize(
    ("x", "score"), [(90, 0.9), (-8, 0.9), (-10, 0.0), (188, 0.9), (190, 0.0), (200, 0.0)]
)
def test_a_box_that_is_half_outside_scores_nothing(x, score):
    assert as_far_as_visible(Result(Box(x, 10, 20, 20), 0.9), PICTURE).score == score
