"""Opening captures, whatever wrote them.

capture = read_capture(Path("person_20000000"))
view = capture.view(frame=0, camera=3)
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from neuhmr.datasets.calibrated import calibration_of, read_calibrated_capture
from neuhmr.datasets.capture import Capture
from neuhmr.datasets.easymocap import read_easymocap_capture
from neuhmr.datasets.project_capture import read_project_capture
from neuhmr.datasets.zju import read_zju_capture
from neuhmr.errors import DatasetError

CaptureLayout = Literal["auto", "project", "zju", "easymocap", "calibrated"]

_MARKS = {"project": "cameras.json", "zju": "annots.npy", "easymocap": "intri.yml"}
"""The file by which a layout is known."""
_READERS: dict[str, Callable[[Path], Capture]] = {
    "project": read_project_capture,
    "zju": read_zju_capture,
    "easymocap": read_easymocap_capture,
    "calibrated": read_calibrated_capture,
}


def read_capture(folder: Path, layout: CaptureLayout = "auto") -> Capture:
    """Open a capture; images are read when they are asked for.

    Args:
        folder: the recording's folder.
        layout: `project` as `neuhmr people --views` writes it, `zju` for ZJU-MoCap, `easymocap`,
            `calibrated` for COLMAP's, Pose2Sim's or Qualisys' cameras; `auto` looks which
            calibration file there is.

    Raises:
        DatasetError: the folder holds no calibration, or it does not fit the files.
    """
    if layout == "auto":
        found = [name for name, mark in _MARKS.items() if (folder / mark).is_file()]
        if not found and calibration_of(folder) is not None:
            found = ["calibrated"]
        if not found:
            raise DatasetError(
                f"{folder} holds no calibration; expected cameras.json (of `neuhmr people "
                "--views`), annots.npy (ZJU-MoCap), intri.yml and extri.yml (EasyMocap), or "
                "cameras of COLMAP, Pose2Sim or Qualisys."
            )
        chosen = found[0]
    else:
        chosen = layout
    return _READERS[chosen](folder)
