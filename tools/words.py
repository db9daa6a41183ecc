"""`python -m tools.words`: find words that are none of the field's in identifiers and docstrings.

Messages are published, sent, received, dispatched or acknowledged; a reader who knows Kafka, PostgreSQL and
WebSockets guesses what such a name holds. Identifiers are split at `_` and at capitals. TypeScript is read
token by token: its identifiers and comments. Text that people read and names from outside stay free.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WORDS = frozenset({
    "asked", "door", "hear", "heard", "hearing", "heir", "said", "say", "tell", "tenure", "told", "vigil",
    "whoever",
})  # fmt: skip
FOLDERS = ("services", "shared", "tools", "deploy", "bench", "tests", "docs/examples", "frontend/src")
THIS_FILE = "tools/words.py"
"""Not searched: it holds the list."""

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TYPESCRIPT = re.compile(
    r"//(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"
    r"|(?P<name>[A-Za-z_$][\w$]*)",
    re.DOTALL,
)


def found_in(text: str) -> frozenset[str]:
    """The words of the list among those of `text`."""
    return WORDS & {part.lower() for part in _PART.findall(text)}


def python_words(source: str) -> Iterator[tuple[int, str]]:
    """The texts to be searched of a Python module, each with its line."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 1)
        match node:
            case (
                ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name))
            ):
                yield line, name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield line, node.name
            case ast.alias(name=name, asname=alias):
                yield line, f"{name} {alias or ''}"
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield line, text


def typescript_words(source: str) -> Iterator[tuple[int, str]]:
    """The texts to be searched of a TypeScript module, each with its line."""
    for match in _TYPESCRIPT.finditer(source):
        if text := match["line"] or match["block"] or match["name"]:
            yield source.count("\n", 0, match.start()) + 1, text


def findings(root: Path) -> Iterator[str]:
    """`path:line: words` for all files that git knows."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS]
    names = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    readers = {".py": python_words, ".ts": typescript_words, ".tsx": typescript_words}
    for name in names:
        path = root / name
        if (reader := readers.get(path.suffix)) is None or name == THIS_FILE or not path.exists():
            continue
        for line, text in reader(path.read_text()):
            if words := found_in(text):
                yield f"{name}:{line}: {', '.join(sorted(words))}"


def main() -> None:
    lines = sorted(set(findings(Path.cwd())))
    if lines:
        sys.exit("\n".join([*lines, "use the field's word for it: CONTRIBUTING.md, “Language”"]))


if __name__ == "__main__":
    main()
