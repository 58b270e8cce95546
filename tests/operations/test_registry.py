"""The table of operations that are built."""

import pytest

from chalicelib.operations import pools, registry
from chalicelib.operations.registry import operation


@pytest.fixture
def table(monkeypatch):
    """A copy of the table for one test, so that what it registers is gone after it."""
    monkeypatch.setattr(registry, "_built", dict(registry.built()))
    registry.built.cache_clear()
    yield
    monkeypatch.undo()
    registry.built.cache_clear()


class TestFind:
    def test_finds_an_operation_by_service_and_name(self):
        assert registry.find("cognito-idp", "create_user_pool") is pools.create_user_pool

    @pytest.mark.parametrize(("service", "name"), [("cognito-idp", "nothing"), ("cognito-sync", "create_user_pool")])
    def test_finds_nothing_that_is_not_built(self, service, name):
        assert registry.find(service, name) is None


class TestOperation:
    def test_registers_a_function_of_another_service(self, table):
        @operation(service="cognito-identity")
        def get_id(call):
            return {}

        assert registry.find("cognito-identity", "get_id") is get_id
        assert registry.find("cognito-idp", "get_id") is None

    def test_refuses_two_functions_of_one_name(self, table):
        def create_user_pool(call):
            return {}

        with pytest.raises(ValueError, match="two operations named create_user_pool"):
            operation(create_user_pool)


class TestBuilt:
    def test_cannot_be_changed_by_who_reads_it(self):
        with pytest.raises(TypeError):
            registry.built()["cognito-idp", "x"] = pools.create_user_pool
