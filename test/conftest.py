"""What all tests share: where the real sequences lie."""

import os
from pathlib import Path

import pytest

SEQUENCES = Path(
    os.environ.get("TADT_SEQUENCES") or Path(__file__).parents[2] / "shared" / "sequences"
)


@pytest.fixture(scope="session")
def sequences():
    """The folder of real sequences; skips, or fails where TADT_REQUIRE_SEQUENCES is set."""
    if not SEQUENCES.is_dir():
        text = f"real sequences are missing: there is no folder {SEQUENCES}"
        if os.environ.get("TADT_REQUIRE_SEQUENCES") == "1":
            pytest.fail(text)
        pytest.skip(text)
    return SEQUENCES
