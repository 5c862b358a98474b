"""Which formats are written, with which writer, and what each can hold.

Read by `neuhmr convert`, the window and the documents; importing it loads no writer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neuhmr.errors import OutputError

FormatName = Literal[
    "motion", "smplx", "amass", "wham", "4dhumans", "aitviewer", "bvh", "glb", "usd", "obj", "ply",
    "csv", "trc", "c3d", "html",
]  # fmt: skip
Up = Literal["y", "z"]
Gaps = Literal["auto", "fill", "refuse"]


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """What can be asked of all formats."""

    up: Up | None = None
    """Which axis points up, in formats that are in the world; the format's own custom if None."""
    fps: float | None = None
    """Frames per second to resample to; those of the motion if None."""
    gaps: Gaps = "auto"
    """Frames without a pose: `fill` interpolates, `refuse` stops, `auto` marks them where the
    format can and fills where it cannot."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format."""

    label: str
    """What a user picks."""
    suffix: str
    """Added to a name; of a folder, without a dot."""
    holds: str
    """What is in it, for the documents."""
    writer: str
    """Module in this package; its function `write` takes a path and an `Animation`."""
    ups: tuple[Up, ...] = ()
    """Axes that may point up, the custom first; none where it is in the camera's frame."""
    holds_gaps: bool = False
    """Whether it can say which frames have no pose."""
    is_folder: bool = False
    package: str = ""
    """Optional package that it needs."""
    endings: tuple[str, ...] = ()
    """File endings that mean this format and no other."""


FORMATS: dict[FormatName, Format] = {
    "motion": Format(
        label="Motion (neuhmr npz)", suffix=".npz", writer="motion_npz", holds_gaps=True,
        holds="everything this program knows, camera frame", endings=(".npz",),
    ),
    "smplx": Format(
        label="Motion (smplx npz)", suffix=".smplx.npz", writer="smplx_npz", holds_gaps=True,
        holds="smplx's arguments and `frame_index`, camera frame",
    ),
    "amass": Format(
        label="Motion (AMASS npz)", suffix=".amass.npz", writer="amass_npz", ups=("z", "y"),
        holds="SMPL-H poses, world; opens in the Blender add-on",
    ),
    "wham": Format(
        label="Motion (pkl as WHAM's)", suffix=".wham.pkl", writer="wham_pkl", holds_gaps=True,
        holds="one track with `frame_ids`, camera frame and world (y up)",
    ),
    "4dhumans": Format(
        label="Motion (pkl as 4D-Humans')", suffix=".4dhumans.pkl", writer="phalp_pkl",
        holds_gaps=True, holds="one track, its camera translation and boxes, camera frame",
    ),
    "aitviewer": Format(
        label="Motion (aitviewer npz)", suffix=".aitviewer.npz", writer="aitviewer_npz",
        ups=("y", "z"), holds="poses for aitviewer's SMPL-H layer, world",
    ),
    "bvh": Format(
        label="Skeleton animation (BVH)", suffix=".bvh", writer="bvh_file", ups=("y", "z"),
        holds="24 joints, ZXY angles, cm, world", endings=(".bvh",),
    ),
    "glb": Format(
        label="Animated body (GLB)", suffix=".glb", writer="glb_file", ups=("y",),
        holds="skinned mesh and skeleton, m, world; Blender, three.js, Unreal, Unity",
        endings=(".glb",),
    ),
    "usd": Format(
        label="Animated body (USD)", suffix=".usd", writer="usd_file", ups=("y", "z"),
        holds="UsdSkel mesh and skeleton, m, world; needs the extra `usd`", package="pxr",
        endings=(".usd", ".usda", ".usdc"),
    ),
    "obj": Format(
        label="Meshes, one per frame (OBJ)", suffix="-obj", writer="obj_folder", ups=("y", "z"),
        holds="folder of meshes with pose correctives, m, world", is_folder=True,
    ),
    "ply": Format(
        label="Meshes, one per frame (PLY)", suffix="-ply", writer="ply_folder", ups=("y", "z"),
        holds="folder of binary meshes with pose correctives, m, world", is_folder=True,
    ),
    "csv": Format(
        label="Joints (CSV)", suffix=".csv", writer="csv_file", holds_gaps=True,
        holds="joints in 3D (m, camera frame) and 2D (px)", endings=(".csv",),
    ),
    "trc": Format(
        label="Joints (TRC, for OpenSim)", suffix=".trc", writer="trc_file", ups=("y", "z"),
        holds="joints as markers, m, world", endings=(".trc",),
    ),
    "c3d": Format(
        label="Joints (C3D)", suffix=".c3d", writer="c3d_file", ups=("z", "y"), holds_gaps=True,
        holds="joints as points, mm, world; needs the extra `c3d`", package="ezc3d",
        endings=(".c3d",),
    ),
    "html": Format(
        label="Replay (HTML)", suffix=".html", writer="html_replay", ups=("y",),
        holds="a page that plays the body in any browser, offline", endings=(".html", ".htm"),
    ),
}  # fmt: skip


def guess_format(path: Path) -> FormatName:
    """Tell by a file's name what to write.

    Raises:
        OutputError: the name fits no format, or several.
    """
    name = path.name.lower()
    for format_name, written in FORMATS.items():
        if written.suffix.count(".") > 1 and name.endswith(written.suffix):
            return format_name
    for format_name, written in FORMATS.items():
        if path.suffix.lower() in written.endings:
            return format_name
    raise OutputError(
        f"{path} does not tell by its name what to write, an ending like .glb or .amass.npz was "
        f"expected; add --to with one of {', '.join(FORMATS)}."
    )


def frame_files(ending: str) -> str:
    """Give the pattern of the files in a folder of one file per frame."""
    return f"frame_*{ending}"


def choose_up(name: FormatName, up: Up | None) -> Up | None:
    """Choose the axis that points up; None where the format is in the camera's frame.

    Raises:
        OutputError: the format cannot have it.
    """
    ups = FORMATS[name].ups
    if up is None:
        return ups[0] if ups else None
    if up not in ups:
        found = f"is always {ups[0]} up" if ups else "is written in the camera's frame"
        raise OutputError(f"--up {up} was asked for but {name} {found}; leave --up out.")
    return up
