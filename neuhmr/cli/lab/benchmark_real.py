"""`neuhmr benchmark real`: how well poses of a real clip fit what others saw in it."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.progress import progress_bars, stop_on_interrupt


@dataclass(frozen=True, kw_only=True)
class BenchmarkReal:
    """Measure how well poses of a real clip fit 2D keypoints and masks that others made.

    There is no truth of a real clip: this says nothing about depth.
    """

    clip: Positional[Annotated[Path, arg(metavar="CLIP")]]
    """The video; its masks are looked for beside it."""
    keypoints: Path
    """Any detector's 2D keypoints (OpenPose, MMPose, AlphaPose, ViTPose, MediaPipe)."""
    poses: Annotated[tuple[Path, ...], arg(metavar="MOTION ...", help_behavior_hint="")] = ()
    """Motion files to compare; else the poses beside the clip."""
    masks: OptionalPath = None
    """Masks of the clip; else those beside it."""
    body_model: OptionalPath = None
    """SMPL file of the poses (npz or pkl); else the open body."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Compare every motion.

        Raises:
            NeuhmrError: clip, poses or keypoints cannot be used or do not fit each other.
        """
        from neuhmr.body.model_files import load_body_model
        from neuhmr.clip.clip import open_clip
        from neuhmr.errors import PoseFileError
        from neuhmr.lab.benchmarks.pose.real_clip import fit_to_picture, read_keypoints

        model, rows = load_body_model(self.body_model), []
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            for poses in self.poses or (None,):
                clip = open_clip(self.clip, poses=poses, masks=self.masks)
                size = (clip.video.height, clip.video.width)
                keypoints = read_keypoints(self.keypoints, len(clip), size)
                if clip.motion is None:
                    raise PoseFileError(
                        f"{self.clip} has no poses beside it, {self.clip.stem}.poses.npz was "
                        "expected; make them with `neuhmr init` or give some with --poses."
                    )
                fit = fit_to_picture(clip, clip.motion, keypoints, model, on_progress)
                rows.append({"poses": "beside the clip" if poses is None else poses.name}
                            | fit.as_dict())  # fmt: skip
        return {"clip": str(self.clip), "keypoints": str(self.keypoints), "rows": rows}

    def show(self, result: dict[str, object]) -> None:
        """Print the table as Markdown."""
        from neuhmr.lab.markdown import Figure, figure_table, number

        figures: dict[str, Figure] = {
            "frames": lambda row: str(row["frames"]),
            "keypoints": number("keypoints_px"),
            "arms": number("arms_px"),
            "legs": number("legs_px"),
            "trunk": number("trunk_px"),
            "silhouette IoU": number("silhouette_iou", 3),
        }
        rows = result["rows"]
        assert isinstance(rows, list)
        table = figure_table("poses", figures, rows, lambda row: str(row["poses"]))
        sys.stdout.write(f"{table}\n\nDistances in pixels of a person 150 px tall.\n")
