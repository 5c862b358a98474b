"""`neuhmr evaluate`: a motion against the truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, PersonFlag
from neuhmr.cli.output import note_remarks, print_rows
from neuhmr.errors import PoseFileError

if TYPE_CHECKING:
    from neuhmr.clip.motion_arrays import MotionArrays


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure poses of any tool against the true ones of the same clip.

    Only frames that are valid in both count. Lengths are in millimeters.
    """

    motion: Positional[Annotated[Path, arg(metavar="MOTION")]]
    """The poses to judge."""
    truth: Path
    """The true poses."""
    person: PersonFlag = None
    """Whose poses, where there are several."""
    body_model: OptionalPath = None
    """SMPL file of the motion (npz or pkl); else the open body."""
    truth_body_model: OptionalPath = None
    """SMPL file of the truth, where it is another one."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Compute all pose metrics.

        Raises:
            PoseFileError: a file cannot be used, or the two share no frame.
            BodyModelError: no SMPL-format file.
        """
        from neuhmr.body.model_files import load_body_model
        from neuhmr.formats.reading.choice import Choice
        from neuhmr.formats.reading.read import read_poses
        from neuhmr.formats.reading.rest_body import rest_body_of
        from neuhmr.metrics.pose_scores import score_motion

        model = load_body_model(self.body_model)
        truth_model = load_body_model(self.truth_body_model) if self.truth_body_model else model
        motion, truth = (
            read_poses(path, Choice(
                body=rest_body_of(body), person=self.person, takes_only_one=is_truth
            ))
            for path, body, is_truth in (
                (self.motion, model, False), (self.truth, truth_model, True)
            )
        )  # fmt: skip
        require_same_frames(self.motion, motion, self.truth, truth)
        note_remarks(dict.fromkeys((*motion.remarks, *truth.remarks)))
        return score_motion(motion.motion, truth.motion, model, motion.fps, truth_model).as_dict()

    def show(self, result: dict[str, object]) -> None:
        """Print the averages and the joints that are farthest off."""
        rows = [(label, format_score(result[key], unit)) for key, (label, unit) in SCORES.items()]
        print_rows([("Frames", str(result["frames"])), *rows])
        joints = result["per_joint_mm"]
        assert isinstance(joints, dict)
        worst = sorted(joints.items(), key=lambda item: -item[1])[:5]
        print_rows([(name.replace("_", " "), f"{error:.1f} mm") for name, error in worst])


def require_same_frames(
    path: Path, motion: "MotionArrays", truth_path: Path, truth: "MotionArrays"
) -> None:
    """Refuse files whose rows cannot be said to show the same frames.

    A file without frame numbers is of a whole clip; so is one that counts its rows from 0 to the
    end. Two of those are of the same clip only if they are as long.

    Raises:
        PoseFileError: naming both lengths.
    """
    unnumbered = [file for file in (motion, truth) if not file.has_frame_index]
    if not unnumbered:
        return
    are_whole = all(
        file.frame_index[0] == 0 and file.frame_index[-1] == len(file) - 1
        for file in (motion, truth)
    )
    last = max(int(file.frame_index[-1]) for file in (motion, truth))
    if (are_whole and len(motion) != len(truth)) or any(len(file) <= last for file in unnumbered):
        raise PoseFileError(
            f"{path} holds {len(motion)} frames and {truth_path} {len(truth)}, the same frames "
            "were expected; give poses of every frame, or add a key frame_index that says which "
            "frames the rows belong to."
        )


SCORES: dict[str, tuple[str, str]] = {
    "mpjpe_mm": ("MPJPE (hips aligned)", "mm"),
    "mpjpe_pelvis_mm": ("MPJPE (pelvis aligned)", "mm"),
    "pa_mpjpe_mm": ("PA-MPJPE", "mm"),
    "abs_mpjpe_mm": ("Absolute MPJPE", "mm"),
    "along_ray_mm": ("MPJPE along the camera ray", "mm"),
    "across_ray_mm": ("MPJPE across the camera ray", "mm"),
    "pve_mm": ("PVE", "mm"),
    "pa_pve_mm": ("PA-PVE", "mm"),
    "accel_error_mm_per_frame2": ("Acceleration error", "mm/frame²"),
    "jitter": ("Jitter", "x 10 m/s³"),
    "jitter_truth": ("Jitter of the truth", "x 10 m/s³"),
}
"""Key of a result: (label, unit)."""


def format_score(value: object, unit: str) -> str:
    """Write one number with its unit; a dash where it could not be measured."""
    return f"{value:.1f} {unit}" if isinstance(value, float) else "-"
