"""Draws the README's sheets of GHNeRF on people no training saw.

    python docs/pictures/make_ghnerf_sheets.py PEOPLE [WEIGHTS] [FEATURE_WEIGHTS] [FOLDER]

PEOPLE is a folder of `neuhmr people PEOPLE --preset views-test`; WEIGHTS renders heatmaps ("open",
the shipped ones, if left out); FEATURE_WEIGHTS renders body parts and a surface embedding.

ghnerf_people.png: each row is one person seen by two cameras that no source view is from; of each,
the target, the rendering, depth, heatmaps and keypoints. ghnerf_features.png: target, rendering,
body parts and surface embedding of one person.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from neuhmr.ghnerf.captures.keypoint_drawing import (
    as_picture,
    draw_heatmaps,
    draw_keypoints,
    side_by_side,
)
from neuhmr.ghnerf.keypoints.keypoints2d import keypoints_from_heatmaps
from neuhmr.ghnerf.network.checkpoint import load_ghnerf
from neuhmr.ghnerf.network.extraction import heatmaps_of
from neuhmr.ghnerf.network.image_rendering import render_target
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.lab.benchmarks.ghnerf.pictures import box_psnr_db
from neuhmr.lab.benchmarks.ghnerf.scores import MeasureConfig, box_mask, sources_for, targets_of
from neuhmr.lab.benchmarks.ghnerf.views import true_view
from neuhmr.lab.metrics.pck import count_correct
from neuhmr.lab.moments.moments import Moment, read_moments
from neuhmr.lab.training.ghn.validation import shade_depth

PEOPLE = 3
VIEWS = MeasureConfig(targets=2)
SHOWN = 160
"""Side of a tile (px)."""
MOST_BYTES = 300_000


def draw_view(model: Ghnerf, moment: Moment, view: int) -> list[np.ndarray]:
    """Render one novel view, print its figures, and make its tiles."""
    truth, sources = true_view(moment, view, VIEWS.size), sources_for(moment, view, VIEWS)
    image = render_target(model, model.encode(sources), truth.target)
    heatmaps = heatmaps_of(model, image)
    keypoints = keypoints_from_heatmaps(heatmaps)
    count = count_correct(keypoints.points, keypoints.found, truth.keypoints, truth.valid)
    psnr = box_psnr_db(image.color.permute(2, 0, 1), truth.image, box_mask(truth))
    print(f"{moment.name} camera {view}: PSNR {psnr:.2f} dB, PCK@0.2 {count.pck}")
    target, rendered = as_picture(truth.image.permute(1, 2, 0)), as_picture(image.color)
    depth = as_picture(
        shade_depth(image.depth * (image.opacity > 0.5))[..., None].expand(-1, -1, 3)
    )
    return [
        target, rendered, depth, draw_heatmaps(rendered, heatmaps),
        draw_keypoints(rendered, keypoints),
    ]  # fmt: skip


def draw_features(model: Ghnerf, moment: Moment) -> list[np.ndarray]:
    """Render what else the network was trained to see."""
    view = targets_of(moment, VIEWS)[0]
    truth, sources = true_view(moment, view, VIEWS.size), sources_for(moment, view, VIEWS)
    image = render_target(model, model.encode(sources), truth.target)
    tiles = [as_picture(truth.image.permute(1, 2, 0)), as_picture(image.color)]
    kinds = [head.kind for head in model.config.feature_heads]
    solid = image.opacity[..., None]
    if "parts" in kinds:
        logits = image.features[..., model.config.feature_slice("parts")]
        tiles.append(as_picture(_hues(logits.shape[-1])[logits.argmax(dim=-1)] * solid))
    if "embedding" in kinds:
        embedding = image.features[..., model.config.feature_slice("embedding")][..., :3]
        inside = embedding[image.opacity > 0.5]
        low, high = inside.amin(dim=0), inside.amax(dim=0)
        tiles.append(as_picture((embedding - low) / (high - low).clamp_min(1e-6) * solid))
    return tiles


def save_sheet(path: Path, rows: list[list[np.ndarray]]) -> None:
    """Save tiles as a small palette picture, with fewer colors if it would be too large."""
    small = [
        side_by_side([np.asarray(Image.fromarray(tile).resize((SHOWN, SHOWN))) for tile in row])
        for row in rows
    ]
    sheet = Image.fromarray(np.concatenate(small))
    for colors in (250, 128, 64, 32):
        sheet.quantize(colors).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


def _hues(count: int) -> Tensor:
    """Colors that neighbors in the list tell apart."""
    angles = 2.399963 * torch.arange(count)[:, None] + torch.tensor([0.0, 2.094395, 4.18879])
    return 0.55 + 0.45 * torch.cos(angles)


def _first_moments(folder: Path) -> Iterator[Moment]:
    """The first moment of each person."""
    seen = set()
    for moment in read_moments(folder, PEOPLE):
        person = moment.name.rpartition("_")[0]
        if person not in seen:
            seen.add(person)
            yield moment


def main() -> None:
    """Render the people, draw the sheets, save them under 300 kB each."""
    words = dict(enumerate(sys.argv[1:]))
    moments = list(_first_moments(Path(words[0])))
    folder = Path(words.get(3, "docs/pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    model = load_ghnerf(words.get(1, "open"))
    with torch.no_grad():
        rows = [
            [tile for view in targets_of(moment, VIEWS) for tile in draw_view(model, moment, view)]
            for moment in moments
        ]
        save_sheet(folder / "ghnerf_people.png", rows)
        if 2 in words:
            features = draw_features(load_ghnerf(words[2]), moments[0])
            save_sheet(folder / "ghnerf_features.png", [features])


if __name__ == "__main__":
    main()
