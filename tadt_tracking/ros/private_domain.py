"""A ROS domain for processes of this machine that talk with each other and nobody else."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_DOMAINS = range(1, 102)  # those whose ports lie below the system's own


def private_domain() -> dict[str, str]:
    """Return variables to add to the environment of such processes.

    Raises:
        RuntimeError: no domain is free.
    """
    profile = str(_fastdds_profile())
    return {
        "ROS_DOMAIN_ID": str(free_domain()),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "FASTRTPS_DEFAULT_PROFILES_FILE": profile,
        "FASTDDS_DEFAULT_PROFILES_FILE": profile,
    }


def free_domain() -> int:
    """Return a ROS domain that nobody on this machine uses, chosen by chance.

    Raises:
        RuntimeError: all are taken.
    """
    for domain in random.sample(_DOMAINS, len(_DOMAINS)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 7400 + 250 * domain))  # where participants announce themselves
            except OSError:
                continue
            return domain
    raise RuntimeError(f"all ROS domains {_DOMAINS.start} to {_DOMAINS.stop - 1} are in use")


def _fastdds_profile() -> Path:
    beside = Path(__file__).parents[2] / "config" / "fastdds.xml"
    if beside.is_file():
        return beside
    from ament_index_python import get_package_share_directory

    return Path(get_package_share_directory("tadt_tracking")) / "config" / "fastdds.xml"
