"""Several models: each on an endpoint of its own, behind one endpoint, or sharing replicas.

Models that ask alike are sized together: the count a model needs never falls with its share of the
traffic, so the shares between two that need the same number need it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.model.candidate import Range, Rejection
from planner.model.catalog import Kind, Measure, Offering
from planner.model.value import value
from planner.model.workload import Model
from planner.solver.ask import Ask
from planner.solver.configuration import (
    Configuration,
    Run,
    counted,
    price_of,
    single,
    variant_of,
)
from planner.solver.constraints import over_limit
from planner.solver.cost import traffic_usd
from planner.solver.hardware import asks_of, slot_options
from planner.solver.on_demand import size_on_demand
from planner.solver.shared import Fleet, autoscale_shared, least_replicas, size_shared
from planner.solver.sized import Sized, sized_measure
from planner.solver.sizing import size_single

_ADDED_UP = (Measure.CONCURRENCY, Measure.PROVISIONED_CONCURRENCY, Measure.REPLICAS)

MAX_SPLIT = 24
REFINED = 5
PATIENCE = 3
"""Models that may leave one after another without making the whole cheaper."""

Answer = Configuration | Rejection


@value
class Alike:
    """Models that differ in name and share only; `model` is the one with the most traffic."""

    models: tuple[Model, ...]

    @property
    def model(self) -> Model:
        """The one that is asked for most."""
        return self.models[0]


def alike(models: Sequence[Model]) -> tuple[Alike, ...]:
    """Groups of models that ask the same of an offering, hottest first within each.

    Memory counts by the largest of a group: 2,000 models of 2,000 sizes are sized as one.
    """
    keyed: dict[tuple[object, ...], list[Model]] = {}
    for model in models:
        keyed.setdefault((asks_of(model), model.latency), []).append(model)
    return tuple(
        Alike(models=tuple(sorted(group, key=lambda m: (-m.weight, m.name))))
        for group in keyed.values()
    )


def separate(ask: Ask, offering: Offering, models: Sequence[Model]) -> Answer:
    """One endpoint per model, all on this offering."""
    refused = _endpoint_count(offering, len(models))
    if refused is not None:
        return refused
    runs: list[Run] = []
    for group in _groups(ask, models):
        found = _runs(ask, offering, group)
        if isinstance(found, Rejection):
            return found
        runs.extend(found)
    return _shared_limits(offering, runs) or _together(ask, offering, runs)


def _groups(ask: Ask, models: Sequence[Model]) -> tuple[Alike, ...]:
    key = ("alike", tuple(m.name for m in models))
    found: tuple[Alike, ...] | None = ask.memo.get(key)
    if found is None:
        found = ask.memo[key] = alike(models)
    return found


def _endpoint_count(offering: Offering, count: int) -> Rejection | None:
    if offering.hosting == "multi-model":
        return None
    for limit in offering.limits:
        if limit.measure is Measure.ENDPOINTS and not limit.advisory and count > limit.value:
            return over_limit(limit, count, "spec.models")
    return None


def _shared_limits(offering: Offering, runs: Sequence[Run]) -> Rejection | None:
    """Region-wide limits that the endpoints of this one workload break together."""
    for limit in offering.limits:
        if not limit.scope.shared or limit.advisory:
            continue
        if limit.measure in _ADDED_UP:
            total = sum(
                (sized_measure(run.sized, limit.measure) or 0.0) * len(run.models) for run in runs
            )
            if total > limit.value:
                return over_limit(limit, total, "spec.models")
    return None


def _runs(ask: Ask, offering: Offering, group: Alike) -> tuple[Run, ...] | Rejection:
    """A group on one offering; offerings with the same slots share the counting."""
    heavy = replace(group.model, memory_bytes=max(m.memory_bytes for m in group.models))
    options = slot_options(heavy, offering, ask.hardware_of)
    if isinstance(options, Rejection):
        return options
    shape = tuple((o.count, o.service) for o in options)
    prices = offering.price if offering.kind is Kind.ON_DEMAND else None
    key = (
        "runs", group.models[0].name, len(group.models), shape, offering.provider, offering.kind,
        offering.overhead_s, offering.autoscaling, offering.cold, offering.options, prices,
        id(offering.limits),
    )  # fmt: skip
    found: tuple[Run, ...] | Rejection | None = ask.memo.get(key)
    if found is None:
        found = ask.memo[key] = _count(ask, offering, group, heavy)
    if isinstance(found, Rejection):
        return found
    return tuple(
        replace(run, offering=offering, sized=replace(run.sized, offering=offering))
        for run in found
    )


def _count(ask: Ask, offering: Offering, group: Alike, heavy: Model) -> tuple[Run, ...] | Rejection:
    """Sizes the hottest, the coldest and, between two of unlike size, the middle."""
    models = group.models
    known: dict[int, Sized | Rejection] = {}

    def size(index: int) -> Sized | Rejection:
        model = replace(models[index], memory_bytes=heavy.memory_bytes)
        if offering.kind is Kind.ON_DEMAND:
            found = size_on_demand(ask, offering, model, model.weight)
        else:
            found = size_single(ask, offering, model, model.weight)
        known[index] = found
        return found

    spans = [(0, len(models) - 1)]
    each = offering.kind is Kind.ON_DEMAND or offering.cold is not None
    for index in range(len(models)) if each else (0, len(models) - 1):
        found = size(index)
        if isinstance(found, Rejection):
            return found
    while spans and not each:
        low, high = spans.pop()
        if high - low < 2 or _same_count(known[low], known[high]):
            continue
        middle = (low + high) // 2
        found = size(middle)
        if isinstance(found, Rejection):
            return found
        spans += [(low, middle), (middle, high)]
    return _collected(models, known)


def _collected(models: tuple[Model, ...], known: dict[int, Sized | Rejection]) -> tuple[Run, ...]:
    """Models between two sized ones need what the hotter one needs."""
    runs: list[Run] = []
    edges = sorted(known)
    for low, high in zip(edges, [*edges[1:], len(models)], strict=True):
        sized = known[low]
        assert isinstance(sized, Sized)
        runs.append(Run(offering=sized.offering, sized=sized, models=models[low:high]))
    return tuple(runs)


def _same_count(first: Sized | Rejection, last: Sized | Rejection) -> bool:
    if isinstance(first, Rejection) or isinstance(last, Rejection):
        return False
    return first.groups == last.groups and first.average == last.average


def _together(ask: Ask, offering: Offering, runs: Sequence[Run]) -> Configuration:
    """One configuration of several endpoints on one offering."""
    return Configuration(
        provider=offering.provider,
        hosting=offering.hosting,
        instance_type=offering.instance_type,
        variant=variant_of(offering),
        preference=offering.preference,
        runs=tuple(runs),
        monthly_usd=sum(run_price(ask, run) for run in runs),
        replicas=total_count(runs),
    )


def total_count(runs: Sequence[Run]) -> Range | None:
    """Instances or units of endpoints that each serve one model; None on demand."""
    ranges = [(counted(run.sized), len(run.models)) for run in runs]
    known = [(r, n) for r, n in ranges if r is not None]
    if not known:
        return None
    return Range(min=sum(r.min * n for r, n in known), max=sum(r.max * n for r, n in known))


def run_price(ask: Ask, run: Run) -> float:
    """Price of a run: what depends on the traffic is linear in the models' shares."""
    total = price_of(ask, run.sized)
    if run.shared or len(run.models) == 1:
        return total
    traffic = traffic_usd(ask.workload, ask.catalogs[run.sized.offering.provider], run.sized)
    share = sum(m.weight for m in run.models) / run.sized.served_share
    return (total - traffic) * len(run.models) + traffic * share


def shared(
    ask: Ask, offerings: Sequence[Offering], alone: Sequence[Offering]
) -> list[tuple[Offering, Answer]]:
    """All models, or all but the hot and the strict ones, on shared replicas of each offering.

    Strict models (latency targets of their own) always stand alone, on the cheapest of `alone`.
    Hot ones leave in order of traffic for as long as that makes the whole cheaper; this search runs
    over the REFINED cheapest offerings.
    """
    if not offerings:
        return []
    strict = [m for m in ask.workload.models if m.latency]
    rest = sorted((m for m in ask.workload.models if not m.latency), key=lambda m: -m.weight)
    out = _cheapest_apart(ask, alone, strict)
    if len(rest) < 2 or isinstance(out, Rejection):
        why = out if isinstance(out, Rejection) else _too_few()
        return [(o, why) for o in offerings]
    fleet = Fleet(ask, rest)
    answers: dict[int, Answer] = {}
    sizes: list[tuple[float, int, Sized]] = []
    for index, offering in enumerate(offerings):
        found = size_shared(fleet, offering)
        if isinstance(found, Rejection):
            answers[index] = found
            continue
        answers[index] = _with_others(single(ask, found, found.offering), out)
        sizes.append((_least_cost(ask, fleet, found), index, found))
    _autoscale(ask, fleet, out, sizes, answers)
    _split(ask, offerings, alone, (strict, rest), answers)
    return [(offerings[i], answers[i]) for i in range(len(offerings))]


def _too_few() -> Rejection:
    return Rejection(
        code="single-model-spec",
        measured="fewer than 2 models without targets of their own",
        allowed="2 models or more",
        path="spec.models",
    )


def _least_cost(ask: Ask, fleet: Fleet, sized: Sized) -> float:
    """No autoscaling of this size can cost less."""
    if sized.offering.autoscaling is None:
        return price_of(ask, sized)
    least = least_replicas(fleet, sized)
    return price_of(ask, replace(sized, average=float(least)))


def _autoscale(
    ask: Ask,
    fleet: Fleet,
    out: Configuration | None,
    sizes: list[tuple[float, int, Sized]],
    answers: dict[int, Answer],
) -> None:
    """Autoscaled sizes, cheapest bound first, until no bound can win any more."""
    best = min(
        (a.monthly_usd for a in answers.values() if isinstance(a, Configuration)), default=0.0
    )
    beside = out.monthly_usd if out is not None else 0.0
    for bound, index, sized in sorted(sizes, key=lambda item: (item[0], item[1])):
        if bound + beside >= best:
            break
        found = autoscale_shared(fleet, sized)
        if found is not None:
            answer = _with_others(single(ask, found, found.offering), out)
            answers[index] = answer
            best = min(best, answer.monthly_usd)


def _cheapest_apart(
    ask: Ask, alone: Sequence[Offering], models: Sequence[Model]
) -> Configuration | Rejection | None:
    """Each of these models on an endpoint of its own, at the lowest price; None for no models."""
    if not models:
        return None
    best: Configuration | None = None
    missed: Rejection | None = None
    for offering in alone:
        found = separate(ask, offering, models)
        if isinstance(found, Rejection):
            missed = missed if missed and missed.shortfall <= found.shortfall else found
        elif best is None or found.rank < best.rank:
            best = found
    return best or missed or _too_few()


def _with_others(main: Configuration, out: Configuration | None) -> Configuration:
    if out is None:
        return main
    return replace(
        main,
        runs=(*main.runs, *out.runs),
        monthly_usd=main.monthly_usd + out.monthly_usd,
    )


def _split(
    ask: Ask,
    offerings: Sequence[Offering],
    alone: Sequence[Offering],
    models: tuple[list[Model], list[Model]],
    answers: dict[int, Answer],
) -> None:
    """Let the hottest models leave the shared endpoint for as long as the whole gets cheaper."""
    strict, rest = models
    ranked = sorted(
        (i for i, a in answers.items() if isinstance(a, Configuration)),
        key=lambda i: _rank(answers[i]),
    )
    feasible = ranked[:REFINED] or list(answers)[:REFINED]
    dearer = 0
    for count in range(1, min(MAX_SPLIT, len(rest) - 2) + 1):
        out = _cheapest_apart(ask, alone, [*strict, *rest[:count]])
        if not isinstance(out, Configuration) or _hopeless(out, answers) or dearer >= PATIENCE:
            return
        dearer += 1
        fleet = Fleet(ask, rest[count:])
        for index in feasible:
            found = size_shared(fleet, offerings[index])
            if isinstance(found, Rejection):
                continue
            found = autoscale_shared(fleet, found) or found
            answer = _with_others(single(ask, found, found.offering), out)
            known = answers[index]
            if isinstance(known, Rejection) or answer.monthly_usd < known.monthly_usd - 0.005:
                answers[index] = answer
                dearer = 0


def _rank(answer: Answer) -> tuple[float, int, int, str, str]:
    assert isinstance(answer, Configuration)
    return answer.rank


def _hopeless(out: Configuration, answers: dict[int, Answer]) -> bool:
    """True when those who left alone cost as much as the best answer so far."""
    best = min(
        (a.monthly_usd for a in answers.values() if isinstance(a, Configuration)),
        default=float("inf"),
    )
    return out.monthly_usd >= best
