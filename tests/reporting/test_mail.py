"""An edition as a mail: what it says, what it is made of, and how it reaches a server, here a real one on loopback."""

import base64
import json
import re
import shutil
import socket
import ssl
import subprocess
import zlib
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from html import unescape
from types import SimpleNamespace

import polars as pl
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner
from hostile import COLUMNS, marked

from analysis.cli import main
from analysis.errors import BuildError, InputError
from analysis.look import VEGALITE_MIME
from analysis.reporting import delivery, editions
from analysis.reporting.mail import digest, message
from analysis.reporting.publication import withdraw

TO = "日産 太郎 <taro@example.jp>"
SECRET = "pass-word-7"  # noqa: S105 - of a server that lives as long as a test
MAIL = ["mail", "--to", TO, "--from", "Road <road@example.org>"]
PLAIN = {"html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "h2", "p", "img", "strong"}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def folder(edition):
    return edition[1].folder


@pytest.fixture
def run(edition, monkeypatch):
    """A function that runs the command inside the project that has the edition, without credentials."""
    monkeypatch.chdir(edition[0])
    for name in (delivery.USER, delivery.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments: CliRunner().invoke(main, [*MAIL, *arguments])


@pytest.fixture
def reports(edition, tmp_path):
    """A folder of reports with a copy of the edition alone, which a test may change."""
    shutil.copytree(edition[1].folder, tmp_path / "reports" / edition[1].folder.name)
    return tmp_path / "reports"


@pytest.fixture
def sent(folder):
    """The mail of the edition, as a client parses it."""
    made = message(digest(folder.parent), sender=Address("Road", addr_spec="road@example.org"), recipients=to(TO), sent=NOON)
    return message_from_bytes(made.as_bytes(), policy=policy.default)


def to(*texts):
    return delivery.addresses(list(texts))


def png(content: bytes) -> tuple[list[int], bytes]:
    """A PNG's width and height, and its pixels as they are filtered."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    place, data, size = 8, b"", []
    while place < len(content):
        length, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        chunk = content[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            size = [int.from_bytes(chunk[:4]), int.from_bytes(chunk[4:8])]
        data += chunk if kind == b"IDAT" else b""
        place += length + 12
    return size, zlib.decompress(data)


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


# What the mail says


def test_it_has_the_answer_what_changed_and_how_fresh_it_is_in_text_and_in_html_alike(sent, folder):
    plain, html = (sent.get_body((kind,)).get_content() for kind in ("plain", "html"))
    notebook = json.loads((folder / "briefing.ipynb").read_text("utf-8"))
    shown = [out["data"] for cell in notebook["cells"] for out in cell.get("outputs", []) if "data" in out]
    answer = ["".join(data["text/plain"]) for data in shown if 'class="answer"' in "".join(data.get("text/html", ""))]
    assert len(answer) >= 3
    for line in [
        *answer,
        "Briefing: how far along the road",
        "Edition of 25 November 2026, as of 25 November 2026.",
        editions.manifest(folder)["what_changed"],
        "Attached: nissan-ev-briefing-2026-11-25.pdf",
    ]:
        assert line in " ".join(plain.split())
        assert line in text(html)
    assert sent["Subject"] == "Nissan’s road to electric vehicles, 25 November 2026"
    assert str(sent["To"]) == TO


def test_its_freshness_is_that_of_the_claims_of_this_report(folder):
    """Counted anew from the CSV files: what the briefing's figures cite, and the first and last dates of their sources."""
    told = next(lines for heading, lines in digest(folder.parent).parts if heading == "How fresh it is")
    figures = pl.read_csv(folder / "figures.csv", infer_schema=False).filter(pl.col("report") == "briefing")
    ids = {name for cell in figures["claim_ids"] for name in cell.split(";")}
    cited = pl.read_csv(folder / "claims.csv", infer_schema=False).filter(pl.col("statement_id").is_in(list(ids)))
    of = pl.read_csv(folder / "sources.csv", infer_schema=False).filter(pl.col("source_id").is_in(cited["source_id"].to_list()))
    assert f"rests on {len(ids)} claims and events from {len(of)} sources;" in told[0]
    days = sorted(of["published_date"].drop_nulls())
    assert date.fromisoformat(days[0]).strftime("%B %Y") in told[0].partition("the newest")[0]
    assert date.fromisoformat(days[-1]).strftime("%B %Y") in told[0].partition("the newest")[2]


def test_what_the_checks_found_is_part_of_what_an_edition_says_and_of_the_mail(reports):
    folder = reports / "2026-11-25"
    told = editions.manifest(folder)
    assert {one["gate"] for one in told["findings"]} == {"data", "conflicts"}
    assert digest(reports).parts[2][1][1:] == ["The checks before publication warned of nothing."]
    told["findings"] += [{"gate": "freshness", "level": "warned", "text": "A survey is late."}]
    rewrite(folder, told)
    assert digest(reports).parts[2][1][1:] == ["Warned, freshness: A survey is late."]
    del told["findings"]
    rewrite(folder, told)
    assert digest(reports).parts[2][1][1:] == ["What the checks before publication found stands in the PDF."]


def rewrite(folder, told):
    (folder / editions.MANIFEST).chmod(0o644)
    (folder / editions.MANIFEST).write_text(json.dumps(told | {"id": editions.identity(told)}), "utf-8")


def test_the_key_picture_is_the_first_chart_at_twice_its_size_and_the_html_shows_it(sent, folder):
    html = sent.get_body(("html",)).get_content()
    picture = next(part for part in sent.walk() if part.get_content_type() == "image/png")
    assert re.findall(r'src="cid:([^"]+)"', html) == [picture["Content-ID"].strip("<>")]
    notebook = json.loads((folder / "briefing.ipynb").read_text("utf-8"))
    outputs = [out.get("data", {}) for cell in notebook["cells"] for out in cell.get("outputs", [])]
    charts = [data for data in outputs if VEGALITE_MIME in data]
    sizes = [re.search(r'width="([\d.]+)" height="([\d.]+)"', "".join(data["image/svg+xml"])).groups() for data in charts]
    shown, pixels = png(picture.get_content())
    assert shown == pytest.approx([2 * float(side) for side in sizes[0]], abs=2)
    assert sizes[0] not in sizes[1:]  # or it might be another one
    assert len(set(pixels)) > 50  # letters and lines, not an empty sheet
    chart = charts[0]
    alt = unescape(re.search(r'alt="([^"]*)"', html)[1])
    assert alt == "".join(chart["text/plain"])
    assert alt in sent.get_body(("plain",)).get_content().replace("\n", " ")


def test_its_parts_nest_as_clients_expect(sent):
    assert [part.get_content_type() for part in sent.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]


def test_the_pdf_is_the_editions_byte_for_byte(sent, folder):
    pdf = next(sent.iter_attachments())
    assert pdf.get_filename() == "nissan-ev-briefing-2026-11-25.pdf"
    assert pdf.get_content() == (folder / "briefing.pdf").read_bytes()


def test_the_html_part_asks_for_nothing_and_runs_nothing(sent):
    html = sent.get_body(("html",)).get_content()
    assert not re.search(r"<script|<style|<link|<iframe|href=|https?://|url\(|\son\w+=", html)
    assert set(re.findall(r"<(\w+)", html)) <= PLAIN
    assert 'width="600"' in html


def test_another_report_has_its_name_in_subject_and_pdf(folder):
    told = digest(folder.parent, None, "market_share")
    assert told.subject == (
        "Nissan’s road to electric vehicles, 25 November 2026 – Market share: one small car, and two markets far apart"
    )
    assert told.pdf_name == "nissan-ev-market-share-2026-11-25.pdf"
    assert told.key != digest(folder.parent).key


def test_hostile_text_comes_out_as_text(attacked):
    """Tried: hostile.ATTACKS as a name and a parameter in the answer, and in what a chart says of itself."""
    told = digest(attacked.parent)
    assert told.pdf_name == "nissan-ev-hostile-2026-11-25.pdf"  # without a briefing, the first report
    made = message(told, sender=Address(addr_spec="a@example.org"), recipients=to(TO), sent=NOON)
    html = message_from_bytes(made.as_bytes(), policy=policy.default).get_body(("html",)).get_content()
    assert "".join(marked("entities.name").split()) in "".join(unescape(re.sub(r"<[^>]+>", "", html)).split())
    assert set(re.findall(r"<(\w+)", html)) <= PLAIN
    assert len(re.findall(r"<img", html)) == 1
    assert "entities.name" in COLUMNS


def test_a_report_without_a_chart_has_no_picture(reports):
    folder = reports / "2026-11-25"
    path = folder / "briefing.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["outputs"] = [out for out in cell.get("outputs", []) if VEGALITE_MIME not in out.get("data", {})]
        if cell["cell_type"] == "markdown":
            del cell["outputs"]
    path.chmod(0o644)
    path.write_text(json.dumps(notebook), "utf-8")
    told = editions.manifest(folder)
    rewrite(folder, told | {"outputs": told["outputs"] | {path.name: editions.sha256(path)}})
    made = message(digest(reports), sender=Address(addr_spec="a@example.org"), recipients=to(TO), sent=NOON)
    kinds = [part.get_content_type() for part in made.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"]
    assert "<img" not in made.get_body(("html",)).get_content()


# Which edition


def test_what_was_withdrawn_is_not_mailed_though_it_is_named_or_the_only_one(reports):
    withdraw(reports, "2026-11-25", reason="A wrong rate.", day=date(2026, 11, 26))
    for name in ("2026-11-25", None):
        with pytest.raises(InputError, match="2026-11-25 was withdrawn on 2026-11-26, and is not mailed: A wrong rate"):
            digest(reports, name)


def test_what_was_superseded_says_by_which(reports):
    before = digest(reports)
    later = shutil.copytree(reports / "2026-11-25", reports / "2026-11-25.1")
    rewrite(later, editions.manifest(later) | {"edition": "2026-11-25.1"})
    first, last = digest(reports, "2026-11-25"), digest(reports)
    assert first.subject == "Superseded: Nissan’s road to electric vehicles, 25 November 2026"
    assert "This edition was superseded by the edition 2026-11-25.1." in first.as_text
    assert first.key != before.key  # else a client that knows the one may hide the other
    made = message(first, sender=Address(addr_spec="a@example.org"), recipients=to(TO), sent=NOON)
    assert "<strong>This edition was superseded by the edition 2026-11-25.1.</strong>" in made.get_body(("html",)).get_content()
    assert last.subject == "Nissan’s road to electric vehicles, 25 November 2026 (2026-11-25.1)"
    assert "superseded" not in last.as_text


def test_a_damaged_edition_is_not_mailed(reports):
    path = reports / "2026-11-25" / "briefing.pdf"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BuildError, match=r"damaged, and nothing of it is mailed: briefing\.pdf: was changed"):
        digest(reports)


def test_an_unknown_report_is_refused_with_those_there_are(folder):
    with pytest.raises(InputError, match="has no report 'weather'; it has batteries, briefing,"):
        digest(folder.parent, None, "weather")


# Addresses, servers, credentials


def test_addresses_may_have_names_in_any_script_and_each_is_written_to_once():
    found = to("日産 太郎 <taro@example.jp>", "a@example.org, Bo <b@example.org>", '"Ghosn, C." <c@x.org>', "a@example.org")
    assert [(one.display_name, one.addr_spec) for one in found] == [
        ("日産 太郎", "taro@example.jp"),
        ("", "a@example.org"),
        ("Bo", "b@example.org"),
        ("Ghosn, C.", "c@x.org"),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\nBcc: b@example.org",
        "a@example.org\r\n\r\nbody",
        "Name\x00 <a@example.org>",
        '"Na\nme" <a@example.org>',
        "Na\u202eme <a@example.org>",
        "a@exam\u202eple.org",
        "a",
        "",
        "@example.org",
        "a@",
        "a@@b",
        "a b@example.org",
        "<a@example.org",
        "a@example.org>",
        "everyone:;",
        "a@example.org b@example.org",
        '"a\\"b"@example.org',
        "太郎@example.jp",
        "a@日産.jp",
        "a@example.org SIZE=1",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match=r"expected an address such as name@example\.org"):
        to(address)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, False)),
        ("smtp://localhost:2525/", ("localhost", 2525, False)),
        ("SMTPS://mail.example.org", ("mail.example.org", 465, True)),
        ("smtps://[::1]:1465", ("::1", 1465, True)),
    ],
)
def test_a_server_is_named_by_scheme_host_and_port(url, expected):
    found = delivery.server(url)
    assert (found.host, found.port, found.is_tls) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:0",
        "smtp://mail.example.org:99999",
        "smtp://mail.example.org:port",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org?x=1",
        "smtp://[::1",
        f"smtp://{'a' * 70}.org",
        "smtp://a..b",
    ],
)
def test_another_address_of_a_server_is_refused(url):
    with pytest.raises(InputError, match=r"expected smtp://HOST\[:PORT\] or smtps://HOST"):
        delivery.server(url)


@pytest.mark.parametrize("url", [f"smtp://u:{SECRET}@h", f"smtp://u:{SECRET}/@h:25", f"u:{SECRET}@h", f"smtp://h/?p={SECRET}"])
def test_credentials_in_an_address_are_refused_and_not_repeated(run, url):
    result = run("--smtp", url)
    assert result.exit_code == 2
    assert SECRET not in result.output
    assert "--smtp" in result.output


@pytest.mark.parametrize(
    "environment", [{delivery.USER: "u"}, {delivery.PASSWORD: SECRET}, {delivery.USER: "u", delivery.PASSWORD: f"{SECRET}é"}]
)
def test_half_of_the_credentials_or_what_no_server_takes_is_refused_and_not_repeated(environment):
    with pytest.raises(InputError, match="EVROAD_SMTP_PASSWORD") as caught:
        delivery.credentials(environment)
    assert SECRET not in str(caught.value)


def test_it_says_that_it_wants_a_server_or_a_file(run):
    for arguments in ([], ["--smtp", "smtp://h", "--eml", "x.eml"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "expected one of --smtp URL, to send it, and --eml FILE" in result.output


# Into a file


def test_the_same_edition_gives_the_same_file_and_another_is_not_overwritten(run, tmp_path):
    one, other = tmp_path / "one.eml", tmp_path / "other.eml"
    assert run("--eml", str(one)).output.endswith("one.eml\n")
    assert run("--eml", str(other)).exit_code == 0
    assert one.read_bytes() == other.read_bytes()
    assert "Nothing to do" in run("--eml", str(one)).output
    again = run("--eml", str(one), "--report", "targets")
    assert again.exit_code == 2
    assert "is there already and holds something else" in again.output
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.eml", "other.eml"]
    mail = message_from_bytes(one.read_bytes(), policy=policy.default)
    assert mail["Date"].datetime == datetime(2026, 11, 25, tzinfo=UTC)
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", mail["Message-ID"])


def test_a_file_that_cannot_be_written_is_told(run, tmp_path):
    result = run("--eml", str(tmp_path / "nowhere" / "x.eml"))
    assert result.exit_code == 2
    assert "is no folder: nothing was written" in result.output


# To a server


class Inbox:
    """Keeps what it is handed; refuses one recipient, and mail from one sender, in words of its own."""

    def __init__(self) -> None:
        self.got = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802
        if address.startswith("nobody"):
            return "550 5.1.1 nobody of that name\x1b[2J here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802
        if envelope.mail_from.startswith("full"):
            return "552 5.2.2 too much of road-user"
        self.got.append(SimpleNamespace(sender=envelope.mail_from, to=envelope.rcpt_tos, content=envelope.content))
        return "250 OK"


@pytest.fixture
def serve():
    """A function that starts a server and returns its inbox and its address; all are ended afterwards."""
    started = []

    def start(scheme: str = "smtp", **options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        inbox = Inbox()
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        started.append(controller)
        return inbox, f"{scheme}://127.0.0.1:{port}"

    yield start
    for controller in started:
        controller.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody has signed but itself, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with: install it, e.g. apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    made = "-newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key -out cert"
    subprocess.run(["openssl", "req", "-x509", *made.split()], cwd=folder, check=True, capture_output=True)
    return folder / "cert", folder / "key"


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    """Lets the certificate be trusted, as an organisation's own would be."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


@pytest.fixture
def with_credentials(run, monkeypatch):
    """The same command with credentials in the environment."""
    monkeypatch.setenv(delivery.USER, "road-user")
    monkeypatch.setenv(delivery.PASSWORD, SECRET)
    return run


def only(words: dict[str, str]):
    """An authenticator that lets one user in, and otherwise answers with what it was given."""

    def check(server, session, envelope, mechanism, data):  # noqa: ARG001
        told = (data.login.decode(), data.password.decode())
        message = f"535 5.7.8 no such user {told[0]} with {told[1]}, {base64.b64encode(data.password).decode()}"
        return AuthResult(success=words == dict([told]), message=None if words == dict([told]) else message, handled=False)

    return check


def test_a_server_gets_the_message_that_a_file_would_hold_but_for_its_time(run, serve, tmp_path):
    inbox, url = serve()
    result = run("--to", "b@example.org", "--smtp", url)
    assert result.output == ("Sent to taro@example.jp, b@example.org: Nissan’s road to electric vehicles, 25 November 2026\n")
    assert result.exit_code == 0
    assert [(mail.sender, mail.to) for mail in inbox.got] == [("road@example.org", ["taro@example.jp", "b@example.org"])]
    run("--to", "b@example.org", "--eml", str(tmp_path / "x.eml"))
    lines = [content.rstrip(b"\r\n").split(b"\r\n") for content in (inbox.got[0].content, (tmp_path / "x.eml").read_bytes())]
    assert [one[:6] for one, other in zip(*lines, strict=True) if one != other] == [b"Date: "]


@pytest.mark.usefixtures("trusted")
def test_credentials_go_to_a_server_that_offers_tls(with_credentials, serve, tls):
    inbox, url = serve(tls_context=tls, auth_required=True, authenticator=only({"road-user": SECRET}))
    result = with_credentials("--smtp", url)
    assert (result.exit_code, len(inbox.got)) == (0, 1), result.output
    assert SECRET.encode() not in inbox.got[0].content
    assert SECRET not in result.output


@pytest.mark.usefixtures("trusted")
def test_tls_from_the_beginning_works_too(run, serve, tls):
    inbox, url = serve("smtps", ssl_context=tls)
    assert run("--smtp", url).exit_code == 0
    assert len(inbox.got) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_is_refused(with_credentials, serve, tls, scheme):
    inbox, url = serve(scheme, **({"tls_context": tls} if scheme == "smtp" else {"ssl_context": tls}))
    result = with_credentials("--smtp", url)
    assert (result.exit_code, inbox.got) == (1, [])
    assert "certificate" in result.output
    assert "nothing was sent" in result.output


def test_credentials_are_not_sent_without_tls(with_credentials, serve):
    seen = []

    def check(server, session, envelope, mechanism, data):  # noqa: ARG001
        seen.append(data)
        return AuthResult(success=True)

    inbox, url = serve(auth_require_tls=False, authenticator=check)
    result = with_credentials("--smtp", url)
    assert (result.exit_code, inbox.got, seen) == (1, [], [])
    assert "offers no TLS, and credentials are not sent without: nothing was sent" in result.output


@pytest.mark.usefixtures("trusted")
def test_credentials_that_a_server_refuses_and_repeats_are_in_no_output(with_credentials, serve, tls):
    inbox, url = serve(tls_context=tls, auth_required=True, authenticator=only({"road-user": "another"}))
    result = with_credentials("--smtp", url)
    assert (result.exit_code, inbox.got) == (1, [])
    assert "it did not accept EVROAD_SMTP_USER and EVROAD_SMTP_PASSWORD (535): nothing was sent" in result.output
    for word in ("road-user", SECRET, base64.b64encode(SECRET.encode()).decode()):
        assert word not in result.output
        assert word not in str(result.exception)


@pytest.mark.usefixtures("with_credentials", "trusted")
def test_a_refusal_that_repeats_the_user_is_told_without_it(serve, tls):
    _, url = serve(tls_context=tls, auth_required=True, authenticator=only({"road-user": SECRET}))
    result = CliRunner().invoke(main, ["mail", "--to", TO, "--from", "full@example.org", "--smtp", url])
    assert result.exit_code == 1
    assert "552 5.2.2 too much of …: nothing was sent" in result.output


def test_a_refused_recipient_is_told_in_the_servers_words_and_so_is_who_got_it(run, serve):
    inbox, url = serve()
    result = run("--to", "nobody@example.org", "--smtp", url)
    assert result.exit_code == 1
    assert "nobody@example.org refused: 550 5.1.1 nobody of that name" in result.output
    assert result.output.rstrip().endswith("it was sent to taro@example.jp")
    assert "\x1b" not in result.output
    assert [mail.to for mail in inbox.got] == [["taro@example.jp"]]


@pytest.mark.usefixtures("run")
def test_where_all_recipients_or_the_message_are_refused_nothing_was_sent(serve):
    inbox, url = serve()
    for arguments, words in (
        (["--to", "nobody@example.org"], "550 5.1.1"),
        (["--to", "a@example.org", "--from", "full@example.org"], "552 5.2.2 too much"),
    ):
        result = CliRunner().invoke(main, ["mail", *arguments, "--smtp", url])
        assert result.exit_code == 1
        assert words in result.output
        assert result.output.rstrip().endswith("nothing was sent")
    assert inbox.got == []


def test_a_server_that_is_not_there_or_falls_silent_is_told(run, monkeypatch):
    monkeypatch.setattr(delivery, "_PATIENCE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        assert "timed out: nothing was sent" in run("--smtp", url).output
    result = run("--smtp", url)
    assert result.exit_code == 1
    assert "refused: nothing was sent" in result.output


def test_a_connection_that_breaks_after_the_message_was_handed_over_is_not_told_as_nothing_sent(run, serve, monkeypatch):
    async def gone(self, server, session, envelope):  # noqa: ARG001
        server.transport.close()
        return "250 OK"

    monkeypatch.setattr(Inbox, "handle_DATA", gone)
    _, url = serve()
    result = run("--smtp", url)
    assert result.exit_code == 1
    assert result.output.rstrip().endswith("whether it was sent is not known")
