"""Joints as a TRC marker file, as OpenSim reads it: meters, tab-separated."""

from pathlib import Path

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.clip.atomic import atomic_path
from neuhmr.formats.writing.animation import Animation, Remarks


def write(path: Path, animation: Animation) -> Remarks:
    """Write all frames, numbered from 1, at the clip's times.

    Raises:
        OutputError: the file cannot be written.
    """
    motion, count = animation.motion, len(SMPL_JOINT_NAMES)
    rate = f"{motion.fps:g}"
    numbers = [f"{axis}{marker + 1}" for marker in range(count) for axis in "XYZ"]
    names = [cell for name in SMPL_JOINT_NAMES for cell in (name, "", "")]
    lines = [
        ["PathFileType", "4", "(X/Y/Z)", path.name],
        ["DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units", "OrigDataRate",
         "OrigDataStartFrame", "OrigNumFrames"],
        [rate, rate, str(len(motion)), str(count), "m", rate, "1", str(len(motion))],
        ["Frame#", "Time", *names],
        ["", "", *numbers],
        [""],
    ]  # fmt: skip
    for row, time in enumerate(animation.times):
        cells = [f"{number:.6f}" for number in animation.joints[row].flat]
        lines.append([str(row + 1), f"{time:.6f}", *cells])
    with atomic_path(path) as partial:
        text = "".join("\t".join(cells) + "\n" for cells in lines)
        partial.write_text(text, encoding="utf-8", newline="\n")
    return ("Lengths are in meters; markers are the body's joints, not places on the skin.",)
