from tadt_tracking.ros.frames import FrameBuffer, FrameQueue, seconds, spread


def filled(*stamps, capacity=10):
    buffer = FrameBuffer(capacity)
    for stamp in stamps:
        buffer.add(stamp, f"message {stamp}")
    return buffer


def test_finds_by_exact_stamp_the_newest():
    buffer = filled(1, 2, 2, 3)
    assert buffer.find(2).index == 2
    assert buffer.find(4) is None
    assert buffer.newest.stamp == 3


def test_keeps_the_newest_only():
    buffer = filled(*range(20), capacity=3)
    assert [frame.stamp for frame in buffer.after(-1)] == [17, 18, 19]
    assert buffer.find(16) is None
    assert buffer.received == 20


def test_a_stamp_that_goes_back_begins_anew_and_counting_goes_on():
    buffer = filled(5, 6, 1)
    assert [frame.index for frame in buffer.after(-1)] == [2]


def test_describes_its_range():
    assert str(filled(1_500_000_000, 2_000_000_001)) == (
        "2 frames from 1.500000000 s to 2.000000001 s"
    )
    assert str(filled()) == "no frames"
    assert seconds(0) == "0.000000000 s"


def test_spread_is_even_and_ends_with_the_last():
    frames = filled(*range(100), capacity=100).after(-1)
    assert [frame.stamp for frame in spread(frames, 4)] == [24, 49, 74, 99]
    assert [frame.stamp for frame in spread(frames[:3], 4)] == [0, 1, 2]
    assert [frame.stamp for frame in spread(frames, 1)] == [99]
    assert spread([], 4) == []


def stamps_taken(queue, cursor):
    taken = []
    while (frame := queue.take_after(cursor)) is not None:
        cursor = frame.index
        taken.append(frame.stamp)
    return taken


def queue_of(*stamps):
    queue = FrameQueue(10, catch_up=2)
    for stamp in stamps:
        queue.add(stamp, None)
    return queue


def test_the_newest_frame_is_handed_out_once():
    assert stamps_taken(queue_of(1, 2, 3), 0) == [3]


def test_missed_frames_come_first_but_no_more_than_asked_for():
    queue = queue_of(1, 2, 3, 4, 5)
    queue.catch_up(0)
    assert stamps_taken(queue, 0) == [3, 5]
    queue.catch_up(0)
    queue.skip_missed()
    assert stamps_taken(queue, 0) == [5]


def test_a_cleared_queue_hands_out_nothing():
    queue = queue_of(1, 2, 3)
    queue.catch_up(0)
    queue.clear()
    assert stamps_taken(queue, 0) == []
