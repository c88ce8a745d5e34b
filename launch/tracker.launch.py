"""Starts the tracker. `ros2 launch` lists the arguments with `--show-args`."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PACKAGE = "tadt_tracking"
DEFAULT_PARAMETERS = PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "tracker.yaml"])

# Parameters that can be given as arguments too, by the last part of their names.
OVERRIDES = ("image_transport", "tracker", "dasiamrpn.variant", "device", "engine", "precision")

ARGUMENTS = [
    DeclareLaunchArgument(
        "image",
        default_value="/camera/image_raw",
        description="Topic of the camera's images; compressed ones come on <image>/compressed.",
    ),
    DeclareLaunchArgument(
        "camera_info",
        default_value="",
        description="Topic of the camera's calibration, for ~/bearing. Empty: camera_info beside "
        "the images.",
    ),
    DeclareLaunchArgument(
        "image_transport",
        default_value="",
        choices=["", "raw", "compressed"],
        description="How they come: raw or compressed. Empty: as the parameter file says.",
    ),
    DeclareLaunchArgument(
        "namespace",
        default_value="",
        description="Namespace of the node. It stands before all topics but /diagnostics and an "
        "absolute `image`, so that with drone1 the target is set on /drone1/target_init.",
    ),
    DeclareLaunchArgument(
        "tracker",
        default_value="",
        description="Tracking method, such as tadt. Empty: as the parameter file says.",
    ),
    DeclareLaunchArgument(
        "variant",
        default_value="",
        description="Network of the tracker dasiamrpn (no other has several): narrow (small) or "
        "r50 (accurate). Empty: as the parameter file says.",
    ),
    DeclareLaunchArgument(
        "device",
        default_value="",
        description="Where the network runs: auto, cpu or cuda. Empty: as the parameter file says.",
    ),
    DeclareLaunchArgument(
        "engine",
        default_value="",
        description="What runs it: auto, torch or openvino. Empty: as the parameter file says.",
    ),
    DeclareLaunchArgument(
        "precision",
        default_value="",
        description="Its arithmetic: auto, fp32, bf16, fp16 or int8. Empty: as the parameter file "
        "says.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value=DEFAULT_PARAMETERS,
        description="YAML file with the node's parameters.",
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="",
        choices=["", "true", "false"],
        description="Whether time comes from /clock, as with a simulator or a bag. Empty: as the "
        "parameter file says.",
    ),
]


def beside(image: str) -> str:
    """The topic of the calibration, where drivers publish it: beside their images."""
    namespace, slash, _ = image.rpartition("/")
    return f"{namespace}{slash}camera_info"


def start_tracker(context: LaunchContext) -> list[Node]:
    """The node, with the arguments that were given laid over the parameter file."""
    params_file = LaunchConfiguration("params_file").perform(context)
    if not Path(params_file).is_file():
        raise FileNotFoundError(f"params_file: there is no file {params_file!r}")
    given = {
        parameter: ParameterValue(text, value_type=str)
        for parameter in OVERRIDES
        if (text := LaunchConfiguration(parameter.rpartition(".")[-1]).perform(context))
    }
    if use_sim_time := LaunchConfiguration("use_sim_time").perform(context):
        given["use_sim_time"] = use_sim_time == "true"
    image = LaunchConfiguration("image").perform(context)
    camera_info = LaunchConfiguration("camera_info").perform(context)
    node = Node(
        package=PACKAGE,
        executable="tracker_node",
        name="tracker_node",
        namespace=LaunchConfiguration("namespace"),
        parameters=[params_file, given],
        remappings=[("image", image), ("camera_info", camera_info or beside(image))],
        output="screen",
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` runs."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start_tracker)])
