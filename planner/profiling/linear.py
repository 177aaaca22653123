"""Small systems of linear equations."""

from __future__ import annotations

import math
from collections.abc import Sequence


def solution(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float] | None:
    """The x of matrix x = right, by elimination; None where the rows do not tell it."""
    size = len(right)
    rows = [[*row, right[index]] for index, row in enumerate(matrix)]
    for pivot in range(size):
        largest = max(range(pivot, size), key=lambda one: abs(rows[one][pivot]))
        rows[pivot], rows[largest] = rows[largest], rows[pivot]
        if abs(rows[pivot][pivot]) < 1e-12 * max(map(abs, rows[pivot])) + 1e-300:
            return None
        for other in range(size):
            if other != pivot:
                ratio = rows[other][pivot] / rows[pivot][pivot]
                rows[other] = [a - ratio * b for a, b in zip(rows[other], rows[pivot], strict=True)]
    return [rows[index][size] / rows[index][index] for index in range(size)]


def normal_equations(
    rows: Sequence[Sequence[float]], wanted: Sequence[float]
) -> tuple[list[list[float]], list[float]]:
    """Matrix and right side whose solution brings every row nearest to what is wanted of it."""
    size = len(rows[0])
    matrix = [
        [math.fsum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)
    ]
    right = [
        math.fsum(row[i] * one for row, one in zip(rows, wanted, strict=True)) for i in range(size)
    ]
    return matrix, right
