"""The managed node that follows one target through a camera's images."""

from __future__ import annotations

from functools import partial

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.service import Service
from rclpy.subscription import Subscription
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2D

from tadt_tracking.box import BoxError
from tadt_tracking.ros.builder import Change
from tadt_tracking.ros.camera import FOLLOW_PERIOD_S, Camera
from tadt_tracking.ros.diagnostics import Diagnostics
from tadt_tracking.ros.images import decode
from tadt_tracking.ros.logs import forward_logs
from tadt_tracking.ros.managed import Interruptible, end_process, run_managed
from tadt_tracking.ros.memory import release_memory
from tadt_tracking.ros.messages import detection_to_box, stamp_to_ns
from tadt_tracking.ros.output import Output
from tadt_tracking.ros.parameters import NodeParameters, NodeSettings, TrackerChoice
from tadt_tracking.ros.reports import InitRequest
from tadt_tracking.ros.worker import Worker

_SUCCESS, _FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
_DIAGNOSTICS_PERIOD_S = 1.0
_INIT_DEPTH = 10


class TrackerNode(LifecycleNode):
    """Wires topics, services, parameters and lifecycle to the worker.

    configure loads the tracker and warms it up, activate subscribes and works, deactivate stops
    both but keeps the target (the next image after another activate goes on with it), cleanup
    frees tracker and target. The status tells when a target is given up with the tracker, and at an
    activation that there is none. Diagnostics are published in every state; their timers run on the
    steady clock, so that a simulation that stands still does not silence them.
    """

    def __init__(self, interruptible: Interruptible) -> None:
        """Declare parameters and create publishers; nothing is loaded yet.

        Args:
            interruptible: see `run_managed`.
        """
        super().__init__("tracker_node")
        self._interruptible = interruptible
        forward_logs(self.get_logger())
        self._declared = NodeParameters(self, self._change_tracker)
        self._output = Output(self)
        self._diagnostics = Diagnostics(self, self._output)
        self._worker: Worker | None = None
        self._camera: Camera | None = None
        self._targets: Subscription | None = None
        self._controls: list[Service] = []
        self._shut_down = self._failed = False
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_DIAGNOSTICS_PERIOD_S, self._diagnose, clock=steady)
        self.create_timer(FOLLOW_PERIOD_S, self._follow_publishers, clock=steady)

    def start(self) -> None:
        """Go through configure and activate where `autostart` says so."""
        if not self.get_parameter("autostart").value:
            return
        if self.trigger_configure() == _SUCCESS:
            self.trigger_activate()

    # Lifecycle.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the tracker; on an error say why and stay unconfigured."""
        try:
            settings = self._declared.node_settings()
            choice = self._declared.tracker_choice()
            with self._interruptible():
                loaded = choice.build()
        except Exception as error:  # rclpy would swallow it
            return self._fail("configuring", error)
        self._worker = Worker(
            loaded,
            decode,
            self._output,
            buffer_frames=settings.init_buffer,
            catch_up_frames=settings.max_catch_up,
        )
        self._failed = False
        self._declared.built(choice)
        self.get_logger().info(f"ready: {loaded}")
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and work; on an error say why and stay inactive."""
        try:
            self._start_work(self._declared.node_settings())
        except Exception as error:  # rclpy would swallow it
            self._stop_work()
            return self._fail("activating", error)
        self._failed = False
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and stop the work; the target is kept."""
        self._stop_work()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free tracker and target."""
        self._failed = False
        self._free()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the work and free everything, for good."""
        self._shut_down = True
        self._free()
        super().on_deactivate(state)
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything after a transition that raised; the node can be configured again."""
        self._free()
        super().on_deactivate(state)
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Stop the work before its publishers go."""
        self._free()
        super().destroy_node()

    def _fail(self, doing: str, error: Exception) -> TransitionCallbackReturn:
        self._failed = True
        self._output.failed(doing, error)
        return _FAILURE

    def _start_work(self, settings: NodeSettings) -> None:
        kept = self._worker.snapshot()
        if not kept.target_id:
            self._output.idle(kept.loaded.name)
        self._worker.start()
        self._camera = Camera(self, settings, self._worker.offer, self._refuse_image)
        self._output.bearing.subscribe(settings.rectified)
        self._targets = self.create_subscription(
            Detection2D, "target_init", self._on_init, _INIT_DEPTH
        )
        self._controls = [
            self.create_service(Trigger, "~/stop", self._on_stop),
            self.create_service(Trigger, "~/reset", self._on_reset),
        ]

    def _stop_work(self) -> None:
        for service in self._controls:
            self.destroy_service(service)
        self._controls = []
        if self._targets is not None:
            self.destroy_subscription(self._targets)
            self._targets = None
        if self._camera is not None:
            self._camera.close()
            self._camera = None
        if self._worker is not None:
            self._worker.halt()
        self._output.bearing.unsubscribe()

    def _free(self) -> None:
        self._stop_work()
        if self._worker is not None:
            self._worker.close()
            given_up = self._worker.snapshot()
            if given_up.target_id:
                self._output.idle(given_up.loaded.name)
            self._worker = None
        release_memory()

    # Input.

    def _on_init(self, msg: Detection2D) -> None:
        try:
            box = detection_to_box(msg)
        except BoxError as error:
            self._output.refused("target_init", str(error))
            return
        self._worker.init(InitRequest(box, stamp_to_ns(msg.header.stamp), msg.id))

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._worker.stop()
        return Trigger.Response(success=True, message="the target is forgotten")

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        target_id = self._worker.snapshot().target_id
        if not target_id:
            return Trigger.Response(success=False, message="no target is set")
        self._worker.reset()
        return Trigger.Response(success=True, message=f"{target_id!r} starts from its first box")

    def _refuse_image(self, reason: str) -> None:
        self._output.refused("image", reason)

    def _change_tracker(self, choice: TrackerChoice) -> None:
        if self._worker is not None:
            took_over, stayed = self._declared.built, self._declared.not_built
            self._worker.replace(
                Change(choice.build, partial(took_over, choice), partial(stayed, choice))
            )

    # Timers.

    def _diagnose(self) -> None:
        self._diagnostics.publish(
            lifecycle=self._lifecycle(),
            failed=self._failed,
            camera=self._camera.state() if self._camera else None,
            stall_seconds=self.get_parameter("stall_seconds").value,
            worker=self._worker.snapshot() if self._worker else None,
        )

    def _lifecycle(self) -> str:
        if self._camera is not None:
            return "active"
        if self._worker is not None:
            return "inactive"
        return "finalized" if self._shut_down else "unconfigured"

    def _follow_publishers(self) -> None:
        if self._camera is not None:
            self._camera.follow_publishers()


def main() -> None:
    """Run the node until SIGINT or SIGTERM."""
    end_process(run_managed("tracker_node", TrackerNode))


if __name__ == "__main__":
    main()
