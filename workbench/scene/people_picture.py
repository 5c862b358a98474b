"""Everybody who can be chosen in a frame: a box around each, with the id that the file has."""

import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw

from workbench.engine.exchange import Image
from workbench.engine.interface import Footage
from workbench.scene.picking import box_of
from workbench.scene.pictures import label_font

_CHOSEN, _OTHERS = (77, 171, 247), (252, 196, 25)
_MARGIN = 0.03
"""Around the joints, as a share of the picture's height: flesh and clothes."""


def frame_people(image: Image, footage: Footage, frame: int) -> Image:
    """Draw boxes over a frame of any size."""
    drawing = PilImage.fromarray(image)
    pen = ImageDraw.Draw(drawing)
    scale, margin = image.shape[0] / footage.camera.height, _MARGIN * image.shape[0]
    # Whose poses are open comes last, over the others.
    for person in sorted(footage.people, key=lambda each: each == footage.person):
        box = box_of(footage, footage.people[person], frame)
        if box is None:
            continue
        color = _CHOSEN if person == footage.person else _OTHERS
        left, top = scale * box[0] - margin, scale * box[1] - margin
        right, bottom = scale * box[2] + margin, scale * box[3] + margin
        pen.rectangle((left, top, right, bottom), outline=color, width=4)
        at = (max(left, 0.0) + 5.0, max(top, 0.0) + 2.0)
        pen.text(at, person, fill=color, font=label_font(36), stroke_width=3, stroke_fill=(0, 0, 0))
    return np.asarray(drawing)
