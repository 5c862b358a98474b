"""Tests of neuhmr.files.loading."""

import bz2
import collections
import gzip
import io
import json
import lzma
import os
import pathlib
import pickle
import resource
import subprocess
import sys
import time
import zipfile
import zlib

import numpy as np
import pytest
import torch

from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data

POSES = {
    "1": {"pose": np.arange(6.0).reshape(2, 3), "frames": [0, 1], "name": "a"},
    (2, "b"): np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
}


def same(first, second):
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[k], second[k]) for k in first)
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return type(first) is type(second) and first == second


@pytest.fixture
def loaded(tmp_path):
    def load(content, **options):
        path = tmp_path / "file.of_any_name"
        path.write_bytes(content)
        return load_data(path, PoseFileError, **options)

    return load


@pytest.fixture
def refused(loaded):
    """Load what must be refused: at once, in little memory, with one sentence."""

    def load(content, **options):
        start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(PoseFileError) as caught:
            loaded(content, **options)
        assert time.process_time() - start < 6.0
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 900e3
        message = str(caught.value)
        assert "file.of_any_name" in message and message.endswith(".")
        assert message.count(". ") == 0, f"not one sentence: {message}"
        return message

    return load


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_pickles_are_read_however_they_are_packed(loaded, protocol, pack):
    assert same(loaded(pack(pickle.dumps(POSES, protocol=protocol))), POSES)


def test_packed_parts_may_be_chained(loaded):
    data = pickle.dumps(POSES)
    assert same(loaded(gzip.compress(data[:50]) + gzip.compress(data[50:])), POSES)


def saved(save, *arguments, **options):
    stream = io.BytesIO()
    save(stream, *arguments, **options)
    return stream.getvalue()


def test_npz_and_npy_are_read_with_objects_in_them(loaded):
    table = np.array([[1, "a"], [None, np.ones(2)]], dtype=object)
    data = loaded(saved(np.savez_compressed, a=POSES["1"]["pose"], d=np.array(POSES), t=table))
    assert same(data["d"], POSES) and same(data["a"], POSES["1"]["pose"])
    assert data["t"].shape == (2, 2) and data["t"][0, 1] == "a"
    assert same(loaded(saved(np.save, np.array(POSES))), POSES)
    assert same(loaded(saved(np.save, POSES[2, "b"])), POSES[2, "b"])


@pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool]
)
def test_torch_files_become_arrays_without_torch(loaded, is_zip, dtype):
    whole = torch.arange(24).reshape(4, 6).to(dtype)
    content = {
        "whole": whole,
        "part": whole[1:3, ::2],
        "turned": whole.T,
        "wide": whole[0, :1].expand(5, 1),
        "empty": whole[:0],
        "size": whole.shape,
        "device": whole.device,
    }
    data = loaded(saved(lambda f: torch.save(content, f, _use_new_zipfile_serialization=is_zip)))
    for key in ("whole", "part", "turned", "wide", "empty"):
        expected = content[key].float() if dtype == torch.bfloat16 else content[key]
        assert same(data[key], expected.numpy()), key
    assert data["size"] == (4, 6) and data["device"] == "cpu"


def test_parameters_and_state_dicts_become_arrays(loaded):
    layer = torch.nn.Linear(3, 2)
    parameter = {"p": torch.nn.Parameter(torch.ones(2)), **layer.state_dict()}
    data = loaded(saved(lambda f: torch.save(parameter, f)))
    assert same(data["weight"], layer.weight.detach().numpy()) and data["p"].tolist() == [1, 1]


def test_tensors_in_plain_pickles_become_arrays(loaded):
    content = {"pose": torch.arange(6.0).reshape(2, 3)[:, 1:]}
    assert loaded(pickle.dumps(content))["pose"].tolist() == [[1.0, 2.0], [4.0, 5.0]]
    assert loaded(saved(np.save, np.array(content)))["pose"].tolist() == [[1.0, 2.0], [4.0, 5.0]]


def test_paths_become_text_and_special_dictionaries_plain_ones(loaded):
    content = collections.defaultdict(dict, {"at": pathlib.PurePosixPath("/a/b")})
    data = loaded(pickle.dumps([content, collections.OrderedDict(b=1)]))
    assert data == [{"at": "/a/b"}, {"b": 1}] and {type(each) for each in data} == {dict}


def test_json_is_read_with_numbers_that_are_not_finite(loaded):
    assert loaded(b'\xef\xbb\xbf {"a": [1, 2.5, NaN]}')["a"][:2] == [1, 2.5]
    assert loaded(gzip.compress(json.dumps([{"a": 1}]).encode())) == [{"a": 1}]


LONG_RUNS = """
import resource, sys
from pathlib import Path
from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data
for data in (b"}" * 10**7, b"\\x8f" * 10**7, b"N\\x94" * 10**7, b"]" + b"\\x85" * 10**7):
    Path(sys.argv[1]).write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF)
    try:
        load_data(Path(sys.argv[1]), PoseFileError)
        sys.exit("read")
    except PoseFileError:
        after = resource.getrusage(resource.RUSAGE_SELF)
    # Unlike ru_maxrss, this does not begin with what the process had that started this one.
    peak = next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM"))
    print(after.ru_utime - before.ru_utime, peak.split()[1])
"""


def test_pickles_of_endless_steps_end_soon(tmp_path):
    words = [sys.executable, "-c", LONG_RUNS, str(tmp_path / "a.pkl")]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    numbers = [float(number) for number in found]
    assert len(numbers) == 8
    assert max(numbers[::2]) < 9.0, "seconds"
    assert max(numbers[1::2]) < 1.1e6, "kB"


class Call:
    def __init__(self, function, *arguments):
        self.parts = function, arguments

    def __reduce__(self):
        return self.parts


def laughs(make, levels=40):
    value = make(["ha"])
    for _ in range(levels):
        value = make([value, value])
    return value


GREEDY = {
    "bytearray": lambda: Call(bytearray, 2_000_000_000),
    "bytes": lambda: Call(bytes, 2_000_000_000),
    "list": lambda: Call(list, range(100_000_000)),
    "tuple": lambda: Call(tuple, range(100_000_000)),
    "range": lambda: range(100_000_000),
    "array": lambda: Call(np.ndarray, (4_000_000_000,)),
    "repr": lambda: Call(str, [1]),
    "int": lambda: 10**400,
    "lists of lists": lambda: laughs(list),
    "tuples of tuples": lambda: laughs(tuple),
    "rows of a table": lambda: [[0] * 20_000] * 20_000,
    "tensor": lambda: Call(torch._utils._rebuild_tensor_v2, 1, 0, (2,), (1,), False, None),
}


@pytest.mark.parametrize("kind", GREEDY)
@pytest.mark.parametrize("protocol", [2, 4])
def test_pickles_that_take_far_more_than_they_hold_are_refused(refused, kind, protocol):
    refused(pickle.dumps(GREEDY[kind](), protocol=protocol))


@pytest.mark.parametrize(
    "data",
    [
        b"(" * 10_000_000,
        b"r\xff\xff\xff\xff" * 10,
        b"\x80\x04\x96" + b"\xff" * 7 + b"\x00.",
        b"\x80\x04\x95" + b"\xff" * 7 + b"\x00.",
        b"]2a.",
        b"}X\x02\x00\x00\x00ha" + b"2\x86" * 60 + b"K\x01s.",
        b"c__builtin__\ndict\n}X\x01\x00\x00\x00aK\x01s}X\x01\x00\x00\x00aK\x01s\x86b.",
        b"\x82\x01.",
    ],
    ids=["marks", "put", "bytes", "frame", "circle", "hash", "class", "extension"],
)  # fmt: skip
def test_steps_that_no_writer_takes_are_refused(refused, data):
    refused(data)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(os.system, ("true",)), (eval, ("1",)), (getattr, ([], "append")), (np.load, ("x",))],
)
def test_code_is_called_code(refused, function, arguments):
    assert "code and not data" in refused(pickle.dumps([Call(function, *arguments)]))
    assert "code and not data" in refused(
        saved(lambda f: torch.save([Call(function, *arguments)], f))
    )


def test_a_program_of_torch_is_refused(refused):
    module = torch.jit.script(torch.nn.Identity())
    assert "TorchScript" in refused(saved(lambda f: torch.jit.save(module, f)))


def npy_claiming(shape, descr="<f4", content=b""):
    stream = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + content


def zipped(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "shape", [(4_000_000_000, 72), (2,), (-1, 3), (2**70,), (True, 0, 5), (0,) * 40]
)
def test_headers_that_claim_another_size_are_refused(refused, shape):
    content = npy_claiming(shape, content=b"abcd")
    refused(content)
    refused(zipped({"poses.npy": content}))


@pytest.mark.parametrize("descr", ["|V0", "|S0", "<U0"])
def test_arrays_of_nothing_are_refused(refused, descr):
    refused(npy_claiming((2**60,), descr))


def test_bombs_are_refused(refused):
    zeros = bytes(400_000_000)
    assert "64 MiB" in refused(zipped({"a.npy": zeros}))
    for pack in (lambda d: gzip.compress(d, 1), lambda d: zlib.compress(d, 1), bz2.compress):
        assert "unpacks to more than" in refused(pack(zeros))
    assert "limit" not in refused(lzma.compress(zeros[:80_000_000], preset=0))
    assert "packed" in refused(zipped({"a.npy": zeros[:1000]}, zipfile.ZIP_BZIP2))


def test_a_file_of_many_gigabytes_is_refused(tmp_path):
    path = tmp_path / "sparse.pkl"
    with path.open("wb") as file:
        file.truncate(4 * 2**30)
    with pytest.raises(PoseFileError, match=r"holds 4 GiB, at most 1 GiB can be read"):
        load_data(path, PoseFileError)


def test_a_tensor_beyond_its_numbers_is_refused(refused):
    data = saved(lambda f: torch.save({"a": torch.ones(3)}, f))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (main,) = (name for name in members if name.endswith("data.pkl"))
    for new in (b"K\x04\x85", b"J\xff\xff\xff\x7f\x85", b"J\xff\xff\xff\xff\x85"):
        changed = members | {main: members[main].replace(b"K\x03\x85", new, 1)}
        assert changed[main] != members[main]
        refused(zipped(changed, zipfile.ZIP_STORED))


@pytest.mark.parametrize(
    "text",
    [b"[" * 200_000, b"[" * 200_000 + b"]" * 200_000, b"[" * 60 + b"]" * 60,
     b'{"K": 1' + b"0" * 400 + b"}", b'{"a": ', b'{"a": "\xff"}'],
)  # fmt: skip
def test_json_that_is_too_much_is_refused(refused, text):
    assert "JSON" in refused(text)


def test_other_files_are_named(refused):
    assert "picture (PNG)" in refused(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "lz4" in refused(b"\x04\x22\x4d\x18" + bytes(100))
    assert "zip archive without arrays" in refused(zipped({"a.txt": b"a"}))
    assert "not complete" in refused(pickle.dumps(POSES)[:-30])
    assert "ends too early" in refused(gzip.compress(pickle.dumps(POSES))[:-30])


@pytest.mark.timeout(20)
def test_pipes_and_devices_are_refused_unopened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (pathlib.Path("/dev/zero"), "a device")):
        with pytest.raises(PoseFileError, match=f"is {kind}"):
            load_data(path, PoseFileError)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").write_bytes(pickle.dumps(POSES))
    assert same(load_data(tmp_path / "link", PoseFileError), POSES)
    with pytest.raises(PoseFileError, match="does not exist"):
        load_data(tmp_path / "with a \0 in it", PoseFileError)


def test_loading_needs_no_torch():
    code = "import sys, neuhmr.files.loading; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_an_array_that_contradicts_its_bytes_is_refused(refused):
    data = pickle.dumps(np.arange(3.0), protocol=2)
    changed = data.replace(b"K\x03\x85", b"K\x04\x85")
    assert changed != data and "claims" in refused(changed)
