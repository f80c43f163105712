"""The version names what papers are made with."""

from invoices.press.version import _contents, papers_version


def test_it_is_the_same_each_time_it_is_asked():
    first = papers_version()
    papers_version.cache_clear()
    assert papers_version() == first


def test_templates_styles_fonts_words_and_texts_belong_to_it():
    from importlib.resources import files

    names = [name for name, _ in _contents(files("invoices"), "")]
    for part in (
        "/print/print.css",
        "/print/course_summary.html",
        "/locale/es.po",
        "/texts/en/general.md",
    ):
        assert part in names
    assert any(name.endswith(".ttf") for name in names)
    assert not any("__pycache__" in name for name in names)
