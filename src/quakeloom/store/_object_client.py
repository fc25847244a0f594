"""The library for object storages: how it is called, how long it tries, what its errors mean."""

from __future__ import annotations

import configparser
import contextlib
import functools
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from quakeloom.core import InputError, StorageError

_TRIES = 8
"""Times that a request is tried again after an error of the server or of the line."""

_PATIENCE_S = 120.0
"""Seconds after which a request is not tried again."""

_REQUEST_S = 60.0
"""Seconds that one request may take; a piece of a file takes a few."""

_CONNECT_S = 10.0
"""Seconds within which a server must take the connection."""

_WAIT_S = (0.1, 5.0)
"""Seconds before the first and, doubled each time, at most before a later try."""

TRIES_VARIABLE = "QUAKELOOM_STORAGE_TRIES"
"""Variable of the environment that sets how often a request is tried again."""

REQUEST_VARIABLE = "QUAKELOOM_STORAGE_REQUEST_S"
"""Variable of the environment that sets the seconds that one request may take."""


def import_obstore() -> Any:
    """Return the library.

    Raises
    ------
    InputError
        With the command that installs it.
    """
    try:
        import obstore
        import obstore.store
    except ImportError:
        raise InputError(
            "Places such as s3://bucket/prefix need the package obstore, which is not installed. "
            "Nothing was done; install it with `pip install 'quakeloom[s3]'`."
        ) from None
    return obstore


def open_client(scheme: str, bucket: str) -> Any:
    """Return the library's store of a bucket; one per process."""
    return _open_client(scheme, bucket, os.getpid())


@functools.lru_cache(maxsize=32)
def _open_client(scheme: str, bucket: str, process: int) -> Any:
    stores = import_obstore().store
    first, most = _WAIT_S
    limits = {
        "retry_config": {
            "max_retries": int(_number(TRIES_VARIABLE, _TRIES)),
            "retry_timeout": timedelta(seconds=_PATIENCE_S),
            "backoff": {
                "init_backoff": timedelta(seconds=first),
                "max_backoff": timedelta(seconds=most),
                "base": 2,
            },
        }
    }
    options: dict[str, Any] = {
        "timeout": timedelta(seconds=_number(REQUEST_VARIABLE, _REQUEST_S)),
        "connect_timeout": timedelta(seconds=_CONNECT_S),
    }
    try:
        if scheme == "gs":
            return stores.GCSStore(bucket, client_options=options, **limits)
        if scheme == "az":
            return stores.AzureStore(bucket, client_options=options, **limits)
        named = _amazon_settings()
        options["allow_http"] = str(named.get("endpoint", "")).startswith("http://")
        return stores.S3Store(bucket, client_options=options, **named, **limits)
    except Exception as error:
        raise InputError(
            f"{scheme}://{bucket} cannot be opened: {_first_line(error)}. Nothing was done; "
            "correct the address or the variables of the environment that say how to reach it."
        ) from None


def _number(variable: str, default: float) -> float:
    text = os.environ.get(variable, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = -1.0
    if number < 0:
        raise InputError(f"{variable} is '{text}', which is no number of 0 or more. Correct it.")
    return number


def _amazon_settings() -> dict[str, Any]:
    """Return what variables and the files of the AWS command say, where the library asks neither.

    It takes variables for the rest (``AWS_ACCESS_KEY_ID``, roles of containers and machines).
    """
    files = [
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    ]
    profile = os.environ.get("AWS_PROFILE", "default")
    said: dict[str, str] = {}
    for name in files:
        read = configparser.RawConfigParser()
        with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError, RuntimeError):
            read.read_string(Path(name).expanduser().read_text(encoding="utf-8"))
        for section in (profile, f"profile {profile}"):
            if read.has_section(section):
                said = {**dict(read.items(section)), **said}
    found: dict[str, Any] = {}
    if "AWS_ACCESS_KEY_ID" not in os.environ:
        names = {
            "access_key_id": "aws_access_key_id",
            "secret_access_key": "aws_secret_access_key",
            "session_token": "aws_session_token",
        }
        found = {key: said[name] for key, name in names.items() if name in said}
    endpoint = (
        os.environ.get("AWS_ENDPOINT_URL_S3")
        or os.environ.get("AWS_ENDPOINT_URL")
        or os.environ.get("AWS_ENDPOINT")
        or said.get("endpoint_url", "")
    )
    if endpoint:
        found["endpoint"] = endpoint
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    found["region"] = region or said.get("region", "us-east-1")
    return found


@contextlib.contextmanager
def told(address: str) -> Iterator[None]:
    """Turn errors of the library into one line that says what to do.

    Parameters
    ----------
    address : str
        What is worked on.

    Raises
    ------
    FileNotFoundError
        If there is no such object.
    InputError
        If there is no such bucket, or it refuses the credentials.
    StorageError
        If the server does not answer, or not as it should, after all tries.
    """
    try:
        yield
    except Exception as error:
        meant = what_it_means(error, address)
        if meant is None:
            raise
        raise meant from None


def what_it_means(error: Exception, address: str) -> Exception | None:
    """Return the error that an error of the library stands for; None for those of others."""
    is_own = type(error).__module__.startswith("obstore")
    text = str(error)
    if not is_own and not (isinstance(error, FileNotFoundError) and "not found" in text):
        return None
    scheme, _, rest = address.partition("://")
    bucket = f"{scheme}://{rest.partition('/')[0]}"
    kind = type(error).__name__
    for word in ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"):
        if word in text:
            return InputError(
                f"There is no bucket {bucket} where it was looked for{_endpoint(scheme)}. Nothing "
                "more was done; correct its name, or make it."
            )
    if isinstance(error, FileNotFoundError) or kind == "NotFoundError":
        return FileNotFoundError(address)
    if kind in ("PermissionDeniedError", "UnauthenticatedError") or _refuses(text):
        return InputError(
            f"{address} is refused{_code(text)}: the credentials are wrong, have expired, or have "
            f"no right there. What is done is kept; correct them ({_CREDENTIALS[scheme]}) and run "
            "again."
        )
    if "credential" in text.lower() or "169.254.169.254" in text:
        return InputError(
            f"There are no credentials for {bucket}. Nothing was done; give them "
            f"({_CREDENTIALS[scheme]})."
        )
    return StorageError(
        f"{address} cannot be read or written{_endpoint(scheme)}: {_reason(text)}. What is "
        "complete is kept; look whether the server is there and not overloaded, and run again."
    )


_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; AWS_ENDPOINT_URL for a "
    "server that is not Amazon's",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""Where each storage takes its credentials from."""


def _refuses(text: str) -> bool:
    return any(f"status code: {code}" in text for code in (401, 403))


def _code(text: str) -> str:
    """Return the storage's own word for a refusal, such as InvalidAccessKeyId."""
    start, end = text.find("<Code>"), text.find("</Code>")
    word = text[start + 6 : end] if 0 <= start < end else ""
    return f" ({word})" if word.isalnum() else ""


def _reason(text: str) -> str:
    """Return in short what the server or the line did, and how often it was tried."""
    line = text.splitlines()[0] if text else "no reason given"
    tries = line.partition(", after ")[2].partition(",")[0]
    what = line.partition("status code: ")[2].partition(":")[0]
    if what:
        what = f"the server answers {what}"
    elif "kind: Timeout" in text:
        what = "the server does not answer in time"
    elif "kind: Connect" in text:
        what = "no server answers"
    else:
        what = line.rpartition(" - ")[2][:200].rstrip(".: ")
    return f"{what} after {tries}" if tries else what


def _endpoint(scheme: str) -> str:
    named = _amazon_settings().get("endpoint", "") if scheme == "s3" else ""
    return f" at {named}" if named else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".: ")
