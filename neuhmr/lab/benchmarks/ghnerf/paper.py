"""GHNeRF's published figures, to stand beside measured ones.

They were measured on other data (ZJU-MoCap and RenderPeople at 512 px, one RTX 3090), so they say
what the paper reached, not what a row here should reach.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """One row of a table of GHNeRF."""

    method: str
    psnr_db: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    heatmap_mse: float | None = None
    pck: float | None = None
    frames_per_s: float | None = None
    row: str | None = None
    """The measured row that stands for the same method."""


def _row(
    method: str, psnr: float, ssim: float, lpips: float, mse: float | None, pck: float | None,
    row: str | None = None,
) -> PaperRow:  # fmt: skip
    return PaperRow(
        method=method, psnr_db=psnr, ssim=ssim, lpips=lpips, heatmap_mse=mse, pck=pck, row=row
    )


PAPER_TABLES: dict[str, tuple[PaperRow, ...]] = {
    "Table 1 (ZJU-MoCap)": (
        _row("SHERF", 26.37, 0.918, 0.1023, None, None),
        _row("Neural Human Performer", 25.76, 0.906, 0.148, None, None),
        _row("ENeRF", 31.48, 0.965, 0.0494, None, None, "ENeRF"),
        _row("ENeRF+Heatmap", 31.48, 0.965, 0.050, 0.0005, 0.438, "ENeRF+heatmap"),
        _row("Ours+ResNet", 31.20, 0.963, 0.054, 0.0004, 0.573, "GHNeRF+ResNet34"),
        _row("Ours+DINO", 31.61, 0.966, 0.050, 0.0003, 0.691, "GHNeRF+DINO"),
    ),
    "Table 2 (data sets)": (
        _row("ZJU_MoCap+Res", 31.20, 0.963, 0.054, 0.0004, 0.573, "GHNeRF+ResNet34"),
        _row("ZJU_MoCap+DINO", 31.61, 0.966, 0.050, 0.0003, 0.691, "GHNeRF+DINO"),
        _row("RenderPeople+Res", 34.44, 0.992, 0.0131, 0.0012, 0.521, "GHNeRF+ResNet34"),
        _row("RenderPeople+DINO", 34.75, 0.992, 0.0131, 0.0005, 0.502, "GHNeRF+DINO"),
    ),
    "Table 3 (detectors)": (
        PaperRow(method="AlphaPose", heatmap_mse=0.0013, pck=0.647),
        PaperRow(method="OpenPose", heatmap_mse=0.0015, pck=0.632, row="MediaPipe"),
    ),
    "Table 5 (speed)": (
        PaperRow(method="ENeRF", frames_per_s=31.10, row="ENeRF"),
        PaperRow(method="ENeRF+Heatmap", frames_per_s=27.81, row="ENeRF+heatmap"),
        PaperRow(method="Ours+ResNet18", frames_per_s=11.22, row="GHNeRF+ResNet18"),
        PaperRow(method="Ours+ResNet34", frames_per_s=10.49, row="GHNeRF+ResNet34"),
        PaperRow(method="Ours+DINO", frames_per_s=4.08, row="GHNeRF+DINO"),
    ),
    "Table 6 (encoders frozen, fine-tuned)": (
        _row("ResNet34 Pre", 31.53, 0.965, 0.049, 0.0005, 0.454, "GHNeRF+ResNet34"),
        _row("ResNet34 Fine", 31.20, 0.963, 0.054, 0.0004, 0.573, "GHNeRF+ResNet34"),
        _row("DINO Pre", 31.28, 0.964, 0.051, 0.0003, 0.682, "GHNeRF+DINO"),
        _row("DINO Fine", 31.61, 0.966, 0.050, 0.0003, 0.691, "GHNeRF+DINO"),
    ),
    "Table S1 (coordinate loss)": (
        _row("ResNet34", 31.20, 0.963, 0.054, 0.0004, 0.573, "GHNeRF+ResNet34"),
        _row("DINO", 31.61, 0.966, 0.050, 0.0003, 0.687, "GHNeRF+DINO"),
        _row("ResNet34+co+0.01", 31.57, 0.964, 0.057, 0.0010, 0.292),
        _row("ResNet34+co+0.05", 31.33, 0.958, 0.072, 0.0008, 0.427),
    ),
}
