"""GVHMR: one person in the camera and in a world whose y axis points up, on SMPL-X's body.

`hmr4d_results.pt`, or an npz of the same arrays whose nested names are joined into one.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape
from neuhmr.formats.reading.rotation_forms import as_axisangles
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import UnusableTree, has, numbers, rows_of

_PARAMETERS = ("body_pose", "betas", "global_orient", "transl")
_PREFIXES = {"camera": ("smpl_params_incam", "incam"), "world": ("smpl_params_global", "global")}
_FILLED = (
    "GVHMR gives every frame a pose, also where it saw nobody and interpolated, and does not say "
    "which; it moves the poses in the picture too when it puts feet on the floor"
)


def matches(tree: Any) -> bool:
    """Tell by the parameters in camera or world."""
    return any(_part(tree, which) is not None for which in _PREFIXES)


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person."""
    parts = {which: _part(tree, which) for which in _PREFIXES}
    main = parts["camera"] or parts["world"]
    assert main is not None, "matches() found one"
    places = {
        which: None if part is None else FoundPlace(
            orient=as_axisangles(rows_of(part, "global_orient", 3), 1, "global_orient")[:, 0],
            position=rows_of(part, "transl", 3),
        )
        for which, part in parts.items()
    }  # fmt: skip
    pose = body_pose(_last_two(numbers(main, "body_pose")), "body_pose")
    rows = len(pose)
    K, size = _camera(tree, rows)
    person = FoundPerson(
        id="0",
        frame_index=np.arange(rows),
        body_pose=pose,
        betas=shape(_last_two(numbers(main, "betas")), rows)[0],
        valid=np.ones(rows, bool),
        camera=places["camera"],
        world=places["world"],
        K=K,
    )
    return FoundPoses(
        tool="GVHMR",
        persons=(person,),
        model="SMPL-X",
        world_up="+y",
        image_size=size,
        has_frame_index=False,
        remarks=(_FILLED,),
    )


def _part(tree: Any, which: str) -> dict[str, Any] | None:
    """Find the parameters in one frame of reference, nested or with joined names."""
    for prefix in _PREFIXES[which]:
        if has(tree, prefix) and has(tree[prefix], *_PARAMETERS):
            return tree[prefix]
        if isinstance(tree, dict):
            joined = {
                name: value
                for key, value in tree.items()
                for name in _PARAMETERS
                if isinstance(key, str)
                and key.startswith(prefix)
                and key[len(prefix) :].lstrip("_./") == name
            }
            if has(joined, *_PARAMETERS):
                return joined
    return None


def _last_two(values: np.ndarray) -> np.ndarray:
    """Drop a batch axis of one."""
    return values[0] if values.ndim == 3 and len(values) == 1 else values


def _camera(tree: Any, rows: int) -> tuple[np.ndarray | None, tuple[int, int] | None]:
    """Take the intrinsics; they look through the center, which tells the image's size."""
    if not has(tree, "K_fullimg"):
        return None, None
    K = numbers(tree, "K_fullimg").reshape(-1, 3, 3)
    if len(K) not in (1, rows):
        raise UnusableTree(f'has {len(K)} "K_fullimg" for {rows} poses')
    K = K[0] if (K == K[0]).all() else K
    width, height = (2.0 * K.reshape(-1, 3, 3)[0, :2, 2]).round().astype(int)
    return K, (int(height), int(width))


TOOL = Tool(
    name="GVHMR",
    give="hmr4d_results.pt",
    poses="SMPL-X",
    camera="yes",
    world=True,
    matches=matches,
    read=read,
)
