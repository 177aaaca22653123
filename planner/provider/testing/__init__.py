"""Shows that a provider is safe to apply with: a class of tests, and a cloud that needs none.

A plugin's tests make a class of `Conformance` and give it a pytest fixture `world`, which yields a
`World`: the plugin's sandbox, and ways to meddle with it.

    class TestAcme(Conformance):
        @pytest.fixture
        def world(self) -> Iterator[World]: ...

For values in failed assertions, `pytest.register_assert_rewrite("planner.provider.testing")` has to
come before the import. `FakeCloud` is a small cloud in memory that this class is held to itself.
"""

from planner.provider.testing.conformance import Conformance
from planner.provider.testing.world import Fault, Meddling, States, World

__all__ = ["Conformance", "Fault", "Meddling", "States", "World"]
