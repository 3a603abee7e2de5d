"""Write the canonical JSON of a document whose structure is known, with its texts filled in.

In RFC 8785 a member's place depends on its name alone, and a text's form on nothing but itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Final

from registry.formats.canonical import jcs
from registry.formats.rdf import CanonicalisationError
from registry.formats.shape_filling import Texts
from registry.formats.shape_learning import MARK, NoShapeError, marked

# What a place and the piece before it take besides the piece's characters.
_PLACE_SIZE: Final = 50
_PLACE: Final = re.compile(rf'"{MARK}\.([0-9]+)"')


@dataclass(frozen=True)
class JsonTemplate:
    """What stands between the texts of a document, and which text comes after which."""

    pieces: Sequence[str]
    places: Sequence[int]

    @property
    def size(self) -> int:
        """About how many characters it takes."""
        return sum(map(len, self.pieces)) + _PLACE_SIZE * len(self.places)

    def fill(self, texts: Texts) -> bytes:
        """Return the canonical JSON; raises CanonicalisationError for lone surrogates."""
        written = [""] * (len(self.pieces) + len(self.places))
        written[::2] = self.pieces
        written[1::2] = [encode_basestring(texts[place]) for place in self.places]
        try:
            return "".join(written).encode()
        except UnicodeEncodeError as error:
            raise CanonicalisationError("a lone surrogate") from error


def json_template_of(document: dict[str, Any], texts: Texts) -> JsonTemplate:
    """Return the template of a document's structure; raises NoShapeError if it comes out wrong."""
    replaced = {place: f"{MARK}.{place}" for place in range(len(texts))}
    split = _PLACE.split(jcs(marked(document, replaced, with_contexts=True)).decode())
    template = JsonTemplate(split[::2], [int(place) for place in split[1::2]])
    if sorted(template.places) != list(range(len(texts))) or template.fill(texts) != jcs(document):
        raise NoShapeError("its JSON comes out otherwise")
    return template
