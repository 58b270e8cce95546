"""Operator keys and the root operator."""

import pytest

from chalicelib.flows import operators
from chalicelib.table import operators as operator_keys
from chalicelib.table import store
from chalicelib.table.access_keys import OperatorKey
from tests.callers import a_name
from tests.entrance import at_once

pytestmark = pytest.mark.usefixtures("application")
READER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}]}


def disable(key_id):
    item = store.get(OperatorKey, id=key_id)
    item.enabled = False
    store.save(item)
    operator_keys.forget(key_id)


class TestCreate:
    def test_the_secret_is_shown_once_and_kept_sealed(self):
        key_id, secret = operators.create(READER)

        assert operators.secret_of(key_id) == secret
        assert secret.encode() not in store.get(OperatorKey, id=key_id).secret

    def test_ids_and_secrets_are_fresh(self):
        made = [operators.create(READER) for _ in range(3)]

        assert len({key_id for key_id, _ in made}) == len({secret for _, secret in made}) == 3
        assert all(key_id.startswith("LKIA") and len(key_id) == 20 for key_id, _ in made)

    def test_an_id_is_given_once(self):
        key_id, _ = operators.create(READER)

        with pytest.raises(store.Conflict):
            operators.create(READER, key_id)

    @pytest.mark.parametrize("policy", [{}, {"Statement": []}, {"Statement": [{"Effect": "Permit"}]}])
    def test_a_policy_that_is_none_is_refused(self, policy):
        with pytest.raises(ValueError, match=r"."):
            operators.create(policy)


class TestIsAllowed:
    def test_what_the_policy_says(self):
        key_id, _ = operators.create(READER)

        assert operators.is_allowed(key_id, "cognito-idp:ListUsers", "*")
        assert not operators.is_allowed(key_id, "cognito-idp:DeleteUserPool", "*")

    def test_nothing_for_an_unknown_or_disabled_key(self):
        key_id, _ = operators.create(operators.EVERYTHING)
        disable(key_id)

        for one in (key_id, "LKIAUNKNOWN"):
            assert not operators.is_allowed(one, "cognito-idp:ListUsers", "*")
            assert operators.secret_of(one) is None


class TestEnsureRoot:
    def test_a_key_that_is_given_is_made_once(self):
        name = a_name()

        assert operators.ensure_root(name, "s" * 40) == (name, "s" * 40)
        assert operators.ensure_root(name, "s" * 40) == (name, "s" * 40)
        assert operators.ensure_root(name) == (name, "s" * 40)
        assert operators.is_allowed(name, "cognito-idp:DeleteUserPool", "*")

    def test_two_processes_at_once_agree(self):
        name = a_name()

        assert at_once(*[lambda: operators.ensure_root(name, "s" * 40)] * 4) == [(name, "s" * 40)] * 4

    def test_another_secret_for_a_known_key_is_refused(self):
        name = a_name()
        operators.ensure_root(name, "s" * 40)

        with pytest.raises(ValueError, match="exists with another secret"):
            operators.ensure_root(name, "t" * 40)

    def test_a_disabled_key_is_not_revived(self):
        name = a_name()
        operators.ensure_root(name, "s" * 40)
        disable(name)

        with pytest.raises(ValueError, match="is disabled"):
            operators.ensure_root(name, "s" * 40)

    def test_without_a_key_a_fresh_one_is_made(self):
        key_id, secret = operators.ensure_root()

        assert operators.secret_of(key_id) == secret
