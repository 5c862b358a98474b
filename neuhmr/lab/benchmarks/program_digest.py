"""A hash of the program's own files that make a result, found by following imports."""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import neuhmr

PACKAGE = Path(neuhmr.__file__).parent
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where statements hold other statements."""


@cache
def program_digest(*modules: str, root: Path = PACKAGE) -> str:
    """Hash what the results of modules depend on: code they may import and small tables beside it.

    Weights are left out. Read once per process, as the code itself is.

    Args:
        modules: full names of those that compute the result, such as "neuhmr.refine.problem".
        root: the package's folder.

    Raises:
        ValueError: there is no such module.
    """
    digest = hashlib.sha256()
    for file in import_closure(modules, root):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def import_closure(modules: Iterable[str], root: Path = PACKAGE) -> list[Path]:
    """List the files that importing modules may run, and the `.npz` tables in their folders.

    Every import counts, within functions and for types too; the package's files alone.

    Raises:
        ValueError: there is no such module.
    """
    waiting, seen, files = list(modules), set[str](), set[Path]()
    for name in waiting:
        if _file_of(name, root) is None:
            raise ValueError(f"there is no module {name} below {root}")
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        # Whatever imports a module first runs the packages that it lies in.
        waiting += [name.rpartition(".")[0]]
        file = _file_of(name, root)
        if file is not None:
            files.add(file)
            waiting += _imports(file, name)
    tables = {table for folder in {file.parent for file in files} for table in _tables(folder)}
    return sorted(files | tables)


def _file_of(module: str, root: Path) -> Path | None:
    """Find a module's file; None for other packages' modules, and for names that are none."""
    package, *parts = module.split(".")
    place = root.joinpath(*parts)
    candidates = (place / "__init__.py", place.parent / f"{place.name}.py")
    if package != root.name:
        return None
    return next((file for file in candidates if file.is_file()), None)


def _imports(file: Path, module: str) -> Iterator[str]:
    """Name all that a module imports; what it imports from a module may be one itself."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for statement in _statements(ast.parse(file.read_bytes(), file).body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            source = statement.module or ""
            if statement.level:
                above = package.rsplit(".", statement.level - 1)[0]
                source = f"{above}.{source}".rstrip(".")
            yield source
            yield from (f"{source}.{alias.name}" for alias in statement.names)


def _statements(block: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for statement in block:
        yield statement
        for name in BLOCKS:
            yield from _statements(getattr(statement, name, ()))


def _tables(folder: Path) -> Iterator[Path]:
    """List the tables in a package's folder, and in folders below it that hold no code."""
    for place in (folder, *folder.iterdir()):
        if place == folder or (place.is_dir() and not (place / "__init__.py").exists()):
            yield from place.glob("*.npz")
