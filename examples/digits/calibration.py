#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the calibration images as the model's input: calibration.py OUT.npz."""
import sys
from pathlib import Path

import numpy as np

images = np.load(Path(__file__).with_name("digits.npz"))["calibration"]
np.savez(sys.argv[1], image=images.astype(np.float32) / 16)
