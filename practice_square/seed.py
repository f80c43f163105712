"""The seed of a practice clinic: twelve clients, a few things to sell, a terminal. No packages."""

from practice_square.appointments.team import add_team_member
from practice_square.catalog import upsert_objects
from practice_square.checkout.devices import plant_terminal
from practice_square.customers import create_customer
from practice_square.merchant import money
from practice_square.refusals import invalid
from practice_square.storage import Json, Work

SEEDS = ("clinic", "items", "empty")

# Phones from the range for fiction, e-mails from a domain for examples: no real person is ever reached.
CLIENTS = (
    ("Maribel", "Okonkwo-Reyes", "maribel.okonkwo@example.org", "+13105550101"),
    ("Ana", "López", "ana.lopez@example.org", "+13105550102"),
    ("Siobhán", "O’Malley", "siobhan.omalley@example.org", "+13105550103"),
    ("Grace", "Kim", "grace.kim@example.org", "+14245550104"),
    ("美玲", "陳", "meiling.chen@example.org", "+13105550105"),
    ("Denise", "Whitfield", "denise.whitfield@example.org", "+14245550106"),
    ("Renée", "Desjardins", "renee.desjardins@example.org", "+13105550107"),
    (
        "Alexandrina Wilhelmina",
        "von Hohenberg-Castellanos de la Fuente",
        "alexandrina@example.org",
        "+13105550108",
    ),
    ("Thu Hà", "Nguyễn", "thuha.nguyen@example.org", "+14245550109"),
    ("Jo", "D'Angelo", "jo.dangelo@example.org", "+13105550110"),
    ("Priya", "Raghunathan", "priya.r@example.org", None),
    ("Carol", "Bergström", None, "+14245550112"),
)
TEAM = (("A.", "Kim", True), ("J.", "Moreau", False))
ITEMS = (
    ("Single visit, facial acupuncture", "60 min", 16500, "APPOINTMENTS_SERVICE"),
    ("Touch-up", "45 min", 16500, "APPOINTMENTS_SERVICE"),
    ("Jade roller", "Regular", 3800, "REGULAR"),
    ("Gua sha stone", "Rose quartz", 2900, "REGULAR"),
    ("Facial oil", "30 ml", 5400, "REGULAR"),
    ("Silk pillowcase", "Standard", 6200, "REGULAR"),
)


def plant(work: Work, seed: str) -> None:
    """Fill a new file. Raises Refusal for an unknown seed."""
    if seed not in SEEDS:
        raise invalid(f"The seed is one of {', '.join(SEEDS)}.", "seed")
    if seed == "empty":
        return
    plant_terminal(work)
    upsert_objects(work, [_item(work, place, *item) for place, item in enumerate(ITEMS)], "objects")
    for given, family, is_owner in TEAM:
        add_team_member(work, given, family, is_owner=is_owner)
    if seed == "clinic":
        for given, family, email, phone in CLIENTS:
            profile = {
                "given_name": given,
                "family_name": family,
                "email_address": email,
                "phone_number": phone,
            }
            create_customer(work, {name: value for name, value in profile.items() if value}, "DIRECTORY")


def _item(work: Work, place: int, name: str, variation: str, amount: int, product_type: str) -> Json:
    data: Json = {
        "name": variation,
        "pricing_type": "FIXED_PRICING",
        "price_money": money(work, amount),
        "item_id": f"#item-{place}",
    }
    if product_type == "APPOINTMENTS_SERVICE":
        data |= {"service_duration": int(variation.split()[0]) * 60_000, "available_for_booking": True}
    return {
        "type": "ITEM",
        "id": f"#item-{place}",
        "item_data": {
            "name": name,
            "product_type": product_type,
            "variations": [
                {"type": "ITEM_VARIATION", "id": f"#variation-{place}", "item_variation_data": data}
            ],
        },
    }
