from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ghnerf.knowing import still_moment
from neuhmr.errors import CheckpointError, NeuhmrError
from neuhmr.ghnerf.network.checkpoint import save_ghnerf
from neuhmr.ghnerf.network.config import FeatureHead, ghnerf_preset
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.lab.benchmarks.ghnerf.benchmark import (
    GhnerfBenchmarkConfig,
    measure_ghnerf,
    row_figures,
    subject_of,
)
from neuhmr.lab.benchmarks.ghnerf.features import PartCount, no_parts
from neuhmr.lab.benchmarks.ghnerf.paper import PAPER_TABLES
from neuhmr.lab.benchmarks.ghnerf.rows import (
    ROWS,
    open_rows,
    parse_checkpoints,
    require_rows,
    row_of,
)
from neuhmr.lab.benchmarks.ghnerf.scores import MeasureConfig, MomentScores
from neuhmr.lab.benchmarks.ghnerf.tables import ghnerf_markdown
from neuhmr.lab.metrics.pck import KeypointCount

CPU = torch.device("cpu")


def counted(correct: int, total: int) -> KeypointCount:
    first = torch.eye(25, dtype=torch.int64)[0]
    return KeypointCount(correct * first, total * first)


def test_people_weigh_the_same_whatever_their_pictures() -> None:
    # One person has 3 pictures of 30 dB and PCK 1/2, another 1 of 20 dB and PCK 1.
    many = MomentScores(psnr_db=[30.0] * 3, keypoints=counted(2, 4))
    one = MomentScores(psnr_db=[20.0], keypoints=counted(1, 1))
    figures = row_figures([[many], [one]], seed=0)
    assert figures["psnr_db"] == 25.0
    assert figures["pck"] == 0.75
    assert figures["psnr_db_ci"] == [20.0, 30.0]
    assert figures["lpips"] is None


def test_speed_leaves_the_first_picture_out() -> None:
    scores = MomentScores(encode_s=[9.0, 0.1, 0.1], render_s=[9.0, 0.4, 0.4])
    figures = row_figures([[scores]], seed=0)
    assert figures["frames_per_s"] == pytest.approx(2.0)
    assert figures["frames_per_s_cached"] == pytest.approx(2.5)


def test_space_tells_distances_and_what_was_found() -> None:
    scores = MomentScores(volume_mm=[10.0, 20.0, 60.0], points=4)
    figures = row_figures([[scores]], seed=0)
    assert figures["volume_mm"] == 30.0
    assert figures["volume_median_mm"] == 20.0
    assert figures["volume_found"] == 0.75
    assert figures["triangulated_found"] == 0.0


def test_parts_are_counted_and_embeddings_averaged_per_person() -> None:
    # One person's pixels: 3 of 4 are right in all, of the parts 3/4 and 0. The other's are right.
    parts = torch.zeros(3, 14, dtype=torch.int64)
    parts[:, 0] = torch.tensor([4, 3, 3])
    parts[1, 1] = 1
    right = PartCount(*torch.eye(14, dtype=torch.int64)[[2, 2, 2]])
    none = no_parts()
    many = [
        MomentScores(parts=PartCount(*parts), embedding_mm=[10.0, 30.0]),
        MomentScores(parts=none, embedding_mm=[50.0]),
    ]
    figures = row_figures([many, [MomentScores(parts=right, embedding_mm=[90.0])]], seed=0)
    assert figures["parts_accuracy"] == pytest.approx((3 / 4 + 1) / 2)
    assert figures["parts_iou"] == pytest.approx((3 / 8 + 1) / 2)
    assert figures["embedding_mm"] == pytest.approx((30.0 + 90.0) / 2)
    assert figures["parts_iou_per_part"]["left_upper_arm"] == 1.0  # pyright: ignore
    assert row_figures([[MomentScores()]], seed=0)["parts_iou"] is None


def test_other_features_have_a_table_where_somebody_has_them() -> None:
    seen = {"method": "GHNeRF+DINO", "parts_iou": 0.5, "parts_accuracy": 2 / 3, "embedding_mm": 12}
    report = {
        "rows": [{"method": "ENeRF"}], "notes": [], "people": 1, "moments": ["a"], "sources": 3,
        "pictures_per_moment": 1, "size": 256, "device": "cpu", "threads": 1, "torch": "2",
    }  # fmt: skip
    assert "Other human features" not in ghnerf_markdown(report)
    text = ghnerf_markdown({**report, "rows": [{"method": "ENeRF"}, seen]})
    _, _, table = text.partition("### Other human features")
    assert "| GHNeRF+DINO | 0.500 | 0.667 | 12.0 |" in table
    assert "| ENeRF | – | – | – |" in table


def test_weights_without_heatmaps_can_be_measured_by_their_parts(tmp_path: Path) -> None:
    path = tmp_path / "parts.safetensors"
    config = ghnerf_preset("ghnerf_resnet18")
    parts = FeatureHead(kind="parts", channels=14)
    save_ghnerf(Ghnerf(replace(config, feature_heads=(parts,))), path, {})
    opened, _ = open_rows(("GHNeRF+ResNet18",), {"GHNeRF+ResNet18": path}, CPU)
    assert [row.checkpoint for row in opened] == ["parts.safetensors"]
    save_ghnerf(Ghnerf(replace(config, feature_heads=())), path, {})
    with pytest.raises(CheckpointError, match="renders no human features"):
        open_rows(("GHNeRF+ResNet18",), {"GHNeRF+ResNet18": path}, CPU)


def test_moments_of_a_person_belong_together() -> None:
    assert subject_of(still_moment("person_20000003_1")) == "person_20000003"


@pytest.mark.parametrize("name", ["enerf", "enerf_heatmap", "ghnerf_resnet18"])
def test_a_configuration_tells_its_row(name: str) -> None:
    expected = {"enerf": "ENeRF", "enerf_heatmap": "ENeRF+heatmap",
                "ghnerf_resnet18": "GHNeRF+ResNet18"}  # fmt: skip
    assert row_of(ghnerf_preset(name)) == expected[name]  # pyright: ignore[reportArgumentType]


def test_wrong_words_are_refused() -> None:
    with pytest.raises(NeuhmrError, match="rows are ENeRF"):
        require_rows(["enerf"])
    with pytest.raises(NeuhmrError, match="expected ROW=PATH"):
        parse_checkpoints(["weights.safetensors"])
    with pytest.raises(NeuhmrError, match="names no weights"):
        parse_checkpoints(["MediaPipe=a.safetensors"])
    assert parse_checkpoints(["ENeRF=a=b"]) == {"ENeRF": Path("a=b")}
    assert require_rows(()) == ROWS


def test_rows_without_weights_say_so(tmp_path: Path) -> None:
    opened, notes = open_rows(("GHNeRF+DINO", "MediaPipe"), {}, CPU)
    assert opened == []
    assert len(notes) == 1
    assert notes[0].startswith("GHNeRF+DINO is left out")


def test_weights_of_another_row_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "enerf.safetensors"
    save_ghnerf(Ghnerf(ghnerf_preset("enerf")), path, {})
    with pytest.raises(CheckpointError, match=r"holds weights of ENeRF, those of ENeRF\+heatmap"):
        open_rows(("ENeRF+heatmap",), {"ENeRF+heatmap": path}, CPU)


def test_a_report_becomes_tables_with_the_papers_figures_beside(tmp_path: Path) -> None:
    path = tmp_path / "enerf.safetensors"
    save_ghnerf(Ghnerf(ghnerf_preset("enerf")), path, {})
    config = GhnerfBenchmarkConfig(
        rows=("ENeRF", "ENeRF+heatmap", "zero predictor"),
        checkpoints={"ENeRF": path},
        measure=MeasureConfig(targets=1),
    )
    report = measure_ghnerf(config, [still_moment()])
    first, zero = report["rows"]  # pyright: ignore[reportGeneralTypeIssues, reportAssignmentType]
    assert (first["method"], first["checkpoint"]) == ("ENeRF", "enerf.safetensors")
    assert first["psnr_db"] > 0
    assert first["heatmap_mse"] is None
    assert zero["heatmap_mse"] == zero["zero_mse"]
    text = ghnerf_markdown(report)
    assert f"| ENeRF (ENeRF) | 31.48 / {first['psnr_db']:.2f} |" in text
    assert "ENeRF+heatmap is left out" in text
    assert all(f"{title}:" in text for title in PAPER_TABLES)
