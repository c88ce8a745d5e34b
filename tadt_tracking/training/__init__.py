"""Training of the networks: a client of the core, never imported by it."""
