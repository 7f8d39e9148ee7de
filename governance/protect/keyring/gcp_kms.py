"""A KEK under a key of Google Cloud KMS, which never leaves it. Needs the extra `kms-gcp` (google-cloud-kms).

    POST /v1/{key}:encrypt   {plaintext, additionalAuthenticatedData, ...Crc32c}   -> {ciphertext, ciphertextCrc32c}
    POST /v1/{key}:decrypt   {ciphertext, additionalAuthenticatedData, ...Crc32c}  -> {plaintext, plaintextCrc32c}

By REST, with the checksums that Google asks for: what was changed on the way is refused. Credentials are the service
account in the file that GOOGLE_APPLICATION_CREDENTIALS names; with `credentials: default` those that Google's library
finds, the machine's metadata service included.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

from governance.protect.keyring.addresses import check_address
from governance.protect.keyring.kek import Slot, locked
from governance.protect.keyring.wrapping import text_of
from policies.errors import InstallationError, KeyringError

CREDENTIALS_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_TIMEOUT_SECONDS = 10
_HOST = "https://cloudkms.googleapis.com"
_SCOPES = ("https://www.googleapis.com/auth/cloudkms",)


class GcpKmsProvider:
    """Wraps in Google Cloud KMS. A slot holds `key`, its resource name, and `wrapped`, base64 of the ciphertext."""

    name = "gcp-kms"

    def __init__(
        self,
        key: str,
        value: Callable[[str], str | None],
        *,
        endpoint: str | None = None,
        default_credentials: bool = False,
    ) -> None:
        if endpoint is not None:
            check_address(endpoint, "keyring.gcp.endpoint")
        self._key = key
        self._value = value
        self._endpoint = endpoint or _HOST
        self._default = default_credentials

    def wrap(self, kek: bytes, context: bytes) -> Slot:
        """The KEK under the primary version of the key. Raises KeyringError."""
        answer = self._ask(
            "encrypt",
            name=self._key,
            plaintext=kek,
            plaintext_crc32c=_crc32c(kek),
            additional_authenticated_data=context,
            additional_authenticated_data_crc32c=_crc32c(context),
        )
        if not answer.verified_plaintext_crc32c or not answer.verified_additional_authenticated_data_crc32c:
            _refuse("an answer that has not checked what was sent")
        _check(answer.ciphertext, answer.ciphertext_crc32c)
        return {"provider": self.name, "key": self._key, "wrapped": text_of(answer.ciphertext)}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:
        """The KEK of a slot. Raises KeyringError."""
        wrapped = base64.b64decode(str(slot["wrapped"]), validate=True)
        answer = self._ask(
            "decrypt",
            name=str(slot["key"]),
            ciphertext=wrapped,
            ciphertext_crc32c=_crc32c(wrapped),
            additional_authenticated_data=context,
            additional_authenticated_data_crc32c=_crc32c(context),
        )
        _check(answer.plaintext, answer.plaintext_crc32c)
        return bytes(answer.plaintext)

    def __repr__(self) -> str:
        return "GcpKmsProvider()"

    def _ask(self, verb: str, **asked: Any) -> Any:
        client = self._client()
        from google.api_core.exceptions import BadRequest, GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError
        from google.protobuf.json_format import ParseError

        try:
            return getattr(client, verb)(request=asked, timeout=_TIMEOUT_SECONDS, retry=None)
        except BadRequest:
            if verb == "decrypt":  # what Google answers to a ciphertext that its key did not make
                raise locked() from None
            _refuse("status 400")
        except GoogleAPICallError as cause:
            _refuse(f"status {cause.code}" if cause.code is not None else "an error")
        except (GoogleAuthError, RetryError, OSError):
            _refuse("no answer")
        except (ParseError, ValueError, TypeError, AttributeError):
            _refuse("an answer of another form")
        finally:
            client.transport.close()

    def _client(self) -> Any:
        try:
            from google.cloud.kms_v1 import KeyManagementServiceClient
            from google.cloud.kms_v1.services.key_management_service.transports import (
                KeyManagementServiceRestTransport,
            )
        except ImportError:
            raise InstallationError(
                "keyring.provider gcp-kms",
                found="no package google-cloud-kms",
                expected="the extra `kms-gcp`",
                next_step="run `pip install 'customer-data-governance[kms-gcp]'`",
            ) from None
        parts = urlsplit(self._endpoint)
        transport = KeyManagementServiceRestTransport(
            host=parts.netloc, url_scheme=parts.scheme, credentials=self._credentials()
        )
        for session in (transport._session, transport._session._auth_request.session):  # noqa: SLF001 no other way
            session.trust_env = False  # no proxy of the environment: the named service, and no other
        return KeyManagementServiceClient(transport=transport)

    def _credentials(self) -> Any:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.oauth2.service_account import Credentials

        path = self._value(CREDENTIALS_FILE)
        if not path and not self._default:
            _refuse(f"no variable {CREDENTIALS_FILE}", next_step="export it, or set keyring.gcp.credentials")
        try:
            if path:
                read: Any = Credentials.from_service_account_file  # untyped
                return read(path, scopes=_SCOPES)
            return google.auth.default(scopes=_SCOPES)[0]
        except (OSError, ValueError, GoogleAuthError):
            _refuse("no credentials that can be read", next_step=f"check the file that {CREDENTIALS_FILE} names")


def _crc32c(data: bytes) -> int:
    import google_crc32c

    return int(google_crc32c.value(data))


def _check(data: bytes, told: int) -> None:
    if not data or _crc32c(data) != told:
        _refuse("an answer that was changed on its way")


def _refuse(found: str, *, next_step: str = "check key, endpoint, and the role of the credentials") -> NoReturn:
    raise KeyringError(
        "key service gcp-kms", found=found, expected="an answer of Google Cloud KMS", next_step=next_step
    ) from None
