"""`neuhmr convert`: between pose files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, assert_never

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.output import print_rows

TargetFormat = Literal["motion", "smplx", "amass"]


@dataclass(frozen=True, kw_only=True)
class Convert:
    """Turn a pose file into another format.

    Reads motion files and npz files with smplx's keys (global_orient, body_pose, transl, betas).
    """

    source: Positional[Annotated[Path, arg(metavar="IN")]]
    """The file to read."""
    target: Positional[Annotated[Path, arg(metavar="OUT")]]
    """The file to write."""
    to: TargetFormat = "motion"
    """`motion` (this program's), `smplx` (plain keys), `amass` (SMPL-H, z up)."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl) for `amass`; else the open body."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Read, convert, write.

        Raises:
            PoseFileError: the source cannot be used.
            OutputError: the target cannot be written.
        """
        from neuhmr.body.model_files import load_body_arrays
        from neuhmr.clip.atomic import check_writable
        from neuhmr.clip.motion_file import read_motion_file, write_motion_file
        from neuhmr.formats.amass_file import write_amass_file
        from neuhmr.formats.smplx_file import write_smplx_file

        content = read_motion_file(self.source)
        check_writable(self.target)
        match self.to:
            case "motion":
                write_motion_file(self.target, content)
            case "smplx":
                write_smplx_file(self.target, content)
            case "amass":
                write_amass_file(self.target, content, load_body_arrays(self.body_model))
            case _:
                assert_never(self.to)
        return {
            "written": str(self.target),
            "format": self.to,
            "frames": len(content),
            "valid_frames": int(content.valid.sum()),
        }

    def show(self, result: dict[str, object]) -> None:
        """Say what was written."""
        print_rows([(key.replace("_", " "), str(value)) for key, value in result.items()])
