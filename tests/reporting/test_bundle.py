"""The script that draws charts in a browser: one text, kept whole between builds, and made anew where it cannot be."""

import pytest
import vl_convert

from analysis.reporting import bundle as module


@pytest.fixture
def made(monkeypatch, tmp_path):
    """How many times the libraries were put together, in a cache folder of its own."""
    times = []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: times.append(snippet) or "let vegaEmbed = '日本'")
    monkeypatch.setattr(module.platformdirs, "user_cache_path", lambda _: tmp_path / "cache")
    return times


def again() -> str:
    """As another process would have it."""
    module.bundle.cache_clear()
    return module.bundle()


@pytest.fixture(autouse=True)
def _forget():
    yield
    module.bundle.cache_clear()


def kept(tmp_path):
    return tmp_path / "cache" / f"vega-{vl_convert.__version__}.js"


def test_it_is_made_once_and_is_the_same_text_from_the_cache(made, tmp_path):
    assert again() == again() == "(()=>{let vegaEmbed = '日本'})();"
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [kept(tmp_path).name]


@pytest.mark.parametrize("damage", [b"", b"// sha256 00\nalert(1)", b"\xff\xfe", "cut", "longer", "a folder"])
def test_what_is_not_whole_in_the_cache_is_never_used(made, tmp_path, damage):
    whole = again()
    path = kept(tmp_path)
    content = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes({"cut": content[:-3], "longer": content + b"x"}.get(damage, damage))
    assert again() == whole
    assert len(made) == 2
    assert list(path.parent.iterdir()) == [path]  # nothing half-made is left beside it


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(made, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    assert again() == again()
    assert len(made) == 2


def test_the_real_one_has_nothing_in_it_that_would_end_a_script_or_be_read_otherwise_by_a_browser(monkeypatch, tmp_path):
    """A browser hashes what it reads: with another line ending or a NUL it would not be what the policy names."""
    monkeypatch.setattr(module.platformdirs, "user_cache_path", lambda _: tmp_path / "cache")
    script = again()
    assert "vegaEmbed" in script
    assert not [part for part in ("</script", "<script", "<!--", "\r", "\0") if part in script.lower()]
    assert script == again()
