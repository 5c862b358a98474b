"""`neuhmr convert`: between pose files."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, PersonFlag, clip_files, require_at_least
from neuhmr.cli.output import as_sentence, print_rows
from neuhmr.cli.outputs import OverwriteFlag, check_output_folder, check_outputs
from neuhmr.clip.atomic import check_folder
from neuhmr.errors import NeuhmrError
from neuhmr.formats.writing.formats import (
    FORMATS,
    FormatName,
    Gaps,
    Up,
    WriteOptions,
    choose_up,
    frame_files,
    guess_format,
)

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.formats.reading.choice import Choice


@dataclass(frozen=True, kw_only=True)
class Convert:
    """Turn poses of any known tool into another format; `--list` names the tools."""

    source: Positional[Annotated[Path | None, arg(metavar="IN", help_behavior_hint="")]] = None
    """The file or folder to read; its content tells which tool's it is."""
    target: Positional[Annotated[Path | None, arg(metavar="OUT", help_behavior_hint="")]] = None
    """The file to write."""
    list: Annotated[bool, arg(help_behavior_hint="")] = False
    """Say which tools' poses are read, and what they hold."""
    person: PersonFlag = None
    """Whose poses, where there are several."""
    world: Annotated[bool, arg(help_behavior_hint="")] = False
    """Take the poses in the tool's world, turned upright, instead of the camera's frame."""
    camera_frame: Annotated[bool, arg(help_behavior_hint="")] = False
    """Insist on the camera's frame where a file may have none."""
    clip: OptionalPath = None
    """The video: its size and rate settle what some files leave open."""
    source_fps: Annotated[float | None, arg(metavar="N", help_behavior_hint="")] = None
    """Frames per second of IN, where it does not say; else the clip's or 30."""
    source_model: OptionalPath = None
    """The tool's body (SMPL, SMPL-H or SMPL-X, npz or pkl), to move its poses exactly."""
    fit_shape: Annotated[Literal["auto", "on", "off"], arg(help_behavior_hint="")] = "auto"
    """Fit shape and rest pose to joints that the file holds (auto), or to --source-model's (on)."""
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
    """SMPL file (npz or pkl) to move the poses onto; else `motion` and `smplx` keep the tool's body
    and other formats take the open one."""
    overwrite: OverwriteFlag = False
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Read, convert, write.

        Raises:
            NeuhmrError: IN or OUT is missing.
            PoseFileError: the source cannot be used.
            OutputError: the target cannot be written.
        """
        if self.list:
            from neuhmr.formats.reading.table import HEADER, table_rows

            return {"tools": [dict(zip(HEADER, row, strict=True)) for row in table_rows()]}
        if self.source is None or self.target is None:
            raise NeuhmrError(
                "neuhmr convert needs a file to read and one to write; give IN and OUT, or --list."
            )
        return self._convert(self.source, self.target)

    def _convert(self, source: Path, target: Path) -> dict[str, object]:
        from neuhmr.body.model_files import load_body_arrays
        from neuhmr.formats.reading.read import read_poses
        from neuhmr.formats.writing.write import write_motion

        to = self.to or guess_format(target)
        choose_up(to, self.up)  # Says at once what cannot be.
        inputs = clip_files(self.clip) if self.clip is not None else {}
        inputs = {
            **inputs, "IN": source,
            "--source-model": self.source_model, "--body-model": self.body_model,
        }  # fmt: skip
        if FORMATS[to].is_folder:
            own = frame_files(f".{to}")
            check_output_folder("OUT", target, inputs, self.overwrite, own)
            check_folder(target, own)
        else:
            check_outputs({"OUT": target}, inputs, self.overwrite)
        body = load_body_arrays(self.body_model)
        content = read_poses(source, self._choice(to, body))
        fits = self.fit_shape == "on" or (self.fit_shape == "auto" and not self.source_model)
        if content.points3d is not None and fits:
            from neuhmr.body.model_files import load_body_model
            from neuhmr.initial.fit_shape import fit_to_points

            content = fit_to_points(content, load_body_model(self.body_model))
        options = WriteOptions(up=self.up, fps=self.fps, gaps=self.gaps)
        remarks = write_motion(target, content, body, to, options)
        return {
            "written": str(target),
            "format": to,
            "frames": len(content),
            "valid_frames": int(content.valid.sum()),
            "remarks": [*(as_sentence(remark) for remark in content.remarks), *remarks],
        }

    def _choice(self, to: FormatName, body: "SmplArrays") -> "Choice":
        """Say what is wanted of the source."""
        from neuhmr.formats.reading.choice import Choice
        from neuhmr.formats.reading.rest_body import read_rest_body, rest_body_of

        if self.world and self.camera_frame:
            raise NeuhmrError("--world and --camera-frame exclude each other; give one of them.")
        require_at_least("--source-fps", self.source_fps, 1e-3)
        # These two hold the parameters of any body; all others are of the body in use.
        keeps_body = to in ("motion", "smplx") and not (self.body_model or self.source_model)
        clip_fps = image_size = None
        if self.clip is not None:
            from neuhmr.clip.video import open_video

            video = open_video(self.clip)
            clip_fps, image_size = video.fps, (video.height, video.width)
        return Choice(
            person=self.person,
            frame="world" if self.world else "camera" if self.camera_frame else None,
            fps=self.source_fps,
            clip_fps=clip_fps,
            image_size=image_size,
            source_model=None if self.source_model is None else read_rest_body(self.source_model),
            body=None if keeps_body else rest_body_of(body),
        )

    def show(self, result: dict[str, object]) -> None:
        """Say what was written, and what to know about it."""
        tools = result.get("tools")
        if isinstance(tools, list):
            print_rows([tuple(tool.values()) for tool in tools], tuple(tools[0]))
            return
        remarks = result["remarks"]
        assert isinstance(remarks, list), "run gives these"
        facts = {key: value for key, value in result.items() if key != "remarks"}
        print_rows([(key.replace("_", " "), str(value)) for key, value in facts.items()])
        for remark in remarks:
            print(remark)
