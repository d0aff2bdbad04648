# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is said of files that hold no data: arrays and archives, damaged in each way."""
import struct
import zipfile

import pytest

import nibble


def array(dictionary="{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data=bytes(8), magic=b"\x93NUMPY\x01\x00"):
    return magic + struct.pack("<H", len(dictionary)) + dictionary.encode() + data


def dictionary(descr="'<f4'", order="False", shape="(2,)"):
    return array(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")


def archive(folder, content=array(), method=zipfile.ZIP_STORED):
    """An archive of one array, x."""
    with zipfile.ZipFile(folder / "good.npz", "w", method) as file:
        file.writestr("x.npy", content)
    return bytearray((folder / "good.npz").read_bytes())


def patch(content, position, value):
    content[position:position + len(value)] = value
    return content


def central(content):
    return content.rindex(b"PK\x01\x02")


def refusal(paths, path, content):
    path.write_bytes(content)
    with pytest.raises(nibble.Error) as error:
        nibble.compile(paths["dense"], calibration=path)
    return str(error.value)


@pytest.mark.parametrize("content, message", [
    (dictionary(descr="[('a', '<f4')]"), "has a structured type, expected numbers"),
    (dictionary(descr="'>f4'"), "is big-endian ('>f4'), expected little-endian"),
    (dictionary(descr="'<U4'"), "has elements of type '<U4', expected bool, integers or floats of 8 to 64 bits"),
    (dictionary(shape="7"), "has no shape in its header"),
    (dictionary(shape="(two,)"), "has the extent 'two' in its shape, expected a number"),
    (dictionary(order="True"), "is in Fortran order, expected C order (numpy.ascontiguousarray makes it so)"),
    (dictionary(shape="(3,)"), "has 8 bytes of elements, expected 12 for float32[3]"),
    (b"short", "is not a numpy array: it has 5 bytes"),
    (array(magic=b"\x93NUMBY\x01\x00"), "is not a numpy array: its first bytes are not numpy's"),
    (array()[:20], "is cut off in its header"),
    (array(magic=b"\x93NUMPY\x02\x00")[:10], "is cut off in its header"),
])
def test_array(paths, tmp_path, content, message):
    assert message in refusal(paths, tmp_path / "bad.npz", archive(tmp_path, content))


@pytest.mark.parametrize("damage, message", [
    (lambda zip: patch(zip, central(zip), b"XX"), "its directory is damaged"),
    (lambda zip: patch(zip, central(zip) + 8, b"\x01"), "entry 'x.npy' is encrypted"),
    (lambda zip: patch(zip, central(zip) + 10, b"\x09"),
     "entry 'x.npy' has compression method 9, expected 0 (stored) or 8 (deflated)"),
    (lambda zip: patch(zip, central(zip) + 20, b"\xff\xff"), "entry 'x.npy' is damaged or cut off"),
])
def test_archive(paths, tmp_path, damage, message):
    assert message in refusal(paths, tmp_path / "bad.npz", damage(archive(tmp_path)))


def test_deflated(paths, tmp_path):
    content = archive(tmp_path, method=zipfile.ZIP_DEFLATED)
    start = 30 + len("x.npy")
    assert "does not inflate: its data is damaged or cut off" in refusal(
        paths, tmp_path / "bad.npz", patch(content, start, b"\xff" * 8))
