"""Compile one native function with numba to an object file. Imports numba: only when the pack lacks it.

numba compiles the plain function for int64 arguments. Around its calling convention (a status and the
result through a pointer) goes a wrapper with C's: `int64 warehouse_<name>(int64, ...)`. Wrapper and
function are linked into one module, everything else in it becomes internal, and the target machine
emits the object. Unlike numba's own `cfunc` this leaves no reference to Python's lock or to numba's
runtime, so the object loads without numba. `CompileResult.library._final_module` is private to numba:
its version is pinned.

A Python exception in native code (there should be none) makes the wrapper answer BROKEN.
"""
from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any

from .registry import Spec

BROKEN = -1  # status of a native function that raised


def symbol(name: str) -> str:
    return "warehouse_" + name


@cache
def _flags() -> Any:
    from numba.core.compiler import Flags

    flags = Flags()
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.nrt = True
    flags.error_model = "numpy"
    flags.enable_looplift = False
    flags.force_pyobject = False
    flags.enable_pyobject = False
    return flags


def compile_function(spec: Spec) -> bytes:
    """The object file of one native function."""
    from numba import types
    from numba.core.compiler import compile_extra
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    with global_compiler_lock:
        context = cpu_target.target_context
        typing, arguments = cpu_target.typing_context, (types.int64,) * spec.arity
        result = compile_extra(typing, context, spec.function, arguments, types.int64, _flags(), {})
        return _emit(spec, result, context)


def _emit(spec: Spec, result: Any, context: Any) -> bytes:
    import llvmlite.binding as llvm

    machine = context.codegen()._tm
    module = llvm.parse_assembly(_wrapper(spec, result, context))
    module.link_in(result.library._final_module, preserve=True)
    name = symbol(spec.name)
    for thing in (*module.functions, *module.global_variables):
        if not thing.is_declaration and thing.name != name:
            thing.linkage = "internal"
    # The function is optimised already: this inlines it into the wrapper and drops the rest.
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    builder.getModulePassManager().run(module, builder)
    if os.environ.get("WAREHOUSE_DUMP_ASSEMBLY") == spec.name:
        print(machine.emit_assembly(module))
    return bytes(machine.emit_object(module))


def _wrapper(spec: Spec, result: Any, context: Any) -> str:
    """LLVM assembly of the function with C's calling convention."""
    ir = importlib.import_module("llvmlite.ir")
    word = ir.IntType(64)
    module = ir.Module(spec.name)
    outer = ir.Function(module, ir.FunctionType(word, [word] * spec.arity), symbol(spec.name))
    kind = context.call_conv.get_function_type(result.signature.return_type, result.signature.args)
    inner = ir.Function(module, kind, result.fndesc.llvm_func_name)
    b = ir.IRBuilder(outer.append_basic_block())
    value = b.alloca(word)
    error = b.alloca(kind.args[1].pointee)
    status = b.call(inner, [value, error, *outer.args])
    b.ret(b.select(b.icmp_signed("==", status, status.type(0)), b.load(value), word(BROKEN)))
    return str(module)
