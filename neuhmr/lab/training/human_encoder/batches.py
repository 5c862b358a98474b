"""What one step of a human encoder's training looks at: pictures of different people."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.smpl_model import SmplModel
from neuhmr.ghnerf.network.views import crop_views, pad_views, stack_images, stack_views
from neuhmr.lab.moments.moment_pictures import Picture, share_for, shown, shown_target
from neuhmr.lab.moments.moments import Moment
from neuhmr.lab.training.ghnerf.batches import (
    DrawConfig,
    RayTruth,
    draw_look,
    draw_pixels,
    look_up,
)
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class PictureBatch(TensorStruct):
    """Pictures cut to their people, and what some of their pixels show."""

    images: Float[Tensor, "pictures 3 height width"]
    """In [0, 1], black outside the person; sides are multiples of 32."""
    pixels: Float[Tensor, "pictures rays 2"]
    """Positions in these images (px)."""
    truths: tuple[RayTruth, ...]
    """One per picture; their own pixels are those of the uncut pictures."""

    def to(self, target: torch.device | torch.dtype | str) -> "PictureBatch":
        """Move to a device, the truths too."""
        truths = tuple(truth.to(target) for truth in self.truths)
        return PictureBatch(self.images.to(target), self.pixels.to(target), truths)


def draw_pictures(
    moments: list[Moment], config: DrawConfig, model: SmplModel, generator: torch.Generator
) -> PictureBatch:
    """Draw one view of each of several moments, at a drawn size, and pixels to supervise."""
    cut, pixels, truths = [], [], []
    for moment in moments:
        view = int(torch.randint(len(moment), (1,), generator=generator))
        side, gain = draw_look(config, generator)
        share = share_for(moment, view, side)
        picture, target = shown(moment, view, share, gain), shown_target(moment, view, share)
        drawn = draw_pixels(picture, target, config.rays, config, generator)
        image, corner = cut_to_subject(picture, moment)
        surface_model = model if config.with_surface else None
        truths.append(look_up(moment, picture, drawn, 1, config.sigma, surface_model))
        cut.append(image)
        pixels.append(drawn - corner)
    return PictureBatch(stack_images(cut), torch.stack(pixels), tuple(truths))


def cut_to_subject(
    picture: Picture, moment: Moment
) -> tuple[Float[Tensor, "3 height width"], Float[Tensor, "2"]]:
    """Cut a picture as GHNeRF's source views are cut.

    Returns:
        The cut picture, its sides multiples of 32, and where its corner was (px).
    """
    whole = stack_views([picture.layers[:3]], [picture.camera], picture.T_camera_world[None])
    padded = pad_views(crop_views(whole, moment.box))
    corner = picture.camera.K[:2, 2] - padded.cameras.K[0, :2, 2]
    return padded.images[0], corner
