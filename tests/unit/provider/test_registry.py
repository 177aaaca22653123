"""Providers are found through entry points alone, and a broken one disturbs no other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ProviderError
from planner.provider import registry
from tests.support.distributions import install, install_acme


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    registry.forget()
    yield tmp_path
    registry.forget()
    sys.modules.pop("acme_provider", None)


def _error(name: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        registry.get(name)
    return caught.value


def _listed(name: str) -> registry.ProviderListing:
    (found,) = (one for one in registry.listing() if one.name == name)
    return found


def test_a_third_party_provider_is_found_like_ours(site: Path) -> None:
    install_acme(site)
    assert "acme" in registry.names()
    assert registry.get("acme").title == "Acme Moon Hosting"
    assert _listed("acme") == registry.ProviderListing(
        name="acme",
        distribution="acme-planner",
        version="1.2.0",
        title="Acme Moon Hosting",
        hostings=("dedicated",),
        regions=("moon-1",),
    )


def test_a_typo_gets_the_nearest_name(site: Path) -> None:
    install_acme(site)
    error = _error("acne")
    assert error.code == "unknown-provider"
    assert error.hint == "did you mean `acme`?"
    assert "acme" in error.message


def test_a_name_far_from_all_gets_the_command_that_lists_them(site: Path) -> None:
    install_acme(site)
    assert _error("zzzzzz").hint == "planner providers"


def test_a_plugin_that_does_not_import_is_listed_with_its_error(site: Path) -> None:
    install_acme(site)
    install(site, "broken-planner", providers={"broken": "no_such_module_at_all:provider"})
    error = _error("broken")
    assert error.code == "broken-provider"
    assert "broken-planner 1.2.0" in error.message
    assert "No module named 'no_such_module_at_all'" in error.message
    assert error.hint == "pip install --force-reinstall broken-planner"
    assert _listed("broken").error == error.message
    assert _listed("acme").error == ""


def test_a_plugin_for_another_interface_says_both_versions(site: Path) -> None:
    (site / "future_plugin.py").write_text("class P:\n    api_version = 99\n\nprovider = P()\n")
    install(site, "future-planner", providers={"future": "future_plugin:provider"})
    error = _error("future")
    assert error.code == "provider-api-version"
    assert "version 99" in error.message
    assert "version 1" in error.message


def test_a_plugin_without_a_method_says_which(site: Path) -> None:
    (site / "half_plugin.py").write_text(
        "class P:\n    api_version = 1\n    name = 'half'\n\nprovider = P()\n"
    )
    install(site, "half-planner", providers={"half": "half_plugin:provider"})
    error = _error("half")
    assert error.code == "broken-provider"
    assert "render" in error.message
    assert "catalog_settings" in error.message
    assert "settings_model" in error.message


def test_a_plugin_under_a_wrong_name_is_refused(site: Path) -> None:
    install_acme(site)
    install(site, "alias-planner", providers={"apex": "acme_provider:provider"})
    error = _error("apex")
    assert error.code == "broken-provider"
    assert "another name" in error.message


def test_a_plugin_that_fails_while_it_is_listed_disturbs_no_other(site: Path) -> None:
    (site / "sour_plugin.py").write_text(
        "from acme_provider import AcmeProvider\n\n"
        "class P(AcmeProvider):\n"
        "    name = 'sour'\n"
        "    def regions(self):\n"
        "        raise RuntimeError('no price list')\n\n"
        "provider = P()\n"
    )
    install_acme(site)
    install(site, "sour-planner", providers={"sour": "sour_plugin:provider"})
    assert "RuntimeError: no price list" in _listed("sour").error
    assert _listed("acme").error == ""


def test_two_distributions_with_one_name_are_both_named(site: Path) -> None:
    install_acme(site)
    install(site, "other-planner", providers={"acme": "acme_provider:provider"}, version="3.0")
    error = _error("acme")
    assert error.code == "duplicate-provider"
    assert "acme-planner 1.2.0" in error.message
    assert "other-planner 3.0" in error.message
    assert {one.error for one in registry.listing() if one.name == "acme"} == {error.message}


def test_names_imports_no_plugin(site: Path) -> None:
    (site / "bomb_plugin.py").write_text("raise SystemError('imported')\n")
    install(site, "bomb-planner", providers={"bomb": "bomb_plugin:provider"})
    assert "bomb" in registry.names()
