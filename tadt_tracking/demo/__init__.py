"""The demo: a clip rendered on the spot, tracked by the real nodes in separate processes."""
