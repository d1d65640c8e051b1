"""The head of the data card is in the Hugging Face Hub's own terms, as its own library reads them."""

import json
from dataclasses import replace
from importlib import resources

import pytest
from huggingface_hub import DatasetCard

from copydesk.datasets.hub import hub_terms


def vocabulary(name):
    """A list of the terms that Hugging Face's library ships."""
    return json.loads(resources.files("datasets.utils.resources").joinpath(f"{name}.json").read_text("utf-8"))


def test_the_head_of_the_card_is_what_the_hub_reads(first, newsroom):
    card = DatasetCard.load(first / "README.md").data
    assert (card.pretty_name, card.license, card.language) == (newsroom.NAME, "cc0-1.0", ["en"])
    assert card.size_categories == ["n<1K"]
    assert card.task_categories == ["token-classification"]
    infos = {info["config_name"]: info["splits"] for info in card.dataset_info}
    for config in card.configs:
        files = {one["split"]: first / one["path"] for one in config["data_files"]}
        told = {one["name"]: one["num_bytes"] for one in infos[config["config_name"]]}
        assert told == {split: path.stat().st_size for split, path in files.items()}
    assert [config["config_name"] for config in card.configs if config.get("default")] == ["default"]


@pytest.mark.parametrize(
    ("documents", "size"),
    [(0, 0), (999, 0), (1_000, 1), (9_999, 1), (10_000, 2), (999_999, 3), (1_000_000, 4), (999_999_999, 6)],
)
def test_the_size_is_a_class_of_the_hub(newsroom, documents, size):
    known = vocabulary("size_categories")[1:]  # the first is "unknown"
    assert hub_terms(newsroom.ABOUT, documents=documents)["size_categories"] == [known[size]]


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("ODbL-1.0", {"license": "odbl"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("The Harbour Sheet, by agreement", {"license": "other", "license_name": "the-harbour-sheet-by-agreement"}),
    ],
)
def test_a_licence_that_the_hub_does_not_know_is_named(newsroom, licence, told):
    terms = hub_terms(replace(newsroom.ABOUT, licence=licence), documents=1)
    assert {key: value for key, value in terms.items() if key.startswith("license")} == told


def test_languages_are_codes_of_the_hub_and_regions_are_details(newsroom):
    terms = hub_terms(replace(newsroom.ABOUT, language=("en-GB", "en", "gsw")), documents=1)
    assert terms["language"] == ["en", "gsw"]
    assert set(terms["language"]) <= vocabulary("languages").keys()
    assert terms["language_details"] == ["en-GB", "en", "gsw"]
