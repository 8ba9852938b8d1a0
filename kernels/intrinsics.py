"""Building blocks for native functions: typed pointers, bit tricks, prefetch, vector IR, calls by address.

Native functions get int64 addresses. These intrinsics turn them into something to work with; each
emits one or two LLVM instructions, so they cost nothing:

    x = i64p(address)       a C pointer: x[i] loads, x[i] = v stores; no bounds, no array struct, no refcount
    mix(h), mulhi(a, b)     64-bit hashing arithmetic on uint64
    prefetch(address)       a hint; any address is allowed
    memory_copy(to, from, bytes)
    call_op(function, ...)  an indirect call of an op

Helpers: `inline` inlines them as Python IR, the cheapest to compile for a few lines. `shared` is for long
ones that several native functions call: compiled once per process and linked into each object.

numba's integer rules widen silently: uint64 with int64 gives int64. Cast hash constants with `u64`.

numba vectorises flat loops over pointers well, but not short inner loops over 16 lanes. Those are
written as LLVM vector IR: `vector_op(emit, arity)` makes an intrinsic from a function that writes
instructions with an llvmlite builder (decode.py has the examples).
"""
from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

I8, I32, I64, I128 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.IntType(128)
F32, F64 = ir.FloatType(), ir.DoubleType()
U64 = types.uint64

inline = nb.njit(inline="always", error_model="numpy")
shared = nb.njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
u64 = np.uint64  # in native code: the cast to uint64


def make_intrinsic(signature: Any, emit: Callable[..., Any], arity: int) -> Any:
    """An intrinsic of `arity` arguments; `emit(builder, args)` answers the value (None for void)."""

    def typing(context: Any, *args: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            result = emit(builder, values)
            return context.get_dummy_value() if result is None else result

        return signature, codegen

    # An intrinsic needs a fixed number of arguments, so the wrapper is written out.
    params = ", ".join(f"a{i}" for i in range(arity))
    scope: dict[str, Any] = {"typing": typing}
    exec(f"def op(context, {params}): return typing(context, {params})", scope)
    return intrinsic(scope["op"])


# -- pointers ------------------------------------------------------------------------------------


def _pointer(element: Any, llvm_type: Any) -> Any:
    signature = types.CPointer(element)(types.int64)
    return make_intrinsic(signature, lambda b, a: b.inttoptr(a[0], llvm_type.as_pointer()), 1)


i8p = _pointer(types.int8, I8)
u8p = _pointer(types.uint8, I8)
i16p = _pointer(types.int16, ir.IntType(16))
u16p = _pointer(types.uint16, ir.IntType(16))
i32p = _pointer(types.int32, I32)
u32p = _pointer(types.uint32, I32)
i64p = _pointer(types.int64, I64)
u64p = _pointer(types.uint64, I64)
f32p = _pointer(types.float32, F32)
f64p = _pointer(types.float64, F64)


# -- bits ------------------------------------------------------------------------------------------

f64_bits = make_intrinsic(types.int64(types.float64), lambda b, a: b.bitcast(a[0], I64), 1)
bits_f64 = make_intrinsic(types.float64(types.int64), lambda b, a: b.bitcast(a[0], F64), 1)
as_u64 = make_intrinsic(U64(types.int64), lambda b, a: a[0], 1)  # the same bits
as_i64 = make_intrinsic(types.int64(U64), lambda b, a: a[0], 1)


def _emit_opaque(b: Any, a: Any) -> Any:
    return b.asm(ir.FunctionType(I64, [I64]), "", "=r,0", [a[0]], False)


# The same value, but the optimiser does not know that: `x & opaque(mask)` does not become a branch.
opaque = make_intrinsic(types.int64(types.int64), _emit_opaque, 1)


def call_llvm(name: str, kind: Any, *extra: Any) -> Callable[..., Any]:
    """Emit a call of an LLVM intrinsic over values of one type, with constants behind them."""

    def emit(b: Any, a: Any) -> Any:
        arguments = [*a, *extra]
        function_type = ir.FunctionType(kind, [value.type for value in arguments])
        function = b.module.globals.get(name) or ir.Function(b.module, function_type, name)
        return b.call(function, arguments)

    return emit


popcount = make_intrinsic(U64(U64), call_llvm("llvm.ctpop.i64", I64), 1)
# Number of zero bits below (above) the lowest (highest) one; 64 for zero.
trailing_zeros = make_intrinsic(U64(U64), call_llvm("llvm.cttz.i64", I64, ir.IntType(1)(0)), 1)
leading_zeros = make_intrinsic(U64(U64), call_llvm("llvm.ctlz.i64", I64, ir.IntType(1)(0)), 1)
byte_swap = make_intrinsic(U64(U64), call_llvm("llvm.bswap.i64", I64), 1)
rotate_left = make_intrinsic(
    U64(U64, U64), lambda b, a: call_llvm("llvm.fshl.i64", I64)(b, [a[0], a[0], a[1]]), 2
)


def _emit_mulhi(b: Any, a: Any) -> Any:
    product = b.mul(b.zext(a[0], I128), b.zext(a[1], I128))
    return b.trunc(b.lshr(product, I128(64)), I64)


def _emit_fold(b: Any, a: Any) -> Any:
    product = b.mul(b.zext(a[0], I128), b.zext(a[1], I128))
    return b.xor(b.trunc(product, I64), b.trunc(b.lshr(product, I128(64)), I64))


def _emit_mix(b: Any, a: Any) -> Any:
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    x = a[0]
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = b.mul(b.xor(x, b.lshr(x, I64(shift))), I64(factor))
    return b.xor(x, b.lshr(x, I64(31)))


mulhi = make_intrinsic(U64(U64, U64), _emit_mulhi, 2)  # the product's upper 64 bits
fold_multiply = make_intrinsic(U64(U64, U64), _emit_fold, 2)  # upper xor lower half of the product
mix = make_intrinsic(U64(U64), _emit_mix, 1)


def _emit_checked(name: str) -> Callable[..., Any]:
    """An overflow test: 1 when the signed 64-bit operation overflows."""

    def emit(b: Any, a: Any) -> Any:
        pair = ir.LiteralStructType([I64, ir.IntType(1)])
        return b.zext(b.extract_value(call_llvm(name, pair)(b, a), 1), I64)

    return emit


_test = types.int64(types.int64, types.int64)
add_overflows = make_intrinsic(_test, _emit_checked("llvm.sadd.with.overflow.i64"), 2)
sub_overflows = make_intrinsic(_test, _emit_checked("llvm.ssub.with.overflow.i64"), 2)
mul_overflows = make_intrinsic(_test, _emit_checked("llvm.smul.with.overflow.i64"), 2)


# -- memory ------------------------------------------------------------------------------------------


def _emit_prefetch(write: int) -> Callable[..., None]:
    def emit(b: Any, a: Any) -> None:
        pointer = I8.as_pointer()
        function_type = ir.FunctionType(ir.VoidType(), [pointer, I32, I32, I32])
        name = "llvm.prefetch.p0"
        function = b.module.globals.get(name) or ir.Function(b.module, function_type, name)
        b.call(function, [b.inttoptr(a[0], pointer), I32(write), I32(3), I32(1)])

    return emit


def _emit_copy(b: Any, a: Any) -> None:
    pointer = I8.as_pointer()
    function_type = ir.FunctionType(ir.VoidType(), [pointer, pointer, I64, ir.IntType(1)])
    name = "llvm.memcpy.p0.p0.i64"
    function = b.module.globals.get(name) or ir.Function(b.module, function_type, name)
    b.call(function, [b.inttoptr(a[0], pointer), b.inttoptr(a[1], pointer), a[2], ir.IntType(1)(0)])


def _emit_fill(b: Any, a: Any) -> None:
    pointer = I8.as_pointer()
    function_type = ir.FunctionType(ir.VoidType(), [pointer, I8, I64, ir.IntType(1)])
    name = "llvm.memset.p0.i64"
    function = b.module.globals.get(name) or ir.Function(b.module, function_type, name)
    b.call(function, [b.inttoptr(a[0], pointer), b.trunc(a[1], I8), a[2], ir.IntType(1)(0)])


_three = types.void(types.int64, types.int64, types.int64)
prefetch = make_intrinsic(types.void(types.int64), _emit_prefetch(0), 1)
prefetch_write = make_intrinsic(types.void(types.int64), _emit_prefetch(1), 1)
memory_copy = make_intrinsic(_three, _emit_copy, 3)  # (to, from, bytes), apart
memory_fill = make_intrinsic(_three, _emit_fill, 3)  # (to, byte, bytes)


def stack_buffer(size: int) -> Any:
    """An intrinsic f(0) -> address of a 64-byte aligned buffer gone when the function returns."""

    def emit(b: Any, a: Any) -> Any:
        with b.goto_entry_block():
            buffer = b.alloca(ir.ArrayType(I8, size))
            buffer.align = 64
        return b.ptrtoint(buffer, I64)

    return make_intrinsic(types.int64(types.int64), emit, 1)


# -- control -----------------------------------------------------------------------------------------


def _emit_call(b: Any, a: Any) -> Any:
    kind = ir.FunctionType(I64, [I64] * (len(a) - 1))
    return b.call(b.inttoptr(a[0], kind.as_pointer()), a[1:])


call_op = make_intrinsic(types.int64(*[types.int64] * 8), _emit_call, 8)  # (function, the op's 7 arguments)


def _emit_cycles(b: Any, a: Any) -> Any:
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return call_llvm("llvm.readcyclecounter", I64)(b, [])
    if machine in ("aarch64", "arm64"):  # the cycle register traps in user mode; the virtual timer does not
        return b.asm(ir.FunctionType(I64, []), "mrs $0, cntvct_el0", "=r", [], True)
    return I64(0)


cycles = make_intrinsic(types.int64(types.int64), _emit_cycles, 1)  # its argument is ignored


# -- vector IR ----------------------------------------------------------------------------------------
# For emit functions: rows of LANES 64-bit lanes at an address, any alignment of 8.

LANES = 16
ROW = ir.VectorType(I64, LANES)
ROW_BYTES = LANES * 8


def load_row(b: Any, address: Any, kind: Any = ROW, align: int = 8) -> Any:
    value = b.load(b.inttoptr(address, kind.as_pointer()))
    value.align = align
    return value


def store_row(b: Any, value: Any, address: Any, align: int = 8) -> None:
    b.store(value, b.inttoptr(address, value.type.as_pointer())).align = align


def splat(b: Any, scalar: Any, lanes: int = LANES) -> Any:
    kind = ir.VectorType(scalar.type, lanes)
    undefined = ir.Constant(kind, ir.Undefined)
    one = b.insert_element(undefined, scalar, I32(0))
    return b.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(I32, lanes), [0] * lanes))


def vector_op(emit: Callable[..., None], arity: int) -> Any:
    """An intrinsic of `arity` int64 arguments that stores its own results."""
    return make_intrinsic(types.void(*[types.int64] * arity), emit, arity)
