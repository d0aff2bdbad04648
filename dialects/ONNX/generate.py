# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the onnx dialect's operations in TableGen from ONNX's schemas: generate.py OPSET OUTPUT.

One operation for each operator of ONNX's own domain, in its newest version at OPSET. Operators with subgraphs, and
those of other domains, are `onnx.custom`.
"""
import re
import sys

import onnx
from onnx import defs

Option = defs.OpSchema.FormalParameterOption
AttrType = defs.OpSchema.AttrType

ATTRIBUTES = {
    AttrType.INT: "I64Attr", AttrType.FLOAT: "F32Attr", AttrType.STRING: "StrAttr", AttrType.TENSOR: "ElementsAttr",
    AttrType.INTS: "DenseI64ArrayAttr", AttrType.FLOATS: "DenseF32ArrayAttr", AttrType.STRINGS: "StrArrayAttr",
    AttrType.TYPE_PROTO: "TypeAttr",
}


def identifier(name, taken):
    """A name that TableGen and C++ accept, unlike those in `taken`."""
    name = re.sub(r"\W", "_", name)
    if re.match(r"\d", name) or name in ("operands", "results", "attributes", "name", "type", "types", "properties"):
        name = f"{name}_"
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def value(parameter, taken):
    kind = {Option.Single: "AnyType", Option.Optional: "Optional<AnyType>", Option.Variadic: "Variadic<AnyType>"}
    return f"{kind[parameter.option]}:${identifier(parameter.name, taken)}"


def attribute(attr, taken):
    kind = ATTRIBUTES[attr.type]
    default = attr.default_value
    if attr.required:
        pass
    elif attr.type == AttrType.INT and default.HasField("i"):
        kind = f'DefaultValuedAttr<{kind}, "{default.i}">'
    elif attr.type == AttrType.STRING and default.HasField("s"):
        kind = f'DefaultValuedStrAttr<{kind}, "{default.s.decode()}">'
    else:
        kind = f"OptionalAttr<{kind}>"
    return f"{kind}:${identifier(attr.name, taken)}"


def summary(schema):
    doc = re.sub(r"[`\"\\]|\s+", " ", schema.doc or "").strip()
    return re.split(r"(?<=\w)\.(?:\s|$)", doc)[0].strip()[:76] or f"ONNX operator {schema.name}"


def operation(schema):
    taken = set()
    inputs = [value(p, taken) for p in schema.inputs]
    attributes = [attribute(a, taken) for a in schema.attributes.values() if a.type in ATTRIBUTES]
    outputs = [value(p, taken) for p in schema.outputs]
    several = lambda parameters: sum(p.option != Option.Single for p in parameters) > 1
    traits = ["AttrSizedOperandSegments"] * several(schema.inputs)
    traits += ["AttrSizedResultSegments"] * several(schema.outputs)
    arguments = ",\n      ".join(inputs + attributes)
    return (f'def ONNX_{schema.name}Op : ONNX_Op<"{schema.name}", [{", ".join(traits)}]> {{\n'
            f'  let summary = "{summary(schema)}";\n'
            f'  let description = "ONNX operator {schema.name}, version {schema.since_version}.";\n'
            f'  let arguments = (ins {arguments});\n'
            f'  let results = (outs {", ".join(outputs)});\n}}\n')


def has_form(schema, opset):
    return (schema.domain == "" and not schema.deprecated and schema.since_version <= opset
            and not any(a.type in (AttrType.GRAPH, AttrType.GRAPHS) for a in schema.attributes.values()))


def main():
    opset, output = int(sys.argv[1]), sys.argv[2]
    newest = {}
    for schema in defs.get_all_schemas_with_history():
        if has_form(schema, opset) and schema.since_version > getattr(newest.get(schema.name), "since_version", 0):
            newest[schema.name] = schema
    with open(output, "w") as out:
        out.write(f"// Generated from the schemas of ONNX {onnx.__version__}, opset {opset}.\n")
        for name in sorted(newest):
            out.write("\n" + operation(newest[name]))


if __name__ == "__main__":
    main()
