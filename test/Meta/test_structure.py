# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The project's own structure, derived from its TableGen definitions: a gap fails.

One pass is one file, one flag, one lit test, a summary, and a description with an
example that runs. One operation's numbered constraint is one negative test.
"""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import snippets

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build"))
LLVM = Path("/usr/lib/llvm-22")
# The onnx dialect is generated, its operations are documented by ONNX.
DIALECTS = sorted(p.parent.name for p in ROOT.glob("dialects/*/*Dialect.td") if p.parent.name != "ONNX")
LONGEST_FILE = 600


def records(dialect: str, kind: str) -> dict:
    """All TableGen records of dialects/<dialect>/<dialect><kind>.td, by name."""
    folder = ROOT / "dialects" / dialect
    source = folder / f"{dialect}{kind}.td"
    if not source.exists():
        return {"!instanceof": {}}
    command = [LLVM / "bin/llvm-tblgen", "-dump-json", f"-I{LLVM}/include", f"-I{folder}", source]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def definitions(kind: str, base: str) -> list:
    found = []
    for dialect in DIALECTS:
        table = records(dialect, kind)
        found += [(dialect, name, table[name]) for name in table["!instanceof"].get(base, [])]
    return found


PASSES = [pytest.param(*p, id=p[1]) for p in definitions("Passes", "PassBase")]
OPS = [pytest.param(*o, id=o[1]) for o in definitions("Ops", "Op")]


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).exists()]


def test_there_are_passes_and_operations():
    assert len(PASSES) >= 5 and len(OPS) >= 40


@pytest.mark.parametrize("dialect,name,record", PASSES)
def test_pass_is_one_file_one_flag_one_test(dialect, name, record):
    flag = record["argument"]
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
    prefix = dialect.lower()
    assert flag == f"{prefix}-{kebab}", "the flag is the definition's name in kebab case behind its dialect's"
    files = [f for f in ROOT.glob(f"lib/**/{name}.cpp")]
    assert len(files) == 1, f"expected one lib/**/{name}.cpp, got {files}"
    assert f'#define DEBUG_TYPE "{flag}"' in files[0].read_text(), "DEBUG_TYPE is the pass's flag"
    tests = list(ROOT.glob(f"test/**/{kebab}.mlir"))
    assert tests, f"expected a lit test named {kebab}.mlir"
    assert any(f"--{flag}" in t.read_text() for t in tests), f"{kebab}.mlir does not run --{flag}"


def nibble_opt(source: str, flags: list, folder: Path) -> str:
    path = folder / "example.mlir"
    path.write_text(source)
    run = subprocess.run([BUILD / "bin/nibble-opt", *flags, path], capture_output=True, text=True)
    assert run.returncode == 0, f"the documented example does not run:\n{source}\n{run.stderr}"
    return run.stdout


@pytest.mark.parametrize("dialect,name,record", PASSES)
def test_pass_documentation(dialect, name, record, tmp_path):
    """The example runs, and where it says what it becomes, it becomes just that (dead and common operations aside)."""
    summary = record["summary"]
    assert summary and len(summary) <= 80 and not summary.endswith("."), summary
    blocks = re.findall(r"```mlir\n(.*?)```", record["description"], re.S)
    assert blocks, "the description has no ```mlir example"
    # An example may say how it is run: `// nibble-opt --flag=option=value` on its first line.
    line = re.match(r"\s*// nibble-opt (.*)", blocks[0])
    flags = line.group(1).replace("%S", str(ROOT / "test" / "Inputs")).split() if line else [f"--{record['argument']}"]
    before, becomes, after = blocks[0].partition("// becomes\n")
    arguments = snippets.free_values(before)
    made = nibble_opt(snippets.wrap(before, arguments), [*flags, "--cse"], tmp_path)
    if becomes:
        assert made == nibble_opt(snippets.wrap(after, arguments), ["--cse"], tmp_path)


@pytest.mark.parametrize("dialect,name,record", OPS)
def test_operation_documentation(dialect, name, record, tmp_path):
    """The example is an operation of this name that parses and verifies."""
    summary = record["summary"]
    assert summary and len(summary) <= 80 and not summary.endswith("."), summary
    examples = re.findall(r"```mlir\n(.*?)```", record["description"], re.S)
    assert examples, "the description has no ```mlir example"
    assert f"{dialect.lower()}.{record['opName']} " in examples[0]
    nibble_opt(snippets.wrap(examples[0], snippets.free_values(examples[0])), [], tmp_path)


@pytest.mark.parametrize("dialect,name,record", [o for o in OPS if o.values[0] == "Nibble"])
def test_operation_is_tested(dialect, name, record):
    mnemonic = record["opName"]
    texts = [p.read_text() for p in ROOT.glob(f"test/Dialect/{dialect}/*.mlir")]
    assert any(f"{dialect.lower()}.{mnemonic} " in t for t in texts), "no test under test/Dialect prints and parses it"


# A constraint that another pass checks says so, in these words.
ELSEWHERE = "not the verifier's work"


def constraints(description: str) -> dict[int, str]:
    """The numbered constraints of a definition, `* C1: ...` or `* C1-C3: ...`, with their texts."""
    found = {}
    for first, last, text in re.findall(r"^ *\* C(\d+)(?:-C(\d+))?: (.*?)(?=\n *\* C\d|\n *```|\Z)", description, re.M | re.S):
        found |= {number: text for number in range(int(first), int(last or first) + 1)}
    return found


def negative_tests(dialect: str) -> set[str]:
    """The functions of test/Dialect/<dialect> whose piece of a file expects an error."""
    pieces = [piece for p in ROOT.glob(f"test/Dialect/{dialect}/*.mlir") for piece in p.read_text().split("// -----")]
    return {name for piece in pieces if "expected-error" in piece for name in re.findall(r"func\.func (?:private )?@(\w+)", piece)}


CONSTRAINED = [pytest.param(dialect, record.get("opName") or record["mnemonic"], record, id=f"{dialect}-{name}")
               for kind, base in (("Ops", "Op"), ("Types", "TypeDef"))
               for dialect, name, record in definitions(kind, base)]


@pytest.mark.parametrize("dialect,name,record", CONSTRAINED)
def test_each_constraint_has_a_negative_test(dialect, name, record):
    """Called <operation>_c<number>_<what>; no test is for a constraint that is not there."""
    numbers = constraints(record["description"])
    assert sorted(numbers) == list(range(1, len(numbers) + 1)), f"constraints count from C1: {sorted(numbers)}"
    tested = {int(match[1]) for test in negative_tests(dialect) if (match := re.fullmatch(rf"{name}_c(\d+)_\w+", test))}
    checked = {number for number, text in numbers.items() if ELSEWHERE not in text}
    assert not checked - tested, f"no test of test/Dialect/{dialect} is called {name}_c{min(checked - tested)}_..."
    assert not tested - checked, f"a test is called {name}_c{min(tested - checked)}_..., the definition has no such constraint"


def test_every_integer_operation_runs_on_every_instruction_set():
    graph = (ROOT / "unittests/Codegen/IntegerGraphTest.cpp").read_text()
    missing = [op.values[2]["opName"] for op in OPS if op.values[2]["opName"].startswith("int_")
               and f"nibble.{op.values[2]['opName']} " not in graph]
    assert not missing, f"the graph of IntegerGraphTest.cpp lacks {missing}"


def diagnostics() -> list:
    found = []
    for path in tracked("lib/*.cpp", "lib/**/*.cpp"):
        for match in re.finditer(r'(?:emitError|emitOpError)\((?:[\w.>()-]+, )?"((?:[^"\\]|\\.)*)"', path.read_text()):
            found.append(pytest.param(match.group(1), id=f"{path.stem}:{match.group(1)[:40]}"))
    return found


@pytest.mark.parametrize("text", diagnostics())
def test_diagnostics_are_lower_case_without_full_stop(text):
    assert not re.match(r"[A-Z][a-z]", text) and not text.rstrip().endswith("."), text


def test_files_are_short():
    long = {str(p.relative_to(ROOT)): n for p in tracked("lib/**/*.cpp", "include/**/*.h", "tools/**/*.cpp", "python/**/*.py")
            if (n := len(p.read_text().splitlines())) > LONGEST_FILE}
    assert not long, f"files over {LONGEST_FILE} lines: {long}"


def test_no_generated_or_machine_specific_text():
    own = Path(__file__).name
    for path in tracked():
        if path.name == own or path.suffix in (".onnx", ".npz", ".png"):
            continue
        text = path.read_text(errors="ignore")
        assert not re.search(r"(?<![\w.])/(work|root|home)/\w", text), f"{path} names a path of one machine"
