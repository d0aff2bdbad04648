# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The language server, spoken to as an editor does."""
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin/nibble-lsp-server"
TEXT = """func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}
"""


class Editor:
    """Messages to and from a server on standard streams."""

    def __init__(self):
        self.server = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.requests = 0

    def send(self, method, params, **more):
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def receive(self):
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self.server.stdout.read(length))

    def ask(self, method, params):
        self.requests += 1
        self.send(method, params, id=self.requests)
        while (message := self.receive()).get("id") != self.requests:
            pass
        return message["result"]

    def open(self, uri, text):
        """The diagnostics of a document."""
        self.send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "mlir", "version": 1, "text": text}})
        while (message := self.receive()).get("method") != "textDocument/publishDiagnostics":
            pass
        assert message["params"]["uri"] == uri
        return message["params"]["diagnostics"]


@pytest.fixture
def editor():
    editor = Editor()
    yield editor
    editor.server.kill()
    editor.server.wait()


def test_session(editor):
    capabilities = editor.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["capabilities"]
    assert capabilities["hoverProvider"]
    editor.send("initialized", {})

    assert editor.open("test:///good.mlir", TEXT) == []
    hover = editor.ask("textDocument/hover", {"textDocument": {"uri": "test:///good.mlir"}, "position": {"line": 1, "character": 10}})
    assert "nibble.relu" in hover["contents"]["value"]

    error, = editor.open("test:///bad.mlir", TEXT.replace("relu %x", "clip %x {min = 2.0 : f32, max = 1.0 : f32}"))
    assert error["range"]["start"] == {"line": 1, "character": 7}
    assert error["message"].startswith("'nibble.clip' op expected 'min' <= 'max', neither a NaN, got 2.0")

    assert editor.ask("shutdown", None) is None
    editor.send("exit", None)
    assert editor.server.wait(timeout=30) == 0
