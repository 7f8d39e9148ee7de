"""Named masks: what is left of a value under the treatment `mask:NAME`.

>>> MASKS["phone"].apply("13812345678")
'138****5678'
>>> MASKS["bucket_1000"].apply(52300, "integer")
52000
"""

from __future__ import annotations

from governance.protect.masks.base import ANY_TYPE, TEXT, Mask
from governance.protect.masks.registry import MASKS, mask

__all__ = ["ANY_TYPE", "MASKS", "TEXT", "Mask", "mask"]
