"""What speaks for a refined pose, and what against it."""

from dataclasses import dataclass

from neuhmr.setting import setting


@dataclass(frozen=True, kw_only=True)
class GuardConfig:
    """What counts how much: a logistic regression on training and validation people.

    The trust in refinement is not part of it: most of what `fast` makes is right. It was set by
    how many good frames of validation people were given up. Changes of colors and silhouettes are
    relative to their initial means over the clip.
    """

    enabled: bool = setting(
        True, label="Guard", flag="guard",
        help="Frames that got worse go back to their initial pose.",
    )  # fmt: skip
    bias: float = setting(
        1.0, label="Trust in refinement", low=-10.0, high=10.0, paper=0.0,
        help="What speaks for the refined pose before anything was looked at.",
    )  # fmt: skip
    rgb: float = setting(
        0.5, label="Color", high=50.0, help="Per change of the color difference.",
    )  # fmt: skip
    geo: float = setting(
        4.7, label="Silhouette", high=50.0, help="Per change of the silhouette's error.",
    )  # fmt: skip
    similarity: float = setting(
        19.0, label="Similarity", high=100.0,
        help="Per change of similarity between joints and their descriptors.",
    )  # fmt: skip
    implausibility: float = setting(
        2.0, label="Unlikely posture", high=20.0,
        help="Per rise of the posture's implausibility. That it falls says nothing: it was made "
        "to.",
    )  # fmt: skip
    off_floor: float = setting(
        0.1, label="Off the floor", high=5.0,
        help="Per rise of the feet's distance from the floor; the same holds.",
    )  # fmt: skip
    smoothing_frames: float = setting(
        3.0, label="Smoothing", unit="frames", high=30.0,
        help="Standard deviation over which the votes of neighboring frames are averaged.",
    )  # fmt: skip
    stride: int = setting(
        4, label="Stride", unit="px", low=1, high=16, help="Pixels between rays.",
    )  # fmt: skip
