"""Draws the README's sheet of the avatar network on people no training saw.

    python docs/pictures/make_ghn_sheet.py [FOLDER]

Prints the figures of twelve people of the test split and shows the best, the median and the worst
of them (PSNR in the box): two reference frames, the frame to render, the rendering at its true
pose, mask, occupancy, depth, and the same pose from a side no frame shows.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import torch
from PIL import Image
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import PosedBody
from neuhmr.geometry.rotations import rotation_about
from neuhmr.ghn.avatar import render_image
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghn.model import Ghn
from neuhmr.lab.people.splits import person_seed
from neuhmr.lab.people.training_set import open_renderer, render_training_person
from neuhmr.lab.training.ghn.batches import PreparedPerson, draw_rows, prepare_person
from neuhmr.lab.training.ghn.validation import mask_iou, psnr_in_box, shade_depth

PEOPLE = 12
SIZE = 256
FREE_TURN = 1.1
"""How far the person is turned for the free view (rad)."""


def turned(person: PreparedPerson, row: int) -> PosedBody:
    """The person of one frame, turned about the vertical through the pelvis."""
    posed = person.posed[row]
    # Cameras look level, nearly, so the image's vertical is the room's.
    spin = rotation_about("y", torch.tensor(FREE_TURN))
    pelvis = posed.joints[0]

    def spun(points: Tensor) -> Tensor:
        return (points - pelvis) @ spin.T + pelvis

    bones = posed.bones
    rotmat = spin @ bones.rotmat
    transl = spun(bones.transl)
    return PosedBody(
        spun(posed.vertices), spun(posed.joints), type(bones)(rotmat, transl), posed.faces
    )


@dataclass(frozen=True)
class Row:
    """One person."""

    seed: int
    psnr_db: float
    iou: float
    tiles: Tensor


def draw_person(person: PreparedPerson, seed: int, ghn: Ghn) -> Row:
    """Render one frame of a person from two others."""
    generator = torch.Generator().manual_seed(seed)
    anchors, targets = draw_rows(person, 1, generator)
    row = int(targets[0])
    views = person.views(anchors, torch.ones(3))
    mask = person.masks[row]
    target = person.images[row].permute(1, 2, 0).float() / 255.0
    with torch.no_grad():
        avatar = ghn.condition(views, person.body, person.plan)
        seen = render_image(avatar, person.posed[row], person.cameras[row])
        free = render_image(avatar, turned(person, row), person.cameras[row])
    masked = target * mask[..., None]
    psnr = psnr_in_box(seen.color, masked, mask)
    iou = mask_iou(seen.opacity > 0.5, mask)
    print(f"person {seed}: PSNR {psnr:.2f} dB, IoU {iou:.3f}", flush=True)
    gray = [mask.float(), seen.opacity, shade_depth(seen.depth)]
    tiles = [*views.images.permute(0, 2, 3, 1), target, seen.color]
    tiles += [image[..., None].expand(-1, -1, 3) for image in gray]
    return Row(seed, psnr, iou, torch.cat([*tiles, free.color], dim=1))


def main() -> None:
    """Render the people, draw the sheet, save it under 300 kB."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    model, ghn = load_body_model(), load_ghn()
    rows = []
    with open_renderer(SIZE) as renderer:
        for index in range(PEOPLE):
            seed = person_seed("test", 100, index)
            person = render_training_person(seed, renderer, poses=8, views=2, size=SIZE)
            rows.append(draw_person(prepare_person(person, model, ghn), seed, ghn))
    psnr, iou = mean(row.psnr_db for row in rows), mean(row.iou for row in rows)
    print(f"mean of {PEOPLE}: PSNR {psnr:.2f} dB, IoU {iou:.3f}")
    rows.sort(key=lambda row: row.psnr_db, reverse=True)
    shown = [rows[0], rows[(PEOPLE - 1) // 2], rows[-1]]
    print("shown:", *(row.seed for row in shown))
    pixels = (torch.cat([row.tiles for row in shown]).clamp(0, 1) * 255).byte().numpy()
    sheet = Image.fromarray(pixels).resize((pixels.shape[1] * 3 // 4, pixels.shape[0] * 3 // 4))
    sheet.quantize(200).save(folder / "ghn_people.png", optimize=True)


if __name__ == "__main__":
    main()
