"""`neuhmr benchmark views`: poses of one camera against what the others see, in space."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.keypoints import camera_numbers
from neuhmr.cli.progress import progress_bars, stop_on_interrupt


@dataclass(frozen=True, kw_only=True)
class BenchmarkViews:
    """Measure poses of one camera of a capture against points that the other cameras see.

    The other cameras' 2D keypoints are triangulated; the scored camera has no say in it.
    """

    capture: Positional[Annotated[Path, arg(metavar="CAPTURE")]]
    """A folder of `neuhmr people --views`, ZJU-MoCap or EasyMocap."""
    camera: Annotated[str, arg(metavar="NAME")]
    """The camera that the poses were made from."""
    poses: Annotated[tuple[Path, ...], arg(metavar="MOTION ...")]
    """Motion files of that camera; worse frames are counted against the first."""
    keypoints: OptionalPath = None
    """A folder of CAMERA.json, each a list of frames of 33 points [x, y] (px) in BlazePose's order;
    else the keypoints (BODY_25) that the capture comes with."""
    layout: Literal["auto", "project", "zju", "easymocap", "calibrated"] = "auto"
    """How the folder is laid out; auto looks at its calibration."""
    body_model: OptionalPath = None
    """SMPL file of the poses (npz or pkl); else the open body."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Triangulate, and compare every motion.

        Raises:
            NeuhmrError: capture, keypoints or poses cannot be used or do not fit each other.
        """
        from neuhmr.body.model_files import load_body_model
        from neuhmr.clip.motion_file import read_motion_file
        from neuhmr.datasets.capture_reader import read_capture
        from neuhmr.errors import NeuhmrError
        from neuhmr.lab.benchmarks.pose.point_scores import (
            judge_reference,
            score_against_points,
            share_made_worse,
        )
        from neuhmr.lab.benchmarks.pose.view_points import (
            annotated_keypoints,
            read_view_keypoints,
            reference_points,
        )

        if not self.poses:
            raise NeuhmrError("--poses names no file; give motions of this camera to compare.")
        model = load_body_model(self.body_model)
        motions = [read_motion_file(path).motion for path in self.poses]
        capture = read_capture(self.capture, self.layout)
        (camera,) = camera_numbers(capture, (self.camera,))
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            if self.keypoints is not None:
                keypoints = read_view_keypoints(self.keypoints, capture)
            else:
                keypoints = annotated_keypoints(capture, on_progress)
        reference = reference_points(capture, keypoints, camera)
        fits = [
            score_against_points(motion, model, reference, keypoints.skeleton)
            for motion in motions
        ]  # fmt: skip
        worse = [None, *(share_made_worse(fits[0], fit) for fit in fits[1:])]
        rows = [
            {"poses": path.name} | fit.as_dict() | {"frames_worse": share}
            for path, fit, share in zip(self.poses, fits, worse, strict=True)
        ]
        return {
            "capture": str(self.capture),
            "camera": self.camera,
            "reference": judge_reference(reference).as_dict(),
            "rows": rows,
        }

    def show(self, result: dict[str, object]) -> None:
        """Print the tables as Markdown, and how good the reference is."""
        from neuhmr.lab.markdown import Figure, figure_table, number, plain, share, table

        rows, quality = result["rows"], result["reference"]
        assert isinstance(rows, list) and isinstance(quality, dict), "run gives these"
        figures: dict[str, Figure] = {
            "frames": lambda row: str(row["frames"]),
            "MPJPE": number("mpjpe_mm"),
            "PA-MPJPE": number("pa_mpjpe_mm"),
            "absolute": number("abs_mpjpe_mm"),
            "along the ray": number("along_ray_mm"),
            "across": number("across_ray_mm"),
            "frames worse": share("frames_worse"),
        }
        main = figure_table("poses", figures, rows, lambda row: str(row["poses"]))
        names = dict.fromkeys(name for row in rows for name in row["per_joint_mm"])
        joints = table(
            "joint",
            [row["poses"] for row in rows],
            (
                (name.replace("_", " "), [plain(row["per_joint_mm"].get(name), 1) for row in rows])
                for name in names
            ),
        )
        foot = (
            f"Millimeters over 12 points. The reference: {100 * quality['points_found']:.0f} % of "
            f"the points of {quality['frames']} frames were triangulated, in "
            f"{100 * quality['frames_whole']:.0f} % of the frames all of them, from "
            f"{quality['views']:.1f} views each that agree to {quality['reprojection_px']:.1f} px; "
            f"bones keep their length to {plain(quality['bone_deviation_mm'], 1)} mm."
        )
        sys.stdout.write(f"{main}\n\n{joints}\n\n{foot}\n")
