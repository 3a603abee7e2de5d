"""Name tiles and entry bundles by the paths they are served at (C2SP tlog-tiles)."""

import re
from dataclasses import dataclass
from typing import Final

TILE_WIDTH: Final = 256
MAX_LEVEL: Final = 63
_NUMBER: Final = r"(?P<number>(?:x[0-9]{3}/)*[0-9]{3})"
_WIDTH: Final = r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
_TILE: Final = re.compile(rf"tile/(?P<level>0|[1-9][0-9]?)/{_NUMBER}{_WIDTH}")
_ENTRIES: Final = re.compile(rf"tile/entries/{_NUMBER}{_WIDTH}")
# 2**63 leaves have fewer level 0 tiles than 10**18, which is six path elements.
_MAX_NUMBER_CHARACTERS: Final = 5 * 5 + 3


class TilePathError(ValueError):
    """A path is not the one name of a tile or of an entry bundle."""


@dataclass(frozen=True)
class TileAddress:
    """A tile of hashes, or its first `width` hashes."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        return f"tile/{self.level}/{number_path(self.number)}{_suffix(self.width)}"

    @classmethod
    def parse(cls, path: str) -> "TileAddress":
        """Return the tile a path such as `tile/0/x001/067.p/12` names, or raise TilePathError."""
        match = _match(_TILE, path)
        if int(match["level"]) > MAX_LEVEL:
            raise TilePathError(f"{path!r} names a level above {MAX_LEVEL}")
        return cls(int(match["level"]), _number(match), _width(match))


@dataclass(frozen=True)
class EntriesAddress:
    """A bundle of entries, or its first `width` entries."""

    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        return entries_path(self.number, self.width)

    @classmethod
    def parse(cls, path: str) -> "EntriesAddress":
        """Return the bundle that `tile/entries/x001/067`, say, names, or raise TilePathError."""
        match = _match(_ENTRIES, path)
        return cls(_number(match), _width(match))


def entries_path(number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a bundle of entries, or of its first `width` entries."""
    return f"tile/entries/{number_path(number)}{_suffix(width)}"


def number_path(number: int) -> str:
    """Return a tile's number in path elements of three digits: 1234067 is `x001/x234/067`."""
    last, elements = f"{number % 1000:03}", list[str]()
    while number := number // 1000:
        elements.append(f"x{number % 1000:03}")
    return "/".join([*reversed(elements), last])


def _suffix(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def _match(pattern: re.Pattern[str], path: str) -> re.Match[str]:
    match = pattern.fullmatch(path)
    if match is None or len(match["number"]) > _MAX_NUMBER_CHARACTERS:
        raise TilePathError(f"{path[:80]!r} names no tile")
    if number_path(_number(match)) != match["number"] or _width(match) > TILE_WIDTH:
        raise TilePathError(f"{path[:80]!r} is not the one name of a tile")
    # A full tile has no width in its name.
    if match["width"] is not None and _width(match) == TILE_WIDTH:
        raise TilePathError(f"{path[:80]!r} is not the one name of a tile")
    return match


def _number(match: re.Match[str]) -> int:
    return int(match["number"].replace("x", "").replace("/", ""))


def _width(match: re.Match[str]) -> int:
    return TILE_WIDTH if match["width"] is None else int(match["width"])
