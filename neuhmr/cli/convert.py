"""`neuhmr convert`: between pose files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.output import print_rows
from neuhmr.formats.writing.formats import (
    FORMATS,
    FormatName,
    Gaps,
    Up,
    WriteOptions,
    choose_up,
    guess_format,
)


@dataclass(frozen=True, kw_only=True)
class Convert:
    """Turn a pose file into another format.

    Reads motion files and npz files with smplx's keys (global_orient, body_pose, transl, betas).
    """

    source: Positional[Annotated[Path, arg(metavar="IN")]]
    """The file to read."""
    target: Positional[Annotated[Path, arg(metavar="OUT")]]
    """The file to write."""
    to: Annotated[FormatName | None, arg(help_behavior_hint="")] = None
    """What to write; else told by OUT's ending."""
    up: Annotated[Up | None, arg(help_behavior_hint="")] = None
    """Axis that points up in formats of the world; else the format's custom."""
    fps: Annotated[float | None, arg(help_behavior_hint="")] = None
    """Frames per second to resample to; else as they are."""
    gaps: Gaps = "auto"
    """Frames without a pose: `fill` interpolates, `refuse` stops, `auto` marks them where the
    format can and else fills."""
    body_model: OptionalPath = None
    """SMPL file (npz or pkl) that the poses are for; else the open body."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Read, convert, write.

        Raises:
            PoseFileError: the source cannot be used.
            OutputError: the target cannot be written.
        """
        from neuhmr.body.model_files import load_body_arrays
        from neuhmr.clip.atomic import check_writable
        from neuhmr.clip.motion_file import read_motion_file
        from neuhmr.formats.writing.write import write_motion

        to = self.to or guess_format(self.target)
        choose_up(to, self.up)  # Says at once what cannot be.
        content = read_motion_file(self.source)
        if not FORMATS[to].is_folder:
            check_writable(self.target)
        options = WriteOptions(up=self.up, fps=self.fps, gaps=self.gaps)
        body = load_body_arrays(self.body_model)
        remarks = write_motion(self.target, content, body, to, options)
        return {
            "written": str(self.target),
            "format": to,
            "frames": len(content),
            "valid_frames": int(content.valid.sum()),
            "remarks": list(remarks),
        }

    def show(self, result: dict[str, object]) -> None:
        """Say what was written, and what to know about it."""
        remarks = result["remarks"]
        assert isinstance(remarks, list), "run gives these"
        facts = {key: value for key, value in result.items() if key != "remarks"}
        print_rows([(key.replace("_", " "), str(value)) for key, value in facts.items()])
        for remark in remarks:
            print(remark)
