"""What a provider plugin implements; `plugins/README.md` gives the reason for each rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from planner.alerts import Alert
from planner.model.candidate import Decision
from planner.model.catalog import Catalog
from planner.model.change import ChangeSet
from planner.model.export import Asked, ExportedFile
from planner.model.live import LiveState
from planner.model.price_list import PriceList
from planner.model.resource import DesiredState
from planner.model.workload import Feature, Workload
from planner.provider.gateway import Gateway, Records

if TYPE_CHECKING:
    from pydantic import BaseModel

API_VERSION = 1
"""Version of this interface; a plugin states the one it was written for."""

Export = Callable[[DesiredState], Any]
"""Turns desired state into a JSON value in some file format, pure."""

FileExport = Callable[[Sequence[Asked]], Sequence[ExportedFile]]
"""Turns endpoints of one provider into files for another tool, pure; never called without any."""


class Sandbox(Protocol):
    """A stand-in for a provider's cloud that the cloud's own client libraries work on unchanged.

    A provider that has one offers it as a method `sandbox()`; importing what it needs waits until
    then. Both methods raise ProviderError where a port, a state file or the faults cannot be had.
    """

    def serve(
        self, path: str, /, *, port: int, faults: str | None, ready: Callable[[str], None]
    ) -> None:
        """Serve on the loopback until interrupted; `ready` is told the URL, port 0 takes any.

        `path` is the file that keeps the state, or `:memory:`; `faults` a file of fault rules.
        """
        ...

    def running(self, path: str, /, *, faults: str | None = None) -> AbstractContextManager[str]:
        """Serve on a free port of the loopback until the block ends; yields the URL."""
        ...

    def hints(self, url: str, /) -> Sequence[str]:
        """Commands to copy that use the sandbox."""
        ...


class Live(Protocol):
    """What of a provider needs a cloud, or knows of one; all but `gateway` is pure.

    The package of the provider has a `lifecycle.yml` beside its modules: how every field behaves.
    """

    def place(self, settings: Any, /) -> Mapping[str, str]:
        """What a connection needs to know of a block: account and region, or workspace."""
        ...

    def gateway(self, place: Mapping[str, str], endpoint_url: str | None, /) -> Gateway:
        """The connection to a place; its SDK is imported only now.

        `endpoint_url` replaces the cloud's own address, None keeps it. Raises ProviderError where
        the SDK is missing.
        """
        ...

    def aligned(self, desired: DesiredState, live: LiveState, /) -> DesiredState:
        """Desired state in the names of what lives already with the same content."""
        ...

    def ordered(self, changes: ChangeSet, desired: DesiredState, live: LiveState, /) -> ChangeSet:
        """Changes in an order that the cloud takes, with notes on what it keeps.

        Raises ProviderError for what the cloud never does.
        """
        ...

    def unreachable(self, live: LiveState, hosting: str, /) -> str:
        """Why an endpoint cannot become of a hosting mode; empty where it can, or is not there."""
        ...

    def pins(self, live: LiveState, /) -> Mapping[str, str]:
        """What an endpoint has now, as pins that `planner simulate` takes; empty if unclear."""
        ...


class Recording(Protocol):
    """A `Live` whose cloud can be asked for prices, and for requests that came."""

    def records(self, place: Mapping[str, str], endpoint_url: str | None, /) -> Records:
        """What the cloud has on record; place, URL and errors as with `gateway`."""
        ...


class Listing(Protocol):
    """A `Provider` whose catalog can follow price lists of its cloud; pure."""

    def catalog_by(self, settings: Any, lists: Sequence[PriceList], /) -> Catalog:
        """The catalog by the list of its region, as `catalog` where none is of it.

        Settings that price alike give the identical object for the same list.
        """
        ...


class Importing(Protocol):
    """A `Live` that can tell as what spec an endpoint is made again."""

    def imported(self, live: LiveState, place: Mapping[str, str], /) -> Mapping[str, Any]:
        """`metadata`, parts of `spec` and `notes` for people, each as a spec writes them.

        What no cloud knows is left out: sizes and times of models, traffic. Raises ProviderError
        `not-importable` that names what no spec can say.
        """
        ...


class Calling(Protocol):
    """How a provider's endpoints are called, for load tests; all is pure.

    The code runs where the test runs: it takes its credentials from the environment there, and
    imports nothing but what its runner has.
    """

    def target(self, asked: Asked, /) -> Mapping[str, Any]:
        """What the code needs to know of an endpoint, as JSON values.

        `models` gives for each model by name what stands for it in a request, all of them or none.
        """
        ...

    def javascript(self) -> str:
        """A module for k6 with `prepared(target, model, type, digest)` that gives {url, headers}.

        `model` is undefined where the target has no models, `type` the content type, `digest` the
        SHA-256 of the body as hex.
        """
        ...

    def python(self) -> str:
        """A module with `prepared(target, model, kind, digest)` that gives (url, headers).

        `model` is None where the target has no models; it uses the standard library alone.
        """
        ...

    def hints(self, asked: Asked, /) -> Sequence[str]:
        """What a person has to set or to know before the test runs."""
        ...


class Metrics(Protocol):
    """Where a provider counts requests, for service level objectives; all is pure.

    Each answer is the query of a metric source, with its fields `type` and `spec`; None where the
    provider counts nothing like it.
    """

    def requests(self, asked: Asked, /) -> Mapping[str, Any]:
        """All requests."""
        ...

    def failed(self, asked: Asked, /) -> Mapping[str, Any] | None:
        """Requests that the server failed."""
        ...

    def within(self, asked: Asked, seconds: float, /) -> Mapping[str, Any] | None:
        """Requests that took at most these seconds, where the objective is measured."""
        ...

    def hints(self, asked: Asked, /) -> Sequence[str]:
        """What the metrics leave out."""
        ...


class Series(Protocol):
    """What Prometheus has of a provider's endpoints, by whichever exporter; all is pure."""

    def expression(self, asked: Asked, alert: Alert, /) -> str | None:
        """PromQL with one sample: the measure over the last period, in the unit of the alert.

        No sample, or NaN, where nothing was asked; None where no metric tells the measure.
        """
        ...

    def fitted(self, asked: Asked, alert: Alert, /) -> Alert:
        """The alert with the limit of what it runs on, where that differs."""
        ...

    def hints(self, asked: Asked, /) -> Sequence[str]:
        """What the exporter has to be told, and what its metrics leave out."""
        ...


class Watched(Protocol):
    """An `Exporting` whose endpoints Prometheus can watch."""

    def series(self) -> Series:
        """Where alerts look."""
        ...


class Exporting(Protocol):
    """What files for other tools need of a provider."""

    def files(self) -> Mapping[str, FileExport]:
        """Its own formats of `render --to`."""
        ...

    def calling(self) -> Calling:
        """How load tests call its endpoints."""
        ...

    def metrics(self) -> Metrics:
        """Where objectives look."""
        ...


class Provider(Protocol):
    """One cloud. Every method here is pure: no network, no clock, no credentials.

    A provider that can be used live also has `live()`, which returns a `Live`, one that has a
    stand-in for its cloud `sandbox()`, which returns a `Sandbox`, and one that writes files for
    other tools `exporting()`, which returns an `Exporting`.
    """

    name: str
    """Key of the `providers:` block, such as `acme`."""

    title: str
    """Name for people, such as `Acme Model Hosting`."""

    api_version: int
    """The API_VERSION this plugin was written for."""

    hostings: tuple[str, ...]
    """Hosting modes its catalog may offer."""

    def settings_model(self) -> type[BaseModel]:
        """The frozen pydantic model of this provider's block in a spec; unknown keys are errors."""
        ...

    def features(self, settings: Any) -> tuple[Feature, ...]:
        """What the block asks for that some offering may exclude, with paths below the block."""
        ...

    def regions(self) -> tuple[str, ...]:
        """Every region the catalog has prices for, sorted."""
        ...

    def catalog_settings(self, region: str | None) -> Any:
        """Settings that only name a region, for showing the catalog; None takes the default region.

        An unknown region is not refused here but by `catalog`.
        """
        ...

    def starter(self) -> str:
        """The block of a starter spec: YAML with comments that is valid under `providers.<name>:`.

        Values that only the user knows stand there as obvious examples.
        """
        ...

    def catalog(self, settings: Any) -> Catalog:
        """Offerings, meters and limits for these settings.

        Must return the identical object for settings that price alike: a run asks once for each
        endpoint. Raises ProviderError `unknown-region` with the nearest names.
        """
        ...

    def render(self, decision: Decision, workload: Workload, settings: Any) -> DesiredState:
        """The cloud objects of one decision, every body complete, in order of creation."""
        ...

    def exports(self) -> Mapping[str, Export]:
        """Formats of `render --to`; each provider has at least `api` (a list of ApiCall)."""
        ...
