"""Notice secrets: files that are never captured by themselves, keys in texts, tokens in arguments and addresses.

The patterns are those of keys with a form of their own, and of assignments to names like ``api_key`` of a value that
looks random. A find is a warning for people, and blocks sharing; its absence proves nothing.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

HIDDEN: Final = "***"

_NEVER: Final = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa*",
    "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pypirc", ".npmrc", ".git-credentials", ".pgpass",
    "*credentials*", "kubeconfig*", ".htpasswd", "secrets.toml", "secrets.yaml", "secrets.yml", "secrets.json",
)  # fmt: skip
_NEVER_FOLDERS: Final = frozenset({".aws", ".kube", ".ssh", ".gnupg", ".azure", ".docker"})
_PATTERNS: Final = {
    "private key": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "AWS access key": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": rb"\bgh[pousr]_[0-9A-Za-z]{36,}|\bgithub_pat_[0-9A-Za-z_]{60,}",
    "GitLab token": rb"\bglpat-[0-9A-Za-z_-]{20,}",
    "Slack token": rb"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "Google API key": rb"\bAIza[0-9A-Za-z_-]{35}",
    "Stripe key": rb"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
    "sk- key": rb"\bsk-[0-9A-Za-z_-]{20,}",
    "PyPI token": rb"\bpypi-[0-9A-Za-z_-]{50,}",
    "JSON web token": rb"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]+",
    "password in an address": rb"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"<>{}]{1,100}:[^\s/:@'\"<>{}]{3,100}@",
}
# One quick look for the letters that every pattern needs: nearly all files have none and are done.
_HINTS: Final = (
    b"PRIVATE KEY", b"AKIA", b"ASIA", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox",
    b"AIza", b"k_live_", b"k_test_", b"sk-", b"pypi-", b"eyJ", b"://",
)  # fmt: skip
_SENSITIVE_NAME: Final = (
    rb"(?:api|access|secret|private|auth|signing|encryption)[_-]?(?:key|token)|secret|passwd|password|token"
)
_QUICK_NAMES: Final = (b"key", b"token", b"secret", b"passw")
_ASSIGNED: Final = (
    rb"(?:" + _SENSITIVE_NAME + rb")[\w-]{0,20}['\"]?\]?[ \t]*(?::[ \t]*str[ \t]*=|[:=])[ \t]*"
    rb"[bru]{0,2}['\"]?([^\s'\"#,;]{8,200})"
)
_RANDOM_BITS: Final = 3.0  # bits per character: words have about 2.5 to 3.5 at this length, keys 4 and more
_PLACEHOLDER: Final = (
    rb"^(?:<.*>|\$\{.*|\{.*|%\(.*|x+|\*+|\.+|your[_-].*|change[_-]?me.*|example.*|none|null|true|false|"
    rb"os\.environ.*|os\.getenv.*|getenv.*|environ.*|self\..*|config.*|settings.*|getpass.*|input\(.*|.*\(.*|"
    rb"[-+]?[\d.,_]+(?:e[-+]?\d+)?[\])}]*|b3:[0-9a-f]+|\d{4}-\d\d-\d\d.*|"
    rb"[=<>~!]*\d{1,4}(?:\.\d{1,5}){1,3}[\w.+-]{0,16})$"  # numbers, digests, dates and versions
)
_SENSITIVE_OPTION: Final = (
    r"(?:^|[-_])(?:token|secret|passw(?:or)?d|pwd|pass|api[-_]?key|apikey|key|auth|credentials?|private|bearer)"
    r"(?:$|[-_])"
)
ENVIRONMENT: Final = frozenset({
    "PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "TZ", "LANG", "LC_ALL", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS", "NUMBA_DISABLE_JIT", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS",
})  # fmt: skip


def never_captured(path: str) -> str | None:
    """Give the pattern by which the file *path* is kept out of captures, or None if it is an ordinary file."""
    parts = path.replace("\\", "/").split("/")
    for folder in parts[:-1]:
        if folder.lower() in _NEVER_FOLDERS:
            return f"{folder}/"
    name = parts[-1].lower()
    if name.endswith((".py", ".pyw", ".ipynb", ".pub")) and not name.startswith(".env"):
        return None  # source code: its text is searched instead
    from fnmatch import fnmatchcase

    return next((pattern for pattern in _NEVER if fnmatchcase(name, pattern)), None)


def kinds_of_secrets(content: bytes) -> tuple[str, ...]:
    """Name the kinds of secrets that *content* seems to hold, sorted; never the secrets themselves."""
    found = set()
    if any(hint in content for hint in _HINTS):
        found = {kind for kind, pattern in _PATTERNS.items() if re.search(pattern, content)}
    lower = content.lower()
    if any(name in lower for name in _QUICK_NAMES):
        if any(_is_key(content[slice(*match.span(1))]) for match in re.finditer(_ASSIGNED, lower)):
            found.add("assigned secret")
    return tuple(sorted(found))


def _is_key(value: bytes) -> bool:
    """Tell whether *value* looks like a key rather than a name or an expression."""
    if re.match(_PLACEHOLDER, value, re.IGNORECASE):
        return False
    digits = sum(48 <= byte <= 57 for byte in value)
    return digits > 0 and _bits_per_character(value) >= _RANDOM_BITS


def _bits_per_character(value: bytes) -> float:
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())


def secrets_among(value: object, where: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name the texts in *value* (what JSON can hold) that seem to hold secrets: the place of each, and the kinds."""
    waiting: list[tuple[str, str, object]] = [(where, "", value)]
    while waiting:
        place, name, one = waiting.pop()
        if isinstance(one, str):
            found = kinds_of_secrets(f"{name} = {one!r}".encode("utf-8", "replace"))
            if found:
                yield place, found
        elif isinstance(one, Mapping):
            waiting += [(f"{place}.{key}", str(key), held) for key, held in reversed(list(one.items()))]
        elif isinstance(one, list | tuple):
            waiting += [(f"{place}[{at}]", name, held) for at, held in reversed(list(enumerate(one)))]


def without_key_stores(difference: bytes) -> tuple[bytes, list[str]]:
    """Give what ``git diff`` printed without the files that are never captured, and the names of those."""
    kept, names = [], []
    for section in re.split(rb"(?m)^(?=diff --git )", difference):
        told = section.partition(b"\n")[0] if section.startswith(b"diff --git ") else b""
        parts = [part.strip(b'"').decode("utf-8", "replace") for part in told.split()[2:]]
        secret = next((part for part in parts if never_captured(part) is not None), None)
        if secret is None:
            kept.append(section)
        else:
            names.append(secret.partition("/")[2] if secret[:2] in ("a/", "b/") else secret)
    return b"".join(kept), names


def redact_arguments(arguments: Sequence[str]) -> list[str]:
    """Give command-line *arguments* with the values of ``--token=…``, ``--password …`` and keys replaced."""
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide_next and not argument.startswith("-"):
            shown.append(HIDDEN)
            hide_next = False
            continue
        hide_next = False
        if re.search(_SENSITIVE_OPTION, name.lstrip("-"), re.IGNORECASE) and (
            equals or argument.startswith("-")
        ):
            shown.append(f"{name}={HIDDEN}" if equals else argument)
            hide_next = not equals
        elif kinds_of_secrets(argument.encode("utf-8", "replace")):
            shown.append(f"{name}={HIDDEN}" if equals and "://" not in name else redact_address(argument))
        else:
            shown.append(redact_address(argument))
    return shown


def redact_address(text: str) -> str:
    """Give *text* without keys, and if it is an address without its user name and password."""
    if "://" in text:
        return strip_userinfo(text)
    return HIDDEN if kinds_of_secrets(text.encode("utf-8", "replace")) else text


def strip_userinfo(url: str) -> str:
    """Give the address *url* (of a remote, for instance) without user name, password and query.

    ``git@host:path`` keeps its form: the user of an ssh remote is no secret, but it is left out all the same.
    """
    if "://" not in url:
        head, at, rest = url.partition("@")
        return rest if at and ":" in rest and "/" not in head else url
    from urllib.parse import urlsplit, urlunsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def allowed_environment(
    environment: Mapping[str, str] | None = None, also: Iterable[str] = ()
) -> dict[str, str]:
    """Give the few environment variables that a record names: those that change results, and *also*, sorted."""
    given = os.environ if environment is None else environment
    wanted = sorted(ENVIRONMENT | set(also))
    return {name: given[name] for name in wanted if name in given}


__all__ = ["ENVIRONMENT", "HIDDEN", "allowed_environment", "kinds_of_secrets", "never_captured", "redact_address",
           "redact_arguments", "secrets_among", "strip_userinfo", "without_key_stores"]  # fmt: skip
