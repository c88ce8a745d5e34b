"""A ROS domain for processes of this machine that talk with each other and nobody else."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

_DOMAINS = range(1, 102)  # those whose ports lie below the system's own
_PARTICIPANTS = 4  # that a domain is looked through for: some of the first may have ended


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
    """Return a ROS domain that nobody on this machine uses, nor this process, chosen by chance.

    Raises:
        RuntimeError: all are taken.
    """
    for domain in random.sample(_DOMAINS, len(_DOMAINS)):
        if str(domain) != os.environ.get("ROS_DOMAIN_ID") and not _is_used(domain):
            return domain
    raise RuntimeError(f"all ROS domains {_DOMAINS.start} to {_DOMAINS.stop - 1} are in use")


def _is_used(domain: int) -> bool:
    """Tell whether a port is taken at which participants of a domain hear of each other."""
    for participant in range(_PARTICIPANTS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 7400 + 250 * domain + 10 + 2 * participant))
            except OSError:
                return True
    return False


def _fastdds_profile() -> Path:
    beside = Path(__file__).parents[2] / "config" / "fastdds.xml"
    if beside.is_file():
        return beside
    from ament_index_python import get_package_share_directory

    return Path(get_package_share_directory("tadt_tracking")) / "config" / "fastdds.xml"
