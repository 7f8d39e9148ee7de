"""Which files a check reads, for which store, and how paths are mapped to stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from governance.gate.project import CheckProject
from governance.gate.reads.files import files_below
from governance.gate.shown import shown
from policies.config import GovernanceConfig
from policies.errors import ConfigError

KINDS = ("migrations", "models")
"""What governance.yaml says of a store's files."""


@dataclass(frozen=True)
class Sources:
    """The files of one store."""

    store: str
    """The store."""
    migrations: tuple[Path, ...]
    """All its migrations."""
    models: tuple[Path, ...]
    """All files that describe it."""
    judged: frozenset[Path]
    """Those of them whose findings count."""


def sources_of(project: CheckProject, paths: Sequence[Path]) -> list[Sources]:
    """The files of every store that some paths, or a change since the base, touch.

    Raises ConfigError for a path that does not exist or belongs to no store, with the line to add.
    """
    asked = [_existing(path).resolve() for path in paths]
    _refuse_unmapped(asked, project)
    found = []
    for store, entry in project.config.stores.items():
        migrations = list(_files(project.root, entry.migrations))
        models = list(_files(project.root, entry.models))
        judged = frozenset(each for each in (*migrations, *models) if _is_asked(each, asked) and _is_new(each, project))
        found.append(Sources(store, tuple(migrations), tuple(models), judged))
    return found


def fixtures_of(project: CheckProject, paths: Sequence[Path]) -> list[Path]:
    """The files of seeds and fixtures that are to be judged."""
    asked = [path.resolve() for path in paths]
    files = _files(project.root, project.config.check.fixtures)
    return [each for each in files if _is_asked(each, asked) and _is_new(each, project)]


def judges_policies(project: CheckProject, paths: Sequence[Path]) -> bool:
    """Whether the policy folder is among what is asked for."""
    if project.policies is None:
        return False
    folder = project.policies.folder.resolve()
    asked = [path.resolve() for path in paths]
    return not asked or any(each == folder or folder in each.parents or each in folder.parents for each in asked)


def relative(file: Path, root: Path) -> str:
    """How a file is named: relative to the project, with `/`."""
    whole, base = file.resolve(), root.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else file.name


def _files(root: Path, named: Sequence[str]) -> Iterator[Path]:
    for each in named:
        yield from (file.resolve() for file in files_below(_existing(root / each)))


def _is_asked(file: Path, asked: Sequence[Path]) -> bool:
    return not asked or any(each == file or each in file.parents for each in asked)


def _is_new(file: Path, project: CheckProject) -> bool:
    return project.base is None or file in project.base.changed


def _refuse_unmapped(asked: Sequence[Path], project: CheckProject) -> None:
    named = [name for entry in project.config.stores.values() for name in (*entry.migrations, *entry.models)]
    folders = [(project.root / name).resolve() for name in (*named, *project.config.check.fixtures)]
    if project.policies is not None:
        folders.append(project.policies.folder.resolve())
    folders.append((project.root / "governance.yaml").resolve())
    for path in asked:
        if not any(path == each or each in path.parents or path in each.parents for each in folders):
            raise _unmapped(path, project.root, project.config)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ConfigError(
            f"migrations {shown(path.name)}",
            found="no such file or folder",
            expected="migrations to read",
            next_step="correct the path, or `migrations` in governance.yaml",
        )
    return path


def _unmapped(path: Path, root: Path, config: GovernanceConfig) -> ConfigError:
    folder = path if path.is_dir() else path.parent
    whole, base = folder.resolve(), root.resolve()
    named = whole.relative_to(base).as_posix() if whole.is_relative_to(base) else shown(folder.name)
    stores = " or ".join(sorted(config.stores)) or "a store"
    return ConfigError(
        f"migrations {named}",
        found="a path that belongs to no store",
        expected="a path below `migrations` or `models` of a store in governance.yaml",
        next_step=f"add `migrations: [{named}/]` under {stores} in governance.yaml",
    )
