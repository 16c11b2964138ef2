"""How a mail leaves: addresses, servers, credentials, and files. What a mail says is not known here.

Credentials come from the environment alone, go to no server without TLS, and stand in no message of ours.
"""

import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from pathlib import Path
from urllib.parse import urlsplit

from analysis.errors import BuildError, InputError

USER, PASSWORD = "EVROAD_SMTP_USER", "EVROAD_SMTP_PASSWORD"
_PORTS = {"smtp": 25, "smtps": 465}
_PATIENCE = 30  # seconds that a server may be silent
_PLAIN = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII | re.IGNORECASE)

Credentials = tuple[str, str] | None


@dataclass(frozen=True)
class Server:
    """A mail server, and whether the connection is TLS from its beginning."""

    host: str
    port: int
    is_tls: bool


def addresses(texts: list[str], /) -> list[Address]:
    """Addresses as they are typed, with or without names, each once.

    Raises:
        InputError: for what is no address, or could become another line of the message.
    """
    found: dict[str, Address] = {}
    for text in texts:
        try:
            read = policy.SMTP.header_factory("to", text) if text.isprintable() else None
        except Exception:  # the library's parser has errors of many kinds for what it cannot read
            read = None
        if not read or read.defects or not read.addresses or not all(_PLAIN.fullmatch(a.addr_spec) for a in read.addresses):
            raise InputError(f"{text!r}: expected an address such as name@example.org or Name <name@example.org>")
        found |= {address.addr_spec: address for address in read.addresses}
    return list(found.values())


def server(url: str, /) -> Server:
    """The server that an address names: smtp://host[:port] or smtps://host[:port].

    Raises:
        InputError: for anything else. The address is not repeated: it may hold a password.
    """
    if "@" in url:
        raise InputError(f"--smtp holds credentials: put them into {USER} and {PASSWORD}, in the environment")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in _PORTS or parts.path.strip("/") or parts.query or parts.fragment or port == 0:
        raise InputError("--smtp: expected smtp://HOST[:PORT] or smtps://HOST[:PORT]")
    return Server(host, port or _PORTS[parts.scheme], parts.scheme == "smtps")


def credentials(environment: Mapping[str, str], /) -> Credentials:
    """The user and password for a server, where both are set.

    Raises:
        InputError: where one is set without the other, or holds what the protocol cannot carry.
    """
    user, password = environment.get(USER), environment.get(PASSWORD)
    if not user and not password:
        return None
    if not user or not password:
        raise InputError(
            f"{PASSWORD if user else USER} is not set, though {USER if user else PASSWORD} is: expected both or neither"
        )
    if not (user + password).isascii() or not (user + password).isprintable():
        raise InputError(f"{USER} and {PASSWORD}: expected letters, digits and signs of ASCII: a server is not told others")
    return user, password


def send(content: bytes, /, *, sender: str, recipients: list[str], server: Server, secret: Credentials) -> None:
    """Hand a message to a server, under TLS where it is offered, and always where there are credentials.

    Raises:
        BuildError: with the server's words, where it refuses or fails; it says to whom the message went nonetheless.
    """
    outcome = "nothing was sent"
    try:
        with closing(_reached(server, secret)) as line:
            outcome = "whether it was sent is not known"
            refused = line.sendmail(sender, recipients, content)
            with suppress(smtplib.SMTPException, OSError):  # it has the message by now
                line.quit()
    except (smtplib.SMTPException, OSError) as error:
        if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused | smtplib.SMTPNotSupportedError):
            outcome = "nothing was sent"
        raise BuildError(f"{server.host}: {_words(error, secret)}: {outcome}") from None
    if refused:
        got = ", ".join(address for address in recipients if address not in refused)
        raise BuildError(f"{server.host}: {_words(smtplib.SMTPRecipientsRefused(refused), secret)}: it was sent to {got}")


def write(path: Path, content: bytes, /) -> bool:
    """Write a message into a file, whole or not at all; whether that was needed. Nothing else is overwritten.

    Raises:
        InputError: where the file is there and holds something else, or its folder is not there.
        BuildError: where it cannot be written.
    """
    try:
        if path.exists():
            if path.read_bytes() == content:
                return False
            raise InputError(f"{path} is there already and holds something else: name another file")
        if not path.parent.is_dir():
            raise InputError(f"{path.parent} is no folder: nothing was written")
        temporary = path.with_name(f".{path.name}.part")
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise BuildError(f"{error.filename or path}: {error.strerror}: nothing was written") from None
    return True


def _reached(server: Server, secret: Credentials) -> smtplib.SMTP:
    """A connection over which a message may be sent."""
    context = ssl.create_default_context()
    if server.is_tls:
        line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=context)
    else:
        line = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
    try:
        line.ehlo_or_helo_if_needed()
        if not server.is_tls and line.has_extn("starttls"):
            line.starttls(context=context)
        elif not server.is_tls and secret:
            raise smtplib.SMTPNotSupportedError("it offers no TLS, and credentials are not sent without")
        if secret:
            line.login(*secret)
    except BaseException:
        line.close()
        raise
    return line


def _words(error: Exception, secret: Credentials) -> str:
    """What a server said, or what failed, without the credentials."""
    if isinstance(error, smtplib.SMTPAuthenticationError):  # its words may hold them in any form
        text = f"it did not accept {USER} and {PASSWORD} ({error.smtp_code})"
    elif isinstance(error, smtplib.SMTPResponseException):
        text = _said(error.smtp_code, error.smtp_error)
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        text = "; ".join(f"{address} refused: {_said(*reply)}" for address, reply in error.recipients.items())
    else:
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    for word in secret or ():
        text = text.replace(word, "…")
    return text


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"
