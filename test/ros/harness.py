"""Runs the installed tracker_node in a process of its own, and talks to it over DDS."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParametersAtomically
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import parameter_value_to_python
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger
from tadt_tracking.msg import TrackerStatus
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box
from tadt_tracking.ros.messages import detection_to_box, ns_to_stamp, stamp_to_ns

PATIENCE_S = 180.0  # the first node may have to quantise its network, on a busy machine
SETTLING_S = 0.3  # in which a service learns of a client; it cannot be asked whether it has
FRAME_NS = 33_333_333
RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEANUP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP


def spin_until(executor, reached, what):
    """Let an executor work until `reached()` is true, and return that; fails after a long time."""
    end = time.monotonic() + PATIENCE_S
    while not (value := reached()):
        assert time.monotonic() < end, f"waited {PATIENCE_S} s in vain for {what}"
        executor.spin_once(timeout_sec=0.1)
    return value


def wait_until(reached, what):
    """The same where there is nothing to do meanwhile."""
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end, f"waited {PATIENCE_S} s in vain for {what}"
        time.sleep(0.05)


def executable(name):
    """The installed executable of the package."""
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    paths = [Path(prefix) / "lib" / "tadt_tracking" / name for prefix in prefixes if prefix]
    return next(path for path in paths if path.exists())


class NodeProcess:
    """tracker_node with the given parameters, until the block is left (by SIGINT, status 0)."""

    def __init__(self, namespace="/", **parameters):
        self._log = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115
        arguments = [f"__ns:={namespace}", *(f"{k}:={v}" for k, v in parameters.items())]
        options = [x for i, a in enumerate(arguments) for x in ("-r" if i == 0 else "-p", a)]
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(
            [str(executable("tracker_node")), "--ros-args", *options],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        self.ps = psutil.Process(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        status = self.process.poll()
        if status is None:
            status = self.end(signal.SIGINT)
        print(self.log())  # pytest shows it where a test fails
        self._log.close()
        assert status == 0, f"tracker_node ended with status {self.process.returncode}"

    def end(self, number):
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def log(self):
        """What the node has written so far."""
        return Path(self._log.name).read_text()

    @property
    def alive(self):
        return self.process.poll() is None


class Client:
    """Publishes images and targets, and keeps what the node answers."""

    def __init__(self, namespace="/", images=RELIABLE, transport="raw"):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("client", namespace=namespace, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.transport = transport
        self.images = self.add_camera(images)
        self.targets = self.node.create_publisher(Detection2D, "target_init", 10)
        self.results, self.statuses, self.reports = [], [], []
        self._hear(Detection2D, "tracked_target", self.results)
        self._hear(TrackerStatus, "tracker_node/status", self.statuses)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self._tracker_node = f"{namespace}/tracker_node".lstrip("/")
        self._clients = {}
        self.stamp = time.time_ns()  # of the next image

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)

    def _hear(self, kind, topic, kept):
        self.node.create_subscription(kind, topic, kept.append, QoSProfile(depth=1000))

    def _on_diagnostics(self, msg):
        """Keep what our node says: there is one such topic for all nodes."""
        if any(status.name.startswith(f"{self._tracker_node}:") for status in msg.status):
            self.reports.append(msg)

    def add_camera(self, qos):
        if self.transport == "raw":
            return self.node.create_publisher(Image, "image", qos)
        return self.node.create_publisher(CompressedImage, "image/compressed", qos)

    def spin_until(self, reached, what):
        """Handle messages until `reached()` is true; fails after a long time."""
        return spin_until(self.executor, reached, what)

    def wait_for_node(self):
        """Wait until the node is active and all topics are connected both ways."""
        self.wait_for_state("active")
        self.spin_until(
            lambda: (
                self.images.get_subscription_count() == 1
                and self.targets.get_subscription_count() == 1
                and self.node.count_publishers("tracked_target") == 1
                and self.node.count_publishers("tracker_node/status") == 1
            ),
            "topics of the node",
        )
        self.frames_before = self.refused_before = 0

    # Services.

    def call(self, kind, name, request, node="tracker_node"):
        future = self.ask(kind, name, request, node)
        self.spin_until(future.done, f"answer of {name}")
        return future.result()

    def ask(self, kind, name, request, node="tracker_node"):
        """Call a service without waiting for its answer."""
        name = f"{node}/{name}"
        if name not in self._clients:
            self._clients[name] = self._new_client(kind, name)
        service = self._clients[name]
        self.spin_until(service.service_is_ready, f"service {name}")
        return service.call_async(request)

    def _new_client(self, kind, name):
        """A client of a service that knows of it: it drops answers to those that it does not."""
        client = self.node.create_client(kind, name)
        self.spin_until(client.service_is_ready, f"service {name}")
        known = time.monotonic() + SETTLING_S
        self.spin_until(lambda: time.monotonic() > known, "the service to know its client")
        return client

    def change_state(self, transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return self.call(ChangeState, "change_state", request).success

    def bring_up(self):
        """Configure and activate the node, and wait until it is connected."""
        assert self.change_state(CONFIGURE)
        assert self.change_state(ACTIVATE)
        self.wait_for_node()

    def begin_transition(self, transition):
        self.ask(
            ChangeState, "change_state", ChangeState.Request(transition=Transition(id=transition))
        )

    def state(self):
        return self.call(GetState, "get_state", GetState.Request()).current_state.label

    def wait_for_state(self, label):
        self.spin_until(lambda: self.state() == label, f"state {label}")

    def call_stop(self):
        assert self.call(Trigger, "stop", Trigger.Request()).success

    def start_anew(self):
        """Forget the target and what was heard so far."""
        self.call_stop()
        self.wait_for_diagnosis("tracker", state="IDLE")
        self.spin_until(self._last_status_is_idle, "the status that there is no target")
        self.frames_before = int(self.diagnosis("camera")["frames received"])
        self.refused_before = int(self.diagnosis("input")["refused"])
        self.results.clear()
        self.statuses.clear()

    def reset(self):
        return self.call(Trigger, "reset", Trigger.Request())

    def set_parameters(self, node="tracker_node", **values):
        """Set parameters in one go (`__` in a name stands for a dot)."""
        parameters = [
            Parameter(name=name.replace("__", "."), value=_parameter_value(value))
            for name, value in values.items()
        ]
        request = SetParametersAtomically.Request(parameters=parameters)
        name = "set_parameters_atomically"
        return self.call(SetParametersAtomically, name, request, node).result

    def get_parameter(self, name, node="tracker_node"):
        request = GetParameters.Request(names=[name])
        answer = self.call(GetParameters, "get_parameters", request, node)
        return parameter_value_to_python(answer.values[0])

    def describe(self, names):
        request = DescribeParameters.Request(names=names)
        return self.call(DescribeParameters, "describe_parameters", request).descriptors

    # Diagnostics.

    def fresh(self, part):
        """The values of one part of the next diagnostics, with its level and message."""
        self.reports.clear()
        return self.diagnosis(part)

    def wait_for_diagnosis(self, part, **values):
        """Wait until a part of the diagnostics has values ("_" is a space), and return it."""
        wanted = {name.replace("_", " "): value for name, value in values.items()}

        def told():
            found = self.fresh(part)
            return found if wanted.items() <= found.items() else None

        return self.spin_until(told, f"{wanted} of {part}")

    def _last_status_is_idle(self):
        return not self.statuses or self.statuses[-1].state == TrackerStatus.IDLE

    def diagnosis(self, part):
        self.spin_until(lambda: self.reports, "diagnostics")
        status = next(s for s in self.reports[-1].status if s.name.endswith(f": {part}"))
        values = {value.key: value.value for value in status.values}
        return {**values, "level": status.level, "message": status.message}

    def wait_for_rejection(self, kind, text):
        """Wait until diagnostics show one more refusal, for a reason that holds `text`."""

        def seen():
            values = self.fresh("input")
            return (
                int(values["refused"]) > self.refused_before
                and kind in values["last rejected input"]
                and text in values["last reason"]
            )

        self.spin_until(seen, f"refusal of {kind} with {text!r}")
        self.refused_before = int(self.diagnosis("input")["refused"])

    def wait_for_frames(self, count):
        """Wait until `count` images of this client have reached the node."""
        wanted = self.frames_before + count
        self.spin_until(
            lambda: int(self.fresh("camera")["frames received"]) >= wanted, f"{count} images"
        )

    # Topics.

    def send(self, picture, camera=None):
        """Publish a picture with the next stamp, which is returned, in nanoseconds."""
        return self.send_message(image_message(picture), camera)

    def send_message(self, msg, camera=None):
        self.stamp += FRAME_NS
        msg.header.stamp = ns_to_stamp(self.stamp)
        msg.header.frame_id = "camera"
        (camera or self.images).publish(msg)
        return self.stamp

    def set_target(self, box, stamp=0, target_id=""):
        self.targets.publish(target_message(box, stamp, target_id))

    def result_of(self, stamp, target_id=None):
        """Wait for the result of the image with a stamp and return it."""
        return self.spin_until(lambda: self.find(stamp, target_id), f"result of {stamp}")

    def find(self, stamp, target_id=None):
        for result in self.results:
            same_id = target_id is None or result.id == target_id
            if same_id and stamp_to_ns(result.header.stamp) == stamp:
                return result
        return None

    def track(self, picture):
        """Publish a picture and return its result."""
        return self.result_of(self.send(picture))


def image_message(picture, encoding="bgr8"):
    height, width = picture.shape[:2]
    msg = Image(height=height, width=width, encoding=encoding, step=picture.nbytes // height)
    msg.data = picture.tobytes()
    return msg


def target_message(box, stamp=0, target_id=""):
    x, y, w, h = box
    msg = Detection2D(id=target_id)
    msg.header.stamp = ns_to_stamp(stamp)
    msg.bbox.center.position.x, msg.bbox.center.position.y = x + w / 2, y + h / 2
    msg.bbox.size_x, msg.bbox.size_y = float(w), float(h)
    return msg


def overlap(result, box):
    return detection_to_box(result).overlap(Box(*box))


def _parameter_value(value):
    from rclpy.parameter import Parameter as RclpyParameter

    return RclpyParameter("any", value=value).get_parameter_value()
