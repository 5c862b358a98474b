import pytest
import torch

from neuhmr.datasets.undistortion import (
    Distortion,
    distortion_of,
    undistort_image,
    undistort_points,
)

# As strong as the lenses of ZJU-MoCap.
LENS = Distortion((-0.21, 0.08, 0.0012, -0.0007, 0.01))
K = torch.tensor([[90.0, 0.0, 51.0], [0.0, 92.0, 47.0], [0.0, 0.0, 1.0]])


def test_distortion_is_opencvs_formula_worked_by_hand():
    # x = 0.2, y = 0.1: r2 = 0.05, d = 1 + 0.1 * 0.05 = 1.005,
    # x' = 0.2 * 1.005 + 2 * 0.01 * 0.02 + 0.02 * (0.05 + 0.08), y' likewise.
    seen = Distortion((0.1, 0.0, 0.01, 0.02, 0.0)).distort(torch.tensor([0.2, 0.1]))
    assert seen.tolist() == pytest.approx([0.2010 + 0.0004 + 0.0026, 0.1005 + 0.0007 + 0.0008])


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_undistorting_inverts_distorting(batch, generator):
    points = torch.rand(*batch, 2, generator=generator) - 0.5
    assert torch.allclose(LENS.undistort(LENS.distort(points)), points, atol=1e-5)


def test_images_and_points_agree():
    # A blob drawn where the lens shows it must come out where the pinhole camera sees it.
    pinhole = torch.tensor([[30.0, 20.0]])
    plane = (pinhole - K[:2, 2]) / K.diagonal()[:2]
    seen = LENS.distort(plane) * K.diagonal()[:2] + K[:2, 2]
    v, u = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(100) + 0.5, indexing="ij")
    squared = (u - seen[0, 0]).square() + (v - seen[0, 1]).square()
    image = (255 * torch.exp(-squared / 8.0)).byte()[..., None]
    out = undistort_image(image, K, LENS)[..., 0].float()
    center = torch.stack([(u * out).sum(), (v * out).sum()]) / out.sum()
    assert float((seen - pinhole).norm()) > 0.5
    assert torch.allclose(center, pinhole[0], atol=0.1)
    assert torch.allclose(undistort_points(seen, K, LENS), pinhole, atol=1e-3)


def test_opencv_undistorts_alike(generator):
    cv2 = pytest.importorskip("cv2")
    image = (torch.rand(12, 12, 3, generator=generator) * 255).byte().numpy()
    image = cv2.resize(image, (100, 96), interpolation=cv2.INTER_CUBIC)
    # OpenCV puts pixel centers at whole numbers.
    K_opencv = K.double().numpy().copy()
    K_opencv[:2, 2] -= 0.5
    expected = cv2.undistort(image, K_opencv, torch.tensor(LENS.coefficients).double().numpy())
    ours = undistort_image(torch.from_numpy(image), K, LENS)
    difference = (ours.float() - torch.from_numpy(expected).float()).abs()
    # OpenCV rounds positions to 1/32 px.
    assert float(difference[4:-4, 4:-4].max()) <= 6.0


def test_no_distortion_is_none():
    assert distortion_of(torch.zeros(5)) is None
    assert distortion_of(torch.tensor([0.5, 0.0, 0.25, 0.0])) == Distortion(
        (0.5, 0.0, 0.25, 0.0, 0.0)
    )
    with pytest.raises(ValueError, match="4 or 5"):
        distortion_of(torch.zeros(8))
