"""`neuhmr keypoints`: 2D and 3D keypoints of a calibrated multi-view recording."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.output import print_rows
from neuhmr.cli.outputs import OverwriteFlag, check_output_folder, check_outputs
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.devices import choose_device
from neuhmr.errors import DatasetError, NeuhmrError, OutputError
from neuhmr.progress import OnProgress, Progress

if TYPE_CHECKING:
    from neuhmr.datasets.capture import Capture
    from neuhmr.ghnerf.captures.capture_keypoints import (
        CaptureKeypoints,
        CaptureKeypointsConfig,
        FrameRenderings,
    )
    from neuhmr.ghnerf.network.model import Ghnerf

VIDEO_FPS = 25


@dataclass(frozen=True, kw_only=True)
class KeypointsCommand:
    """Find BODY_25 keypoints in every camera and in space, with GHNeRF."""

    capture: Positional[Annotated[Path, arg(metavar="CAPTURE")]]
    """A folder of `neuhmr people --views`, ZJU-MoCap or EasyMocap."""
    out: Path
    """The file to write (.npz)."""
    layout: Literal["auto", "project", "zju", "easymocap", "calibrated"] = "auto"
    """How the folder is laid out; auto looks at its calibration."""
    checkpoint: OptionalPath = None
    """GHNeRF weights with heatmaps (.safetensors); else the shipped ones."""
    frames: Annotated[str | None, arg(metavar="FRAMES", help_behavior_hint="")] = None
    """Frame numbers, 3,7,9 or START:STOP or START:STOP:STEP; else all."""
    cameras: Annotated[tuple[str, ...], arg(metavar="NAME ...", help_behavior_hint="")] = ()
    """Names of the cameras to use; else all that see the subject."""
    sources: int = 3
    """Source views of each rendered view."""
    size: int = 256
    """Pixels along the subject's larger side; larger pictures are made smaller."""
    video: OptionalPath = None
    """Also write a video of a camera that goes around the subject."""
    pictures: OptionalPath = None
    """Also write pictures of every view: target, rendering, heatmaps, keypoints."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    overwrite: OverwriteFlag = False
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Find and write.

        Raises:
            DatasetError: the capture cannot be used.
            CheckpointError: the weights cannot be used.
            OutputError: a result cannot be written.
            NeuhmrError: an option makes no sense.
        """
        from neuhmr.clip.video import write_video
        from neuhmr.datasets.capture_reader import read_capture
        from neuhmr.ghnerf.captures.capture_keypoints import CaptureKeypointsConfig
        from neuhmr.ghnerf.captures.keypoint_file import keypoint_table, write_keypoints
        from neuhmr.ghnerf.captures.novel_view_video import novel_views
        from neuhmr.ghnerf.network.checkpoint import load_ghnerf

        self._check()
        capture = read_capture(self.capture, self.layout)
        frames = parse_frames(self.frames, capture.frames)
        require_people_in_masks(capture, frames[0])
        config = CaptureKeypointsConfig(
            sources=self.sources, size=self.size, cameras=camera_numbers(capture, self.cameras)
        )
        model = load_ghnerf(self.checkpoint or "open", choose_device(self.device))
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            found = self._find(capture, frames, model, config, on_progress)
            table = keypoint_table(found)
            write_keypoints(self.out, table, capture.camera_names)
            if self.video is not None:
                views = novel_views(capture, found, model, config)
                write_video(self.video, views, VIDEO_FPS)
        result: dict[str, object] = {
            "written": str(self.out),
            "frames": len(frames),
            "cameras": len(config.cameras) or len(capture.cameras),
            "found_2d": float((table.confidence2d > 0).float().mean()),
            "found_3d": float((table.confidence3d > 0).float().mean()),
            "found_3d_field": float((table.confidence3d_field > 0).float().mean()),
        }
        extras = {"video": self.video, "pictures": self.pictures}
        return result | {key: str(path) for key, path in extras.items() if path is not None}

    def show(self, result: dict[str, object]) -> None:
        """Say what was found and written."""
        rows = [("Written", str(result["written"]))]
        rows += [(key.capitalize(), str(result[key])) for key in ("frames", "cameras")]
        for key, title in (
            ("found_2d", "Found in the cameras"),
            ("found_3d", "Found in space, triangulated"),
            ("found_3d_field", "Found in space, in the field"),
        ):
            share = result[key]
            assert isinstance(share, float), "run gives shares"
            rows.append((title, f"{100 * share:.0f} %"))
        rows += [
            (key.capitalize(), str(result[key])) for key in ("video", "pictures") if key in result
        ]
        print_rows(rows)

    def _check(self) -> None:
        """Refuse, before any work, what cannot end well."""
        require_at_least("--sources", self.sources, 1)
        require_at_least("--size", self.size, 32)
        if self.out.suffix != ".npz":
            raise OutputError(f'{self.out} does not end in ".npz"; choose another name.')
        inputs = {"CAPTURE": self.capture, "--checkpoint": self.checkpoint}
        check_outputs({"--out": self.out, "--video": self.video}, inputs, self.overwrite)
        check_output_folder("--pictures", self.pictures, inputs, self.overwrite)
        if self.pictures is not None:
            try:
                self.pictures.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"The folder {self.pictures} cannot be made ({error.strerror}); choose another "
                    "--pictures."
                ) from error

    def _find(
        self,
        capture: "Capture",
        frames: tuple[int, ...],
        model: "Ghnerf",
        config: "CaptureKeypointsConfig",
        on_progress: OnProgress,
    ) -> list["CaptureKeypoints"]:
        from neuhmr.ghnerf.captures.capture_keypoints import find_capture_keypoints

        kept = []
        for done, frame in enumerate(frames):
            on_progress(Progress("Finding keypoints", done, len(frames)))
            found, renderings = find_capture_keypoints(capture, frame, model, config)
            if self.pictures is not None:
                _write_pictures(self.pictures, capture, renderings, model)
            kept.append(found)
        on_progress(Progress("Finding keypoints", len(frames), len(frames)))
        return kept


def parse_frames(text: str | None, available: tuple[int, ...]) -> tuple[int, ...]:
    """Read the numbers of frames; a range takes those of its frames that there are.

    Raises:
        NeuhmrError: the words are no numbers.
        DatasetError: there are no such frames.
    """
    if text is None:
        return available
    try:
        if ":" in text:
            ends = [int(part) if part else None for part in text.split(":")]
            wanted = range(available[-1] + 1)[slice(*ends)]
            frames = tuple(frame for frame in available if frame in wanted)
        else:
            frames = tuple(int(part) for part in text.split(","))
    except (TypeError, ValueError) as error:
        raise NeuhmrError(
            f'--frames is "{text}"; numbers were expected, as 3,7,9 or START:STOP:STEP.'
        ) from error
    missing = [frame for frame in frames if frame not in available]
    if missing or not frames:
        named = f"frame {missing[0]}" if missing else f"frames {text}"
        raise DatasetError(
            f"The capture has no {named}; every camera has frames {available[0]} to "
            f"{available[-1]}, choose among them."
        )
    return frames


def camera_numbers(capture: "Capture", names: tuple[str, ...]) -> tuple[int, ...]:
    """Find cameras by name.

    Raises:
        DatasetError: the capture has no such camera.
    """
    for name in names:
        if name not in capture.camera_names:
            raise DatasetError(
                f'{capture.name} has no camera "{name}"; its cameras are '
                f"{', '.join(capture.camera_names)}."
            )
    return tuple(capture.camera_names.index(name) for name in names)


def require_people_in_masks(capture: "Capture", frame: int) -> None:
    """Refuse masks that cannot be of a person, before any work, by one frame's.

    Raises:
        DatasetError: they show nobody, everything, or boxes.
    """
    from neuhmr.clip.mask_checks import mask_problem

    views = (capture.view(frame, camera) for camera in range(len(capture.cameras)))
    masks = [view.mask.numpy() for view in views if view.mask is not None]
    problem = mask_problem(masks) if masks else None
    if problem is not None:
        raise DatasetError(
            f"The masks of {capture.name} {problem} (frame {frame}), outlines of one person were "
            "expected; make them again, or take them away."
        )


def _write_pictures(
    folder: Path, capture: "Capture", found: "FrameRenderings", model: "Ghnerf"
) -> None:
    """Write one strip per camera.

    Raises:
        OutputError: a picture cannot be written.
    """
    import imageio.v3 as iio

    from neuhmr.clip.atomic import atomic_path
    from neuhmr.ghnerf.captures.keypoint_drawing import (
        as_picture,
        draw_heatmaps,
        draw_keypoints,
        side_by_side,
    )
    from neuhmr.ghnerf.network.extraction import heatmaps_of

    prepared = found.prepared
    for row, number in enumerate(prepared.cameras):
        image, keypoints = found.images[row], found.keypoints[row]
        target = as_picture(prepared.pictures[row].permute(1, 2, 0))
        rendered = as_picture(image.color)
        strip = side_by_side(
            [
                target,
                rendered,
                draw_heatmaps(rendered, heatmaps_of(model, image)),
                draw_keypoints(target, keypoints),
            ]
        )
        path = folder / f"frame_{prepared.frame:06d}_{capture.camera_names[number]}.png"
        with atomic_path(path) as partial:
            iio.imwrite(partial, strip)
