"""The motion field, how its terms are balanced, and how long and finely it is moved."""

from dataclasses import dataclass
from typing import Literal

from neuhmr.setting import setting


@dataclass(frozen=True, kw_only=True)
class BalanceConfig:
    """Makes the image terms comparable before they are weighed.

    Printed weights make the silhouette term some hundred times weaker than the others.
    """

    enabled: bool = setting(
        True, label="Balance the terms", paper=False,
        help="Divide each image term by its own gradient at the start before it is weighed.",
    )  # fmt: skip
    num_frames: int = setting(
        8, label="Frames of the balance", low=1, high=64,
        help="Frames over which gradients are measured at the start, evenly spread.",
    )  # fmt: skip
    reference: float = setting(
        1.5, label="Reference gradient", low=1e-3, high=100.0, scale="log",
        help="Gradient norm on the rotations of one frame that a weight of 1 stands for.",
    )  # fmt: skip
    limit: float = setting(
        5.0, label="Limit of the balance", low=1.0, high=100.0, scale="log",
        help="Measured norms count as at most so many times, or at least a so-manieth of, typical "
        "ones.",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FieldConfig:
    """The motion field: a small network from time to residual pose (NeuHMR Eq. 10)."""

    width: int = setting(
        256, label="Width", low=1, high=1024, paper=1000, help="Width of the hidden layers.",
    )  # fmt: skip
    num_centers: int = setting(
        6, label="Centers", low=1, high=200, paper=100,
        help="Least number of radial basis functions over the clip.",
    )  # fmt: skip
    frames_per_center: float = setting(
        6.0, label="Frames per center", unit="frames", high=60.0, paper=0.0,
        help="One center for so many frames; 0 keeps the number for any length. Corrections of "
        "drafts change slowly.",
    )  # fmt: skip
    kernel: Literal["gaussian_local", "nemo_quadratic"] = setting(
        "gaussian_local", label="Kernel",
        help="A Gaussian one center spacing wide, or NeMo's published kernel, which sees no "
        "detail.",
    )  # fmt: skip
    bandwidth_spacings: float = setting(
        1.0, label="Bandwidth", low=0.01, high=5.0,
        help="Standard deviation of the Gaussian, in center spacings.",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How long, how fast, how finely."""

    epochs: int = setting(
        6, label="Epochs", low=1, high=50, flag="epochs", paper=5,
        help="Times every frame is visited.",
    )  # fmt: skip
    frames_per_step: int = setting(
        8, label="Frames per step", low=1, high=64, paper=1,
        help="Frames whose gradients are added up before the field moves.",
    )  # fmt: skip
    root_epochs: int = setting(
        0, label="Root epochs", high=50,
        help="First epochs in which only root rotation and translation move.",
    )  # fmt: skip
    learning_rate: float = setting(
        1e-3, label="Learning rate", low=1e-12, high=0.1, scale="log", flag="learning-rate",
        is_live=True, paper=1e-6,
        help="At the first step; falls along a cosine. Lower it if the poses shake.",
    )  # fmt: skip
    rate_steps: int = setting(
        0, label="Steps of the rate", high=100_000, paper=7000,
        help="The learning rate is meant for so many steps; where there are fewer, each is that "
        "much larger. NeuHMR's clips have about 1400 frames: at its rate shorter ones stay where "
        "they were.",
    )  # fmt: skip
    final_share: float = setting(
        0.1, label="Final share", high=1.0,
        help="Of the learning rate, reached at the last step.",
    )  # fmt: skip
    weight_decay: float = setting(
        1e-4, label="Weight decay", low=0.0, high=0.1, scale="log", paper=1e-2,
        help="Of the field's weights (AdamW).",
    )  # fmt: skip
    stride: int = setting(
        3, label="Stride", unit="px", low=1, high=16, paper=1,
        help="Rays are cast at every so many pixels of each axis, with a new random offset each "
        "time.",
    )  # fmt: skip
    fine_epochs: int = setting(
        1, label="Fine epochs", high=50, paper=0,
        help="Last epochs, with rays at every fine_stride-th pixel.",
    )  # fmt: skip
    fine_stride: int = setting(
        2, label="Fine stride", unit="px", low=1, high=16, paper=1,
        help="Pixels between rays in the fine epochs.",
    )  # fmt: skip
    chunk_rays: int = setting(
        12000, label="Rays at once", low=1, high=200_000, scale="log",
        help="More rays than this are rendered twice, in chunks, so that memory stays flat.",
    )  # fmt: skip
    gradient_norm_interval: int = setting(
        10, label="Gradient interval", unit="steps", low=1, high=1000, scale="log",
        help="Steps between measurements of each term's gradient; they cost a second backward "
        "pass.",
    )  # fmt: skip

    @property
    def final_learning_rate(self) -> float:
        """Reached at the last step."""
        return self.learning_rate * self.final_share
