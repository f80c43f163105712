"""Help beside settings: each page that the menu Settings or All settings leads to opens the guide."""

from tests.web.visitor import Visitor

OF_SETTINGS = ("/clinic/", "/packages", "/square", "/import")


def test_every_page_of_settings_has_help_beside_its_heading(small_olga: Visitor) -> None:
    found = {each for each in small_olga.page("/clinic/settings").links() if each.startswith(OF_SETTINGS)}
    assert len(found) > 25
    without = {
        address
        for address in found
        if not any(
            "help" in each.attributes.get("class", "").split() and "/guides/" in each.attributes["href"]
            for each in small_olga.page(address).elements
        )
    }
    assert without == set()
