# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The diagnostics that the C++ sources contain, and the text of all tests that may expect them."""
import re
from dataclasses import dataclass
from pathlib import Path

CALLS = re.compile(r"\b(?:emitError|emitOpError|emitNodeError|emitWarning|emitRemark|attachNote|makeError|"
                   r"createStringError|ImportError|ExportError|fail|refuse\w*)\(")
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
CHARACTER = re.compile(LITERAL.pattern + r"|'(?:\\.|[^'\\\n])'")
COMMENT = re.compile(r"^[ \t]*//.*$", re.M)
# A fragment this long tells its message from others; of shorter ones all are needed, in order.
TELLING = 12


@dataclass(frozen=True)
class Message:
    place: str
    fragments: tuple[str, ...]

    def missing(self, text: str) -> list[str]:
        """The parts of the message that `text` lacks: each telling one; of a message of short ones, their sequence."""
        telling = [fragment for fragment in self.fragments if len(fragment) >= TELLING]
        if telling:
            return [fragment for fragment in telling if fragment not in text]
        sequence = ".{0,80}?".join(map(re.escape, self.fragments))
        return [] if re.search(sequence, text) else [" ... ".join(self.fragments)]


def plain(text: str) -> str:
    """Text without escapes, with adjacent literals joined and single spaces, so that line breaks do not matter."""
    text = re.sub(r'"\s*\n\s*r?f?"|' + r"'\s*\n\s*r?f?'", "", text)
    return re.sub(r"\s+", " ", text.replace("\\n", " ").replace("\\", ""))


def statement(text: str, start: int) -> str:
    """From a call to the end of its statement, or of the bracket round it; nothing where the call is a definition."""
    depth, i = 0, start
    while i < len(text):
        if text[i] == '"' and (literal := LITERAL.match(text, i)):
            i = literal.end()
            continue
        depth += (text[i] in "({[") - (text[i] in ")}]")
        if depth < 0 or (depth == 0 and text[i] == ";"):
            break
        if depth == 0 and text[i] == ")" and re.match(r"\)\s*(const\s*)?\{", text[i:]):
            return ""
        i += 1
    return text[start:i]


def messages(path: Path) -> list[Message]:
    text = COMMENT.sub("", CHARACTER.sub(lambda m: m[0] if m[0][0] == '"' else "0", path.read_text()))
    found, end = [], 0
    for call in CALLS.finditer(text):
        if call.start() < end:
            continue
        source = statement(text, call.start())
        end = call.start() + len(source)
        joined = re.sub(r'"\s*\n\s*"', "", source)
        literals = (plain(literal).strip() for literal in LITERAL.findall(joined))
        fragments = tuple(literal for literal in literals if len(literal) >= 4)
        if fragments:
            found.append(Message(f"{path.name}:{text[:call.start()].count(chr(10)) + 1}", fragments))
    return found
