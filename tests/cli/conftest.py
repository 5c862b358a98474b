"""A clip and weights small enough for tests of whole commands."""

from pathlib import Path

import pytest

from neuhmr.ghn.checkpoint import save_ghn
from tests.ghn.scene import make_ghn
from tests.painted_clip import make_painted_clip


@pytest.fixture(scope="session")
def painted_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clip.mp4 with poses, masks, camera and truth beside it; do not write into its folder."""
    return make_painted_clip(tmp_path_factory.mktemp("painted"))


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a tiny untrained network: they show the way through, not a good result."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_ghn(make_ghn(), path, {"note": "untrained"})
    return path
