"""Films cut together from two sequences: whose target is away, and for how long."""

import cv2
import numpy as np
import pytest

from tadt_tracking.evaluation.datasets import DatasetError, Sequence
from tadt_tracking.evaluation.films import interrupted

LENGTHS = {"red": 40, "green": 12}


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    """Plain pictures: a sequence's frames tell its name by their size, and their number."""
    root = tmp_path_factory.mktemp("sequences")
    for name, length in LENGTHS.items():
        (root / name / "img").mkdir(parents=True)
        for index in range(length):
            picture = np.full((30, 40, 3) if name == "red" else (60, 50, 3), index, np.uint8)
            picture[..., 2] += 100 * (name == "red")
            cv2.imwrite(str(root / name / "img" / f"{index + 1:04d}.png"), picture)
        lines = (f"{index + 1},1,10,20\n" for index in range(length))
        (root / name / "groundtruth_rect.txt").write_text("".join(lines))
    return [Sequence.read(root / name) for name in LENGTHS]


def _seen(film):
    """Return number and name of every frame's picture, at its right border."""
    pixels = [frame[0, -1].astype(int) for frame in film.frames()]
    return [(blue, "red" if red - blue == 100 else "green") for blue, _, red in pixels]


def test_another_sequence_interrupts_and_time_goes_on(sequences):
    red, _ = interrupted(sequences, 8, returning=True)
    before, away, after = range(20), range(8), range(28, 40)
    assert _seen(red) == [
        *((i, "red") for i in before),
        *((i, "green") for i in away),
        *((i, "red") for i in after),
    ]
    absent = np.isnan(red.truth).all(1)
    assert np.flatnonzero(absent).tolist() == list(range(15, 28))
    assert red.truth[~absent, 0].tolist() == [*range(15), *after]
    assert (red.name, red.first_box) == ("red", (0, 0, 10, 20))
    assert {frame.shape for frame in red.frames()} == {(30, 40, 3)}


def test_the_last_is_interrupted_by_the_first(sequences):
    _, green = interrupted(sequences, 8, returning=True)
    assert _seen(green) == [
        *((i, "green") for i in range(6)),
        *((i, "red") for i in range(8)),
        *((i, "green") for i in range(9, 12)),  # no more than a quarter of it is skipped
    ]


def test_a_curtain_hides_the_target_bit_by_bit_and_half_hidden_it_is_absent(sequences):
    red, _ = interrupted(sequences, 8, returning=True)
    covered = []
    for index, frame in enumerate(list(red.frames())[:20]):
        row = frame[5, index : index + 10].astype(int)  # through the target
        covered.append(np.mean(row[:, 2] - row[:, 0] != 100))
    assert covered[:10] == [0] * 10
    assert covered[10:] == pytest.approx(np.arange(1, 11) / 10)
    assert (np.array(covered) > 0.5).tolist() == np.isnan(red.truth[:20]).all(1).tolist()


def test_a_target_that_stays_away(sequences):
    red, _ = interrupted(sequences, 100, returning=False)
    assert len(red.truth) == len(_seen(red)) == 20 + LENGTHS["green"]
    assert np.isnan(red.truth[20:]).all()


def test_a_sequence_cannot_interrupt_itself(sequences):
    with pytest.raises(DatasetError, match="at least two sequences, got red"):
        interrupted(sequences[:1], 8, returning=True)
