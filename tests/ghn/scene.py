"""A small scene for GHN tests: the synthetic body, painted by position, in a few poses."""

from dataclasses import replace

import torch

from neuhmr.body.smpl_model import PosedBody, ShapedBody, SmplModel
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.ghn.config import GhnConfig
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.views import ReferenceViews
from neuhmr.rendering.mesh_raster import rasterize_mesh

HEIGHT, WIDTH = 64, 48

TINY = GhnConfig(
    feature_channels=8,
    volume_channels=8,
    hidden_channels=16,
    attention_heads=2,
    voxel_size=0.04,
    sampled_levels=(0, 1),
)


def make_ghn(config: GhnConfig = TINY, seed: int = 0) -> Ghn:
    """A small GHN with seeded random weights, no head of which is zero."""
    torch.manual_seed(seed)
    ghn = Ghn(config).eval()
    with torch.no_grad():
        for head in (ghn.field.density, ghn.field.blend[2], ghn.field.view_weight[2]):
            head.weight.normal_(std=0.3)
    return ghn


def pose_frames(body: ShapedBody, frames: int = 3, seed: int = 0) -> PosedBody:
    """The body about 3 m away, upright, turned by thirds of a circle, in mild random poses."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(frames, 23, 3, generator=generator) * 0.15
    upright = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    turns = rotation_about("y", torch.arange(frames) * (2 * torch.pi / frames))
    transl = torch.tensor([0.0, 0.0, 3.0]).expand(frames, 3)
    options = body.v_shaped
    return body.with_pose(
        axisangle_to_rotmat(noise).to(options),
        (upright @ turns).to(options),
        transl.to(options),
    )


def make_camera() -> Camera:
    """A camera that sees the whole body."""
    return camera_from_focal(85.0, HEIGHT, WIDTH)


def paint(body: ShapedBody) -> torch.Tensor:
    """Colors in [0, 1] that vary smoothly over the rest body, `vertices 3`."""
    return 0.5 + 0.5 * torch.sin(body.v_shaped * torch.tensor([9.0, 6.0, 12.0]).to(body.v_shaped))


def make_views(body: ShapedBody, posed: PosedBody) -> ReferenceViews:
    """Exact images of the painted body in its poses."""
    camera = make_camera()
    rasters = [rasterize_mesh(v, posed.faces, camera) for v in posed.vertices]
    images = [raster.interpolate(paint(body), posed.faces) for raster in rasters]
    frames = len(rasters)
    return ReferenceViews(
        images=torch.stack(images).permute(0, 3, 1, 2),
        masks=torch.stack([raster.mask for raster in rasters]).to(body.v_shaped),
        cameras=replace(camera, K=camera.K.expand(frames, 3, 3).to(body.v_shaped)),
        posed=posed,
    )


def permuted(model: SmplModel, seed: int = 0) -> SmplModel:
    """The same body with its vertices in another order."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(model.v_template), generator=generator)
    new_place = torch.empty_like(order)
    new_place[order] = torch.arange(len(order))
    return replace(
        model,
        v_template=model.v_template[order],
        shapedirs=model.shapedirs[order],
        J_regressor=model.J_regressor[:, order],
        lbs_weights=model.lbs_weights[order],
        faces=new_place[model.faces],
    )


def subdivided(model: SmplModel) -> SmplModel:
    """The same surface with every triangle cut into four at its edges' midpoints."""
    edges = torch.cat([model.faces[:, [0, 1]], model.faces[:, [1, 2]], model.faces[:, [2, 0]]])
    unique, inverse = edges.sort(dim=1).values.unique(dim=0, return_inverse=True)
    count = len(model.v_template)
    mid = (inverse + count).view(3, -1)
    a, b, c = model.faces.unbind(dim=1)
    ab, bc, ca = mid
    faces = torch.cat(
        [torch.stack(f, dim=1) for f in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )

    def extend(values: torch.Tensor) -> torch.Tensor:
        return torch.cat([values, (values[unique[:, 0]] + values[unique[:, 1]]) / 2])

    return replace(
        model,
        v_template=extend(model.v_template),
        shapedirs=extend(model.shapedirs),
        J_regressor=torch.cat([model.J_regressor, torch.zeros(24, len(unique))], dim=1),
        lbs_weights=extend(model.lbs_weights),
        faces=faces,
    )
