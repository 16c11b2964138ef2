"""Editions read back: which there are, and whether each is still whole."""

import json

import pytest

from analysis.errors import BuildError, InputError
from analysis.reporting.editions import damage, editions, figures, find, identity, manifest, sha256


@pytest.fixture
def publish(tmp_path):
    """A function that puts a small edition into the folder of reports."""

    def one(name: str):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "page.html").write_text("A page", "utf-8")
        (folder / "figures.csv").write_text("report,figure_id,claim_ids\ntargets,a.b,c1;c2\n", "utf-8")
        outputs = {path.name: sha256(path) for path in sorted(folder.iterdir())}
        told = {"edition": name, "outputs": outputs, "parameters": {}, "inputs": {}, "is_replay": False, "is_whole": True}
        (folder / "manifest.json").write_text(json.dumps(told | {"id": identity(told)}), "utf-8")
        return folder

    return one


def test_editions_come_by_day_then_by_number_and_nothing_else_counts(tmp_path, publish):
    for name in ("2026-11-25.10", "2026-11-25", "2026-11-25.2", "2025-01-01"):
        publish(name)
    (tmp_path / "2026-11-26").mkdir()  # without a manifest
    publish("2026-11-25.backup")
    assert [path.name for path in editions(tmp_path)] == ["2025-01-01", "2026-11-25", "2026-11-25.2", "2026-11-25.10"]
    assert editions(tmp_path / "nowhere") == []


def test_an_edition_is_found_by_its_name_or_is_the_latest(tmp_path, publish):
    with pytest.raises(InputError, match=r"there is no edition in .*: make report builds one"):
        find(tmp_path, None)
    publish("2026-11-24")
    publish("2026-11-25")
    assert find(tmp_path, None).name == "2026-11-25"
    assert find(tmp_path, "2026-11-24").name == "2026-11-24"
    with pytest.raises(InputError, match="no edition '2026-11-23'; there are 2026-11-24, 2026-11-25"):
        find(tmp_path, "2026-11-23")


def test_a_whole_edition_has_no_damage_and_its_figures_can_be_read(publish):
    folder = publish("2026-11-25")
    assert damage(folder) == []
    assert manifest(folder)["edition"] == "2026-11-25"
    assert figures(folder) == [{"report": "targets", "figure_id": "a.b", "claim_ids": "c1;c2"}]


def test_what_was_changed_went_or_came_is_told_file_by_file(publish):
    folder = publish("2026-11-25")
    (folder / "page.html").write_text("Another page", "utf-8")
    (folder / "figures.csv").unlink()
    (folder / "note.txt").write_text("", "utf-8")
    assert damage(folder) == [
        "figures.csv: is gone",
        "note.txt: has come since",
        "page.html: was changed since it was published",
    ]
    with pytest.raises(BuildError, match=r"damaged \(figures\.csv\)"):
        manifest(folder)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"outputs": []}'])
def test_a_manifest_that_cannot_be_read_is_damage(publish, content):
    folder = publish("2026-11-25")
    (folder / "manifest.json").write_text(content, "utf-8")
    assert damage(folder) == ["manifest.json: cannot be read as what an edition says of itself"]
    with pytest.raises(BuildError, match=r"damaged \(manifest\.json\)"):
        manifest(folder)
