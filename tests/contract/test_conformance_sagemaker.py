"""SageMaker keeps what is asked of providers, over HTTP with boto3 on its sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from planner.provider.testing import Conformance
from tests.support.sagemaker_world import SageMakerWorld, sagemaker_world


@pytest.fixture(scope="module")
def served() -> Iterator[SageMakerWorld]:
    with pytest.MonkeyPatch.context() as environment, sagemaker_world() as world:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        yield world


class TestSageMaker(Conformance):
    @pytest.fixture
    def world(self, served: SageMakerWorld) -> SageMakerWorld:
        served.reset()
        return served
