"""AWS KMS and Google Cloud KMS, by their own libraries, against services on this machine that speak their APIs."""

import base64
import hashlib
import hmac
import json
import os
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import google_crc32c
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.flows.opening.opening_keys import kek_provider
from governance.project import Project
from governance.protect.keyring.aws_kms import AwsKmsProvider
from governance.protect.keyring.file import FileKeyring
from governance.protect.keyring.gcp_kms import GcpKmsProvider
from policies.config import KeyringConfig
from policies.errors import ConfigError, InstallationError, KeyringError

GCP_KEY = "projects/p/locations/eu/keyRings/r/cryptoKeys/governance"
SECRET = "wJalrXUtnFEMI-planted-secret"
AWS_VARIABLES = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}


class Service(ThreadingHTTPServer):
    """One service: keys with versions, what was asked, and what to answer instead of serving."""

    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.versions = [AESGCM(os.urandom(32))]
        self.asked = []
        self.instead = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def seal(self, clear, bound):
        nonce = os.urandom(12)
        return bytes([len(self.versions) - 1]) + nonce + self.versions[-1].encrypt(nonce, clear, bound)

    def open(self, sealed, bound):
        return self.versions[sealed[0]].decrypt(sealed[1:13], sealed[13:], bound)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        code, answer = self.server.instead or self.answer(raw)
        content = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


class AwsHandler(Handler):
    kind = "application/x-amz-json-1.1"

    def answer(self, raw):
        target, body = self.headers["X-Amz-Target"], json.loads(raw)
        self.server.asked.append((target, body.get("KeyId")))
        if not self.is_signed(raw):
            return 400, {"__type": "InvalidSignatureException", "message": "no"}
        if body["KeyId"] != "alias/governance":
            return 400, {"__type": "NotFoundException", "message": "no key"}
        bound = json.dumps(body["EncryptionContext"], sort_keys=True).encode()
        if target == "TrentService.Encrypt":
            sealed = self.server.seal(base64.b64decode(body["Plaintext"]), bound)
            return 200, {"CiphertextBlob": base64.b64encode(sealed).decode(), "KeyId": body["KeyId"]}
        try:
            clear = self.server.open(base64.b64decode(body["CiphertextBlob"]), bound)
        except InvalidTag:
            return 400, {"__type": "InvalidCiphertextException", "message": None}
        return 200, {"Plaintext": base64.b64encode(clear).decode(), "KeyId": body["KeyId"]}

    def is_signed(self, raw):
        """Whether the request carries the signature (version 4) of the one secret, for the service and region."""
        scheme, _, rest = self.headers["Authorization"].partition(" ")
        told = dict(each.strip().split("=", 1) for each in rest.split(","))
        access, day, region, service, end = told["Credential"].split("/")
        names = told["SignedHeaders"].split(";")
        lines = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names)
        canonical = f"POST\n/\n\n{lines}\n{told['SignedHeaders']}\n{hashlib.sha256(raw).hexdigest()}"
        scope = f"{day}/{region}/{service}/{end}"
        text = f"{scheme}\n{self.headers['X-Amz-Date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = ("AWS4" + SECRET).encode()
        for part in (day, region, service, end):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return (access, region, service, signature) == ("AKIDEXAMPLE", "eu-test-1", "kms", told["Signature"])


class GcpHandler(Handler):
    kind = "application/json"

    def answer(self, raw):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.server.asked.append(path)
        if path == "/token":
            return 200, {"access_token": "ya29.test", "expires_in": 3600, "token_type": "Bearer"}
        if self.headers["Authorization"] != "Bearer ya29.test":
            return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "no"}}
        name, _, verb = path.removeprefix("/v1/").partition(":")
        if name != GCP_KEY:
            return 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": "no key"}}
        body = json.loads(raw)
        bound = base64.b64decode(body["additionalAuthenticatedData"])
        given = base64.b64decode(body["plaintext" if verb == "encrypt" else "ciphertext"])
        told = body[f"{'plaintext' if verb == 'encrypt' else 'ciphertext'}Crc32c"]
        assert int(told) == google_crc32c.value(given)
        assert int(body["additionalAuthenticatedDataCrc32c"]) == google_crc32c.value(bound)
        if verb == "encrypt":
            sealed = self.server.seal(given, bound)
            return 200, {
                "name": f"{GCP_KEY}/cryptoKeyVersions/1", "ciphertext": base64.b64encode(sealed).decode(),
                "ciphertextCrc32c": str(google_crc32c.value(sealed)), "verifiedPlaintextCrc32c": True,
                "verifiedAdditionalAuthenticatedDataCrc32c": True, "protectionLevel": "SOFTWARE",
            }  # fmt: skip
        try:
            clear = self.server.open(given, bound)
        except InvalidTag:
            message = "Decryption failed: the ciphertext is invalid."
            return 400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": message}}
        return 200, {
            "plaintext": base64.b64encode(clear).decode(), "plaintextCrc32c": str(google_crc32c.value(clear)),
            "usedPrimary": True,
        }  # fmt: skip


@pytest.fixture(params=["aws", "gcp"])
def service(request):
    server = Service(AwsHandler if request.param == "aws" else GcpHandler)
    server.kind = request.param
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def variables(service, private_key, tmp_path):
    account = {
        "type": "service_account", "project_id": "p", "private_key_id": "1", "private_key": private_key,
        "client_email": "governance@p.iam.gserviceaccount.example", "token_uri": f"{service.address}/token",
    }  # fmt: skip
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))
    return {**AWS_VARIABLES, "GOOGLE_APPLICATION_CREDENTIALS": str(path)}


def provider_of(service, variables, key=None):
    if service.kind == "aws":
        return AwsKmsProvider(key or "alias/governance", "eu-test-1", variables.get, endpoint=service.address)
    return GcpKmsProvider(key or GCP_KEY, variables.get, endpoint=service.address)


@pytest.fixture
def provider(service, variables):
    return provider_of(service, variables)


def test_it_opens_what_it_wrapped_and_nothing_of_another_context(provider):
    slot = provider.wrap(b"k" * 32, b"here")
    assert slot["provider"] == provider.name
    assert json.loads(json.dumps(slot)) == slot
    assert provider.unwrap(slot, b"here") == b"k" * 32
    with pytest.raises(KeyringError, match="does not open"):
        provider.unwrap(slot, b"there")
    spoilt = bytearray(base64.b64decode(slot["wrapped"]))
    spoilt[-1] ^= 1
    with pytest.raises(KeyringError, match="does not open"):
        provider.unwrap({**slot, "wrapped": base64.b64encode(spoilt).decode()}, b"here")
    assert SECRET not in repr(provider)


def test_a_keyring_opens_again_and_asks_once_for_any_number_of_keys(provider, service, tmp_path):
    path = tmp_path / "keyring.json"
    made = FileKeyring.create(path, provider).data_key("s1/d1")
    service.asked.clear()
    again = FileKeyring.open(path, provider)
    for number in range(9):
        again.data_key(f"s1/d{number + 1}")
    assert again.data_key("s1/d1").info.id == made.info.id
    assert again.kek_providers() == (provider.name,)
    verb = {"aws": ("TrentService.Decrypt", "alias/governance"), "gcp": f"/v1/{GCP_KEY}:decrypt"}[service.kind]
    assert [each for each in service.asked if each != "/token"] == [verb]


def test_a_new_version_of_the_services_key_takes_over(provider, service, tmp_path):
    path = tmp_path / "keyring.json"
    ring = FileKeyring.create(path, provider)
    key = ring.data_key("s1/d1")
    service.versions.append(AESGCM(os.urandom(32)))
    ring.reissue_kek()
    service.versions[0] = AESGCM(os.urandom(32))
    assert FileKeyring.open(path, provider).data_key("s1/d1").info.id == key.info.id


def test_a_service_that_does_not_serve_is_told_apart_from_a_wrong_key(provider, service, variables, tmp_path):
    path = tmp_path / "keyring.json"
    FileKeyring.create(path, provider)
    with pytest.raises(KeyringError, match=f"{provider.name}.*(NotFound|404)"):
        provider_of(service, variables, key="alias/other" if service.kind == "aws" else GCP_KEY + "2").wrap(b"k", b"")
    service.instead = (403, {"__type": "AccessDeniedException", "error": {"code": 403, "status": "PERMISSION_DENIED"}})
    with pytest.raises(KeyringError, match="key service"):
        FileKeyring.open(path, provider)
    for nonsense in ((200, {}), (200, {"Plaintext": "", "plaintext": "AAAA", "plaintextCrc32c": "5"}), (200, [1])):
        service.instead = nonsense
        with pytest.raises(KeyringError, match="key service"):
            FileKeyring.open(path, provider)
    service.instead = None
    service.versions = [AESGCM(os.urandom(32))]
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, provider)


def test_wrong_or_missing_credentials_are_told_and_not_repeated(service, variables, tmp_path):
    wrong = {**variables, "AWS_SECRET_ACCESS_KEY": SECRET + "x", "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "no")}
    for told in (wrong, {}):
        with pytest.raises(KeyringError, match="key service") as caught:
            provider_of(service, told).wrap(b"k" * 32, b"")
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_dead_service_is_no_answer(service, variables):
    provider = provider_of(service, variables)
    service.shutdown()
    service.server_close()
    with pytest.raises(KeyringError, match="no answer"):
        provider.wrap(b"k" * 32, b"")


def test_proxies_and_endpoints_of_the_environment_are_not_asked(provider, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert provider.unwrap(provider.wrap(b"k" * 32, b"here"), b"here") == b"k" * 32


def test_clear_text_to_another_machine_is_refused():
    for make in (
        lambda: AwsKmsProvider("alias/governance", "eu-test-1", {}.get, endpoint="http://kms.example"),
        lambda: GcpKmsProvider(GCP_KEY, {}.get, endpoint="http://kms.example"),
    ):
        with pytest.raises(KeyringError, match="https"):
            make()


@pytest.mark.parametrize(("package", "extra"), [("boto3", "kms-aws"), ("google.cloud.kms_v1", "kms-gcp")])
def test_without_the_package_the_extra_is_named(package, extra, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    made = AwsKmsProvider("k", "r", {}.get) if extra == "kms-aws" else GcpKmsProvider(GCP_KEY, {}.get)
    with pytest.raises(InstallationError, match=extra):
        made.wrap(b"k" * 32, b"")


def test_the_configuration_opens_it(service, variables, tmp_path):
    section = (
        f"{{provider: aws-kms, aws: {{key: alias/governance, region: eu-test-1, endpoint: '{service.address}'}}}}"
        if service.kind == "aws"
        else f"{{provider: gcp-kms, gcp: {{key: {GCP_KEY}, endpoint: '{service.address}'}}}}"
    )
    path = tmp_path / "governance.yaml"
    path.write_text(f"version: 1\nkeyring: {section}\n")
    provider = kek_provider(Project.read(path, variables))
    assert provider.unwrap(provider.wrap(b"k" * 32, b"here"), b"here") == b"k" * 32


@pytest.mark.parametrize(
    "section",
    ["{provider: aws-kms}", "{provider: gcp-kms}", "{aws: {key: k, region: r}}", "{provider: gcp-kms, gcp: {key: k}}"],
)
def test_a_provider_and_its_section_belong_together(section, tmp_path):
    path = tmp_path / "governance.yaml"
    path.write_text(f"version: 1\nkeyring: {section}\n")
    with pytest.raises(ConfigError):
        Project.read(path, {})
    assert KeyringConfig().provider == "file"
