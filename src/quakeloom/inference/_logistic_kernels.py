"""Compiled solvers of penalized logistic regressions, many small ones after each other.

They minimize what scikit-learn's ``LogisticRegression`` does: ``C`` times the sum of log losses,
plus half the squares of the coefficients without the intercept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEPS = 60
"""Newton steps at most; few need more than 10."""

STILL = 1e-7
"""Largest gradient, over the weight of the loss and the number of rows, at which a fit is done."""


@compiled(error_model="numpy", nogil=True)
def solve_spd(a: Floats, b: Floats) -> bool:
    """Solve a symmetric positive definite system in place by Cholesky; False if it is none."""
    n = b.size
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= a[j, k] * a[j, k]
        if not s > 0.0:
            return False
        d = np.sqrt(s)
        a[j, j] = d
        for i in range(j + 1, n):
            t = a[i, j]
            for k in range(j):
                t -= a[i, k] * a[j, k]
            a[i, j] = t / d
    for i in range(n):
        t = b[i]
        for k in range(i):
            t -= a[i, k] * b[k]
        b[i] = t / a[i, i]
    for i in range(n - 1, -1, -1):
        t = b[i]
        for k in range(i + 1, n):
            t -= a[k, i] * b[k]
        b[i] = t / a[i, i]
    return True


@compiled(error_model="numpy", nogil=True)
def binary_loss(x: Floats, y: Integers, w: Floats, weight: float) -> float:
    """Return the objective: log losses and half the squares of coefficients."""
    n, k = x.shape
    total: float = 0.0
    for i in range(n):
        z = w[k]
        for j in range(k):
            z += x[i, j] * w[j]
        m = z if y[i] == 0 else -z
        total += max(m, 0.0) + np.log1p(np.exp(-abs(m)))
    squares = 0.0
    for j in range(k):
        squares += w[j] * w[j]
    return weight * total + 0.5 * squares


@compiled(error_model="numpy", nogil=True)
def fit_binary(x: Floats, y: Integers, weight: float, w: Floats) -> bool:
    """Fit two classes from a start, which is overwritten; the intercept is last. Return success."""
    n, k = x.shape
    size = k + 1
    value = binary_loss(x, y, w, weight)
    trial = np.empty(size)
    for _ in range(STEPS):
        gradient = np.zeros(size)
        hessian = np.zeros((size, size))
        for i in range(n):
            z = w[k]
            for j in range(k):
                z += x[i, j] * w[j]
            p = 1.0 / (1.0 + np.exp(-z))
            r = weight * (p - y[i])
            v = weight * p * (1.0 - p)
            for j in range(k):
                xj = x[i, j]
                gradient[j] += r * xj
                vx = v * xj
                for m in range(j + 1):
                    hessian[j, m] += vx * x[i, m]
                hessian[k, j] += vx
            gradient[k] += r
            hessian[k, k] += v
        largest = abs(gradient[k])
        for j in range(k):
            gradient[j] += w[j]
            hessian[j, j] += 1.0
            largest = max(largest, abs(gradient[j]))
        if largest < STILL * weight * n:
            return True
        hessian[k, k] += 1e-10
        if not solve_spd(hessian, gradient):
            return False
        step = 1.0
        while True:
            for j in range(size):
                trial[j] = w[j] - step * gradient[j]
            new = binary_loss(x, y, trial, weight)
            if new <= value + 1e-12 * abs(value) or step < 1e-6:
                break
            step *= 0.5
        w[:] = trial
        value = new
    return False


@compiled(error_model="numpy", nogil=True)
def softmax_rows(x: Floats, w: Floats, out: Floats) -> None:
    """Fill ``out`` (row, class) with probabilities; ``w`` is (class, column + 1)."""
    n, k = x.shape
    classes = w.shape[0]
    for i in range(n):
        top = -np.inf
        for c in range(classes):
            z = w[c, k]
            for j in range(k):
                z += x[i, j] * w[c, j]
            out[i, c] = z
            top = max(top, z)
        total = 0.0
        for c in range(classes):
            out[i, c] = np.exp(out[i, c] - top)
            total += out[i, c]
        for c in range(classes):
            out[i, c] /= total


@compiled(error_model="numpy", nogil=True)
def softmax_loss(x: Floats, y: Integers, w: Floats, weight: float, p: Floats) -> float:
    """Return the objective of several classes; ``p`` is filled with probabilities."""
    softmax_rows(x, w, p)
    total = 0.0
    for i in range(x.shape[0]):
        total -= np.log(max(p[i, y[i]], 1e-300))
    squares = 0.0
    for c in range(w.shape[0]):
        for j in range(x.shape[1]):
            squares += w[c, j] * w[c, j]
    return weight * total + 0.5 * squares


@compiled(error_model="numpy", nogil=True)
def fit_softmax(x: Floats, y: Integers, weight: float, w: Floats) -> bool:
    """Fit several classes from a start (class, column + 1), which is overwritten."""
    n, k = x.shape
    classes = w.shape[0]
    size = k + 1
    p = np.empty((n, classes))
    value = softmax_loss(x, y, w, weight, p)
    extended = np.ones((n, size))
    extended[:, :k] = x
    q = np.empty((n, classes))
    for _ in range(STEPS):
        gradient = np.zeros(classes * size)
        hessian = np.zeros((classes * size, classes * size))
        for c in range(classes):
            residual = p[:, c].copy()
            for i in range(n):
                if y[i] == c:
                    residual[i] -= 1.0
            gradient[c * size : (c + 1) * size] = weight * (extended.T @ residual)
            for d in range(c + 1):
                v = -p[:, c] * p[:, d]
                if c == d:
                    v = v + p[:, c]
                block = extended.T @ (extended * v.reshape(n, 1))
                hessian[c * size : (c + 1) * size, d * size : (d + 1) * size] = weight * block
            for j in range(k):
                gradient[c * size + j] += w[c, j]
                hessian[c * size + j, c * size + j] += 1.0
            # intercepts of all classes may shift together: this holds them
            hessian[c * size + k, c * size + k] += 1e-6
        if np.abs(gradient).max() < STILL * weight * n:
            return True
        full = np.tril(hessian) + np.tril(hessian, -1).T
        move = np.linalg.solve(full, gradient).reshape(classes, size)
        step = 1.0
        while True:
            trial = w - step * move
            new = softmax_loss(x, y, trial, weight, q)
            if new <= value + 1e-12 * abs(value) or step < 1e-6:
                break
            step *= 0.5
        w[:] = trial
        p[:] = q
        value = new
    return False
