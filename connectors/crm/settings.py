"""How a CRM is reached: what `governance.yaml` says of it, with the secrets that it names filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CrmSettings:
    """What a connector needs to reach one account of a vendor."""

    kind: str
    """`zoho` or `fxiaoke`."""
    credentials: Mapping[str, str] = field(repr=False)
    """Secrets by the vendor's word for them; each connector states which it needs."""
    data_center: str = ""
    """The vendor's data centre, such as `cn`; empty takes the vendor's first."""
    address: str = ""
    """An address in place of the data centre's, `https://HOST`; `http` to this machine alone."""
    writable: bool = False
    """Whether jobs may change and erase records."""
    datasets: tuple[str, ...] = ()
    """The only modules or objects to see; empty takes all that the vendor lists."""
    proxy: str = field(default="", repr=False)
    """A proxy's address, which may hold a password; empty goes straight."""
    timeout_seconds: float = 30
    """How long one call may take before it counts as failed."""
    calls: int | None = None
    """At most so many calls in `call_seconds`; None takes what the vendor's documents say."""
    call_seconds: float = 60
    """The span that `calls` counts in, in seconds."""
