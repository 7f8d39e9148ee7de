"""What wraps the key encryption key (KEK), and the errors that its providers share.

The KEK is 32 random bytes. It wraps every key of the keyring and stands in the keyring's file only wrapped by a
provider: a passphrase, an environment variable, a key service. So a provider is asked once when a keyring is opened,
whatever the number of keys, and a new KEK costs a key service one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from policies.errors import KeyringError

Slot = Mapping[str, str | int]
"""The KEK as one provider wrapped it, with what the provider needs to open it; plain data for the keyring's file."""


class KekProvider(Protocol):
    """Wraps and opens a KEK. Both methods raise KeyringError; they keep, log and show nothing of the KEK."""

    @property
    def name(self) -> str:
        """The kind of provider, as slots name it: `file`, `env`, `vault`."""
        ...

    def wrap(self, kek: bytes, context: bytes) -> Slot:
        """The KEK wrapped for this context, under the provider's newest key."""
        ...

    def unwrap(self, slot: Slot, context: bytes) -> bytes:
        """The KEK of a slot that this provider wrapped for this context; `locked` when it does not open it."""
        ...


def locked() -> KeyringError:
    """The one error of a file that does not open: it does not say what was wrong."""
    return KeyringError(
        "keyring",
        found="a file that this passphrase does not open",
        expected="the keyring and the passphrase that belong together",
        next_step="check the passphrase; if it is right, restore the keyring file from a backup",
    )
