"""Where a site is published to: a bucket of S3, Google or Azure through obstore, or a folder; one face for all.

What goes wrong is told in one line with its mend. No text of the client's is shown: it may hold a signed address.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol

from msgspec import Struct

from errordocs.model import Failed
from errordocs.model import Misused

if TYPE_CHECKING:
    from obstore.store import ObjectStore

ADDRESS = re.compile(r"(s3|gs|az)://([A-Za-z0-9][\w.-]*|(?<=az://)\$web)(?:/(.*))?")
ROOM = ".errordocs-publish.tmp"  # where a folder's files are written before they are put in place
MISSING = "the client is not installed here; run `pip install 'errordocs[publish]'` (or `make .venv/test` once)"
CREDENTIALS = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`",
    "gs": "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
    "az": "run `az login`, or set AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or a SAS token",
}
NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist", "InvalidBucketName")
BAD_KEY = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthenticationFailed")
SKEWED = ("RequestTimeTooSkewed", "RequestExpired")
ELSEWHERE = ("PermanentRedirect", "Received redirect without LOCATION", "AuthorizationHeaderMalformed")
DISK = {
    errno.ENOSPC: "free some space and publish again",
    errno.EDQUOT: "free some space and publish again",
    errno.EACCES: "make it yours to write, or choose another folder",
    errno.EPERM: "make it yours to write, or choose another folder",
    errno.EROFS: "choose another folder",
    errno.ENOTDIR: "choose another folder",
}


class Changed(Exception):
    """The object is not the version that was asked for: somebody else wrote it."""


class Unreachable(Failed):
    """The network or the server gave no sound answer, however often it was asked."""


class Found(Struct, frozen=True):
    """An object's content, its version for a conditional write, and when it was written by the target's clock."""

    data: bytes
    version: object
    modified: float


class Listed(Struct, frozen=True):
    """An object as a listing tells it; `md5` is the content's, where the target says so."""

    key: str
    size: int
    md5: str | None


class Limits(Struct, frozen=True):
    """How often and how long the client tries; seconds. Tests wait less."""

    retries: int = 8
    first_wait: float = 0.2
    longest_wait: float = 15.0
    patience: float = 90.0
    timeout: float = 30.0


class Store(Protocol):
    """A target. `shown` is how the person typed it; keys are paths below it."""

    shown: str
    is_folder: bool

    def get(self, key: str) -> Found | None:
        """The object, or None where there is none."""

    def put(self, key: str, data: bytes, headers: dict[str, str]) -> None:
        """Writes an object whole."""

    def put_if(self, key: str, data: bytes, headers: dict[str, str], version: object) -> object:
        """Writes an object that is still of that version, or is not there (None); the new version. Raises Changed."""

    def delete(self, keys: Sequence[str]) -> None:
        """Removes objects; those that are gone already are no fault."""

    def listing(self) -> Iterator[Listed]:
        """Every object below the target."""


def opened(target: str, endpoint: str | None, limits: Limits) -> Store:
    """The store that a target names: s3://bucket/prefix, gs://, az://container/prefix, or the path of a folder."""
    if "://" not in target:
        if endpoint:
            raise Misused("--endpoint-url is for buckets; leave it out for a folder")
        return _Folder(target)
    found = ADDRESS.fullmatch(target)
    if not found:
        raise Misused(f"`{target}` is no target; write s3://bucket/prefix, gs://..., az://..., or the path of a folder")
    kind, bucket, prefix = found.groups()
    prefix = (prefix or "").strip("/")
    if not {"", ".", ".."}.isdisjoint(prefix.split("/")) and prefix:
        raise Misused(f"`{target}`: a prefix has no empty part, `.` or `..`")
    return _Bucket(target, kind, bucket, prefix or None, endpoint, limits)


class _Bucket:
    """A bucket or container; the client finds credentials where its vendor's own tools look for them."""

    is_folder = False

    def __init__(
        self, shown: str, kind: str, bucket: str, prefix: str | None, endpoint: str | None, limits: Limits
    ) -> None:
        self.shown, self.kind, self.bucket = shown, kind, bucket
        self.is_bare = False  # whether the server wants tags without quotes
        self.store = self._client(prefix, endpoint, limits)

    def _client(self, prefix: str | None, endpoint: str | None, limits: Limits) -> ObjectStore:
        try:
            from obstore import store
        except ModuleNotFoundError:
            raise Failed(MISSING) from None
        options: dict[str, Any] = {
            "prefix": prefix,
            "client_options": {
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
                "timeout": timedelta(seconds=limits.timeout),
            },
            "retry_config": {
                "max_retries": limits.retries,
                "retry_timeout": timedelta(seconds=limits.patience),
                "backoff": {
                    "init_backoff": timedelta(seconds=limits.first_wait),
                    "max_backoff": timedelta(seconds=limits.longest_wait),
                    "base": 2,
                },
            },
        }
        with self._explained("open"):
            if self.kind == "s3":
                settings: Any = {"endpoint": endpoint} if endpoint else {}
                return store.S3Store(self.bucket, config=settings, credential_provider=self._aws(), **options)
            if self.kind == "gs":
                settings = {"base_url": endpoint} if endpoint else {}
                return store.GCSStore(self.bucket, config=settings, **options)
            settings = {"endpoint": endpoint} if endpoint else {}
            return store.AzureStore(self.bucket, config=settings, **options)

    def _aws(self) -> Any:
        """Credentials as the AWS command line finds them: environment, profiles, SSO, roles."""
        try:
            from boto3 import Session
            from botocore.exceptions import BotoCoreError
            from obstore.auth.boto3 import Boto3CredentialProvider
        except ModuleNotFoundError:
            raise Failed(MISSING) from None
        try:
            session = Session()
            if session.get_credentials() is None:
                raise Failed(f"{self.shown}: there are no credentials; {CREDENTIALS['s3']}")
            return Boto3CredentialProvider(session)
        except BotoCoreError as error:
            raise Failed(f"{self.shown}: {_line(error)}; {CREDENTIALS['s3']}") from None

    def get(self, key: str) -> Found | None:
        import obstore

        with self._explained("read"):
            try:
                found = obstore.get(self.store, key)
                data = bytes(found.bytes())
            except FileNotFoundError as error:
                if any(sign in str(error) for sign in NO_BUCKET):
                    raise
                return None
            told = found.meta
            return Found(data, _version(told), told["last_modified"].timestamp())

    def put(self, key: str, data: bytes, headers: dict[str, str]) -> None:
        import obstore

        with self._explained("write"):
            obstore.put(self.store, key, data, attributes=dict(headers), use_multipart=False)

    def put_if(self, key: str, data: bytes, headers: dict[str, str], version: object) -> object:
        import obstore
        from obstore.exceptions import AlreadyExistsError
        from obstore.exceptions import PreconditionError

        mode: Any = "create" if version is None else version
        if self.is_bare and isinstance(version, dict):
            mode = {**version, "e_tag": version["e_tag"].strip('"')}
        with self._explained("write"):
            try:
                return _version(obstore.put(self.store, key, data, attributes=dict(headers), mode=mode))
            except (AlreadyExistsError, PreconditionError):
                pass
        found = self.get(key)
        if found is not None and found.data == data:
            return found.version  # the answer to our own write was lost, and the write was tried again
        if found is None or found.version != version or self.is_bare or self.kind != "s3":
            raise Changed
        self.is_bare = True  # nobody wrote it: Ceph's gateway knows a tag again only without its quotes
        return self.put_if(key, data, headers, version)

    def delete(self, keys: Sequence[str]) -> None:
        import obstore

        with self._explained("delete"), suppress(FileNotFoundError):
            obstore.delete(self.store, list(keys))

    def listing(self) -> Iterator[Listed]:
        import obstore

        with self._explained("list"):
            for batch in obstore.list(self.store):
                for told in batch:
                    tag = (told["e_tag"] or "").strip('"')
                    md5 = tag if re.fullmatch("[0-9a-f]{32}", tag) else None
                    yield Listed(told["path"], told["size"], md5)

    @contextmanager
    def _explained(self, deed: str) -> Iterator[None]:
        """Makes the client's errors one line with the mend."""
        from obstore.exceptions import BaseError
        from obstore.exceptions import PermissionDeniedError
        from obstore.exceptions import UnauthenticatedError

        try:
            yield
        except (BaseError, FileNotFoundError, ValueError) as error:
            raise self._told(deed, error, isinstance(error, (PermissionDeniedError, UnauthenticatedError))) from None

    def _told(self, deed: str, error: Exception, is_refusal: bool) -> Failed:
        text = str(error)
        code = next(iter(re.findall(r"<Code>(\w+)</Code>|\"reason\": ?\"(\w+)\"", text)), ("", ""))
        status = re.search(r"status code: (\d{3})", text)
        why = " ".join(filter(None, (status.group(1) if status else "", code[0] or code[1])))
        if any(sign in text for sign in NO_BUCKET):
            return Failed(f"{self.shown}: there is no bucket `{self.bucket}`; correct the name, or create it first")
        if any(sign in text for sign in SKEWED):
            return Failed(f"{self.shown}: this machine's clock is wrong, so signatures are refused; set it, try again")
        if any(sign in text for sign in ELSEWHERE):
            return Failed(f"{self.shown}: the bucket is in another region; set AWS_REGION to the bucket's own")
        if any(sign in text for sign in BAD_KEY) or (status and status.group(1) == "401"):
            return Failed(f"{self.shown}: the credentials are refused ({why}); {CREDENTIALS[self.kind]}")
        if is_refusal or (status and status.group(1) == "403"):
            mend = "grant that, or use other credentials"
            if deed == "delete":
                mend += "; with --no-delete, old files stay"
            return Failed(f"{self.shown}: no permission to {deed} ({why or 'refused'}); {mend}")
        if "credential" in text.lower() or "metadata" in text.lower() or "token" in text.lower():
            return Failed(f"{self.shown}: there are no credentials; {CREDENTIALS[self.kind]}")
        if "NotImplemented" in text or (status and status.group(1) == "501"):
            what = "this server cannot write conditionally, so two publishes at once could mix"
            return Failed(f"{self.shown}: {what}; publish to a folder and copy that, or use another server")
        if status or "HTTP error" in text or "error sending request" in text:
            why = why or "no answer, or a connection that was cut"
            return Unreachable(f"{self.shown}: could not {deed} ({why}); run it again, which goes on where this ended")
        return Failed(f"{self.shown}: the client cannot {deed} there ({type(error).__name__}); check the target")


def _version(told: Any) -> dict[str, str]:
    """What identifies an object's version, in the client's own form, which has no room for None."""
    return {name: told[name] for name in ("e_tag", "version") if told.get(name)}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


class _Folder:
    """A folder of this machine, as a web server reads it; each file is put in place by rename."""

    is_folder = True

    def __init__(self, path: str) -> None:
        self.shown = path
        self.path = os.path.abspath(path)

    def get(self, key: str) -> Found | None:
        with self._explained():
            try:
                with open(f"{self.path}/{key}", "rb") as file:
                    data = file.read()
                    return Found(data, _digest(data), os.fstat(file.fileno()).st_mtime)
            except FileNotFoundError:
                return None

    def put(self, key: str, data: bytes, headers: dict[str, str]) -> None:
        with self._explained():
            self._write(key, data)

    def put_if(self, key: str, data: bytes, headers: dict[str, str], version: object) -> object:
        with self._explained():
            os.makedirs(self.path, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                found = self.get(key)
                if (found and found.version) != version:
                    raise Changed
                self._write(key, data)
            finally:
                os.close(descriptor)
        return _digest(data)

    def delete(self, keys: Sequence[str]) -> None:
        with self._explained():
            for key in keys:
                with suppress(FileNotFoundError):
                    os.unlink(f"{self.path}/{key}")
                folder = key.rpartition("/")[0]
                with suppress(OSError):  # it holds something, or was none of ours
                    while folder:
                        os.rmdir(f"{self.path}/{folder}")
                        folder = folder.rpartition("/")[0]

    def listing(self) -> Iterator[Listed]:
        with self._explained():
            for folder, folders, names in os.walk(self.path):
                folders[:] = sorted(name for name in folders if name != ROOM)
                for name in sorted(names):
                    path = os.path.join(folder, name)
                    yield Listed(os.path.relpath(path, self.path), os.lstat(path).st_size, None)

    def _write(self, key: str, data: bytes) -> None:
        place, room = f"{self.path}/{key}", f"{self.path}/{ROOM}"
        temporary = f"{room}/{os.urandom(8).hex()}"
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.makedirs(room, exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, place)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def tidy(self) -> None:
        """Removes what killed runs left unfinished; only for who holds the claim."""
        with suppress(OSError):
            for name in os.listdir(f"{self.path}/{ROOM}"):
                os.unlink(f"{self.path}/{ROOM}/{name}")
            os.rmdir(f"{self.path}/{ROOM}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            path = str(error.filename or self.path)
            shown = self.shown if path.startswith(f"{self.path}/{ROOM}") else path.replace(self.path, self.shown, 1)
            mend = DISK.get(error.errno or 0, "mend that and publish again")
            raise Failed(f"{shown}: {error.strerror}; {mend}") from None


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
