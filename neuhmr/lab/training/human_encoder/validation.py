"""How well single pictures of unseen people are understood."""

from dataclasses import asdict, dataclass

import torch

from neuhmr.body.smpl_model import SmplModel
from neuhmr.lab.moments.moment_pictures import share_for, shown
from neuhmr.lab.moments.moments import Moment
from neuhmr.lab.moments.surface_truth import surface_at
from neuhmr.lab.training.ghnerf.validation import joint_accuracy
from neuhmr.lab.training.human_encoder.batches import cut_to_subject
from neuhmr.lab.training.human_encoder.picture_features import PictureFeatures


@dataclass(frozen=True)
class EncoderScores:
    """Means over pictures."""

    pck: float
    """PCK@0.2 of the heatmaps' highest pixels."""
    parts: float
    """Share of the body's pixels whose part is right."""
    embedding: float
    """Root mean square error of the surface embedding, whose range is [-1, 1]."""

    def as_dict(self) -> dict[str, float]:
        """All scores by name."""
        return asdict(self)


@torch.no_grad()
def validate_encoder(
    model: PictureFeatures, moments: list[Moment], body_model: SmplModel, side: float
) -> EncoderScores:
    """Look at one view of each moment, at the same ones at every call.

    Args:
        model: in any mode.
        moments: with bodies.
        body_model: theirs.
        side: length to which the subject's larger side is shrunk (px).
    """
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    rows = []
    for number, moment in enumerate(moments):
        view = (5 * number) % len(moment)
        picture = shown(moment, view, share_for(moment, view, side))
        image, corner = cut_to_subject(picture, moment)
        v, u = torch.meshgrid(*(torch.arange(side) for side in image.shape[1:]), indexing="ij")
        pixels = torch.stack([u, v], dim=-1).reshape(-1, 2) + 0.5
        features = model(image[None].to(device), pixels[None].to(device))[0].cpu()
        assert moment.body is not None, "training people have bodies"
        surface = surface_at(
            moment.body, body_model, picture.camera, picture.T_camera_world, moment.box,
            pixels + corner,
        )  # fmt: skip
        heatmaps = features[:, model.config.feature_slice("heatmaps")]
        keypoints = picture.keypoints - torch.cat([corner, torch.zeros(1)])
        accuracy = joint_accuracy(heatmaps.T.reshape(-1, *image.shape[1:]), keypoints)
        assert accuracy is not None, "all keypoints of people are known"
        is_body = surface.is_body
        parts = features[is_body, model.config.feature_slice("parts")].argmax(dim=-1)
        embedding = features[is_body, model.config.feature_slice("embedding")]
        miss = (embedding - surface.embedding[is_body]).square().mean()
        right = (parts == surface.parts[is_body]).float().mean()
        rows.append((accuracy, float(right), float(miss)))
    model.train(was_training)
    pck, parts, squared = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return EncoderScores(pck, parts, squared**0.5)
