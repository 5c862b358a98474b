"""What every training leaves beside its weights and in them."""

import json
from pathlib import Path

from safetensors import safe_open


def assert_recorded(record: Path, weights: Path) -> None:
    """Check that a run of four steps on one folder of people is written down."""
    found = json.loads(record.read_text())
    assert found["options"]["steps"] == 4 and found["options"]["seed"] == 0
    assert found["data"]["data"]["files"] > 0
    assert found["data"]["data"] == found["data"]["val"]
    assert found["data"]["data"]["first"] == "person_00000000.npz"
    assert found["device"] == "cpu" and found["threads"] > 0
    assert {"python", "torch"} <= found["versions"].keys()
    with safe_open(weights, framework="pt") as file:
        header = file.metadata()
    assert header["training"] == found["training"]
    assert header["revision"].removesuffix("-dirty") == found["code"]["revision"]
    assert json.loads(header["options"])["steps"] == 4
    assert str(record.parent) not in header["options"]
