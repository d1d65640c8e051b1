"""Which surfaces name one thing."""

from __future__ import annotations

from copydesk.suggestions import Name, aliases

NAMES = (
    Name("Bashar al-Assad", "PERSON", "Q44329"),
    Name("Assad", "PERSON", "Q44329"),
)


def test_names_of_one_canonical_form_are_one_thing_however_they_are_written() -> None:
    found = aliases(["Assad", "Bashar el-Assad", "ASSAD", "Bashar"], NAMES)
    assert found == {**dict.fromkeys(["Assad", "Bashar el-Assad", "ASSAD"], "Bashar al-Assad"), "Bashar": "Bashar"}


def test_surfaces_of_no_list_are_one_with_their_variants_called_as_the_commonest() -> None:
    written = ["Sana’a", "Halden", "Sana'a", "HALDEN", "SANA'A"]
    assert aliases(written, ()) == {
        "Sana’a": "Sana’a",
        "Halden": "Halden",
        "Sana'a": "Sana’a",
        "HALDEN": "Halden",
        "SANA'A": "Sana’a",
    }
    assert aliases(["HALDEN", "Halden"], ()) == dict.fromkeys(["HALDEN", "Halden"], "HALDEN")
