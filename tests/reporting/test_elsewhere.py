"""Editions at another address: what a reader finds there, what is sent again, and what is left alone."""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urljoin

import boto3
import click
import fsspec
import pytest
import typst
from click.testing import CliRunner
from moto.server import ThreadedMotoServer

from analysis.cli import main
from analysis.commands.sending import also_elsewhere
from analysis.errors import BuildError, InputError
from analysis.reporting import editions, elsewhere
from analysis.reporting.elsewhere import RECORD, reach, send
from analysis.reporting.notices import PLACE
from analysis.reporting.publication import publish, publishing, refresh, withdraw

DERIVED = ["index.html", "feed.xml", "latest.html"]
MADE = {
    "index.html": f'<body>{PLACE}<a href="../index.html">all</a><a href="targets.html">targets</a>',
    "targets.html": f'<body>{PLACE}<a href="targets.pdf">PDF</a><a href="index.html">edition</a>',
    "targets.pdf": typst.compile(b"Some text.", format="pdf"),
    "targets.ipynb": "{}",
    "figures.csv": "電気\n",
    "figures.parquet": "PAR1",
    "evroad.xlsx": "PK",
    "datapackage.json": "{}",
}


@pytest.fixture
def reports(tmp_path) -> Path:
    """The folder of reports of a project with nothing in it."""
    (tmp_path / "a project" / "data").mkdir(parents=True)
    (tmp_path / "a project" / "data" / "claims.csv").touch()
    return tmp_path / "a project" / "reports"


@pytest.fixture
def put(reports):
    """A function that publishes a small edition of that name, whose pages are told from others' by a word."""

    def one(name: str, word: str = "") -> None:
        with publishing(reports) as staging:
            made = staging / "edition"
            made.mkdir()
            for file, text in MADE.items():
                more = f"<p>{name} {word}</p>" if file.endswith(".html") else ""
                (made / file).write_bytes(text if isinstance(text, bytes) else (text + more).encode())
            told = {"edition": name, "date": name[:10], "as_of": name[:10], "recorded_by": None, "is_whole": True}
            told |= {"is_replay": False, "parameters": {"targets": {}}, "inputs": {}, "what_changed": ""}
            told["outputs"] = {path.name: editions.sha256(path) for path in sorted(made.iterdir())}
            told["id"] = editions.identity(told)
            (made / "manifest.json").write_text(json.dumps(told), "utf-8")
            publish(made, reports / name)
            refresh(reports, staging)

    return one


@pytest.fixture(scope="module")
def s3():
    """An S3 server of this machine, with the credentials that lead to it, and a client of another make."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    told = {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "geheim"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**told, "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1"}.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="site")
        yield client
        client.close()
        server.stop()


@pytest.fixture(params=["file", "memory", "s3"])
def address(request, tmp_path):
    """An address that holds nothing yet, of each kind."""
    if request.param == "s3":
        request.getfixturevalue("s3")
        yield f"s3://site/{tmp_path.name}"
    else:
        yield f"file://{tmp_path}/served/here" if request.param == "file" else f"memory://{tmp_path.name}"
        fsspec.filesystem("memory").store.clear()


@pytest.fixture
def written(monkeypatch):
    """The names that are written, in their order; `fails_at` the one that is not written but refused."""

    class Written(list):
        fails_at = ""

    names, write = Written(), elsewhere._put

    def noted(to, name, content):
        if name == names.fails_at:
            raise to.failure(name, OSError("the line is dead"))
        write(to, name, content)
        names.append(name)

    monkeypatch.setattr(elsewhere, "_put", noted)
    return names


def at(address: str) -> dict[str, bytes]:
    """What is at an address, by name, our record left out."""
    files, folder = fsspec.core.url_to_fs(address, use_listings_cache=False)
    found = {path.removeprefix(f"{folder.rstrip('/')}/"): files.cat_file(path) for path in files.find(folder)}
    return {name: content for name, content in found.items() if name != RECORD}


def here(reports: Path) -> dict[str, bytes]:
    """What a reader of the folder finds: editions and what is derived from them, without our own files."""
    files = {str(path.relative_to(reports)): path for path in reports.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith((".", "latest/"))}


def sent(reports: Path, address: str) -> list[str]:
    return send(reports, reach(address, reports))


def test_a_reader_there_finds_what_one_here_finds_and_a_second_run_sends_nothing(put, reports, address, written):
    put("2026-11-24")
    put("2026-11-25")
    assert sorted(sent(reports, address)) == sorted(here(reports))
    assert at(address) == here(reports)
    written.clear()
    assert sent(reports, address) == []
    assert written == []


def test_every_relative_link_leads_to_a_file_there(put, reports, address):
    put("2026-11-24")
    put("2026-11-24.1")  # the first bears a notice with a link
    sent(reports, address)
    there, links = at(address), []
    for name in there:
        if name.endswith((".html", ".xml")):
            found = re.findall(r'href="([^"#:?]+)["#?]', there[name].decode())
            links += [urljoin(f"http://there/{name}", link).removeprefix("http://there/") for link in found]
    assert "2026-11-24.1/targets.html" in links
    assert [link for link in links if link and link not in there] == []


def test_the_manifest_is_the_last_of_its_edition_and_what_is_derived_comes_after_all_editions(put, reports, address, written):
    put("2026-11-24")
    put("2026-11-25")
    sent(reports, address)
    of_one = len(MADE) + 1
    assert written[0] == written[-1] == RECORD
    assert written[of_one] == "2026-11-24/manifest.json"
    assert written[2 * of_one] == "2026-11-25/manifest.json"
    assert written[2 * of_one + 1 : -1] == DERIVED


def test_a_store_is_told_what_each_file_is(put, reports, s3, tmp_path):
    put("2026-11-24")
    sent(reports, f"s3://site/{tmp_path.name}")
    names = s3.list_objects_v2(Bucket="site", Prefix=tmp_path.name)["Contents"]
    told = {one["Key"].rpartition("/")[2]: s3.head_object(Bucket="site", Key=one["Key"])["ContentType"] for one in names}
    assert told == {
        "index.html": "text/html; charset=utf-8",
        "latest.html": "text/html; charset=utf-8",
        "targets.html": "text/html; charset=utf-8",
        "feed.xml": "application/atom+xml; charset=utf-8",
        "targets.pdf": "application/pdf",
        "targets.ipynb": "application/x-ipynb+json",
        "figures.csv": "text/csv; charset=utf-8",
        "figures.parquet": "application/vnd.apache.parquet",
        "evroad.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "datapackage.json": "application/json",
        "manifest.json": "application/json",
        RECORD: "application/json",
    }


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ("s3", {"ContentType": "application/pdf"}),
        ("gs", {"content_type": "application/pdf"}),
        ("abfs", {"content_settings": {"content_type": "application/pdf"}}),
    ],
)
def test_each_kind_of_store_is_told_in_its_own_words_and_no_bucket_is_made(protocol, told):
    """The parameters of s3fs, gcsfs and adlfs, whose defaults are octet-stream for all or some of them."""
    calls = []

    class Store:
        def pipe_file(self, path, content, **options):
            calls.append((path, content, options))

    Store.protocol = (protocol, "another")
    elsewhere._put(elsewhere.Address("x", Store(), "bucket/folder"), "2026-11-24/a.pdf", b"%PDF")
    assert calls == [("bucket/folder/2026-11-24/a.pdf", b"%PDF", told)]


def test_an_interrupted_publication_is_completed_by_the_next(put, reports, address, written):
    put("2026-11-24")
    put("2026-11-25")
    written.fails_at = "2026-11-25/targets.html"
    with pytest.raises(BuildError, match=r"2026-11-25/targets\.html: the line is dead"):
        sent(reports, address)
    assert "2026-11-24/manifest.json" in at(address)
    assert not {"2026-11-25/manifest.json", "index.html"} & at(address).keys()
    written.fails_at = ""
    assert not [name for name in sent(reports, address) if name.startswith("2026-11-24/")]
    assert at(address) == here(reports)


def test_that_an_edition_was_superseded_and_withdrawn_arrives_on_its_pages_alone(put, reports, address):
    put("2026-11-24")
    sent(reports, address)
    put("2026-11-24.1")
    again = [name for name in sent(reports, address) if name.startswith("2026-11-24/")]
    assert {"2026-11-24/index.html", "2026-11-24/targets.html"} <= set(again)
    assert not {"2026-11-24/manifest.json", "2026-11-24/figures.csv"} & set(again)
    assert b"Superseded by the edition" in at(address)["2026-11-24/targets.html"]
    withdraw(reports, "2026-11-24.1", reason="A number was wrong.", day=date(2026, 11, 25))
    sent(reports, address)
    there = at(address)
    assert there == here(reports)
    assert b"A number was wrong." in there["2026-11-24.1/targets.html"]
    assert json.loads(there["2026-11-24.1/withdrawn.json"])["reason"] == "A number was wrong."
    assert b"Superseded" not in there["2026-11-24/targets.html"]


def test_a_notice_of_the_same_length_as_the_one_before_arrives_too(put, reports, address):
    """2026-11-24 is superseded first by .1, then by .2: its pages stay as long as they were."""
    put("2026-11-24")
    put("2026-11-24.1")
    sent(reports, address)
    put("2026-11-24.2")
    sent(reports, address)
    assert at(address) == here(reports)


def test_notices_that_were_sent_in_part_are_in_doubt_even_when_the_reason_for_them_is_gone(put, reports, address, written):
    """Killed after one page says .2; .2 is then withdrawn, and the notice is as the record has it, and as long."""
    put("2026-11-24")
    put("2026-11-24.1")
    sent(reports, address)
    put("2026-11-24.2")
    written.fails_at = "2026-11-24.2/manifest.json"
    with pytest.raises(BuildError):
        sent(reports, address)
    assert b"2026-11-24.2" in at(address)["2026-11-24/targets.html"]
    withdraw(reports, "2026-11-24.2", reason="Wrong.", day=date(2026, 11, 25))
    written.fails_at = ""
    sent(reports, address)
    assert at(address) == here(reports)


def test_without_the_record_manifests_tell_what_is_there(put, reports, address):
    put("2026-11-24")
    put("2026-11-25")
    sent(reports, address)
    files, folder = fsspec.core.url_to_fs(f"{address}/{RECORD}")
    files.pipe_file(folder, b"no record")
    assert sent(reports, address) == []
    files.rm_file(folder)
    assert sent(reports, address) == []
    assert files.exists(folder)  # and the next one need not ask them


def test_what_was_lost_or_changed_there_is_sent_again(put, reports, address):
    put("2026-11-24")
    sent(reports, address)
    files, folder = fsspec.core.url_to_fs(address, skip_instance_cache=True)  # another process
    files.rm_file(f"{folder}/2026-11-24/targets.pdf")
    files.pipe_file(f"{folder}/latest.html", at(address)["latest.html"].replace(b"2026", b"2025"))
    assert sent(reports, address) == ["2026-11-24/targets.pdf", "latest.html"]
    assert at(address) == here(reports)


def test_what_others_have_there_stays(put, reports, address):
    files, folder = fsspec.core.url_to_fs(address, use_listings_cache=False)
    others = {"robots.txt": b"of others", "2026-11-20/manifest.json": b"{}", "2026-11-24/notes.txt": b"of others"}
    for name, content in others.items():
        if not address.startswith("s3:"):
            files.makedirs(f"{folder}/{name}".rpartition("/")[0], exist_ok=True)
        files.pipe_file(f"{folder}/{name}", content)
    put("2026-11-24")
    sent(reports, address)
    assert at(address) == here(reports) | others


def test_a_manifest_that_breaks_off_is_of_an_interrupted_publication(put, reports, address):
    """Only an object store writes it whole or not at all."""
    put("2026-11-24")
    sent(reports, address)
    files, folder = fsspec.core.url_to_fs(address, use_listings_cache=False)
    files.pipe_file(f"{folder}/2026-11-24/manifest.json", here(reports)["2026-11-24/manifest.json"][:-5])
    files.pipe_file(f"{folder}/{RECORD}", b"{}")  # as it is while an edition is on its way
    assert sent(reports, address) == ["2026-11-24/manifest.json"]
    assert at(address) == here(reports)


def test_another_edition_of_the_name_and_pages_of_others_are_not_overwritten(put, reports, address):
    put("2026-11-24", "of another folder")
    other = reports.rename(reports.with_name("others"))
    sent(other, address)
    there = at(address)
    put("2026-11-24")
    with pytest.raises(BuildError, match=r"2026-11-24/manifest\.json: is another edition of that name"):
        sent(reports, address)
    assert at(address) == there
    files, folder = fsspec.core.url_to_fs(address, use_listings_cache=False)
    for name in [RECORD, *(name for name in there if name != "index.html")]:
        files.rm_file(f"{folder}/{name}")
    with pytest.raises(BuildError, match=r"index\.html: was not put there by evroad"):
        sent(reports, address)
    assert at(address) == {"index.html": there["index.html"]}


def test_a_damaged_edition_is_named_and_not_sent_and_the_others_are(put, reports, tmp_path):
    put("2026-11-23")
    put("2026-11-24")
    put("2026-11-25")
    for name, text in {"2026-11-23/manifest.json": "no JSON", "2026-11-24/figures.csv": "changed"}.items():
        (reports / name).chmod(0o644)
        (reports / name).write_text(text)
    with pytest.raises(BuildError, match="2026-11-23, 2026-11-24: not sent, as it is damaged here"):
        sent(reports, f"file://{tmp_path}/served")
    there = at(f"file://{tmp_path}/served")
    assert not [name for name in there if name.startswith(("2026-11-23", "2026-11-24"))]
    assert {"2026-11-25/manifest.json", "latest.html"} <= there.keys()


def test_an_edition_that_was_damaged_gets_its_notices_once_it_is_put_right(put, reports, tmp_path):
    """Its notices are as long as those it has there, so that only the record can tell that they were not sent."""
    put("2026-11-24")
    put("2026-11-24.1")
    address, table = f"file://{tmp_path}/served", reports / "2026-11-24" / "figures.csv"
    sent(reports, address)
    put("2026-11-24.2")
    content = table.read_bytes()
    table.chmod(0o644)
    table.write_bytes(content[::-1])
    with pytest.raises(BuildError, match="2026-11-24: not sent"):
        sent(reports, address)
    table.write_bytes(content)
    sent(reports, address)
    assert at(address) == here(reports)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("reports", "reports: expected an address that can be written to, as s3://BUCKET/FOLDER or file:///FOLDER"),
        ("s3://", "s3://: expected an address that can be written to"),
        ("https://me:geheim@example.org/x?sig=geheim", "https://me:…@example.org/x?…: expected an address"),
        ("s3://site/x?sig=geheim", "s3://site/x?…: expected an address"),
        ("nosuch://x/y", "nosuch://x/y: cannot be used: Protocol not known: nosuch"),
        ("gs://site/x", 'what writes to gs:// is not installed: pip install "evroad[gcs]"'),
        ("az://site/x", 'what writes to az:// is not installed: pip install "evroad[azure]"'),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_built(reports, address, said, monkeypatch):
    for name in ("gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.chdir(reports.parent)
    answer = CliRunner().invoke(main, ["build", "--to", address])
    assert answer.exit_code == 2
    assert said in answer.output
    assert "geheim" not in answer.output
    assert not reports.exists()


def test_the_folder_of_reports_is_not_sent_to_itself(put, reports):
    put("2026-11-24")
    for inside in (reports, reports / "2026-11-24"):
        with pytest.raises(InputError, match="is the folder of reports itself, or in it"):
            reach(f"file://{inside}", reports)


@pytest.mark.usefixtures("s3")
def test_a_failure_names_address_file_and_remedy_without_credentials_and_the_other_addresses_are_served(
    put, reports, tmp_path, monkeypatch
):
    put("2026-11-24")
    monkeypatch.chdir(reports.parent)
    before = here(reports)
    answer = CliRunner().invoke(
        main, ["publish", "s3://no-such-bucket/x", "s3://me:geheim@site/x", f"file://{tmp_path}/served"]
    )
    assert answer.exit_code == 1
    first, second = answer.stderr.splitlines()
    assert first.startswith("evroad: published here, but not at s3://no-such-bucket/x: .evroad.json: ")
    assert "NoSuchBucket" in first or "bucket does not exist" in first
    assert second.startswith("published here, but not at s3://me:…@site/x: ")
    assert second.endswith("Mend that, then run it again")
    assert "geheim" not in answer.output
    assert at(f"file://{tmp_path}/served") == here(reports) == before
    assert answer.stdout == f"Sent to file://{tmp_path}/served: 12 files\n"


def test_publish_sends_what_a_withdrawal_left_and_says_when_there_is_nothing(put, reports, tmp_path, monkeypatch):
    monkeypatch.chdir(reports.parent)
    to = f"file://{tmp_path}/served"
    assert CliRunner().invoke(main, ["publish", to]).exit_code == 2  # there is no edition
    assert not reports.exists()
    put("2026-11-24")
    assert CliRunner().invoke(main, ["publish", to]).exit_code == 0
    withdraw(reports, "2026-11-24", reason="Wrong.", day=date(2026, 11, 25))
    (reports / "index.html").unlink()  # as a process leaves it that was killed
    assert CliRunner().invoke(main, ["publish", to]).exit_code == 0
    assert b"Wrong." in at(to)["index.html"]
    assert CliRunner().invoke(main, ["publish", to]).output == f"Nothing to send: {to} is up to date.\n"


def test_a_build_is_sent_when_it_is_done_and_not_where_it_fails(put, reports, tmp_path, monkeypatch):
    monkeypatch.chdir(reports.parent)
    to = f"file://{tmp_path}/served"

    @click.command()
    @click.argument("name")
    @also_elsewhere
    def build(name: str) -> None:
        if name == "none":
            raise BuildError("a report failed")
        put(name)

    assert isinstance(CliRunner().invoke(build, ["none", "--to", to]).exception, BuildError)
    assert not Path(tmp_path, "served").exists()
    answer = CliRunner().invoke(build, ["2026-11-25", "--to", to, "--to", to, "--to", f"{to}/two"])
    assert answer.output == f"Sent to {to}: 12 files\nSent to {to}/two: 12 files\n"
    assert at(f"{to}/two") == here(reports)


def test_what_sends_is_imported_only_where_something_is_sent():
    """fsspec costs a tenth of a second, s3fs a whole one."""
    code = "import sys, analysis.cli, analysis.commands.sending as s; s._send(s._reached(()))\n"
    code += "print('fsspec' in sys.modules or 'analysis.reporting.elsewhere' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
