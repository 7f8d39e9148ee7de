"""Models that read texts: an English and a Chinese one, from the extra `nlp`, hash-pinned and offline."""

from governance.scan.text.models.base import TextModel
from governance.scan.text.models.loader import load_models

__all__ = ["TextModel", "load_models"]
