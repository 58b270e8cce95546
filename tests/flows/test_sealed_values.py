"""It is declared of every binary value whether it is sealed, and a sealed one passes from stage to stage."""

from __future__ import annotations

from base64 import b64encode

import pytest
from pynamodb.attributes import BinaryAttribute, BinarySetAttribute

from chalicelib.flows import sealed_values, vault
from chalicelib.outside.secrets import Unsealable
from chalicelib.table import rows, store
from chalicelib.table.items import Item, Password
from tests.table import samples

MODELS = sorted(rows._kinds().values(), key=lambda model: model.__name__)


def declared(model: type[Item]) -> list[str]:
    return [*sealed_values.SEALED.get(model.__name__, ()), *sealed_values.PLAIN.get(model.__name__, ())]


class TestDeclaration:
    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
    def test_of_every_binary_attribute_it_is_said_whether_it_is_sealed(self, model):
        attributes = model.get_attributes().values()
        binary = [one.attr_name for one in attributes if isinstance(one, BinaryAttribute | BinarySetAttribute)]

        assert sorted(declared(model)) == sorted(binary)

    def test_only_models_are_named(self):
        names = {model.__name__ for model in MODELS}

        assert sealed_values.SEALED.keys() | sealed_values.PLAIN.keys() <= names


class TestRows:
    @pytest.fixture
    def password(self, application) -> Password:
        item = samples.password("pool", "sub")
        item.verifier = vault.seal_for(item, b"verifier")
        return item

    @staticmethod
    def row(item: Item) -> dict:
        """An item as DynamoDB answers it: what is binary in base64."""
        cells = store.Save(item).request()["Item"]
        return {name: {"B": b64encode(cell["B"]).decode()} if "B" in cell else cell for name, cell in cells.items()}

    def test_are_opened_and_sealed_again_for_their_place(self, password):
        opened = sealed_values.opened(self.row(password))
        sealed = sealed_values.sealed(opened)

        found = rows.built(sealed)
        assert opened["verifier"] == {"B": "dmVyaWZpZXI="}
        assert sealed["verifier"] != self.row(password)["verifier"]
        assert vault.open_for(found, found.verifier) == b"verifier"

    def test_that_lack_the_value_stay_as_they_are(self, password):
        password.verifier = None

        row = self.row(password)
        assert sealed_values.opened(row) == sealed_values.sealed(row) == row

    def test_of_another_place_do_not_open(self, password):
        moved = self.row(password) | {"pk": {"S": "U#pool#thief"}}

        with pytest.raises(Unsealable):
            sealed_values.opened(moved)


class TestFault:
    def test_is_told_of_what_does_not_open(self, application):
        item = samples.password("pool", "sub")

        assert "verifier does not open" in sealed_values.fault(item)

    def test_is_none_of_what_opens_or_is_not_there(self, application):
        item = samples.password("pool", "sub")
        item.verifier = vault.seal_for(item, b"verifier")
        assert sealed_values.fault(item) is None

        item.verifier = None
        assert sealed_values.fault(item) is None
        assert sealed_values.fault(samples.guard("pool")) is None
