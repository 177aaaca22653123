"""The plugin's entry point; everything heavy is imported by the method that needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from planner.errors import ProviderError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from planner.model.candidate import Decision
    from planner.model.catalog import Catalog
    from planner.model.price_list import PriceList
    from planner.model.resource import DesiredState
    from planner.model.workload import Feature, Workload
    from planner.provider.interface import Export, Exporting, Live, Sandbox

_STARTER = """\
region: us-east-1
role_arn: arn:aws:iam::123456789012:role/SageMakerExecution   # what the endpoint may read
image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/my-model:1
# image_architectures: [x86_64, arm64]   # an image for both may run on Graviton, which costs less
# quotas: {ml.c7i.large: 8, serverless_concurrency: 10}   # what your account may have
# overhead: 10ms                         # OverheadLatency of an endpoint you run
# alerts: {}                             # alarms and a dashboard of CloudWatch
"""


class SageMaker:
    """Amazon SageMaker hosting: real-time, multi-model and serverless endpoints."""

    name = "sagemaker"
    title = "Amazon SageMaker"
    api_version = 1
    hostings: tuple[str, ...] = ("dedicated", "single-model", "multi-model", "serverless")

    def settings_model(self) -> type[BaseModel]:
        """The model of the `sagemaker` block."""
        from planner_sagemaker.settings import SageMakerSettings  # noqa: PLC0415 - pydantic

        return SageMakerSettings

    def features(self, settings: Any) -> tuple[Feature, ...]:
        """What the block asks for that an offering may exclude."""
        features: tuple[Feature, ...] = settings.features()
        return features

    def regions(self) -> tuple[str, ...]:
        """Every region with hosting prices, sorted."""
        from planner_sagemaker import tables  # noqa: PLC0415 - reads files

        return tables.regions()

    def catalog_settings(self, region: str | None) -> Any:
        """A block with a made-up role that names the region; None is us-east-1."""
        block = {"region": region or "us-east-1", "role_arn": "arn:aws:iam::000000000000:role/none"}
        return self.settings_model().model_validate(block)

    def starter(self) -> str:
        """The block of a starter spec, with a made-up account."""
        return _STARTER

    def catalog(self, settings: Any) -> Catalog:
        """Offerings for these settings; raises ProviderError `unknown-region`."""
        from planner_sagemaker.catalog import catalog_for  # noqa: PLC0415 - reads files

        return catalog_for(settings.catalog_options())

    def catalog_by(self, settings: Any, lists: Sequence[PriceList]) -> Catalog:
        """The catalog by the list of the settings' region; `catalog` where there is none."""
        from planner_sagemaker.catalog import catalog_by  # noqa: PLC0415 - reads files

        return catalog_by(settings.catalog_options(), settings.account, lists)

    def render(self, decision: Decision, workload: Workload, settings: Any) -> DesiredState:
        """Model, endpoint config, endpoint and scaling, in order of creation.

        Raises ProviderError where the spec leaves out what a request needs, such as the image.
        """
        from planner_sagemaker.resources import render  # noqa: PLC0415 - not needed for a price

        return render(decision, workload, settings)

    def exports(self) -> Mapping[str, Export]:
        """Formats of `render --to`."""
        from planner_sagemaker.exports import EXPORTS  # noqa: PLC0415 - not needed for a price

        return EXPORTS

    def exporting(self) -> Exporting:
        """What files for other tools need."""
        from planner_sagemaker import exports  # noqa: PLC0415 - not needed for a price

        return exports

    def sandbox(self) -> Sandbox:
        """The stand-in for SageMaker; raises ProviderError where what it runs on is missing."""
        try:
            from planner_sagemaker.sandbox import serve, service_models  # noqa: PLC0415 - a server

            service_models.load(self.name)  # what else the first request would find missing
        except ImportError as error:
            raise ProviderError(
                "sandbox-missing",
                f"the sandbox needs {error.name}, which is not installed",
                hint="pip install 'endpoint-planner[sandbox]'",
            ) from error
        return serve

    def live(self) -> Live:
        """What SageMaker does when it is live; raises ProviderError where its SDK is missing."""
        from planner_sagemaker.live import SageMakerLive  # noqa: PLC0415 - only where live

        return SageMakerLive()


provider = SageMaker()
