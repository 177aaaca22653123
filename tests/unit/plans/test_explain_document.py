from planner.model.plan import Explanation
from planner.plans.explain_document import explain_document
from tests.support import decisions


def test_a_solved_workload_shows_its_arithmetic() -> None:
    made = explain_document(
        Explanation(
            workload="fraud-scorer",
            outcome=decisions.solved(),
            sensitivities=decisions.sensitivities(),
            catalogs=(decisions.STAMP,),
        )
    )
    (endpoint,) = made["endpoints"]
    assert endpoint["arithmetic"][0] == {
        "expression": "1,200/s x 6 ms",
        "label": "offered load",
        "source": "spec",
        "value": "7.2",
    }
    assert endpoint["decision"]["hosting"] == "single-model"
    assert made["infeasible"] is None
    assert made["monthly_usd"] == 612.4
    assert [mode["hosting"] for mode in made["hosting_modes"]] == [
        "single-model",
        "dedicated",
        "serverless",
        "multi-model",
    ]
    assert made["hosting_modes"][2]["rejection_code"] == "concurrency-limit"
    assert made["sensitivities"][1]["changes_at"] is None
    assert list(made) == sorted(made)


def test_an_infeasible_workload_shows_what_would_help() -> None:
    made = explain_document(Explanation(workload="too-fast", outcome=decisions.infeasible()))
    assert made["endpoints"] == []
    assert made["monthly_usd"] is None
    assert made["infeasible"]["relaxations"][0]["needed"] == "63 ms"
