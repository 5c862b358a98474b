"""Files of known motions in the layouts of tools: keys, shapes, types and containers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from tests.formats.reading.containers import (
    write_joblib,
    write_object_npy,
    write_object_npz,
    write_pickle,
    write_torch,
)
from tests.formats.reading.known import (
    HEIGHT,
    WIDTH,
    Known,
    camera_path,
    inverse,
    matrices,
)

F = np.float32
DIAGONAL = float(np.hypot(HEIGHT, WIDTH))
PHALP_FOCAL = 5000.0 / 256.0 * WIDTH
FRAMES = 12


def phalp_frame(frame: int, tracks: list[dict[str, Any]]) -> dict[str, Any]:
    """One frame's parallel lists; each track has tid, row, known, tracked_time."""
    lists: dict[str, Any] = {
        "time": frame, "shot": 0, "frame_path": f"outputs/_DEMO/a/img/{frame + 1:06d}.jpg",
        "tid": [], "bbox": [], "tracked_time": [], "size": [], "scale": [], "smpl": [],
        "camera": [], "camera_bbox": [], "conf": [], "mask": [], "tracked_ids": [],
        "3d_joints": [], "2d_joints": [],
    }  # fmt: skip
    for track in tracks:
        known, row = track["known"], track["row"]
        rotmats = known.rotmats[row].astype(F)
        lists["tid"].append(track["tid"])
        lists["bbox"].append(np.array([100.0, 50.0, 80.0, 200.0], F))
        lists["tracked_time"].append(track["tracked_time"])
        lists["size"].append([HEIGHT, WIDTH])
        lists["scale"].append(200.0 / WIDTH)
        lists["smpl"].append({
            "global_orient": rotmats[:1], "body_pose": rotmats[1:], "betas": known.betas.astype(F)
        })  # fmt: skip
        lists["camera"].append(known.transl[row].astype(F))
        lists["camera_bbox"].append(np.array([0.9, 0.0, 0.1], F))
        lists["conf"].append(0.9)
        lists["mask"].append([{"size": [HEIGHT, WIDTH], "counts": "abc"}])
        lists["3d_joints"].append(np.zeros((45, 3), F))
        lists["2d_joints"].append(np.zeros(90, F))
        if not track["tracked_time"]:
            lists["tracked_ids"].append(track["tid"])
    return lists


def write_phalp(folder: Path, known: Known) -> Path:
    """One person of everybody's frames, alone in the clip."""
    rows = {int(frame): row for row, frame in enumerate(known.frames)}
    tree = {}
    for frame in range(max(rows) + 1):
        tracks = []
        if frame in rows:
            tracks = [{"tid": 1, "known": known, "row": rows[frame], "tracked_time": 0}]
        lists = phalp_frame(frame, tracks)
        tree[lists["frame_path"]] = lists
    return write_joblib(folder / "demo_a.pkl", tree, compress=True)


def mid_hip_offset(known: Known) -> np.ndarray:
    """From the pelvis to the middle of the hips' joints, in each row's root orientation."""
    import torch

    from tests.formats.reading.known import BODY

    rest = BODY.with_shape(torch.from_numpy(known.betas).float()).joints_rest.numpy()
    return rest[1:3].mean(axis=0) - rest[0]


def wham_track(known: Known) -> dict[str, Any]:
    world = known.in_world(camera_path(len(known.frames)))
    pelvis = known.pelvis_at_rest + world.transl
    mid_hip = pelvis + (matrices(world.orient) @ mid_hip_offset(known))
    rows = len(known.frames)
    return {
        "pose": known.poses.astype(F),
        "trans": known.transl.astype(F),
        "pose_world": world.poses.astype(F),
        "trans_world": mid_hip.astype(F),
        "betas": np.tile(known.betas, (rows, 1)).astype(F),
        "verts": np.zeros((rows, 5, 3), F),
        "frame_ids": known.frames,
    }


def write_wham(folder: Path, known: Known) -> Path:
    return write_joblib(folder / "wham_output.pkl", {0: wham_track(known)})


def write_wham_api(folder: Path, known: Known) -> Path:
    demo = wham_track(known)
    rows = len(known.frames)
    world = matrices(demo["pose_world"][:, :3].astype(float))
    track = {
        "poses_body": known.rotmats[:, 1:].astype(F),
        "poses_root_cam": known.rotmats[:, :1].astype(F),
        "betas": demo["betas"],
        "verts_cam": np.zeros((rows, 5, 3), F),
        "poses_root_world": world[:, None].astype(F),
        "trans_world": demo["trans_world"],
        "frame_id": known.frames,
    }
    return write_joblib(folder / "results.pkl", {0: track})


def gvhmr_tree(known: Known) -> dict[str, Any]:
    world = known.in_world(camera_path(len(known.frames)))
    rows = len(known.frames)

    def parameters(at: Known) -> dict[str, Any]:
        return {
            "body_pose": at.body_pose[:, :63].astype(F),
            "betas": np.tile(at.betas, (rows, 1)).astype(F),
            "global_orient": at.orient.astype(F),
            "transl": at.transl.astype(F),
        }

    K = np.array([[DIAGONAL, 0, WIDTH / 2], [0, DIAGONAL, HEIGHT / 2], [0, 0, 1]], F)
    return {
        "smpl_params_global": parameters(world),
        "smpl_params_incam": parameters(known),
        "K_fullimg": np.tile(K, (rows, 1, 1)),
        "net_outputs": {"pred_x": np.zeros((1, rows, 4), F)},
    }


def write_gvhmr(folder: Path, known: Known) -> Path:
    return write_torch(folder / "hmr4d_results.pt", gvhmr_tree(known))


def write_gvhmr_npz(folder: Path, known: Known) -> Path:
    tree = gvhmr_tree(known)
    flat = {
        f"{part}__{key}": value
        for part in ("smpl_params_global", "smpl_params_incam")
        for key, value in tree[part].items()
    }
    np.savez(folder / "gvhmr.npz", K_fullimg=tree["K_fullimg"], **flat)
    return folder / "gvhmr.npz"


def write_tram(folder: Path, known: Known) -> Path:
    """The folder."""
    (folder / "hps").mkdir()
    cameras = inverse(camera_path(FRAMES)).astype(F)
    # The person's cameras are those of the frames that they are in.
    write_object_npy(folder / "camera.npy", {
        "pred_cam_R": cameras[:, :3, :3], "pred_cam_T": cameras[:, :3, 3],
        "world_cam_R": cameras[:, :3, :3],
        "world_cam_T": cameras[:, :3, 3],
        "img_focal": 1400.0, "img_center": np.array([WIDTH / 2, HEIGHT / 2]), "spec_focal": 1300.0,
    })  # fmt: skip
    rows = len(known.frames)
    write_object_npy(folder / "hps" / "hps_track_0.npy", {
        "pred_cam": np.zeros((rows, 3), F), "pred_pose": np.zeros((rows, 144), F),
        "pred_shape": np.tile(known.betas, (rows, 1)).astype(F),
        "pred_rotmat": known.rotmats.astype(F),
        "pred_trans": known.transl[:, None].astype(F),
        "frame": known.frames,
    })  # fmt: skip
    write_object_npy(folder / "tracks.npy", {5: []})
    return folder


def write_slahmr(folder: Path, known: Known, others: tuple[Known, ...] = ()) -> Path:
    """A run's folder with an earlier stage and an earlier iteration, which must not be taken."""
    people = (known, *others)
    transforms = camera_path(len(known.frames), "-y")
    worlds = [person.in_world(transforms) for person in people]
    rows = len(known.frames)
    arrays = {
        "trans": np.stack([world.transl for world in worlds]).astype(F),
        "root_orient": np.stack([world.orient for world in worlds]).astype(F),
        "pose_body": np.stack([world.body_pose[:, :63] for world in worlds]).astype(F),
        "betas": np.stack([np.append(world.betas, np.full(6, 0.5)) for world in worlds]).astype(F),
        "latent_pose": np.zeros((len(people), 1, 32), F),
        "cam_R": np.tile(transforms[:, :3, :3], (len(people), 1, 1, 1)).astype(F),
        "cam_t": np.tile(transforms[:, :3, 3], (len(people), 1, 1)).astype(F),
        "intrins": np.array([1000, 1000, WIDTH / 2, HEIGHT / 2], F),
        "world_scale": np.ones((1, 1), F),
        "floor_plane": np.array([[0, -1, 0]], F),
    }
    for stage, iteration, scale in (
        ("root_fit", 90, 0.0), ("motion_chunks", 20, 0.0), ("motion_chunks", 60, 1.0)
    ):  # fmt: skip
        (folder / stage).mkdir(exist_ok=True)
        name = folder / stage / f"a_{iteration:06d}_world_results.npz"
        np.savez(name, **(arrays | {"trans": scale * arrays["trans"]}))
    tracks = {
        f"{7 + i:03d}": {"index": i, "vis_mask": [True] * 2 + [False] + [True] * (rows + 1)}
        for i in range(len(people))
    }
    meta = {"seq_interval": [0, rows], "data_interval": [0, rows]}
    (folder / "track_info.json").write_text(json.dumps({"tracks": tracks, "meta": meta}))
    return folder


def write_glamr(folder: Path, known: Known) -> Path:
    transforms = camera_path(len(known.frames), "+z")
    world, rows = known.in_world(transforms), len(known.frames)
    seen = np.arange(rows) != 2
    K = np.tile([[1000.0, 0, WIDTH / 2], [0, 1000.0, HEIGHT / 2], [0, 0, 1]], (rows, 1, 1))
    K[~seen] = 0.0
    person = {
        "smpl_pose": known.body_pose.astype(F),
        "smpl_beta": np.tile(known.betas, (rows, 1)).astype(F),
        "smpl_orient_world": world.orient.astype(F),
        "smpl_orient_cam": known.orient.astype(F),
        "root_trans_world": (world.transl + known.pelvis_at_rest).astype(F),
        "root_trans_cam": (known.transl + known.pelvis_at_rest).astype(F),
        "kp_2d": np.zeros((rows, 26, 2), F), "kp_2d_score": np.ones((rows, 26), F),
        "cam_K": K.astype(F), "visible": seen.astype(F), "vis_frames": seen,
        "invis_frames": ~seen, "exist_frames": np.ones(rows, bool), "scale": None,
        "fr_start": 0, "fr_end": rows,
    }  # fmt: skip
    tree = {
        "seq_name": "a", "person_data": {0: person}, "seq_len": rows,
        "cam_pose": transforms.astype(F), "cam_pose_inv": inverse(transforms).astype(F),
        "gt": {}, "gt_meta": {}, "meta": {"num_fr": rows},
    }  # fmt: skip
    return write_pickle(folder / "a_seed1.pkl", tree)


def write_glamr_start(folder: Path, known: Known) -> Path:
    rows = len(known.frames)
    K = np.array([[1000.0, 0, WIDTH / 2], [0, 1000.0, HEIGHT / 2], [0, 0, 1]])
    person = {
        "smpl_pose_quat_wroot": known.rotmats.reshape(rows, 54, 4).astype(F),
        "smpl_beta": np.tile(known.betas, (rows, 1)).astype(F),
        "root_trans": (known.transl + known.pelvis_at_rest).astype(F),
        "kp_2d": np.zeros((rows, 29, 2), F),
        "cam_K": np.tile(K, (rows, 1, 1)).astype(F),
        "frames": known.frames,
        "frame2ind": {int(frame): i for i, frame in enumerate(known.frames)},
        "bboxes_dict": {"exist": np.ones(rows), "bbox": np.zeros((rows, 4))},
    }
    return write_pickle(folder / "pose.pkl", {1: person})


def write_prompthmr(folder: Path, known: Known) -> Path:
    transforms = camera_path(FRAMES)
    at = transforms[known.frames]
    world, rows = known.in_world(at), len(known.frames)
    hands = np.tile(np.eye(3), (rows, 31, 1, 1))
    rotmat = np.concatenate([known.rotmats[:, :22], hands, hands[:, :2]], axis=1)
    pose75 = np.hstack([known.poses[:, :66], np.zeros((rows, 9))])
    pose165 = np.hstack([world.poses[:, :66], np.zeros((rows, 99))])
    betas = np.tile(known.betas, (rows, 1)).astype(F)
    camera = {"img_focal": 1500.0, "img_center": np.array([WIDTH / 2, HEIGHT / 2], F)}
    person = {
        "frames": known.frames,
        "bboxes": np.tile([10.0, 20, 110, 220], (rows, 1)).astype(F),
        "track_id": 1,
        "detected": np.arange(rows) != 1,
        "smplx_cam": {
            "rotmat": rotmat.astype(F), "pose": pose75.astype(F), "shape": betas,
            "trans": known.transl.astype(F), "contact": np.zeros((rows, 6), F),
        },
        "smplx_world": {
            "pose": pose165.astype(F), "shape": betas, "trans": world.transl.astype(F)
        },
    }  # fmt: skip
    back = inverse(transforms)
    tree = {
        "camera": camera | {"pred_cam_R": back[:, :3, :3], "pred_cam_T": back[:, :3, 3]},
        "camera_world": camera | {
            "Rwc": back[:, :3, :3].astype(F), "Twc": back[:, :3, 3].astype(F),
            "Rcw": transforms[:, :3, :3].astype(F), "Tcw": transforms[:, :3, 3].astype(F),
        },
        "people": {1: person}, "contact_joint_ids": [7, 10], "has_tracks": True,
    }  # fmt: skip
    return write_joblib(folder / "results.pkl", tree)


def write_romp(folder: Path, known: Known) -> Path:
    frames = {
        f"{frame + 1:08d}.png": {
            "smpl_thetas": known.poses[row][None].astype(F),
            "smpl_betas": known.betas[None].astype(F),
            "cam": np.array([[0.8, 0.1, 0.1]], F),
            "cam_trans": known.transl[row][None].astype(F),
            "track_ids": np.array([4], np.int32),
        }
        for row, frame in enumerate(known.frames)
    }
    return write_object_npz(folder / "video_results.npz", results=frames, sequence_results={})


def write_hybrik(folder: Path, known: Known) -> Path:
    rows = len(known.frames)
    hips = known.pelvis_at_rest + known.transl + matrices(known.orient) @ mid_hip_offset(known)
    tree = {
        "pred_uvd": np.zeros((rows, 29, 3), F), "pred_scores": np.ones((rows, 29), F),
        "pred_camera": np.ones((rows, 1), F),
        "pred_betas": np.tile(known.betas, (rows, 1)).astype(F),
        "pred_thetas": known.rotmats.reshape(rows, 216).astype(F),
        "pred_phi": np.zeros((rows, 23, 2), F), "pred_cam_root": np.zeros((rows, 3), F),
        "transl": hips.astype(F), "transl_camsys": hips.astype(F),
        "bbox": np.tile([100.0, 50, 356, 306], (rows, 1)).astype(F),
        "height": np.full(rows, HEIGHT), "width": np.full(rows, WIDTH),
        "img_path": np.array([f"res_images/{frame + 1:06d}.jpg" for frame in known.frames]),
    }  # fmt: skip
    return write_pickle(folder / "res.pk", tree)


def vibe_track(known: Known, f: float = DIAGONAL) -> dict[str, Any]:
    """Cameras of crops that give the known translations back, worked from the rule's inverse."""
    rows = len(known.frames)
    box = np.tile([500.0, 400.0, 200.0, 200.0], (rows, 1))
    side = 1.1 * 200.0
    scale = 2 * f / (side * known.transl[:, 2])
    shift = 2 * (box[:, :2] - [WIDTH / 2, HEIGHT / 2]) / (side * scale)[:, None]
    pred = np.column_stack([scale, known.transl[:, :2] - shift])
    sx, sy = scale * 200.0 / WIDTH, scale * 200.0 / HEIGHT
    orig = np.column_stack([sx, sy, pred[:, 1] + (500 - WIDTH / 2) / (WIDTH / 2 * sx),
                            pred[:, 2] + (400 - HEIGHT / 2) / (HEIGHT / 2 * sy)])  # fmt: skip
    return {
        "pred_cam": pred.astype(F), "orig_cam": orig.astype(F),
        "verts": np.zeros((rows, 5, 3), F), "pose": known.poses.astype(F),
        "betas": np.tile(known.betas, (rows, 1)).astype(F),
        "joints3d": np.zeros((rows, 49, 3), F), "joints2d": None,
        "joints2d_img_coord": np.zeros((rows, 49, 2), F), "bboxes": box.astype(F),
        "frame_ids": known.frames,
    }  # fmt: skip


def write_vibe(folder: Path, known: Known) -> Path:
    return write_joblib(folder / "vibe_output.pkl", {1: vibe_track(known)})


def write_3dpw(folder: Path, known: Known, others: tuple[Known, ...] = ()) -> Path:
    transforms = camera_path(len(known.frames))
    people = (known, *others)
    worlds = [person.in_world(transforms) for person in people]
    rows = len(known.frames)
    valid = np.ones(rows, int)
    valid[3] = 0
    tree = {
        "sequence": "a", "genders": ["m"] * len(people), "poses": [w.poses for w in worlds],
        "trans": [w.transl for w in worlds], "betas": [np.append(w.betas, 0.0) for w in worlds],
        "poses2d": [np.zeros((rows, 3, 18)) for _ in people], "cam_poses": transforms,
        "cam_intrinsics": np.array([[1961.85, 0, 540], [0, 1969.23, 960], [0, 0, 1]]),
        "img_frame_ids": np.arange(rows), "campose_valid": [valid for _ in people],
    }  # fmt: skip
    return write_pickle(folder / "a.pkl", tree, protocol=2)


def write_emdb(folder: Path, known: Known) -> Path:
    transforms = camera_path(len(known.frames))
    world, rows = known.in_world(transforms), len(known.frames)
    good = np.ones(rows, bool)
    good[0] = False
    tree = {
        "gender": "female", "name": "P1_14_a", "emdb1": True, "emdb2": False, "n_frames": rows,
        "good_frames_mask": good,
        "camera": {
            "intrinsics": np.array([[1450.0, 0, 720], [0, 1450.0, 960], [0, 0, 1]]),
            "extrinsics": transforms, "width": 1440, "height": 1920,
        },
        "smpl": {
            "poses_root": world.orient, "poses_body": world.body_pose, "trans": world.transl,
            "betas": known.betas,
        },
        "kp2d": np.zeros((rows, 24, 2)),
        "bboxes": {"bboxes": np.tile([0.0, 0, 9, 9], (rows, 1)), "invalid_idxs": np.array([0])},
    }  # fmt: skip
    return write_pickle(folder / "P1_14_a_data.pkl", tree)


def write_amass(folder: Path, known: Known, width: int = 156, fps: float = 30.0) -> Path:
    """In the upright world whose camera looks along y: x right, z up."""
    towards_camera = np.tile(np.eye(4), (len(known.frames), 1, 1))
    towards_camera[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    world = known.in_world(towards_camera)
    poses = np.zeros((len(known.frames), width))
    poses[:, :66] = world.poses[:, :66]
    poses[:, 66:] = 0.1
    rate = "mocap_framerate" if width == 156 else "mocap_frame_rate"
    more: dict[str, Any] = {"dmpls": np.zeros((len(poses), 8))}
    if width == 165:
        more = {
            "surface_model_type": "smplx",
            "mocap_time_length": 2.0,
            "root_orient": poses[:, :3],
        }
    np.savez(
        folder / "a_poses.npz", poses=poses, trans=world.transl, gender=np.array("neutral"),
        betas=np.append(known.betas, np.zeros(6)), **{rate: np.array(fps)}, **more,
    )  # fmt: skip
    return folder / "a_poses.npz"


def write_amass_smplx(folder: Path, known: Known) -> Path:
    return write_amass(folder, known, width=165)


def write_instant_avatar(folder: Path, known: Known) -> Path:
    np.savez(
        folder / "poses.npz", betas=known.betas[None].astype(F),
        global_orient=known.orient.astype(F), body_pose=known.body_pose.astype(F),
        transl=known.transl.astype(F),
    )  # fmt: skip
    return folder / "poses.npz"


def write_gaussian_avatar(folder: Path, known: Known) -> Path:
    tree = {"beta": known.betas[None].astype(F), "body_pose": known.poses.astype(F),
            "trans": known.transl.astype(F)}  # fmt: skip
    return write_torch(folder / "smpl_parms.pth", tree)


def write_aitviewer(folder: Path, known: Known) -> Path:
    np.savez(
        folder / "ait.npz", poses_body=known.body_pose, poses_root=known.orient,
        betas=known.betas[None], trans=known.transl,
    )  # fmt: skip
    return folder / "ait.npz"


def write_easymocap(folder: Path, known: Known) -> Path:
    """V = R(Rh) SMPL(poses) + Th, so Th = transl + j - R j; three decimals, as it writes them."""
    (folder / "smpl").mkdir()
    R, pelvis = matrices(known.orient), known.pelvis_at_rest
    Th = known.transl + pelvis - R @ pelvis
    for row, frame in enumerate(known.frames):
        person = {
            "id": 0, "Rh": [known.orient[row].tolist()], "Th": [Th[row].tolist()],
            "poses": [[0.0, 0.0, 0.0, *known.body_pose[row].tolist()]],
            "shapes": [known.betas.tolist()],
        }  # fmt: skip
        text = json.dumps([person])
        (folder / "smpl" / f"{frame:06d}.json").write_text(text)
    return folder


def write_zju(folder: Path, known: Known) -> Path:
    """In the calibration's world, z up."""
    (folder / "new_params").mkdir()
    towards_camera = np.tile(np.eye(4), (len(known.frames), 1, 1))
    towards_camera[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    world = known.in_world(towards_camera)
    R, pelvis = matrices(world.orient), known.pelvis_at_rest
    Th = world.transl + pelvis - R @ pelvis
    for row, frame in enumerate(known.frames):
        poses = np.concatenate([np.zeros(3), known.body_pose[row]])
        write_object_npy(folder / "new_params" / f"{frame}.npy", {
            "Rh": world.orient[row : row + 1].astype(F), "Th": Th[row : row + 1].astype(F),
            "poses": poses[None].astype(F), "shapes": known.betas[None].astype(F),
        })  # fmt: skip
    return folder


def write_scorehmr(folder: Path, known: Known) -> Path:
    track = folder / "track_preds" / "a" / "001"
    track.mkdir(parents=True)
    for row, frame in enumerate(known.frames):
        text = json.dumps({
            "betas": known.betas.tolist(),
            "body_pose": known.body_pose[row].reshape(23, 3).tolist(),
            "global_orient": known.orient[row].tolist(),
            "cam_trans": known.transl[row].tolist(),
        })  # fmt: skip
        (track / f"{frame + 1:06d}_smpl.json").write_text(text)
        (track / f"{frame + 1:06d}_keypoints.json").write_text('{"people": []}')
    return folder / "track_preds" / "a"


def smplifyx_person(known: Known, row: int, numbers: int = 63) -> dict[str, Any]:
    """The body stands at the origin; the camera's rotation and translation move it."""
    pelvis = known.pelvis_at_rest
    turn = Rotation.from_rotvec([0.1, -0.2, 0.05]).as_matrix()
    orient = Rotation.from_matrix(turn.T @ matrices(known.orient[row])).as_rotvec()
    # turn (j + 0) + t = j + transl.
    shift = pelvis + known.transl[row] - turn @ pelvis
    return {
        "camera_rotation": turn[None].astype(F), "camera_translation": shift[None].astype(F),
        "betas": known.betas[None].astype(F), "global_orient": orient[None].astype(F),
        "body_pose": known.body_pose[row, :numbers][None].astype(F),
        "left_hand_pose": np.zeros((1, 12), F), "right_hand_pose": np.zeros((1, 12), F),
        "jaw_pose": np.zeros((1, 3), F), "leye_pose": np.zeros((1, 3), F),
        "reye_pose": np.zeros((1, 3), F), "expression": np.zeros((1, 10), F),
    }  # fmt: skip


def write_smplifyx(folder: Path, known: Known, numbers: int = 63) -> Path:
    for row, frame in enumerate(known.frames):
        image = folder / "results" / f"img_{frame + 1:04d}"
        image.mkdir(parents=True)
        write_pickle(image / "000.pkl", smplifyx_person(known, row, numbers), protocol=2)
    return folder


def write_aist(folder: Path, known: Known) -> Path:
    """In a world with y up, scaled by 98; the body is SMPL's mean one."""
    towards_camera = np.tile(np.diag([1.0, -1.0, -1.0, 1.0]), (len(known.frames), 1, 1))
    world = known.in_world(towards_camera)
    tree = {"smpl_poses": world.poses.astype(F), "smpl_scaling": np.array([98.0], F),
            "smpl_trans": (98.0 * world.transl).astype(F), "smpl_loss": 0.1}  # fmt: skip
    return write_pickle(folder / "a.pkl", tree)


def write_bare(folder: Path, known: Known) -> Path:
    """As many scripts keep them: poses and trans, and nothing else."""
    np.savez(folder / "bare.npz", poses=known.poses, trans=known.transl[:, None], betas=known.betas)
    return folder / "bare.npz"


def write_cape(folder: Path, known: Known) -> Path:
    """One frame."""
    np.savez(
        folder / "a.000001.npz", pose=known.poses[0], transl=known.transl[0], betas=known.betas,
        v_cano=np.zeros((6890, 3)), v_posed=np.zeros((6890, 3)),
    )  # fmt: skip
    return folder / "a.000001.npz"


def write_pamir(folder: Path, known: Known) -> Path:
    """One pose; the body is scaled before it is moved."""
    tree = {
        "body_pose": known.poses[:1].astype(F), "betas": known.betas[None].astype(F),
        "body_scale": np.array([[0.6]], F),
        "global_body_translation": (0.6 * known.transl[:1]).astype(F),
    }  # fmt: skip
    return write_pickle(folder / "smpl_param.pkl", tree)
