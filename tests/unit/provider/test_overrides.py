"""The user's own limits in place of the catalog's."""

from __future__ import annotations

import pytest

import planner
from planner.errors import SpecError
from planner.model.candidate import Infeasible, Solved
from planner.provider.market import Market
from planner.provider.overrides import limit_names, overridden
from planner.spec import Source

SPEC = Source(
    name="planner.yaml",
    text=b"""\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: busy}
spec:
  models: [{name: m, size: 100MiB, service_time: 10ms, reference_instance: CPU, load_time: 2s}]
  traffic: {type: steady, rate: 250/s}
  slo: {latency: {p99: 200ms}}
  providers:
    databricks: {region: us-east-1, entity: a.b.c, entity_version: "1", route_optimized: false}
""",
)


def limits(body: str) -> Source:
    head = "apiVersion: planner/v1alpha1\nkind: Limits\nmetadata: {name: ours}\nspec:\n"
    stamp = '  source: support case 4711\n  date: "2026-11-20"\n'
    return Source(name="limits.yaml", text=f"{head}{stamp}  limits:\n{body}".encode())


def test_an_override_changes_the_verdict() -> None:
    before = planner.plan(planner.load([SPEC])).outcomes[0]
    raised = limits("    databricks: {qps-without-route-optimization: 300}\n")
    after = planner.plan(planner.load([SPEC], limits=[raised])).outcomes[0]
    assert isinstance(before, Infeasible)
    assert isinstance(after, Solved)


def test_a_rejection_names_the_file_that_set_the_limit() -> None:
    lowered = limits("    databricks: {qps-without-route-optimization: 100}\n")
    outcome = planner.plan(planner.load([SPEC], limits=[lowered])).outcomes[0]
    assert isinstance(outcome, Infeasible)
    sources = {group.rejection.source for group in outcome.excluded if group.rejection}
    assert "limits.yaml: support case 4711 (2026-11-20)" in sources


@pytest.mark.parametrize(
    ("body", "code", "at", "hint"),
    [
        ("    databricks: {qps: 1}\n", "unknown-limit", "limits.yaml:8:18", "known: "),
        (
            "    databricks: {served-entitys: 15}\n",
            "unknown-limit",
            "limits.yaml:8:18",
            "did you mean `served-entities`?",
        ),
    ],
)
def test_an_unknown_name_stands_in_its_place(body: str, code: str, at: str, hint: str) -> None:
    specs = planner.load([SPEC], limits=[limits(body)])
    with pytest.raises(SpecError) as caught:
        planner.plan(specs)
    (found,) = caught.value.diagnostics
    assert (found.code, str(found.location)) == (code, at)
    assert found.hint.startswith(hint)


def test_a_negative_limit_is_an_error_of_its_file() -> None:
    with pytest.raises(SpecError) as caught:
        planner.load([SPEC], limits=[limits("    databricks: {served-entities: -1}\n")])
    (found,) = caught.value.diagnostics
    assert str(found.location) == "limits.yaml:8:35"


def test_a_limit_that_does_not_exist_is_reported_once_for_all_specs() -> None:
    other = Source(name="other.yaml", text=SPEC.text.replace(b"name: busy", b"name: quiet"))
    specs = planner.load([SPEC, other], limits=[limits("    databricks: {nonsense: 1}\n")])
    assert len(specs) == 2
    with pytest.raises(SpecError) as caught:
        planner.plan(specs)
    assert [found.code for found in caught.value.diagnostics] == ["unknown-limit"]


def test_another_providers_override_leaves_a_catalog_as_it_is() -> None:
    (spec,) = planner.load([SPEC], limits=[limits("    sagemaker: {realtime-payload: 1}\n")])
    catalog = Market().offers(spec)["databricks"]
    assert overridden(catalog, spec.limits) is catalog


def test_offerings_that_shared_limits_still_do() -> None:
    (spec,) = planner.load([SPEC], limits=[limits("    databricks: {served-entities: 15}\n")])
    (plain,) = planner.load([SPEC])
    changed = Market().offers(spec)["databricks"]
    catalog = Market().offers(plain)["databricks"]
    assert len({id(o.limits) for o in changed.offerings}) == len(
        {id(o.limits) for o in catalog.offerings}
    )
    assert limit_names(changed) == limit_names(catalog)


def test_a_misspelt_provider_is_not_passed_over() -> None:
    with pytest.raises(SpecError) as caught:
        planner.load([SPEC], limits=[limits("    databrickz: {served-entities: 15}\n")])
    (found,) = caught.value.diagnostics
    assert (found.code, found.hint) == ("unknown-provider", "did you mean `databricks`?")
    assert (str(found.location), found.path) == ("limits.yaml:8:18", "spec.limits.databrickz")
