"""Sealing: what is stored can't be read without the key, and keys can be changed while in use."""

import pytest
from cryptography.fernet import Fernet

from plugin.errors import ConfigurationError
from plugin.vault import Vault, WrongKey

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def test_what_is_sealed_does_not_show_and_opens_again():
    sealed = Vault(OLD).seal("EAAAtoken")
    assert "EAAA" not in sealed
    assert Vault(OLD).open(sealed) == "EAAAtoken"


def test_a_new_key_goes_in_front_and_the_old_one_still_opens():
    sealed = Vault(OLD).seal("EAAAtoken")
    both = Vault(f"{NEW}, {OLD}")
    assert both.open(sealed) == "EAAAtoken"
    assert (both.is_newest(sealed), both.is_newest(both.seal("EAAAtoken"))) == (False, True)
    assert Vault(NEW).open(both.seal("EAAAtoken")) == "EAAAtoken"


def test_a_key_that_is_gone_and_a_changed_text_are_told_apart_from_no_key():
    sealed = Vault(OLD).seal("EAAAtoken")
    for vault, text in ((Vault(NEW), sealed), (Vault(OLD), sealed[:-4] + "AAAA"), (Vault(OLD), "é")):
        with pytest.raises(WrongKey, match="Put the old key back"):
            vault.open(text)
    for without in (Vault(""), Vault(" , ")):
        assert (without.has_keys, without.is_newest(sealed)) == (False, False)
        with pytest.raises(ConfigurationError, match="ENCRYPTION_KEYS is missing"):
            without.seal("x")


@pytest.mark.parametrize(
    "keys",
    ["x", OLD[:-4], f"{OLD},secret-nobody-may-see", "é" * 44],
    ids=["short", "cut off", "second is none", "not ASCII"],
)
def test_a_key_that_is_none_stops_the_start_and_is_not_repeated(keys: str):
    with pytest.raises(ConfigurationError, match="ENCRYPTION_KEYS holds a key that is none") as refused:
        Vault(keys)
    assert "secret-nobody-may-see" not in refused.value.message
