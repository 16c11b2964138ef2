"""Readers against anything: bytes at random, and valid files that were damaged. They answer or tell faults, always alike."""

import ast
import json
import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from papermill.translators import papermill_translators

from analysis.errors import InputError, LedgerError
from analysis.importers import read_edition
from analysis.ledger import Ledger
from analysis.reporting import execute
from analysis.reporting.parameters import Parameter
from analysis.schema import Source
from analysis.tables import read_table, read_text

TABLES = {
    "sources": "source_id,product_id,publisher,title,kind,published_date,published_precision,published_note,url,sha256,licence,"
    'caveat,recorded_date\ns,p,"Press, the",Title,news,2024-01-02,day,,https://example.org/x,,free,,2024-01-03\n',
    "series": "series_id,name,definition,unit,plausible_min,plausible_max,is_additive\n"
    "plug_in_share_of_sales,Share,Cars,share,0,1,false\nbev_annual_sales,Cars,Cars,vehicles,0,1e9,true\n"
    "phev_annual_sales,Hybrids,Hybrids,vehicles,0,1e9,true\n",
    "entities": "entity_id,name,kind,part_of,latitude,longitude,note\n"
    "china,China,market,,,,\nnissan,Nissan,company,,35.5,-139.6,\n",
    "claims": "claim_id,series_id,entity_id,market_id,value,value_low,value_high,unit,valid_from,valid_to,period_printed,"
    "source_id,locator,printed,qualifier,basis,stance,entry,change,reason,recorded_date,note\n"
    'c,bev_annual_sales,nissan,china,5,,,vehicles,2023-01-01,2023-12-31,2023,s,p1,"5, or so",about,reported,asserts,1,new,,'
    "2024-01-03,\nc,bev_annual_sales,nissan,china,6,,,vehicles,2023-01-01,2023-12-31,2023,s,p1,6,about,reported,asserts,2,"
    "correction,misread,2024-01-04,\n",
    "events": "event_id,description,stage,counterparty_id,entity_id,market_id,valid_from,valid_to,period_printed,source_id,"
    "locator,printed,qualifier,basis,stance,entry,change,reason,recorded_date,note\n"
    "e,Talks,talks,,nissan,china,,,,s,p2,in talks,exact,reported,asserts,1,new,,2024-01-03,\n",
    "conflicts": "conflict_id,title,kind,statement_ids,reason,recorded_date\nk,Which,value,c;e,Not known,2024-01-04\n",
}
"""The smallest ledger that has a row of everything."""

IEA = (
    "region,category,parameter,mode,powertrain,year,unit,value\n"
    "China,Historical,EV sales share,Cars,EV,2023,percent,38\nChina,Historical,EV sales,Cars,BEV,2023,Vehicles,5400000\n"
    "China,Projection-STEPS,EV sales share,Cars,EV,2030,percent,80\nMars,Historical,EV sales,Cars,BEV,2023,Vehicles,1\n"
)
OWID = "Entity,Code,Year,Share of new cars that are electric\nChina,CHN,2023,38\nWorld,OWID_WRL,2023,18.5\n"

ODD = [
    "",
    ",",
    '"',
    "\n",
    "\r",
    "\0",
    ";",
    "\ufeff",
    "\u202e",
    "=1",
    "-",
    "1e400",
    "nan",
    "9" * 30,
    "0",
    "2024-02-30",
    "é",
    "\U0001f697",
    "c",
]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> bytes:
    """A file with bytes turned, cut out or put in, fields replaced, or lines doubled and moved."""
    content = text.encode()
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        lines = content.splitlines(keepends=True) or [b""]
        match draw(st.sampled_from(["turn", "cut", "put", "field", "double", "end"])):
            case "turn":
                content = content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]
            case "cut":
                content = content[:place] + content[place + draw(st.integers(1, 40)) :]
            case "put":
                content = content[:place] + draw(st.binary(max_size=4)) + content[place:]
            case "field":
                line = draw(st.integers(0, len(lines) - 1))
                fields = lines[line].split(b",")
                fields[draw(st.integers(0, len(fields) - 1))] = draw(st.sampled_from(ODD)).encode()
                content = b"".join([*lines[:line], b",".join(fields), *lines[line + 1 :]])
            case "double":
                content += draw(st.sampled_from(lines))
            case "end":
                content = content[:place]
    return content


def answer(read, *errors) -> str:
    """What a reader says, value or error; any error that is none of those is one of the test."""
    try:
        told = repr(read())
    except errors as error:
        told = f"{type(error).__name__}: {error}"
    assert told.replace("\n", "").replace("\t", "").isprintable()
    return told


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("ledger")
    for name, text in TABLES.items():
        (made / f"{name}.csv").write_text(text, "utf-8")
    return made


@pytest.fixture(scope="module")
def ledger(folder) -> Ledger:
    return Ledger.load(folder)


def test_the_undamaged_ledger_and_files_are_valid(ledger, tmp_path):
    assert (len(ledger.claims), len(ledger.as_of().claims)) == (2, 1)
    for name, text in (("iea", IEA), ("owid", OWID)):
        (tmp_path / name).write_text(text)
        read = read_edition(name, tmp_path / name, ledger, published="2024-01", today=date(2024, 3, 1))
        assert len(read.claims) == {"iea": 3, "owid": 1}[name]


@given(content=st.one_of(st.binary(max_size=200), st.text(alphabet='ab,"\n\r\0;=\ufeff\u202e1', max_size=60).map(str.encode)))
def test_any_bytes_are_a_table_or_faults_and_twice_the_same(tmp_path_factory, content):
    """Tried: bytes at random, and the signs that make up a table in any order."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    frame, faults = read_text(path, ["a", "b"], ["b"])
    again = read_text(path, ["a", "b"], ["b"])
    assert frame.equals(again[0])
    assert faults == again[1]
    assert frame.is_empty() or not faults
    if not faults:
        assert set(frame.columns) in ({"line", "a", "b"}, {"line", "b"})
    assert str(LedgerError(faults)).replace("\n", "").isprintable()


@given(content=damaged(TABLES["sources"]))
def test_a_damaged_table_is_read_into_its_contract_or_its_faults_are_told(tmp_path_factory, content):
    """Tried: bytes turned, cut out, put in; fields replaced by what is odd; lines doubled, moved, broken off."""
    path = tmp_path_factory.getbasetemp() / "sources.csv"
    path.write_bytes(content)
    frame, faults = read_table(path, Source)
    if not faults:
        assert Source.is_valid(frame.drop("line"))
    assert read_table(path, Source)[1] == faults


@given(table=st.sampled_from(sorted(TABLES)), data=st.data())
def test_a_damaged_ledger_loads_and_can_be_told_or_its_faults_are(folder, tmp_path_factory, table, data):
    """Tried: the same damage, to each of the six tables in turn."""
    place = tmp_path_factory.mktemp("damaged")
    for name in TABLES:
        (place / f"{name}.csv").symlink_to(folder / f"{name}.csv")
    (place / f"{table}.csv").unlink()
    (place / f"{table}.csv").write_bytes(data.draw(damaged(TABLES[table])))
    told = answer(lambda: Ledger.load(place), LedgerError)
    assert answer(lambda: Ledger.load(place), LedgerError) == told
    if told.startswith("Ledger("):
        loaded = Ledger.load(place)
        assert len(loaded.as_of().claims) <= len(loaded.claims)


@given(name=st.sampled_from(["iea", "owid"]), data=st.data())
def test_a_damaged_publishers_file_is_an_edition_or_is_refused(ledger, tmp_path_factory, name, data):
    """Tried: the same damage, to both publishers' files, and each read as the other's."""
    path = tmp_path_factory.getbasetemp() / "file.csv"
    path.write_bytes(data.draw(damaged(data.draw(st.sampled_from([IEA, OWID])))))

    def read():
        return read_edition(name, path, ledger, published="2024-01", today=date(2024, 3, 1))

    told = answer(read, LedgerError, InputError)
    assert answer(read, LedgerError, InputError) == told
    if told.startswith("Edition("):
        assert all(math.isfinite(float(claim["value"])) for claim in read().claims)


TEXTS = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    [
        "%%bash",
        "!ls",
        "x?",
        '"""',
        "\\",
        "'",
        "\n",
        "\r\n",
        "\u2028",
        "\ud800",
        "\0",
        "1" * 5000,
        "1e400",
        "-inf",
        "1_0",
        "１",
        "{x}",
        "$x",
    ]
)


@given(
    kind=st.sampled_from(["str", "int", "float", "bool", "date", "list[str]", "str | None", "Claim", "list[Entity]"]),
    text=TEXTS,
)
def test_a_parameters_value_is_refused_or_arrives_as_it_is(kind, text):
    """Tried: any Unicode, half surrogate pairs, NUL, line ends of all sorts, quotes, magics, numbers beyond all bounds.

    What papermill puts into the notebook is one assignment of one literal (or of a date made of one), and is what was read.
    """
    parameter = Parameter("word", kind, None, "")
    told = answer(lambda: parameter.parse(text), InputError)
    if told.startswith("InputError: "):
        assert len(told) < 1000
        return
    value = parameter.parse(text)
    given = execute._Day(value.isoformat()) if isinstance(value, date) else value
    source = papermill_translators.find_translator("python3", "python").codify({"word": given})
    comment, line, rest = source.split("\n")
    (assignment,) = ast.parse(line).body
    literal = assignment.value
    if isinstance(value, date):
        assert line == f"word = date.fromisoformat('{value}')"
    else:
        assert ast.literal_eval(literal) == value
        assert type(ast.literal_eval(literal)) is type(value)
    assert (comment, rest) == ("# Parameters", "")
    json.dumps(value, ensure_ascii=False, default=str).encode()  # as it is written into the notebook's metadata
    assert "\0" not in str(value)
    if kind == "str":
        assert value == text
