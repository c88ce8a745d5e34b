"""Domains of one's own."""

import os

import pytest
from harness import Client

from tadt_tracking.ros import private_domain

OWN = int(os.environ["ROS_DOMAIN_ID"])  # of this run


def test_domains_are_in_the_safe_range():
    assert 1 <= private_domain.free_domain() <= 101


@pytest.mark.parametrize("told", [True, False])
def test_a_domain_that_somebody_uses_is_not_free(monkeypatch, told):
    """Whether this process knows it for its own, or hears that its ports are taken."""
    monkeypatch.setattr(private_domain, "_DOMAINS", range(OWN, OWN + 1))
    if told:
        with pytest.raises(RuntimeError, match="are in use"):
            private_domain.free_domain()
    else:
        with Client():
            monkeypatch.delenv("ROS_DOMAIN_ID")
            with pytest.raises(RuntimeError, match="are in use"):
                private_domain.free_domain()
