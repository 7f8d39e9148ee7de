"""A KEK under a key of AWS KMS, which never leaves it. Needs the extra `kms-aws` (boto3).

    Encrypt   {KeyId, Plaintext, EncryptionContext}        -> {CiphertextBlob}
    Decrypt   {KeyId, CiphertextBlob, EncryptionContext}   -> {Plaintext}

The context that binds a wrapped KEK to its keyring goes as EncryptionContext, which AWS authenticates and logs: it
holds the keyring's id, nothing of a person. Only the endpoint of the region, or the one that the configuration names,
is asked: proxies, other endpoints and, unless `credentials: default` says so, other credentials than those of the
variables are ignored.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, NoReturn

from governance.protect.keyring.addresses import check_address
from governance.protect.keyring.kek import Slot, locked
from governance.protect.keyring.wrapping import text_of
from policies.errors import InstallationError, KeyringError

ACCESS_KEY = "AWS_ACCESS_KEY_ID"
SECRET_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 a variable's name
SESSION_TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105 a variable's name
_TIMEOUT_SECONDS = 10
_CONTEXT = "governance"
_NOT_OURS = ("InvalidCiphertextException", "IncorrectKeyException")


class AwsKmsProvider:
    """Wraps in AWS KMS. A slot holds `key`, the key's id, ARN or alias, and `wrapped`, AWS's ciphertext in base64."""

    name = "aws-kms"

    def __init__(
        self,
        key: str,
        region: str,
        value: Callable[[str], str | None],
        *,
        endpoint: str | None = None,
        default_credentials: bool = False,
    ) -> None:
        if endpoint is not None:
            check_address(endpoint, "keyring.aws.endpoint")
        self._key = key
        self._region = region
        self._value = value
        self._endpoint = endpoint
        self._default = default_credentials

    def wrap(self, kek: bytes, context: bytes) -> Slot:
        """The KEK under the newest material of the key. Raises KeyringError."""
        answer = self._ask("encrypt", KeyId=self._key, Plaintext=kek, EncryptionContext=_bound(context))
        wrapped = answer.get("CiphertextBlob")
        if not isinstance(wrapped, bytes) or not wrapped:
            _refuse("an answer without a ciphertext")
        return {"provider": self.name, "key": self._key, "wrapped": text_of(wrapped)}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:
        """The KEK of a slot. Raises KeyringError."""
        wrapped = base64.b64decode(str(slot["wrapped"]), validate=True)
        answer = self._ask("decrypt", KeyId=str(slot["key"]), CiphertextBlob=wrapped, EncryptionContext=_bound(context))
        plaintext = answer.get("Plaintext")
        if not isinstance(plaintext, bytes) or not plaintext:
            _refuse("an answer without a plaintext")
        return plaintext

    def __repr__(self) -> str:
        return f"AwsKmsProvider({self._region})"

    def _ask(self, verb: str, **asked: Any) -> Mapping[str, Any]:
        boto3, exceptions = _boto()
        try:
            with closing(self._client(boto3)) as client:
                answer: Mapping[str, Any] = getattr(client, verb)(**asked)
        except exceptions.ClientError as cause:
            code = str(cause.response.get("Error", {}).get("Code", "no code"))
            if verb == "decrypt" and code in _NOT_OURS:
                raise locked() from None
            _refuse(f"the error {code}" if code.isalnum() else "an error")
        except (exceptions.BotoCoreError, OSError):
            _refuse("no answer")
        except (ValueError, TypeError, AttributeError, KeyError):  # what boto makes of an answer that is no object
            _refuse("an answer of another form")
        return answer

    def _client(self, boto3: Any) -> Any:
        from botocore.config import Config

        told: dict[str, Any] = {}
        if not self._default:
            access, secret = self._value(ACCESS_KEY), self._value(SECRET_KEY)
            if not access or not secret:
                _refuse(f"no variables {ACCESS_KEY} and {SECRET_KEY}", next_step="export them, or set credentials")
            told = {
                "aws_access_key_id": access,
                "aws_secret_access_key": secret,
                "aws_session_token": self._value(SESSION_TOKEN),
            }
        config = Config(
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
            proxies={},  # the network is opened to the service that the configuration names, and to no other
            ignore_configured_endpoint_urls=True,
        )
        return boto3.session.Session().client(
            "kms", region_name=self._region, endpoint_url=self._endpoint, config=config, **told
        )


def _boto() -> tuple[Any, Any]:
    try:
        import boto3
        from botocore import exceptions
    except ImportError:
        raise InstallationError(
            "keyring.provider aws-kms",
            found="no package boto3",
            expected="the extra `kms-aws`",
            next_step="run `pip install 'customer-data-governance[kms-aws]'`",
        ) from None
    return boto3, exceptions


def _bound(context: bytes) -> dict[str, str]:
    return {_CONTEXT: text_of(context)}


def _refuse(found: str, *, next_step: str = "check key, region, endpoint and the credentials' policy") -> NoReturn:
    raise KeyringError(
        "key service aws-kms", found=found, expected="an answer of AWS KMS", next_step=next_step
    ) from None
