# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Resizes, grids and regions: compiled, interpreted, and in onnxruntime."""
import numpy as np
import pytest
from nodes import check

pytest.importorskip("onnxruntime")
IMAGE = np.random.default_rng(1).standard_normal((1, 2, 5, 7)).astype(np.float32)
COORDINATES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric"]
SCALES = [(1, 1, 2.3, 0.7), (1, 1, 0.5, 0.5), (1, 1, 1.7, 3)]
NEAR = {"rtol": 1e-4, "atol": 1e-5}


def resized(scales):
    return [int(np.floor(np.float32(extent) * np.float32(scale))) for extent, scale in zip(IMAGE.shape, scales)]


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("constants", [(), (2,)])
def test_resize_by_scales(mode, coordinates, scales, constants, tmp_path):
    reference = coordinates == "align_corners" and not (mode == "nearest" and constants)
    if reference and constants:
        pytest.skip("is refused: the scales leave fractions")
    check(tmp_path, "Resize", [IMAGE, None, np.array(scales, np.float32)], [("float32", resized(scales))],
          constants=constants, reference=reference, mode=mode, coordinate_transformation_mode=coordinates, **NEAR)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("constants", [(), (2,)])
def test_resize_with_aligned_corners(mode, constants, tmp_path):
    scales = (1, 1, 2, 3)
    check(tmp_path, "Resize", [IMAGE, None, np.array(scales, np.float32)], [("float32", resized(scales))],
          constants=constants, mode=mode, coordinate_transformation_mode="align_corners", **NEAR)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
@pytest.mark.parametrize("constants", [(), (3,)])
def test_resize_by_sizes(mode, policy, constants, tmp_path):
    sizes = {"stretch": (9, 4), "not_larger": (6, 8), "not_smaller": (9, 13)}[policy]
    check(tmp_path, "Resize", [IMAGE, None, None, np.array((9, 8) if policy != "stretch" else sizes)],
          [("float32", (1, 2, *sizes))], constants=constants, mode=mode, axes=[2, 3], keep_aspect_ratio_policy=policy,
          **NEAR)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("scales", SCALES)
def test_resize_without_aliases(mode, scales, tmp_path):
    check(tmp_path, "Resize", [IMAGE, None, np.array(scales, np.float32)], [("float32", resized(scales))],
          constants=(2,), reference=True, mode=mode, antialias=1, **NEAR)


@pytest.mark.parametrize("a", [-0.5, -0.75])
def test_resize_excluding_what_lies_outside(a, tmp_path):
    check(tmp_path, "Resize", [IMAGE, None, np.array(SCALES[0], np.float32)], [("float32", resized(SCALES[0]))],
          constants=(2,), mode="cubic", cubic_coeff_a=a, exclude_outside=1, **NEAR)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_resize_of_a_region(mode, tmp_path):
    region = np.array([0, 0, 0.4, 0.6, 1, 1, 1.2, 0.9], np.float32)
    check(tmp_path, "Resize", [IMAGE, region, None, np.array([1, 2, 4, 3])], [("float32", (1, 2, 4, 3))], constants=(3,),
          mode=mode, coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=9.0, **NEAR)


@pytest.mark.parametrize("mode,padding", [(mode, padding) for mode in ("linear", "nearest", "cubic")
                                          for padding in ("zeros", "border", "reflection")])
@pytest.mark.parametrize("corners", [0, 1])
def test_grid_sample(mode, padding, corners, tmp_path):
    grid = np.random.default_rng(2).uniform(-1.6, 1.6, (1, 4, 3, 2)).astype(np.float32)
    check(tmp_path, "GridSample", [IMAGE, grid], [("float32", (1, 2, 4, 3))], opset=20, mode=mode, padding_mode=padding,
          align_corners=corners, reference=(mode, padding) == ("cubic", "border"), **NEAR)


@pytest.mark.parametrize("mode", ["linear", "nearest"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_grid_sample_of_volumes(mode, padding, tmp_path):
    rng = np.random.default_rng(3)
    volume, grid = rng.standard_normal((2, 2, 3, 4, 5)), rng.uniform(-1.4, 1.4, (2, 2, 3, 2, 3))
    check(tmp_path, "GridSample", [volume.astype(np.float32), grid.astype(np.float32)], [("float32", (2, 2, 2, 3, 2))],
          opset=20, mode=mode, padding_mode=padding, **NEAR)


@pytest.mark.parametrize("corners", [0, 1])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 3, 2, 3, 4)])
@pytest.mark.parametrize("constants", [(), (1,)])
def test_affine_grid(corners, size, constants, tmp_path):
    n = len(size) - 2
    theta = np.random.default_rng(4).standard_normal((2, n, n + 1)).astype(np.float32)
    check(tmp_path, "AffineGrid", [theta, np.array(size)], [("float32", (2, *size[2:], n))], opset=20, constants=constants,
          align_corners=corners, **NEAR)


REGIONS = np.array([[0, 0, 4, 3], [1.2, 0.7, 5.9, 4.4], [-2, -3, 2, 9], [3, 3, 3, 3]], np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("coordinates", ["half_pixel", "output_half_pixel"])
@pytest.mark.parametrize("sampling", [0, 2])
def test_roi_align(mode, coordinates, sampling, tmp_path):
    check(tmp_path, "RoiAlign", [IMAGE, REGIONS, np.zeros(4, np.int64)], [("float32", (4, 2, 3, 2))], opset=16, mode=mode,
          coordinate_transformation_mode=coordinates, sampling_ratio=sampling, output_height=3, output_width=2,
          spatial_scale=0.9, **NEAR)


def test_max_roi_pool(tmp_path):
    regions = np.concatenate([np.zeros((4, 1), np.float32), np.abs(REGIONS)], 1)
    check(tmp_path, "MaxRoiPool", [IMAGE, regions], [("float32", (4, 2, 3, 2))], pooled_shape=[3, 2], spatial_scale=0.8)
