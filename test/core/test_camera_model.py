"""A calibrated camera: the direction of what it sees, and what it refuses."""

import cv2
import numpy as np
import pytest

from tadt_tracking.camera_model import CameraError, CameraModel, NoDirectionError

SIZE = (640, 480)
MATRIX = np.array([[500.0, 0.0, 321.5], [0.0, 510.0, 238.0], [0.0, 0.0, 1.0]])
BROWN = {
    4: [-0.28, 0.07, 0.001, -0.0005],
    5: [-0.28, 0.07, 0.001, -0.0005, -0.008],
    8: [0.4, -0.05, 0.001, -0.0005, 0.002, 0.7, -0.1, 0.01],
    12: [0.4, -0.05, 0.001, -0.0005, 0.002, 0.7, -0.1, 0.01, 0.001, 0.0, 0.001, 0.0],
}
FISHEYE = [-0.02, 0.01, -0.004, 0.001]
RAYS = [(0.0, 0.0), (0.4, -0.3), (-0.5, 0.35), (0.1, 0.4)]  # where they cross z = 1


def unit(x, y, z=1.0):
    ray = np.array([x, y, z])
    return ray / np.linalg.norm(ray)


def place(pixel):
    """Where a pixel of OpenCV's, with middles at whole numbers, is for a box."""
    return pixel[0] + 0.5, pixel[1] + 0.5


def test_the_middle_of_the_principal_pixel_is_straight_ahead():
    model = CameraModel(SIZE, MATRIX)
    assert model.direction(322.0, 238.5, SIZE) == pytest.approx((0, 0, 1), abs=1e-9)


@pytest.mark.parametrize("ray", RAYS)
def test_a_lens_without_distortion(ray):
    pixel = MATRIX @ [*ray, 1.0]
    found = CameraModel(SIZE, MATRIX).direction(*place(pixel), SIZE)
    assert found == pytest.approx(unit(*ray), abs=1e-9)
    assert np.linalg.norm(found) == pytest.approx(1)


@pytest.mark.parametrize("ray", RAYS)
@pytest.mark.parametrize("coefficients", BROWN.values(), ids=BROWN)
def test_a_brown_lens(coefficients, ray):
    distortion = np.array(coefficients)
    pixels, _ = cv2.projectPoints(
        np.array([[*ray, 1.0]]), np.zeros(3), np.zeros(3), MATRIX, distortion
    )
    model = CameraModel(SIZE, MATRIX, "brown", distortion)
    found = model.direction(*place(pixels.ravel()), SIZE)
    assert found == pytest.approx(unit(*ray), abs=1e-5)
    straight = CameraModel(SIZE, MATRIX).direction(*place(pixels.ravel()), SIZE)
    assert ray == (0.0, 0.0) or np.abs(np.subtract(found, straight)).max() > 1e-3


@pytest.mark.parametrize("coefficients", [FISHEYE, [0.0] * 4], ids=["bent", "ideal"])
@pytest.mark.parametrize("angle", [0.0, 0.3, 0.8, 1.2, 1.8])
def test_a_fisheye(angle, coefficients):
    """It sees what is beside the camera, too, and behind it."""
    k = np.array(coefficients)
    bent = angle * (1 + k @ [angle**2, angle**4, angle**6, angle**8])
    turn = 0.7
    across = np.array([np.cos(turn), np.sin(turn)])
    pixel = MATRIX @ [*(bent * across), 1.0]
    model = CameraModel(SIZE, MATRIX, "fisheye", k)
    found = model.direction(*place(pixel), SIZE)
    assert found == pytest.approx((*(np.sin(angle) * across), np.cos(angle)), abs=1e-9)


@pytest.mark.parametrize("ray", RAYS)
def test_a_fisheye_as_opencv_has_it(ray):
    pixels = cv2.fisheye.distortPoints(np.array([[ray]]), MATRIX, np.array(FISHEYE))
    model = CameraModel(SIZE, MATRIX, "fisheye", np.array(FISHEYE))
    assert model.direction(*place(pixels.ravel()), SIZE) == pytest.approx(unit(*ray), abs=1e-9)


def test_binned_pictures_of_a_part_of_the_sensor():
    """The corners of a picture's pixel are those of the sensor pixels that it is made of."""
    whole = CameraModel(SIZE, MATRIX)
    part = CameraModel((200, 100), MATRIX, binning=(2, 3), offset=(40, 60))
    found = part.direction(70.0, 20.0, (200, 100))
    assert found == pytest.approx(whole.direction(40 + 2 * 70.0, 60 + 3 * 20.0, SIZE))


def test_a_rotation_leads_to_the_optical_frame():
    turn = cv2.Rodrigues(np.array([0.0, 0.1, 0.0]))[0]
    found = CameraModel(SIZE, MATRIX, rotation=turn).direction(322.0, 238.5, SIZE)
    assert found == pytest.approx((np.sin(0.1), 0, np.cos(0.1)), abs=1e-9)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(CameraError, match=r"320x240 px.*640x480"):
        CameraModel(SIZE, MATRIX).direction(10.0, 10.0, (320, 240))


@pytest.mark.parametrize(
    ("lens", "coefficients"),
    # Of either, places beyond some circle are seen by no ray.
    [("brown", [-0.5, 0.0, 0.0, 0.0]), ("fisheye", [-0.3, 0.0, 0.0, 0.0])],
)
def test_a_place_that_no_ray_reaches_is_refused(lens, coefficients):
    model = CameraModel(SIZE, MATRIX / [[4], [4], [1]], lens, np.array(coefficients))
    model.direction(90.0, 60.0, SIZE)
    with pytest.raises(NoDirectionError, match=r"no direction for \(639\.0, 479\.0\)"):
        model.direction(639.0, 479.0, SIZE)


@pytest.mark.parametrize("coefficients", [(-0.36, 0.05), (-0.35, 0.03), (-0.45, 0.06)])
def test_where_a_lens_turns_back_and_rises_again_nothing_is_seen(coefficients):
    """Such polynomials reach each radius again much farther out, where no lens does."""
    matrix = np.array([[280.0, 0, 319.5], [0, 280, 239.5], [0, 0, 1]])
    model = CameraModel(SIZE, matrix, "brown", np.array([*coefficients, 0.0, 0.0]))
    far = np.linspace(0, 3, 3001)
    bent = far * (1 + coefficients[0] * far**2 + coefficients[1] * far**4)
    turns = np.argmax(np.diff(bent) < 0)
    for reach in np.arange(0, 390, 1.0):
        pixel = (320 + 0.8 * reach, 240 + 0.6 * reach)
        if reach / 280 < bent[turns] - 0.01:
            x, y, z = model.direction(*pixel, SIZE)
            assert np.hypot(x, y) / z <= far[turns]
        elif reach / 280 > bent[turns] + 0.01:
            with pytest.raises(NoDirectionError):
                model.direction(*pixel, SIZE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"matrix": np.diag([0.0, 510.0, 1.0])}, "got 0 and 510"),
        ({"matrix": np.diag([500.0, -3.0, 1.0])}, "got 500 and -3"),
        ({"matrix": np.diag([np.nan, 510.0, 1.0])}, "not finite: nan"),
        ({"distortion": np.array([0.1, np.inf, 0.0, 0.0])}, "not finite: 0.1, inf"),
        ({"distortion": np.array([0.1, 0.2, 0.3])}, "got 3: 0.1, 0.2, 0.3"),
        ({"lens": "fisheye", "distortion": np.ones(5)}, "fisheye lens has 4 coefficients, got 5"),
        ({"lens": "omni"}, "'omni'; valid are: brown, fisheye"),
        ({"distortion": np.ones(100)}, "got 100: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ..."),
        ({"rotation": np.diag([1.0, 1.0, 2.0])}, "rotation is none: 1, 0, 0, 0, 1, 0, 0, 0, 2"),
        ({"rotation": np.diag([-1.0, 1.0, 1.0])}, "rotation is none: -1, 0"),
    ],
)
def test_what_is_no_camera_is_refused(change, told):
    with pytest.raises(CameraError) as refusal:
        CameraModel(**{"size": SIZE, "matrix": MATRIX, **change})
    assert told in str(refusal.value)
