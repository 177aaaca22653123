"""The stages in order, in one place: the command line's engine, and the Python API.

    load     files -> specs            (reads files and the environment)
    plan     specs -> a run            (catalogs, solver, desired state, changes; writes nothing)
    explain  spec  -> an explanation
    compare  specs, specs -> two plans side by side
    simulate spec -> what requests meet over time, at the planned configuration or one's own
    render   run   -> API calls, or another format of the provider
    export   run   -> files for other tools

>>> import planner
>>> specs = planner.load(["examples/fraud-scorer"])
>>> run = planner.plan(specs)
>>> endpoint = run.plan.endpoints[0]
>>> endpoint.name, endpoint.decision.met
('fraud-scorer', True)
>>> planner.explain(specs[0]).workload
'fraud-scorer'
>>> planner.render(run, to="api")[0]["calls"][0]["operation"]
'CreateModel'
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from planner import __version__, locks, plans, solver
from planner.deciding import decisions
from planner.diagnostics import Diagnostic
from planner.errors import InfeasibleError, SpecError
from planner.model.candidate import Outcome, Robustness, Sensitivity, Solved
from planner.model.catalog import LimitOverride
from planner.model.effort import Effort
from planner.model.export import Asked, ExportedFile
from planner.model.plan import Explanation, Mode, Plan
from planner.model.resource import DesiredState
from planner.model.simulation import Simulation
from planner.model.value import value
from planner.provider import registry
from planner.provider.market import Market
from planner.provider.overrides import unknown_providers
from planner.provider.together import Rendering, offers_to
from planner.sources import Given, Read, read_beside, read_files, read_specs
from planner.spec import Source, Spec
from planner.spec import load as load_sources

if TYPE_CHECKING:
    from planner.engine import Connections, Standing
    from planner.live import Ahead, Reading
    from planner.spec.rules import Breach
    from planner.spec.sections import Sections

DEFAULT = Effort()
WATCHED = Effort(requests=2_000_000)
OFFLINE_REASON = "offline: the live state is not read, so everything counts as new"


@value
class PlanRun:
    """A plan with the values it was made from; `desired` in the order of the plan's endpoints.

    `standing` has what was read of each endpoint, nothing offline.
    """

    plan: Plan
    specs: tuple[Spec, ...]
    outcomes: tuple[Outcome, ...]
    desired: tuple[DesiredState, ...]
    standing: Mapping[str, Standing] = field(default_factory=dict)

    @property
    def desired_by_owner(self) -> tuple[tuple[str, DesiredState], ...]:
        """Desired states with the names of the specs that own them."""
        owners = {endpoint.name: endpoint.workload for endpoint in self.plan.endpoints}
        return tuple((owners[state.endpoint], state) for state in self.desired)


def load(
    paths: Iterable[Given],
    *,
    overlays: Iterable[Given] = (),
    sets: Sequence[str] = (),
    limits: Iterable[Given] = (),
    env: Mapping[str, str] | None = None,
    lock: Given | bool = True,
) -> tuple[Spec, ...]:
    """Read specs from files and directories, apply overlays and `path=value` settings.

    `limits` are `kind: Limits` files, later ones over earlier; they replace limits of the catalogs.
    `lock` is a lock file, true for those beside the specs, false for none. `env` feeds
    `${env:NAME}`; None takes the process's environment. Raises SpecError with every independent
    error of all files, UsageError for a setting that does not exist.
    """
    known = os.environ if env is None else env
    sources, unread = _parted(read_specs(paths))
    known_limits, bad_limits = _limits(limits, known)
    unread += bad_limits
    layers, unread_layers = _parted(read_files(overlays))
    unread += unread_layers
    specs: tuple[Spec, ...] = ()
    if sources and not unread_layers:
        try:
            specs = load_sources(
                sources,
                reader=read_beside,
                settings_models=lambda name: registry.get(name).settings_model(),
                provider_names=registry.names(),
                overlays=layers,
                sets=sets,
                env=known,
                features_of=lambda name, settings: registry.get(name).features(settings),
                hostings_of=lambda name: registry.get(name).hostings,
                late_rules=(_late,),
            )
        except SpecError as error:
            raise SpecError((*unread, *error.diagnostics)) from error
    if lock is not False:
        specs, bad_locks = locks.locked(specs, None if lock is True else lock)
        unread += bad_locks
    if unread:
        raise SpecError((*unread, *_problems(specs)))
    return tuple(replace(spec, limits=known_limits) for spec in specs) if known_limits else specs


def check(specs: Iterable[Spec]) -> None:
    """Hold specs against the catalogs; raises SpecError with every unknown region or instance."""
    offers_to(specs, Market())


def plan(
    specs: Iterable[Spec],
    *,
    verify: bool = True,
    effort: Effort = DEFAULT,
    connections: Connections | None = None,
    live: Reading | None = None,
    upgrade: bool = False,
) -> PlanRun:
    """Decide every spec, in whatever order they come, and render the winners.

    With `connections` the plan is held against what lives there, without them against nothing. The
    finalists are held against a simulation with this `effort`, unless `verify` is false: then
    the closed form alone decides, and the plan says so. A lock decides for its spec, unless
    `upgrade` finds better. Raises SpecError where a spec contradicts the catalogs or lacks what its
    winner needs, and where a lock cannot be held.
    """
    ordered = tuple(sorted(specs, key=lambda spec: spec.workload.name))
    market = Market()
    offers = offers_to(ordered, market)
    aside = connections is not None
    deciding = decisions(ordered, offers, effort, verify=verify, upgrade=upgrade, aside=aside)
    standing: Mapping[str, Standing] = {}
    if connections is None:
        decided, desired = _rendered(deciding, market)
        outcomes, held = tuple(one.outcome for one in decided), _held(desired)
    else:
        from planner import live as cloud

        owners = [spec.workload.name for spec in ordered]
        with cloud.reading_ahead(connections, owners, live or cloud.Reading()) as ahead:
            decided, desired = _rendered(deciding, market, ahead)
            found = cloud.held(
                [
                    cloud.Case(spec=spec, offers=offered, outcome=one.outcome, locked=one.stands)
                    for spec, offered, one in zip(ordered, offers, decided, strict=True)
                ],
                desired,
                ahead,
                solving=cloud.Solving(effort=effort if verify else None, render=market.desired),
            )
        outcomes = tuple(case.outcome for case in found.cases)
        held, standing = found.held, found.standing
    return PlanRun(
        plan=plans.build_plan(
            outcomes,
            held,
            stamp=_stamp(
                ordered, market, decided, Mode.OFFLINE if connections is None else connections.mode
            ),
            breaches=solver.check_run(outcomes, market.catalogs),
        ),
        specs=ordered,
        outcomes=outcomes,
        desired=tuple(desired[name] for name in sorted(desired)),
        standing=standing,
    )


def _stamp(
    specs: Sequence[Spec], market: Market, decided: Iterable[locks.Decided], mode: Mode
) -> plans.RunStamp:
    return plans.RunStamp(
        mode=mode,
        planner_version=__version__,
        spec_digest=plans.workloads_digest(spec.workload for spec in specs),
        catalogs=tuple(plans.stamp_of(catalog) for catalog in market.catalogs),
        locks=tuple(one.locking for one in decided if one.locking is not None),
        workloads=tuple(spec.workload for spec in specs),
    )


def _rendered(
    deciding: Iterable[tuple[Spec, locks.Decided]], market: Market, ahead: Ahead | None = None
) -> tuple[list[locks.Decided], dict[str, DesiredState]]:
    """What is decided and wanted by endpoint; what is wanted is read at once, while more is."""
    rendering, decided = Rendering(market), []
    for spec, one in deciding:
        decided.append(one)
        for state in rendering.add(spec, one.outcome):
            if ahead is not None:
                ahead.begin(state, spec.workload.name)
    return decided, rendering.desired()


def _held(desired: Mapping[str, DesiredState]) -> plans.Held:
    """Held against nothing, everything counts as new."""
    return plans.Held(
        changes={
            name: plans.desired_changes(state, reason=OFFLINE_REASON)
            for name, state in desired.items()
        }
    )


def explain(spec: Spec, *, verify: bool = True, effort: Effort = DEFAULT) -> Explanation:
    """Solve one spec and say why: its outcome, where it would change, and whether it is robust."""
    offers = Market().offers(spec)
    outcome = locks.decided(spec, offers, effort if verify else None).outcome
    found: tuple[Sensitivity, ...] = ()
    held: tuple[Robustness, ...] = ()
    if isinstance(outcome, Solved):
        from planner.solver.sensitivity import sensitivities

        found = sensitivities(spec.workload, offers, outcome)
        if verify:
            from planner.solver.robustness import robustness

            held = robustness(spec.workload, offers, effort)
    return Explanation(
        workload=spec.workload.name,
        outcome=outcome,
        sensitivities=found,
        robustness=held,
        catalogs=tuple(plans.stamp_of(catalog) for _, catalog in sorted(offers.items())),
    )


def compare(
    left: Iterable[Spec],
    right: Iterable[Spec],
    *,
    verify: bool = True,
    effort: Effort = DEFAULT,
) -> tuple[Plan, Plan]:
    """Plan both sides; nothing is shared between them but the catalogs."""
    first, second = (plan(side, verify=verify, effort=effort).plan for side in (left, right))
    return first, second


def simulate(
    spec: Spec,
    *,
    under: Spec | None = None,
    pins: Mapping[str, str] | None = None,
    effort: Effort = WATCHED,
    fresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Simulation, ...]:
    """What requests meet at the planned configuration, or at one's own, window by window.

    One result for each cloud endpoint. The traffic is that of `under`, where it is given: does what
    was planned for one hold under the other? `pins` are those of `planner simulate --pin`; `fresh`
    starts right after an update. Raises UsageError for pins that no catalog offers,
    InfeasibleError where nothing is planned or pinned.
    """
    from planner.solver.simulate import Question
    from planner.solver.simulate import simulate as simulated

    traffic = None if under is None else under.workload.traffic
    question = Question(pins=pins or {}, effort=effort, traffic=traffic, fresh=fresh)
    offers = Market().offers(spec)
    planned = offers if pins else locks.narrowed(spec, offers)
    return simulated(spec.workload, planned, question, progress)


def render(run: PlanRun, *, to: str = "api") -> list[dict[str, Any]]:
    """Desired state of every endpoint in one of its provider's formats, as JSON values.

    `api` gives the calls in order, `{service, operation, parameters}` and for REST interfaces
    `{method, path}`. Raises InfeasibleError for an incomplete plan: half of it would be applied.
    """
    from planner import exports

    _only_complete(run)
    key = "calls" if to == "api" else "document"
    return [
        {
            "endpoint": state.endpoint,
            "provider": state.provider,
            "region": state.region,
            key: exports.exported(state, to),
        }
        for state in run.desired
    ]


def export(run: PlanRun, *, to: str) -> tuple[ExportedFile, ...]:
    """Every endpoint as files for another tool, such as a template or a load test.

    A format of JSON values, such as `api`, makes one file of what `render` returns. Raises
    InfeasibleError for an incomplete plan, UsageError for an unknown format.
    """
    from planner import exports

    _only_complete(run)
    if not exports.is_file([state.provider for state in run.desired], to):
        return (ExportedFile(name=f"{to}.json", syntax="json", content=render(run, to=to)),)
    return exports.files(_asked(run), to)


def _asked(run: PlanRun) -> tuple[Asked, ...]:
    """Every endpoint with what it was decided from."""
    decisions = {
        decision.endpoint: (outcome.workload, decision)
        for outcome in run.outcomes
        if isinstance(outcome, Solved)
        for decision in outcome.decisions
    }
    workloads = {spec.workload.name: spec.workload for spec in run.specs}
    return tuple(
        Asked(owner=owner, state=state, decision=decision, workload=workloads[owner])
        for state in run.desired
        for owner, decision in (decisions[state.endpoint],)
    )


def _only_complete(run: PlanRun) -> None:
    if not run.plan.complete:
        raise InfeasibleError(
            "plan-incomplete",
            "not every spec has a plan that may be applied, so nothing is done",
            hint="planner plan --offline",
        )


def _problems(specs: Iterable[Spec]) -> tuple[Diagnostic, ...]:
    try:
        check(specs)
    except SpecError as error:
        return error.diagnostics
    return ()


def _late(sections: Sections) -> Iterator[Breach]:
    from planner.provider.findings import catalog_breaches

    return catalog_breaches(sections)


def _limits(
    given: Iterable[Given], env: Mapping[str, str]
) -> tuple[tuple[LimitOverride, ...], tuple[Diagnostic, ...]]:
    """The overrides of all files, and what is wrong in them."""
    sources, problems = _parted(read_files(given))
    found: list[LimitOverride] = []
    for source in sources:
        from planner.spec.limits_file import read_limits

        try:
            found.extend(read_limits(source, env=env))
        except SpecError as error:
            problems += error.diagnostics
    return tuple(found), problems + unknown_providers(found, registry.names() if found else ())


def _parted(read: Iterable[Read]) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
    everything = tuple(read)
    return (
        tuple(one for one in everything if isinstance(one, Source)),
        tuple(one for one in everything if isinstance(one, Diagnostic)),
    )
