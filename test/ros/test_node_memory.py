"""Memory of the real node stays flat while frames come."""

from scenes import Scene

WARM_UP, FRAMES = 100, 400
TOLERANCE = 12 << 20  # bytes; one leaked 320x240 picture a frame would be 92 MB


def test_memory_is_flat(node, client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp)
    client.result_of(client.stamp)
    memory = []
    for index in range(1, WARM_UP + FRAMES):
        client.track(scene.frame(index))
        memory.append(node.ps.memory_info().rss)
    assert memory[-1] - memory[WARM_UP - 1] < TOLERANCE, memory[:: FRAMES // 10]
