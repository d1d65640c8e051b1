"""Pages: what is cut, by which rule, and that broken markup and size do no harm."""

from __future__ import annotations

import time
from itertools import takewhile

import pytest

from copydesk.documents.html_blocks import read_page, read_runs
from copydesk.documents.html_source import piece_pattern, tokens
from copydesk.documents.read import read_document
from copydesk.model.document import Document, apply_edits, revert_edits

BODY = "The army crossed the river on Monday and stayed on the other bank for the night, as the minister had said."


def _document(page: str) -> Document:
    made = read_document(page, format="html", doc_id="doc-0", recipe="test", max_chars=1_000_000)
    assert made.document is not None, made.reason
    assert apply_edits(page, made.document.edits) == made.document.text
    assert revert_edits(made.document.text, made.document.edits) == page
    return made.document


@pytest.mark.parametrize(
    "source",
    ["<p>a</p>", "a < b > c", "<!-- a --><p>", "<a href='>'>x</a>", "<script>if (a<b) {}</script>x", "<p", "</>", "<!", "<?x", "<!---->x", ""],
)  # fmt: skip
def test_the_tokens_of_a_page_joined_are_the_page(source: str) -> None:
    assert "".join(source[token.start : token.end] for token in tokens(source)) == source
    assert "".join(match.group() for match in piece_pattern(False).finditer(source)) == source
    believed = takewhile(lambda match: match.group(), piece_pattern(True).finditer(source))
    assert source.startswith("".join(match.group() for match in believed))


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>one<p>two", ["one", "two"]),
        ("one<div>two</div>three", ["one", "two", "three"]),
        ("a <b>bold</b> word", ["a ", "bold", " word"]),
        ("<script>no</script>yes<style>no</style>", ["yes"]),
        ("<svg><text>no</text></svg>yes", ["yes"]),
        ('<p title="a > b">yes</p>', ["yes"]),
        ('<p title="unclosed>yes</p><p>again</p>', ["yes", "again"]),
        ("5 < 6 and 7 > 6", ["5 ", "< 6 and 7 > 6"]),
        ("<DIV><P>one</P >\n</dIv>\n<p>two</p></div></p>three", ["one", "two", "three"]),
    ],
)
def test_text_is_what_a_reader_would_see(source: str, texts: list[str]) -> None:
    page = read_page(source)
    found = [source[run.start : run.end] for block in page.blocks for run in read_runs(page, block)]
    assert "".join(found) == "".join(texts)


@pytest.mark.parametrize(
    ("source", "linked"),
    [
        ('<p><a href="x"><b>one</b></a></p>', [3]),
        ('<p>two, <a href="x">one</a> and <A HREF=y>four</A></p>', [7]),
        ('<p><a title="a > b">one</a></p>', [3]),
        ("<p><!-- no --><a>one</a> two</p>", [3]),
        ("<div><a>one<p>two</p></div><p>three</p>", [3, 3, 0]),
        ("<div><p>one</p><p>two <a>three</p><p>four</a> five</p></div>", [0, 5, 0]),
    ],
)
def test_characters_in_links_are_counted_until_the_link_or_what_it_stands_in_ends(
    source: str, linked: list[int]
) -> None:
    assert [block.linked for block in read_page(source).blocks] == linked


def test_every_edit_of_a_page_names_its_rule() -> None:
    page = f"<html><body><nav>Home</nav><article><h1>Army   crosses</h1><p>{BODY} A&amp;B<br>end <b>x</b></p></article></body></html>"
    document = _document(page)
    assert document.text == f"Army crosses\n\n{BODY} A&B\nend x"
    assert {edit.rule for edit in document.edits} == {
        "html.boilerplate", "html.markup", "html.entity", "html.whitespace", "html.line-break"
    }  # fmt: skip
    [cut] = [edit for edit in document.edits if edit.rule == "html.boilerplate"]
    assert "Home" in cut.removed


def test_a_page_in_which_the_extractor_finds_nothing_gives_what_its_article_element_holds() -> None:
    document = _document("<body><div>Menu of the day</div><article><h1>Ferry stops</h1></article></body>")
    assert document.text == "Ferry stops"
    assert "html.no-extract" in {edit.rule for edit in document.edits}


def test_a_teaser_that_repeats_a_paragraph_is_cut_and_the_paragraph_stays() -> None:
    page = f"<body><div><p>{BODY}</p></div><main><h1>River</h1><p>{BODY}</p><p>The second paragraph is about the night and what it brought to the town.</p></main></body>"
    assert _document(page).text.count(BODY) == 1


def test_the_credit_in_a_figure_is_a_zone_inside_its_caption() -> None:
    page = f"<article><h1>River</h1><figure><figcaption>A boat. <small class='photo-credit'> Jane Doe </small></figcaption></figure><p>{BODY}</p></article>"
    document = _document(page)
    zones = {zone.kind: document.text[zone.start : zone.end] for zone in document.zones}
    assert zones["caption"] == "A boat. Jane Doe"
    assert zones["credit"] == "Jane Doe"


def test_an_entity_that_decodes_to_a_mark_that_combines_is_composed() -> None:
    document = _document(f"<article><p>{BODY} cafe&#x301; and A&#778;</p></article>")
    assert document.text.endswith("café and Å")
    assert any(edit.rule == "html.entity+text.nfc" for edit in document.edits)


@pytest.mark.parametrize("element", ["div", "b", "ul><li", "blockquote", "table><tr><td"])
def test_nesting_of_any_depth_is_read(element: str) -> None:
    page = f"<{element}>" * 20_000 + f"<p>{BODY}</p>"
    read_page(page)
    read_document(page, format="html", doc_id="doc-0", recipe="test", max_chars=1_000_000)


def test_the_same_page_gives_the_same_document_however_often_it_was_read() -> None:
    page = f"<article><h1>River</h1><p>{BODY}</p><p>{BODY}</p></article>"
    assert len({_document(page) for _ in range(4)}) == 1


STORY = f"<p>{BODY}</p><p>They said that the bridge had held, and that more of them would follow when the water had fallen.</p>"


def _kinds(document: Document) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for zone in document.zones:
        kinds.setdefault(zone.kind, []).append(document.text[zone.start : zone.end])
    return kinds


@pytest.mark.parametrize(
    ("aside", "kind"),
    [
        ('<div class="related-stories"><a href="/a">The old bridge fell in March</a></div>', "related"),
        ('<div class="newsletter-box">All the news of the river in one letter</div>', "promo"),
        ('<p class="story__byline">Jane Doe</p>', "byline"),
    ],
)
def test_what_the_page_marks_as_an_aside_is_a_zone_among_the_text_and_cut_beside_it(aside: str, kind: str) -> None:
    among = _document(f"<body><article><h1>River</h1>{STORY}{aside}{STORY}</article></body>")
    beside = _document(f"<body><article><h1>River</h1>{STORY}{STORY}</article>{aside}</body>")
    assert len(_kinds(among)[kind]) == 1
    assert kind not in _kinds(beside)


@pytest.mark.parametrize("mark", ["sidebar", "related", "hidden", "promo", "byline", "ads"])
def test_a_word_that_would_make_an_aside_of_the_whole_article_means_something_else(mark: str) -> None:
    document = _document(f'<body class="{mark}"><div class="{mark}"><h1>River</h1>{STORY}{STORY}</div></body>')
    assert _kinds(document)["paragraph"][0] == BODY
    assert len(_kinds(document)["paragraph"]) == 4


def test_comments_below_an_article_are_cut_however_long_they_are() -> None:
    comments = "".join(
        f"<p>Number {count}: this is my opinion of it, and I have many more of them to tell you.</p>"
        for count in range(5)
    )
    document = _document(f'<body><div><h1>River</h1>{STORY * 3}</div><div id="comments">{comments}</div></body>')
    assert "opinion" not in document.text


@pytest.mark.parametrize("end", ["</nav>", ""])
def test_an_article_in_navigation_whose_end_tag_belongs_to_another_is_found(end: str) -> None:
    assert BODY in _document(f"<body><nav><p>Home</p><div><h1>River</h1>{STORY * 4}</div>{end}</body>").text


def test_a_table_of_figures_is_cut_and_text_laid_out_in_a_table_is_not() -> None:
    cells = "".join(f"<tr><td>Town {count}</td><td>{count} marks</td></tr>" for count in range(9))
    assert "marks" not in _document(f"<article><h1>River</h1>{STORY}<table>{cells}</table>{STORY}</article>").text
    assert BODY in _document(f"<table><tr><td><h1>River</h1>{STORY}{STORY}</td></tr></table>").text


def test_a_page_with_more_elements_than_the_limit_is_rejected_and_says_so() -> None:
    made = read_document("<p>" * 50, format="html", doc_id="doc-0", recipe="test", max_chars=1_000, max_nodes=10)
    assert made.document is None
    assert made.reason == "too-many-nodes"
    assert "10 elements" in made.detail


def test_a_choice_without_doubt_asks_nobody_and_a_doubtful_one_tells_whether_the_second_opinion_agreed() -> None:
    sure = read_document(
        f"<article>{STORY * 3}</article>", format="html", doc_id="doc-0", recipe="test", max_chars=9_999
    )
    assert sure.choice is not None
    assert (sure.choice.doubts, sure.choice.agreement) == ((), None)
    short = read_document(f"<div>{STORY}</div>", format="html", doc_id="doc-0", recipe="test", max_chars=9_999)
    assert short.choice is not None
    assert short.choice.doubts == ("little prose",)
    assert short.choice.agreement == 1.0


@pytest.mark.parametrize(
    "unit",
    [
        "<article><p>{}</p>",
        "<article><p>{}</p></article>",
        "<p class='a{}'>",
        "<div hidden>{}",
        "<nav>{}",
        "<nav>{}</nav>",
        '<meta x="',
        "<script ",
    ],
)
def test_reading_four_times_as_much_takes_no_more_than_some_four_times_as_long(unit: str) -> None:
    def seconds(count: int) -> float:
        page = "".join(unit.replace("{}", f"{BODY} {number}") for number in range(count))
        start = time.process_time()
        read_document(page, format="html", doc_id="doc-0", recipe="test", max_chars=10_000_000)
        return time.process_time() - start

    seconds(100)
    assert min(seconds(8_000) for _ in range(2)) < 12 * max(min(seconds(2_000) for _ in range(2)), 0.004)


def test_a_line_among_paragraphs_that_is_one_link_is_text_and_a_label_with_links_is_not() -> None:
    line = '<p><a href="/map">Here is the map of the river</a></p>'
    listed = '<p>Also: <a href="/a">The bridge of March</a><br><a href="/b">The ferry of May</a></p>'
    text = _document(f"<body><div><h1>River</h1>{STORY}{line}{STORY}{listed}{STORY}</div></body>").text
    assert "Here is the map of the river" in text
    assert "ferry of May" not in text


@pytest.mark.parametrize(("heading", "is_kept"), [('<a href="/b">Bridge falls</a>', False), ("Bridge falls", True)])
def test_prose_below_a_heading_that_is_a_link_introduces_another_article(heading: str, is_kept: bool) -> None:
    card = f"<div><div><h3>{heading}</h3></div><div>The old bridge fell in March, and nobody has put it up again since then, though many asked.</div></div>"
    text = _document(f"<body><article><h1>River</h1>{STORY}{STORY}{card}</article></body>").text
    assert ("old bridge" in text) == is_kept


def test_the_prose_below_a_title_that_links_to_its_own_page_is_the_article() -> None:
    page = f'<body><article><h2><a href="/river">River</a></h2><div><p>{BODY} {BODY} {BODY}</p></div></article></body>'
    assert BODY in _document(page).text


TITLED = "<head><title>Army crosses the river - The Vellin Post</title></head>"


def _zones(page: str) -> list[tuple[str, str]]:
    document = _document(page)
    return [(zone.kind, document.text[zone.start : zone.end]) for zone in document.zones]


@pytest.mark.parametrize("heading", ["h1", "h2", "div"])
def test_an_article_begins_at_the_line_that_says_what_the_page_calls_itself(heading: str) -> None:
    before = "<h1>News of the day</h1><p>All that our reporters found out this morning, in one place and for all of our readers.</p>"
    page = f"{TITLED}<main>{before}<{heading}>Army crosses the river</{heading}><p>{BODY}</p><p>{BODY} Again.</p><p>{BODY} At noon.</p></main>"
    assert _zones(page)[0] == ("headline", "Army crosses the river")
    assert "reporters" not in _document(page).text


def test_a_title_that_is_said_again_below_most_of_the_article_cuts_nothing() -> None:
    page = f"{TITLED}<main><p>{BODY}</p><p>{BODY} Again.</p><p>Army crosses the river</p><p>{BODY} At noon.</p></main>"
    assert _document(page).text.startswith(BODY)


def test_a_headline_in_the_header_of_the_site_is_found_where_it_is_the_title() -> None:
    page = f'{TITLED}<header class="masthead"><h1>Army crosses the river</h1></header><main><p>{BODY}</p><p>{BODY} Again.</p></main>'
    assert _zones(page)[0] == ("headline", "Army crosses the river")


@pytest.mark.parametrize(
    ("line", "is_text"),
    [("Vellin, 14 June 2019, at 15:49 with the army", False), ("Adopted on 12.11.2009 in Vellin", True)],
)
def test_a_line_before_the_text_that_tells_day_and_hour_is_none_of_the_text(line: str, is_text: bool) -> None:
    page = f"{TITLED}<main><h1>Army crosses the river</h1><p>{line}</p><p>{BODY}</p><p>{BODY} Again.</p></main>"
    assert (("paragraph", line) in _zones(page)) == is_text
    assert line in _document(page).text


@pytest.mark.parametrize(("said", "is_kept"), [("She recommends:", True), ("She left.", False)])
def test_a_list_of_links_stays_where_a_line_with_a_colon_introduces_it(said: str, is_kept: bool) -> None:
    links = "<ul><li><a href='/a'>The book of the river</a></li><li><a href='/b'>The book of the bank</a></li></ul>"
    page = f'<div class="article-body"><p>{BODY}</p><p>{BODY} Again.</p><p>{said}</p>{links}</div>'
    assert ("The book of the bank" in _document(page).text) == is_kept


def test_a_heading_of_links_that_were_cut_is_cut_too() -> None:
    links = "<ul><li><a href='/a'>The river in spring</a></li></ul>"
    page = f'<div class="article-body"><p>{BODY}</p><p>{BODY} Again.</p><h3>What more is there?</h3>{links}</div>'
    assert "What more" not in _document(page).text
