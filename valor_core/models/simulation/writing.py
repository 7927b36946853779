"""A list of operations written down for LLVM, of those that have one result under IEEE 754.

They stand in the model's own order, nothing may be contracted, and no pass of LLVM's moves them: so
every number is numpy's, to the bit. Each operation is one on vectors of LANES scenarios.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from valor_core.models.simulation.stepwise import Step
from valor_core.models.simulation.tracing import Varying

LANES = 16
"""Scenarios at a time: two of the widest registers, so that one works while the other waits."""

_NUMBERS, _TRUTHS, _BYTES = (f"<{LANES} x {kind}>" for kind in ("double", "i1", "i8"))
_ARITHMETIC = {np.add: "fadd", np.subtract: "fsub", np.multiply: "fmul", np.divide: "fdiv"}
_ORDER = {
    np.less: "olt", np.less_equal: "ole", np.greater: "ogt", np.greater_equal: "oge",
    np.equal: "oeq", np.not_equal: "une",
}  # fmt: skip
_LOGIC = {
    np.logical_and: "and", np.logical_or: "or",
    np.bitwise_and: "and", np.bitwise_or: "or", np.bitwise_xor: "xor",
}  # fmt: skip
_NOT = {np.logical_not, np.invert}
_INTRINSIC = {np.absolute: "fabs", np.sqrt: "sqrt"}
_NEARER = {np.minimum: "olt", np.maximum: "ogt"}
_OF_NUMBERS = {*_ARITHMETIC, *_ORDER, *_INTRINSIC, *_NEARER, np.negative, np.isfinite, np.isnan}
_SECOND_OF_ZEROS = not np.signbit(np.minimum(np.full(64, -0.0), np.zeros(64))).any()
"""Whether numpy's minimum of 0 and -0 is the second, as x86 has it, not the lesser, as ARM does."""
_POWERS = {-1.0, 0.5, 1.0, 2.0}
"""Exponents of which numpy's ** makes 1/x, √x, x and x·x; any other is left to it."""


def compiles(step: Step) -> bool:
    """Whether a loop gives the operation numpy's own bits."""
    function, operands = step[0].function, step[1]
    truths = [_is_truth(each) for each in operands]
    if function in {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert}:
        return all(truths)
    if function in _LOGIC or function in _NOT or function is np.where:
        return True
    if function is operator.pow:
        return not (any(truths) or isinstance(operands[1], Varying)) and operands[1] in _POWERS
    return function in _OF_NUMBERS and not all(truths)


def _is_truth(operand: Any) -> bool:
    """Whether it is a truth value, which numpy adds and multiplies in ways of its own."""
    return getattr(operand, "condition", isinstance(operand, bool))


class Writing:
    """A loop in LLVM's language: what it reads, then each operation, then what is kept."""

    def __init__(self, steps: Sequence[Step], kept: Sequence[Varying]) -> None:
        own = {number for number, _ in steps}
        operands = [each for _, operands in steps for each in operands]
        varying = dict.fromkeys(each for each in operands if isinstance(each, Varying))
        self.read = [each for each in varying if each not in own]
        self.constants: dict[str, str] = {}  # the hexadecimal value, and its name
        self._names: dict[Varying, str] = {}
        self._before: list[str] = []
        self._turn: list[str] = []
        for place, number in enumerate(self.read):
            self._names[number] = self._loaded(place, number)
        for number, reads in steps:
            self._names[number] = self._operation(number.function, reads)
        for place, number in enumerate(kept, start=len(self.read)):
            self._store(place, number)

    def text(self) -> str:
        """The whole module: what is read once, then a turn of LANES scenarios."""
        return _MODULE.format(before="\n".join(self._before), turn="\n".join(self._turn))

    def _name(self, expression: str, *, before: bool = False) -> str:
        name = f"%v{len(self._before)}_{len(self._turn)}"
        (self._before if before else self._turn).append(f"  {name} = {expression}")
        return name

    def _column(self, place: int, kind: str) -> str:
        """Where the scenarios of this turn stand in a column."""
        entry = self._name(f"getelementptr ptr, ptr %columns, i64 {place}", before=True)
        column = self._name(f"load ptr, ptr {entry}", before=True)
        return self._name(f"getelementptr {kind}, ptr {column}, i64 %scenario")

    def _loaded(self, place: int, number: Varying) -> str:
        if not number.condition:
            return self._name(f"load {_NUMBERS}, ptr {self._column(place, 'double')}, align 8")
        loaded = self._name(f"load {_BYTES}, ptr {self._column(place, 'i8')}, align 1")
        return self._name(f"icmp ne {_BYTES} {loaded}, zeroinitializer")

    def _store(self, place: int, number: Varying) -> None:
        name, kind, lanes = self._names[number], "double", _NUMBERS
        if number.condition:
            name, kind, lanes = self._name(f"zext {_TRUTHS} {name} to {_BYTES}"), "i8", _BYTES
        self._turn.append(f"  store {lanes} {name}, ptr {self._column(place, kind)}, align 1")

    def _number(self, operand: Any) -> str:
        if not isinstance(operand, Varying):
            return self._constant(float(operand).hex())
        name = self._names[operand]
        return self._name(f"uitofp {_TRUTHS} {name} to {_NUMBERS}") if operand.condition else name

    def _truth(self, operand: Any) -> str:
        """A truth value; a number is true unless it is 0."""
        if not isinstance(operand, Varying):
            return f"splat (i1 {str(bool(operand)).lower()})"
        name = self._names[operand]
        return name if operand.condition else self._compared("une", name, self._number(0.0))

    def _constant(self, value: str) -> str:
        """A number that all scenarios share; no part of the code, which so serves others."""
        if value not in self.constants:
            at = f"getelementptr double, ptr %constants, i64 {len(self.constants)}"
            one = self._name(f"load double, ptr {self._name(at, before=True)}", before=True)
            first = self._name(f"insertelement {_NUMBERS} poison, double {one}, i64 0", before=True)
            self.constants[value] = self._name(
                f"shufflevector {_NUMBERS} {first}, {_NUMBERS} poison, <{LANES} x i32> "
                "zeroinitializer",
                before=True,
            )
        return self.constants[value]

    def _operation(self, function: Any, operands: Sequence[Any]) -> str:
        """The name of what an operation makes of its operands."""
        if function in _LOGIC or function in _NOT:
            first, second = (self._truth(each) for each in (*operands, True)[:2])
            return self._name(f"{_LOGIC.get(function, 'xor')} {_TRUTHS} {first}, {second}")
        if function is np.where:
            truth, *values = operands
            return self._choice(self._truth(truth), *map(self._number, values))
        if function is operator.pow:
            return self._power(self._number(operands[0]), operands[1])
        return self._of_numbers(function, *map(self._number, operands))

    def _of_numbers(self, function: Any, first: str, second: str = "") -> str:
        if function in _ARITHMETIC:
            return self._name(f"{_ARITHMETIC[function]} {_NUMBERS} {first}, {second}")
        if function in _ORDER:
            return self._compared(_ORDER[function], first, second)
        if function in _NEARER:
            return self._nearer(function, first, second)
        return self._of_one(function, first)

    def _nearer(self, function: Any, first: str, second: str) -> str:
        """The minimum or maximum, a nan where one of them is."""
        if not _SECOND_OF_ZEROS:
            return self._intrinsic(function.__name__, first, second)
        nearer = self._choice(self._compared(_NEARER[function], first, second), first, second)
        return self._choice(self._compared("uno", first, first), first, nearer)

    def _of_one(self, function: Any, number: str) -> str:
        if function is np.negative:
            return self._name(f"fneg {_NUMBERS} {number}")
        if function is np.isnan:
            return self._compared("uno", number, number)
        if function is np.isfinite:  # then the difference with itself is 0, and not nan
            return self._compared("ord", self._of_numbers(np.subtract, number, number), number)
        return self._intrinsic(_INTRINSIC[function], number)

    def _power(self, base: str, exponent: float) -> str:
        if exponent == 0.5:
            return self._intrinsic("sqrt", base)
        if exponent == 2.0:
            return self._of_numbers(np.multiply, base, base)
        return base if exponent == 1.0 else self._of_numbers(np.divide, self._number(1.0), base)

    def _compared(self, how: str, first: str, second: str) -> str:
        return self._name(f"fcmp {how} {_NUMBERS} {first}, {second}")

    def _choice(self, truth: str, first: str, second: str) -> str:
        return self._name(f"select {_TRUTHS} {truth}, {_NUMBERS} {first}, {_NUMBERS} {second}")

    def _intrinsic(self, name: str, *numbers: str) -> str:
        operands = ", ".join(f"{_NUMBERS} {number}" for number in numbers)
        return self._name(f"call {_NUMBERS} @llvm.{name}.v{LANES}f64({operands})")


_MODULE = f"""
declare {_NUMBERS} @llvm.fabs.v{LANES}f64({_NUMBERS})
declare {_NUMBERS} @llvm.sqrt.v{LANES}f64({_NUMBERS})
declare {_NUMBERS} @llvm.minimum.v{LANES}f64({_NUMBERS}, {_NUMBERS})
declare {_NUMBERS} @llvm.maximum.v{LANES}f64({_NUMBERS}, {_NUMBERS})
declare i64 @llvm.smin.i64(i64, i64)

define void @loop(ptr %columns, ptr %constants, i64 %scenarios) {{{{
entry:
  %last = sub i64 %scenarios, {LANES}
{{before}}
  br label %turn
turn:
  %scenario = phi i64 [0, %entry], [%next, %turn]
{{turn}}
  %after = add i64 %scenario, {LANES}
  %next = call i64 @llvm.smin.i64(i64 %after, i64 %last)
  %more = icmp slt i64 %scenario, %last
  br i1 %more, label %turn, label %done
done:
  ret void
}}}}
"""
"""The last turn ends with the last scenario, and so takes some of them again."""
