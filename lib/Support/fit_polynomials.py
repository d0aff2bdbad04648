# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints the polynomial coefficients of include/nibble/Support/Functions.h.

Each is a minimax fit of a relative error: weighted least squares on Chebyshev points in double precision, the weights
raised where the error is large (Lawson's algorithm), then rounded to f32. Needs numpy; run it by hand.
"""
import math

import numpy as np


def fit(name, target, weight, low, high, degree):
    """Coefficients, lowest first, of p(x) that minimizes max |(p(x) - target(x)) * weight(x)| on [low, high]."""
    points = 4000
    angles = (2 * np.arange(points) + 1) * np.pi / (2 * points)
    xs = (low + high) / 2 + (high - low) / 2 * np.cos(angles)
    ys = np.array([target(x) for x in xs])
    ws = np.array([weight(x) for x in xs])
    lawson = np.ones(points)
    powers = np.vander(xs, degree + 1, increasing=True)
    for _ in range(60):
        scale = ws * np.sqrt(lawson)
        best, *_ = np.linalg.lstsq(powers * scale[:, None], ys * scale, rcond=None)
        error = np.abs((powers @ best - ys) * ws)
        lawson *= error + 1e-300
        lawson /= lawson.sum()
    print(f"{name}: max relative error {error.max():.3g}")
    for c in best:
        print(f"  {float(np.float32(c)).hex()}  {np.float32(c):.9g}")


def series(f, x, cut, taylor):
    return taylor(x) if abs(x) < cut else f(x)


def poly(*cs):
    return lambda x: sum(c * x**i for i, c in enumerate(cs))


half_ln2 = math.log(2) / 2 * 1.0005
# exp(r) = 1 + r + r^2 p(r)
fit("exp", lambda r: series(lambda r: (math.expm1(r) - r) / (r * r), r, 1e-3, poly(1 / 2, 1 / 6, 1 / 24, 1 / 120)),
    lambda r: r * r / math.exp(r), -half_ln2, half_ln2, 5)
# log(1 + f) = f - f^2/2 + f^3 p(f)
fit("log", lambda f: series(lambda f: (math.log1p(f) - f + f * f / 2) / f**3, f, 1e-2,
                            poly(1 / 3, -1 / 4, 1 / 5, -1 / 6, 1 / 7, -1 / 8, 1 / 9)),
    lambda f: f**3 / math.log1p(f) if f else 0.0, math.sqrt(0.5) - 1, math.sqrt(2) - 1, 8)
# tanh(x) = x + x z p(z), z = x^2
fit("tanh", lambda z: series(lambda z: (math.tanh(math.sqrt(z)) / math.sqrt(z) - 1) / z, z, 1e-3,
                             poly(-1 / 3, 2 / 15, -17 / 315, 62 / 2835)),
    lambda z: z, 0, 0.625**2, 4)
# erf(x) = x + x p(z), z = x^2
fit("erf small", lambda z: math.erf(math.sqrt(z)) / math.sqrt(z) - 1 if z else 2 / math.sqrt(math.pi) - 1,
    lambda z: 0.9, 0, 0.93**2, 5)
# erf(t) = 1 - exp(t p(t) - t)
fit("erf large", lambda t: math.log(math.erfc(t)) / t + 1, lambda t: t * math.erfc(t), 0.92, 4.0, 6)
