"""The report as Markdown."""

from neuhmr.lab.benchmarks.pose.accuracy_tables import markdown_report
from neuhmr.lab.benchmarks.pose.clip_groups import group_rows, worst_clips
from neuhmr.lab.benchmarks.pose.guard_quality import judge_guard
from neuhmr.lab.benchmarks.pose.match_distances import JointDistances, pool_matches
from neuhmr.lab.benchmarks.pose.table_rows import make_row
from tests.lab.benchmarks.made_results import result_of

BEFORE = {"a": result_of([100.0]), "b": result_of([100.0])}
AFTER = {"a": result_of([60.0], 1.5), "b": result_of([40.0], 1.5)}


def report(**changes: object) -> dict[str, object]:
    rows = [
        make_row("initial", "ray", BEFORE, BEFORE, seed=0),
        make_row("fast", "ray", BEFORE, AFTER, seed=0),
    ]
    guard = judge_guard((BEFORE[clip], AFTER[clip], AFTER[clip]) for clip in BEFORE)
    return {
        "rows": [row.as_dict() for row in rows],
        "guard": [{"method": "fast", "initial": "ray"} | guard.as_dict()],
        "groups": [],
        "worst": [],
        "ablation": [],
        "figure5": [],
        "notes": [],
        "interrupted": False,
        "clips": ["a", "b"],
        "frames_per_clip": 1,
        "weights": "0123abcd",
        "body_model": "open",
        "seed": 7,
        "threads": 2,
        "device": "cpu",
        "versions": {"python": "3.11"},
    } | changes


def cells(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_numbers_stand_in_their_columns() -> None:
    text = markdown_report(report())
    header, fast = cells(text, "method"), cells(text, "fast")
    found = dict(zip(header, fast, strict=True))
    assert found["MPJPE"] == "50.0 [40.0, 60.0]"
    assert found["drop"] == "50 % [40, 60]"
    assert found["s/frame"] == "1.50"
    assert found["frames worse"] == "0 %"


def test_initial_poses_have_no_drop() -> None:
    text = markdown_report(report())
    found = dict(zip(cells(text, "method"), cells(text, "initial"), strict=True))
    assert found["MPJPE"] == "100.0 [100.0, 100.0]"
    assert {found["drop"], found["frames worse"], found["s/frame"]} == {"–"}


def test_every_row_of_a_table_is_as_wide_as_its_head() -> None:
    tables = [line for line in markdown_report(report()).splitlines() if line.startswith("|")]
    blocks: list[list[str]] = []
    for line in tables:
        if line.startswith("| method"):
            blocks.append([])
        blocks[-1].append(line)
    for block in blocks:
        assert len({line.count("|") for line in block}) == 1, block


def test_what_it_was_measured_with_is_said() -> None:
    text = markdown_report(report(notes=["MediaPipe is missing."], interrupted=True))
    for word in ("0123abcd", "seed 7", "threads: 2", "python 3.11", "2 clips, 1 frames of each"):
        assert word in text
    assert "MediaPipe is missing." in text and "Stopped early" in text


def test_match_distances_are_pooled_over_clips() -> None:
    def joint(name: str, initial: list[float], matched: list[float]) -> JointDistances:
        return JointDistances(joint=name, initial=initial, matched=matched, detected=[], frames=4)

    first = [joint("pelvis", [4.0], [2.0]), joint("head", [], [])]
    second = [joint("pelvis", [6.0], [8.0]), joint("head", [3.0], [1.0])]
    pelvis, head, everything = pool_matches([first, second])
    assert pelvis.initial == [4.0, 6.0] and pelvis.as_dict()["nearer_share"] == 0.5
    assert head.as_dict()["matched_share"] == 1 / 8
    assert everything.joint == "all joints" and len(everything.matched) == 3
    shown = [row.as_dict() for row in (pelvis, head, everything)]
    text = markdown_report(report(figure5=[{"initial": "ray", "joints": shown}]))
    found = dict(zip(cells(text, "joint"), cells(text, "pelvis"), strict=True))
    assert found["initial"] == "5.0 / 5.0" and found["match"] == "5.0 / 5.0"
    assert found["MediaPipe"] == "–"


def test_groups_and_worst_clips_have_tables_of_their_own() -> None:
    plan = {"family": "dance", "errors": "world", "betas": "zero", "camera_path": "walking",
            "look": "cycles"}  # fmt: skip
    plans = {"a": plan, "b": plan | {"family": "floor"}}
    groups = group_rows(plans, "ray", BEFORE, {"initial": BEFORE, "fast": AFTER}, seed=0)
    worst = worst_clips(plans, "ray", "fast", BEFORE, AFTER)
    text = markdown_report(report(groups=groups, worst=worst))
    lines = [line for line in text.splitlines() if line.startswith("| floor")]
    assert "initial" in lines[0] and "| fast | 1 | 40.0 | 60 % |" in lines[1]
    assert "By camera path:" in text and "By look:" in text and "Clips that gained least:" in text
    found = dict(zip(cells(text, "clip"), cells(text, "a"), strict=True))
    assert (found["errors"], found["camera path"], found["after"]) == ("world", "walking", "60.0")
