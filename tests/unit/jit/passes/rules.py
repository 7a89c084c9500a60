"""The rules of kernels, written down a second time: what a backend relies on when it makes each of them one loop."""

from pydl.ops.elementwise import pointwise

REDUCTIONS = {"sum", "max"}


def check_kernels(program):
    """Every kernel of a fused Program is a loop that can be written; what serves only the updates comes last."""
    made_by = {instruction.result: instruction for instruction in program.instructions}
    kernels = program.kernels()
    numbers = [{instruction.kernel for instruction in kernel} for kernel in kernels]
    assert numbers == [{index} for index in range(len(kernels))], "kernels are numbered in order"
    late = _late(program, made_by)
    seen_late = False
    for kernel in kernels:
        where = "\n".join(map(str, [*kernel, program]))
        names = [instruction.primitive.name for instruction in kernel]
        results = {instruction.result for instruction in kernel}
        if len(kernel) > 1:
            _check_members(kernel, names, where)
        for instruction in kernel:
            for value in instruction.inputs:
                same = True
                while made_by.get(value) is not None and made_by[value].primitive.view:
                    same = same and made_by[value].primitive.name == "reshape"
                    (value,) = made_by[value].inputs
                if value in results:
                    assert same, f"{instruction} reads {value.name} of its own kernel in another order\n{where}"
                    assert made_by[value].primitive.name not in REDUCTIONS, f"reads a reduction\n{where}"
                    assert instruction.primitive.name != "matmul", where
        lateness = {instruction.result in late for instruction in kernel}
        assert len(lateness) == 1, f"early and late in one kernel\n{where}"
        assert lateness == {True} or not seen_late, f"early after late\n{where}"
        seen_late = lateness == {True}


def _check_members(kernel, names, where):
    loop = [i for i in kernel if pointwise(i.primitive)]
    reductions = [i for i in kernel if i.primitive.name in REDUCTIONS]
    products = [i for i in kernel if i.primitive.name == "matmul"]
    assert len(loop) + len(reductions) + len(products) == len(kernel), f"{names} in one kernel\n{where}"
    assert kernel == [*products, *loop, *reductions], f"products first, reductions last\n{where}"
    assert not (products and reductions) and len(products) < 2, where
    sizes = {i.result.spec.size for i in [*loop, *products]} | {i.inputs[0].spec.size for i in reductions}
    assert len(sizes) == 1, f"sizes {sizes}\n{where}"
    assert len({(i.inputs[0].shape, i.params["axes"]) for i in reductions}) < 2, where
    assert len(kernel) <= 64, where


def _late(program, made_by):
    """Elementwise results that no output and no other kind of instruction needs."""
    early, waiting = set(), list(program.outputs)
    for instruction in program.instructions:
        if not instruction.primitive.view and not pointwise(instruction.primitive):
            waiting.append(instruction.result)
    while waiting:
        value = waiting.pop()
        if value not in early:
            early.add(value)
            if value in made_by:
                waiting += made_by[value].inputs
    return {i.result for i in program.instructions if not i.primitive.view and i.result not in early}
