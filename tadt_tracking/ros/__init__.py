"""The ROS 2 edge: nodes as thin wiring around the core."""
