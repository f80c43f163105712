"""The number that calls an ambulance, by country.

As the countries' authorities publish them; 112 is the one of every member of the European Union (Directive (EU)
2018/1972, article 109). A country that is not listed gets none: a wrong one would be worse.
"""

_BY_NUMBER = {
    "000": "AU",
    "111": "NZ",
    "112": "AD AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IE IN IS IT LI LT LU LV MC MT NL PL PT RO SE SI SK TR ZA",
    "113": "NO",
    "119": "JP KR TW",
    "120": "CN",
    "911": "AS CA DO EC GU MX PA PH PR US VI",
    "995": "SG",
    "999": "GB HK MO MY",
}
_NUMBERS = {country: number for number, countries in _BY_NUMBER.items() for country in countries.split()}


def emergency_number(country: str) -> str:
    """Return the number for a country of two letters (ISO 3166), "" where it is not known."""
    return _NUMBERS.get(country.upper(), "")
