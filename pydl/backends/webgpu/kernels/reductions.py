"""Reductions: sums and maxima over some axes of what a body computes.

Several lanes of a workgroup share an element of the result: each adds up every so manieth of its terms, then they meet
in shared memory, in a tree. Neighbouring lanes read neighbouring memory: they stand for different results where the
last axis is kept, and for different terms of one where it is reduced. A long reduction with few results is split among
workgroups, whose partial results a second reduction adds up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....jit.layout import Dim
from ....jit.program import Instruction, Value
from . import elementwise
from .body import Body, from_words, to_words
from .indexing import WIDTH, digits, total
from .shader import Lines, Shader, Tuning

SIDE = 8  # results side by side that a workgroup takes at least: neighbouring lanes read whole stretches of memory
TERMS = 8  # that a lane adds up at least, before another one is worth the tree
SPLIT_FROM = 256  # terms of a lane from which workgroups share a result
SPLITS = 64  # workgroups that do, at most, while none of their lanes has more than so many terms:
MOST_TERMS = 1024  # else a million times 0.1 is 1.5e-4 off in 64 sums; and llvmpipe ends a loop after 65,535 rounds
FEW = 128  # workgroups that a reduction should have, if it can


@dataclass(frozen=True)
class Plan:
    """How a reduction is laid out.

    kept, reduced: the axes' lengths and strides, in elements of what is reduced, outer to inner
    inner_kept:    whether the last axis is kept
    workgroup:     invocations of one
    lanes:         that share a result
    splits:        workgroups that share one
    width:         results side by side that a lane makes at a time: 4 only where the last axis is kept
    """

    kept: tuple[Dim, ...]
    reduced: tuple[Dim, ...]
    inner_kept: bool
    workgroup: int
    lanes: int
    splits: int
    width: int

    @property
    def results(self) -> int:
        """Results, in units of what a lane makes at a time."""
        return math.prod(length for length, _ in self.kept) // self.width

    @property
    def terms(self) -> int:
        """Terms of a result."""
        return math.prod(length for length, _ in self.reduced)

    @property
    def at_once(self) -> int:
        """Results of a workgroup."""
        return self.workgroup // self.lanes

    @property
    def groups(self) -> int:
        """Workgroups of one split."""
        return -(-self.results // self.at_once)


def plan_reduction(shape: Sequence[int], axes: Sequence[int], width: int, tuning: Tuning) -> Plan:
    """The plan for a reduction of an array of this shape over these axes."""
    kept: list[Dim] = []
    reduced: list[Dim] = []
    stride = 1
    inner_kept = True
    for axis in reversed(range(len(shape))):
        if shape[axis] != 1:
            if not kept and not reduced:
                inner_kept = axis not in axes
            (reduced if axis in axes else kept).append((shape[axis], stride))
        stride *= shape[axis]
    inner_kept = inner_kept and bool(kept)
    group = tuning.workgroup
    plan = Plan(_merged(kept[::-1]), _merged(reduced[::-1]), inner_kept, group, 1, 1, width)
    lanes = 1
    if tuning.shared:
        most = group // SIDE if inner_kept else group
        while lanes < most and lanes * TERMS < plan.terms and (lanes < SIDE or plan.results * lanes < 16 * group):
            lanes *= 2
    plan = replace(plan, lanes=lanes)
    least = max(1, -(-plan.terms // (lanes * MOST_TERMS)))
    if plan.terms < lanes * SPLIT_FROM or plan.groups >= FEW:
        return replace(plan, splits=least)
    splits = min(SPLITS, -(-FEW // plan.groups), plan.terms // (lanes * TERMS * 2))
    return replace(plan, splits=max(least, splits))


def _merged(dims: Sequence[Dim]) -> tuple[Dim, ...]:
    merged: list[Dim] = []
    for length, stride in dims:
        if merged and merged[-1][1] == length * stride:
            merged[-1] = merged[-1][0] * length, stride
        else:
            merged.append((length, stride))
    return tuple(merged)


def fits_wide(body: Body, shape: Sequence[int], axes: Sequence[int], tuning: Tuning) -> bool:
    """Whether a reduction can make four results at a time: they lie side by side, and so do their terms."""
    plan = plan_reduction(shape, axes, 1, tuning)
    return plan.inner_kept and plan.kept[-1][0] % WIDTH == 0 and body.wide(math.prod(shape))


def write_reduction(
    shader: Shader,
    name: str,
    body: Body,
    plan: Plan,
    reductions: Sequence[Instruction],
    targets: Sequence[Value],
    guarded: bool,
) -> None:
    """Adds the kernel that computes a body and reduces what the reductions read.

    targets: where the results go: those of the reductions, or, of a split one, partial results (splits, results)
    """

    def write(lines: Lines) -> None:
        _Writer(shader, lines, body, plan, reductions, targets, guarded).write()

    if plan.lanes > 1:  # the tree's
        shader.shared = max(shader.shared, plan.workgroup * plan.width * len(reductions))
    shader.add(name, plan.groups * plan.splits, write)


class _Writer:
    def __init__(
        self,
        shader: Shader,
        lines: Lines,
        body: Body,
        plan: Plan,
        reductions: Sequence[Instruction],
        targets: Sequence[Value],
        guarded: bool,
    ) -> None:
        self.shader, self.lines, self.body, self.plan = shader, lines, body, plan
        self.reductions, self.targets, self.guarded = reductions, targets, guarded

    def write(self) -> None:
        lines, plan = self.lines, self.plan
        split = "0u"
        if plan.splits > 1:
            lines(f"let split = group / {plan.groups}u;")
            split = "split"
        first = f"group % {plan.groups}u" if plan.splits > 1 else "group"
        if plan.inner_kept:  # neighbouring lanes: neighbouring results
            lines(f"let result = ({first}) * {plan.at_once}u + lane % {plan.at_once}u;")
            lines(f"let part = lane / {plan.at_once}u;")
        else:
            lines(f"let result = ({first}) * {plan.at_once}u + lane / {plan.lanes}u;")
            lines(f"let part = lane % {plan.lanes}u;")
        for place, reduction in enumerate(self.reductions):
            dtype = reduction.inputs[0].dtype
            lines(f"var sum{place} = {self._start(reduction, dtype)};")
        lines(f"if (result < {plan.results}u) {{")
        self._terms(split)
        lines("}")
        if plan.lanes > 1:
            self._tree()
        lines(f"if (result < {plan.results}u && part == 0u{self._guard()}) {{")
        self._save(split)
        lines("}")

    def _guard(self) -> str:
        return f" && !({self.shader.halted()})" if self.guarded else ""

    def _terms(self, split: str) -> None:
        """Adds up this lane's terms."""
        lines, plan = self.lines, self.plan
        lines(f"let base = {total(digits('result', _in_fours(plan.kept, plan.width)))};")
        share = -(-plan.terms // plan.splits)
        end = f"min({share}u * {split} + {share}u, {plan.terms}u)" if plan.splits > 1 else f"{plan.terms}u"
        begin = f"{share}u * {split} + part" if plan.splits > 1 else "part"
        lines(f"for (var term = {begin}; term < {end}; term += {plan.lanes}u) {{")
        lines(f"let i = base + {total(digits('term', _strides_in_fours(plan.reduced, plan.width)))};")
        element = self.body.at(self.shader, lines, "i")
        if self.body.stores and self.guarded:
            lines(f"if (!({self.shader.halted()})) {{")
            element.store()
            lines("}")
        else:
            element.store()
        for place, reduction in enumerate(self.reductions):
            value = element.value(reduction.inputs[0])
            lines(f"sum{place} = {self._joined(reduction, f'sum{place}', value)};")
        lines("}")

    def _start(self, reduction: Instruction, dtype: np.dtype) -> str:
        width = self.plan.width
        if reduction.primitive.name == "sum" or dtype == np.bool_:
            return elementwise.literal(dtype, 0, width)
        if dtype.kind == "f":  # minus infinity is no literal of WGSL; nothing a float32 holds but it is smaller
            return f"bitcast<{elementwise.typed(dtype, width)}>({self._lowest(width)})"
        lowest = 0 if dtype.kind == "u" else -(2**31)
        return elementwise.literal(dtype, lowest, width)

    def _lowest(self, width: int) -> str:
        """The bits of minus infinity, computed from the lane so that no compiler objects to an infinite constant."""
        word = "(0xff800000u | (lane & 0u))"
        return word if width == 1 else f"vec4<u32>({word})"

    def _joined(self, reduction: Instruction, a: str, b: str) -> str:
        dtype = reduction.inputs[0].dtype
        if reduction.primitive.name == "sum":
            return elementwise.wrapped(elementwise.added(a, b, dtype), dtype, self.plan.width)
        return elementwise.larger(self.shader, a, b, dtype)

    def _tree(self) -> None:
        """The lanes of a result add up what they have: half of them give theirs to the others, until one has all."""
        lines, plan, width = self.lines, self.plan, self.plan.width
        distance = plan.at_once if plan.inner_kept else 1
        for place, reduction in enumerate(self.reductions):
            words = to_words(f"sum{place}", reduction.inputs[0].dtype, width)
            lines(f"shared_words[{place * plan.workgroup}u + lane] = {words};")
        lines("workgroupBarrier();")
        lines(f"for (var half = {plan.lanes // 2}u; half > 0u; half /= 2u) {{")
        lines("if (part < half) {")
        for place, reduction in enumerate(self.reductions):
            dtype = reduction.inputs[0].dtype
            other = f"shared_words[{place * plan.workgroup}u + lane + half * {distance}u]"
            joined = self._joined(reduction, f"sum{place}", f"({from_words(other, dtype, width)})")
            lines(f"sum{place} = {joined};")
            lines(f"shared_words[{place * plan.workgroup}u + lane] = {to_words(f'sum{place}', dtype, width)};")
        lines("}")
        lines("workgroupBarrier();")
        lines("}")

    def _save(self, split: str) -> None:
        lines, plan, unit = self.lines, self.plan, self.body.unit
        for place, (reduction, target) in enumerate(zip(self.reductions, self.targets)):
            dtype = reduction.inputs[0].dtype
            where = unit.places[target]
            bank = self.shader.bank(where.bank)
            at = f"{split} * {plan.results}u + result" if plan.splits > 1 else "result"
            words = to_words(f"sum{place}", dtype, plan.width)
            lines(f"{bank}[{where.start // plan.width}u + {at}] = {words};")


def _in_fours(dims: Sequence[Dim], width: int) -> list[Dim]:
    """Dims, the last one of elements side by side, counted in fours."""
    if width == 1:
        return list(dims)
    *outer, (length, _) = dims
    return [*_strides_in_fours(outer, width), (length // width, 1)]


def _strides_in_fours(dims: Sequence[Dim], width: int) -> list[Dim]:
    return [(length, stride // width) for length, stride in dims]
