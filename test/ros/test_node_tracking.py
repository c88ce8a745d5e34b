"""The main job, with the real tracker, on real video, through the real node over DDS."""

import numpy as np
import pytest
from harness import detection_to_box, overlap, stamp_to_ns
from scenes import Scene

from tadt_tracking import create_session
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.measures import overlaps


@pytest.mark.parametrize("name,at_least", [("Crossing", 0.5), ("Deer", 0.5), ("bag", 0.3)])
def test_node_gives_what_the_core_gives(client, sequences, name, at_least):
    sequence = Sequence.read(sequences / name)
    session = create_session("tadt", background=False)
    stamps, boxes, expected = [], [], []
    for index, picture in enumerate(sequence.frames()):
        stamps.append(client.send(picture))
        if index == 0:
            client.set_target(sequence.first_box, stamps[0], "the-target")
            session.init(picture, sequence.first_box, stamps[0] / 1e9)
            expected.append((*sequence.first_box, 1.0))
        else:
            result = session.update(picture, stamps[-1] / 1e9)
            expected.append((*result.box, result.score if result.state.present else np.nan))
        detection = client.result_of(stamps[-1])
        boxes.append((*detection_to_box(detection), score_of(detection)))

    assert len(stamps) == len(sequence.truth)
    assert [stamp_to_ns(result.header.stamp) for result in client.results] == stamps
    assert {result.id for result in client.results} == {"the-target"}
    np.testing.assert_allclose(boxes, expected, atol=1e-3, rtol=0)
    assert np.nanmean(overlaps(np.array(boxes)[:, :4], sequence.truth)) > at_least

    status = (
        client.spin_until(lambda: len(client.statuses) == len(stamps), "all status")
        and (client.statuses[-1])
    )
    assert status.frames_seen == status.frames_processed == len(stamps)
    assert status.frames_dropped == 0
    assert status.redetections == session.redetections


def score_of(detection):
    return detection.results[0].hypothesis.score if detection.results else np.nan


def test_results_carry_the_images_header_and_the_contracts_hypothesis(client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp, "car-7")
    first = client.result_of(client.stamp)
    second = client.track(scene.frame(1))
    for result, index in ((first, 0), (second, 1)):
        assert result.header.frame_id == "camera"
        assert result.id == "car-7"
        assert len(result.results) == 1
        assert result.results[0].hypothesis.class_id == "target"
        assert overlap(result, scene.box(index)) > 0.7
    assert first.results[0].hypothesis.score == 1.0
    assert 0 <= second.results[0].hypothesis.score <= 1

    client.spin_until(lambda: len(client.statuses) == 2, "two status messages")
    status = client.statuses[-1]
    assert status.header == second.header
    assert (status.target_id, status.state, status.tracker) == ("car-7", status.TRACKING, "tadt")
    assert status.score == pytest.approx(second.results[0].hypothesis.score)
    assert status.update_latency_ms > 0


def test_a_target_without_an_id_gets_one_of_its_own(client):
    scene = Scene()
    made = []
    for _ in range(2):
        client.send(scene.frame(0))
        client.set_target(scene.box(0), client.stamp)
        # The target before may have been found on this image, too, before it was replaced.
        found = client.spin_until(lambda: [r for r in client.results if r.id not in made], "an id")
        made.append(found[0].id)
    assert all(made)


def test_a_target_on_the_newest_image(client):
    scene = Scene()
    client.send(scene.frame(0))
    newest = client.send(scene.frame(1))
    client.wait_for_frames(2)
    client.set_target(scene.box(1))
    assert (
        stamp_to_ns(client.spin_until(lambda: client.results, "result")[0].header.stamp) == newest
    )


def test_a_target_on_an_older_image_catches_up(client):
    scene = Scene()
    stamps = [client.send(scene.frame(index)) for index in range(8)]
    client.wait_for_frames(8)
    client.set_target(scene.box(2), stamps[2])
    client.result_of(stamps[-1])
    assert [stamp_to_ns(result.header.stamp) for result in client.results] == stamps[2:]
    assert overlap(client.results[-1], scene.box(7)) > 0.7


def test_a_target_whose_image_is_still_to_come(client):
    scene = Scene()
    client.send(scene.frame(0))
    client.wait_for_frames(1)
    client.set_target(scene.box(1), client.stamp + 33_333_333, "early")
    client.spin_until(lambda: client.fresh("tracker")["waiting for"], "the node to wait")
    assert client.results == []
    stamp = client.send(scene.frame(1))
    assert client.result_of(stamp).id == "early"


def test_another_target_at_any_time(client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp, "one")
    client.result_of(client.stamp)
    stamp = client.send(scene.frame(1))
    client.result_of(stamp)
    client.set_target((10, 10, 40, 30), stamp, "two")
    again = client.result_of(stamp, "two")
    assert tuple(detection_to_box(again)) == pytest.approx((10, 10, 40, 30))
    assert client.track(scene.frame(2)).id == "two"


def test_stop_forgets_the_target(client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp)
    client.result_of(client.stamp)
    client.start_anew()
    client.send(scene.frame(1))
    client.wait_for_frames(1)
    client.send(scene.frame(2))
    client.set_target(scene.box(2), client.stamp, "next")
    client.result_of(client.stamp)
    assert {result.id for result in client.results} == {"next"}


def test_stop_tells_the_state(client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp)
    client.result_of(client.stamp)
    client.call_stop()
    status = client.spin_until(lambda: client.statuses[1:], "status")[0]
    assert (status.state, status.target_id) == (status.IDLE, "")


def test_reset_starts_from_the_first_box(client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp, "car-7")
    client.result_of(client.stamp)
    for index in range(1, 5):
        last = client.track(scene.frame(index))
    assert overlap(last, scene.box(0)) < 0.9
    client.results.clear()
    assert client.reset().success
    again = client.spin_until(lambda: client.results, "a result")[0]
    assert again.id == "car-7"
    assert tuple(detection_to_box(again)) == pytest.approx(scene.box(0))


def test_reset_without_a_target_says_so(client):
    answer = client.reset()
    assert not answer.success
    assert answer.message == "no target is set"
