"""AlphaPose and COCO's results: one entry per person, frames by the image's name."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.keypoints.found import FoundKeypoints, KeypointTool, gather
from neuhmr.formats.reading.tree import UnusableTree, frame_number, has


def matches(tree: Any) -> bool:
    """Tell by entries with an image and a flat list of keypoints."""
    return isinstance(tree, list) and bool(tree) and has(tree[0], "image_id", "keypoints")


def read(tree: Any, path: Path) -> FoundKeypoints:
    """Read everybody; images are numbered by their names."""
    rows = []
    for person in tree:
        number = frame_number(person["image_id"])
        if number is None:
            raise UnusableTree(f"has an image {person['image_id']} without a number")
        values = np.asarray(person["keypoints"], np.float64)
        if values.size % 3:
            raise UnusableTree("has keypoints that are no triples of x, y and confidence")
        rows.append((number, _id(person), values.reshape(-1, 3)))
    return gather("AlphaPose", rows)


def _id(person: dict[str, Any]) -> str:
    """Name somebody who is followed; pose flow writes a list."""
    value = person.get("idx")
    while isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


TOOL = KeypointTool(
    name="AlphaPose",
    give="alphapose-results.json, or results in COCO's form",
    layouts="COCO-17, Halpe-26, Halpe-136, COCO-133",
    matches=matches,
    read=read,
)
