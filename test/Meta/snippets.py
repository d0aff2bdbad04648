# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes whole modules of the lines of MLIR that documentation shows."""
import re


def statements(text: str) -> list[str]:
    """Operations without locations, one a string; lines that begin further in continue the one before."""
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("//")]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    found: list[str] = []
    for line in lines:
        if len(line) - len(line.lstrip()) > margin and found:
            found[-1] += " " + line.strip()
        else:
            found.append(line.strip())
    return [re.sub(r"\s*loc\(.*\)$", "", statement) for statement in found]


def split_types(text: str) -> list[str]:
    """Types between commas that stand in no bracket."""
    types, depth, current = [], 0, ""
    for char in text.replace("->", "\0"):
        depth += (char in "<({[") - (char in ">)}]")
        if char == "," and depth == 0:
            types.append(current.strip())
            current = ""
        else:
            current += char
    return [t.replace("\0", "->") for t in types + [current.strip()]]


def is_whole(text: str) -> bool:
    return re.search(r"^\s*(module|func\.func)\b", text, re.M) is not None


def free_values(text: str) -> dict[str, str]:
    """The values that a snippet uses and does not define, with their types, which stand behind the operands' colon."""
    if is_whole(text):
        return {}
    defined, free = set(), {}
    for statement in statements(text):
        result, equals, operation = statement.partition(" = ")
        operation = operation if equals and result.startswith("%") else statement
        operands = re.findall(r"%\w+", operation)
        types = re.split(r" -> | to (?=tensor)", operation.rpartition(" : ")[2])[0]
        types = split_types(re.sub(r"^\((.*)\)$", r"\1", types))
        for operand, type in zip(operands, types):
            if operand not in defined:
                free.setdefault(operand, type)
        if equals:
            defined.add(result)
    return free


def wrap(text: str, arguments: dict[str, str]) -> str:
    """A function of `arguments` round a snippet, which returns the last value defined; whole modules stay."""
    if is_whole(text):
        return text
    last, _, operation = statements(text)[-1].partition(" = ")
    type = re.split(r" -> | to (?=tensor)| : ", operation)[-1]
    signature = ", ".join(f"{name}: {type}" for name, type in arguments.items())
    return f"func.func @main({signature}) -> {type} {{\n{text}\n  return {last} : {type}\n}}\n"
