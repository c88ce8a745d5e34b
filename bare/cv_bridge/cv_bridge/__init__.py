"""A stand-in for cv_bridge, with its Python interface, for machines without ROS."""

from cv_bridge.core import CvBridge, CvBridgeError

__all__ = ["CvBridge", "CvBridgeError"]
