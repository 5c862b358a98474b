"""Draws what the guard caught and what it missed: frames that refining made worse.

    python docs/pictures/make_guard_sheet.py WIDE [FOLDER]

WIDE holds the clips of `neuhmr people --preset wide`. Six of them, one of each family and of each
kind of errors, are refined over their first sixteen frames with the preset `paper`, whose field
begins at the initial poses; a quarter of an hour on one core. Prints how many of the frames made
worse the guard put back, and shows the worst of those it put back and of those it kept, one of a
clip: the frame, the initial, the refined and the true pose over it, the same poses from the side.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.open_request import OpenRequest
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import rotation_about
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.metrics.pose_scores import score_motion
from neuhmr.opening import open_placed
from neuhmr.pipeline import prepare
from neuhmr.placed_clip import place_clip
from neuhmr.refine.run import Run
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import preset
from neuhmr.rendering.mesh_overlay import MeshOverlay

FRAMES = 16
WORSE_MM = 5.0
SHOWN = 3
TILE = 200
CAPTION = 14
COLORS = ((0.95, 0.6, 0.3), (0.35, 0.6, 0.95), (0.4, 0.8, 0.4))


@dataclass(frozen=True)
class Moment:
    """One frame that refining made worse."""

    clip: Path
    frame: int
    before: float
    after: float
    """Errors (mm)."""
    kept: float
    """How much of the refined pose the guard left, in [0, 1]."""
    poses: tuple[Motion, Motion, Motion]
    """Initial, refined, true; one frame each."""
    model: SmplModel


def choose_clips(folder: Path) -> list[Path]:
    """Take one clip of each family, each with another kind of errors."""
    chosen: list[Path] = []
    families, kinds = set(), set()
    for path in sorted(folder.glob("wide*.mp4")):
        wide = json.loads(path.with_suffix(".person.json").read_text())["wide"]
        if wide["family"] not in families and wide["errors"] not in kinds:
            families.add(wide["family"])
            kinds.add(wide["errors"])
            chosen.append(path)
    return chosen


def errors_of(motion: Motion, clip: Clip, model: SmplModel) -> dict[int, float]:
    """Say how far each frame is off (mm)."""
    assert clip.truth is not None
    scores = score_motion(motion, clip.truth, model, clip.video.fps)
    return dict(zip(scores.frame_index, scores.per_frame_mm, strict=True))


def moments_of(path: Path) -> tuple[list[Moment], int]:
    """Refine the first frames of a clip; give those that got worse, and how many there were."""
    opened = open_placed(place_clip(OpenRequest(clip=path)))
    clip, model, initial = opened.clip, opened.model, opened.motion()
    subject = opened.subject(load_ghn(), torch.device("cpu"))
    config = preset("paper")
    run = Run(prepare(subject, config, scope=Scope(first=0, last=FRAMES - 1)), config)
    for _ in run.steps():
        pass
    result = run.result()
    before, after = (errors_of(m, clip, model) for m in (initial, result.refined))
    found = []
    truth = clip.truth
    assert truth is not None
    for row, kept in zip(result.guarded.rows, result.guarded.shares, strict=True):
        frame = int(initial.frame_index[row])
        if after[frame] > before[frame] + WORSE_MM:
            true_row = truth.frame_index.tolist().index(frame)
            poses = (
                initial[row : row + 1],
                result.refined[row : row + 1],
                truth[true_row : true_row + 1],
            )
            found.append(Moment(path, frame, before[frame], after[frame], kept, poses, model))
    print(f"{path.stem}: {len(found)} of {len(result.guarded.rows)} worse", flush=True)
    return found, len(result.guarded.rows)


def draw(moment: Moment) -> np.ndarray:
    """Draw a moment as a row of pictures."""
    clip = open_clip(moment.clip)
    picture = clip.video.frame(moment.frame)
    camera = clip.cameras_at(torch.tensor([moment.frame]))[0]
    height, width = picture.shape[:2]
    tiles, sides = [picture], []
    with MeshOverlay(height, width) as overlay:
        for motion, color in zip(moment.poses, COLORS, strict=True):
            body = pose_frame(moment.model.with_shape(motion.betas), motion, 0)
            tiles.append(overlay.draw(picture, body.vertices, body.faces, camera, color))
            middle = body.joints[0]
            beside = (body.vertices - middle) @ rotation_about("y", torch.tensor(np.pi / 2)).T
            white = np.full_like(picture, 245)
            away = beside + torch.tensor([0.0, 0.0, float(middle[2])])
            sides.append(overlay.draw(white, away, body.faces, centered(camera), color, 1.0))
    corner, size = box_around(moment, camera, (height, width))
    cut = [cut_out(tile, corner, size) for tile in tiles]
    center = ((width - size) // 2, (height - size) // 2)
    return np.concatenate([*cut, *(cut_out(side, center, size) for side in sides)], axis=1)


def centered(camera: Camera) -> Camera:
    """The same camera, looking along its axis."""
    K = camera.K.clone()
    K[0, 2], K[1, 2] = camera.width / 2.0, camera.height / 2.0
    return Camera(K, camera.height, camera.width)


def box_around(
    moment: Moment, camera: Camera, size: tuple[int, int]
) -> tuple[tuple[int, int], int]:
    """Find a square around the true body: its left upper corner and side (px)."""
    truth = moment.poses[2]
    body = pose_frame(moment.model.with_shape(truth.betas), truth, 0)
    pixels = camera.project(body.vertices)
    low, high = pixels.amin(dim=0), pixels.amax(dim=0)
    side = min(int(1.25 * float((high - low).max())), *size)
    left, top = ((low + high) / 2.0 - side / 2.0).long().tolist()
    return (max(0, min(left, size[1] - side)), max(0, min(top, size[0] - side))), side


def cut_out(picture: np.ndarray, corner: tuple[int, int], size: int) -> np.ndarray:
    """Cut a square out and shrink it to a tile."""
    left, top = corner
    square = Image.fromarray(picture[top : top + size, left : left + size])
    return np.asarray(square.resize((TILE, TILE)))


def sheet_of(moments: Sequence[Moment]) -> Image.Image:
    """Put rows under one another, each with a line of text."""
    sheet = Image.new("RGB", (7 * TILE, len(moments) * (TILE + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, moment in enumerate(moments):
        top = place * (TILE + CAPTION)
        verdict = "put back" if moment.kept < 0.5 else "kept"
        text = (
            f"{moment.clip.stem}, frame {moment.frame}: {moment.before:.0f} mm, refined "
            f"{moment.after:.0f} mm, {verdict} (share of the refined pose {moment.kept:.2f}); "
            "frame, initial, refined, true; the same from the side"
        )
        pen.text((4, top + 1), text, fill="black")
        sheet.paste(Image.fromarray(draw(moment)), (0, top + CAPTION))
    return sheet


def worst_of_clips(moments: Sequence[Moment]) -> list[Moment]:
    """Take the first of each clip, and of clips the first few."""
    first: dict[Path, Moment] = {}
    for moment in moments:
        first.setdefault(moment.clip, moment)
    return list(first.values())[:SHOWN]


def main() -> None:
    """Refine, count, draw, save."""
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/pictures")
    found, frames = [], 0
    for path in choose_clips(Path(sys.argv[1])):
        worse, compared = moments_of(path)
        found += worse
        frames += compared
    found.sort(key=lambda moment: moment.before - moment.after)
    caught = [moment for moment in found if moment.kept < 0.5]
    missed = [moment for moment in found if moment.kept >= 0.5]
    print(f"{frames} frames, {len(found)} worse by {WORSE_MM:g} mm, {len(caught)} put back")
    sheet = sheet_of([*worst_of_clips(caught), *worst_of_clips(missed)])
    sheet.quantize(200).save(folder / "guard.png", optimize=True)


if __name__ == "__main__":
    main()
