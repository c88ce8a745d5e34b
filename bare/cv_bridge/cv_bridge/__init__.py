"""A stand-in for cv_bridge on machines without a ROS distribution: its Python interface, in NumPy."""

from cv_bridge.core import CvBridge, CvBridgeError

__all__ = ["CvBridge", "CvBridgeError"]
