"""Devices at the level of the flow: keys that need no storing, the worked example, what is kept, and forgetting."""

import base64
import json
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib import errors
from chalicelib.call import Call, Caller, Origin
from chalicelib.flows import challenges, devices, srp_exchange, vault
from chalicelib.flows.challenges import State
from chalicelib.flows.srp_exchange import Exchange, Signer
from chalicelib.outside.secrets import Unsealable
from chalicelib.rules import devices as rule
from chalicelib.rules import srp
from chalicelib.table import devices as table
from chalicelib.table import keys, store
from chalicelib.table.factors import Device
from chalicelib.table.items import Session, User
from chalicelib.table.users import Account
from tests.application import Cognito
from tests.device_client import DeviceClient
from tests.entrance import Entrance

pytestmark = pytest.mark.usefixtures("application")

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "srp.json").read_text())
VECTOR = VECTORS["device"]
BOTH = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}


@pytest.fixture(scope="module")
def entrance(application):
    return Entrance(Cognito(*application), DeviceConfiguration=BOTH)


def call(entrance, **given):
    """A request of the client at this moment."""
    return Call({"ClientId": entrance.client, **given}, Caller(), Origin(source_ip="192.0.2.9"), time.time())


def user(entrance):
    """A user who is in the table without a sign-in."""
    sub = str(uuid.uuid4())
    return User.new(
        {"pool": entrance.pool, "sub": sub, "created": "0"},
        pool_id=entrance.pool, sub=sub, username="tess", attributes={}, status="CONFIRMED", guards=[],
        created_at=0, modified_at=0,
    )  # fmt: skip


def device(owner, client=None, *, is_remembered=True):
    """A device in the table."""
    client = client or DeviceClient(devices.new_metadata())
    kept = rule.registered(client.registration())
    made = Device.new(
        {"pool": owner.pool_id, "sub": owner.sub, "key": client.key},
        key=client.key, group_key=client.group_key, salt=srp.hexadecimal(kept.salt), is_remembered=is_remembered,
        created_at=1, modified_at=1, authenticated_at=1,
    )  # fmt: skip
    made.verifier = vault.seal_for(made, srp.pad(kept.verifier))
    store.save(made)
    return made


def state(entrance, owner, **more):
    given = (entrance.pool, entrance.client, owner.sub, owner.username, "tess", str(uuid.uuid4()))
    return State(*given, proved=("pwd",), **more)


def session(owner, device_key, number, **more):
    place = {"pool": owner.pool_id, "sub": owner.sub, "id": f"{number:04}", "day": "1970-01-01"}
    times = {"created_at": 1, "ends_at": time.time() + 60, "expires": time.time() + 60}
    given = {"id": f"{number:04}", "sub": owner.sub, "client_id": "client", "scope": "s", "refresh_digest": b"d"}
    return Session.new(place, **given, **(times | more), device_key=device_key)


class TestNewMetadata:
    def test_the_group_key_follows_from_the_device_key(self):
        metadata = devices.new_metadata()

        assert devices._group_key(metadata["DeviceKey"]) == metadata["DeviceGroupKey"]
        assert rule.is_key(metadata["DeviceKey"])

    def test_each_device_has_another_one(self):
        assert len({devices.new_metadata()["DeviceGroupKey"] for _ in range(50)}) == 50

    def test_it_does_not_follow_for_who_has_not_our_key(self):
        metadata = devices.new_metadata()

        digest = srp._digest(metadata["DeviceKey"].encode())

        assert rule.group_key(digest) != metadata["DeviceGroupKey"]


class TestWorkedExample:
    """Fact 144, through the check that DEVICE_PASSWORD_VERIFIER makes."""

    client = DeviceClient(
        {"DeviceKey": VECTOR["device_key"], "DeviceGroupKey": VECTOR["group_key"]}, VECTOR["password"], VECTOR["salt"]
    )
    responses = {"TIMESTAMP": VECTORS["timestamp"], "PASSWORD_CLAIM_SIGNATURE": VECTOR["signature_base64"]}
    signed_at = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC).timestamp()

    def exchange(self):
        a, b = int(VECTORS["a"], 16), int(VECTORS["b"], 16)
        block = base64.b64decode(VECTORS["secret_block_base64"])
        return Exchange(State("", "", "", "", "", ""), block, pow(2, a, srp.N), b, srp.challenge(self.verifier(), b))

    def verifier(self):
        return rule.registered(self.client.registration()).verifier

    def is_signed(self, entrance, responses, signer=None, now=None):
        made = call(entrance)
        made.now = now or self.signed_at
        signer = signer or Signer(VECTOR["group_key"], VECTOR["device_key"], self.verifier())
        return srp_exchange.is_signed(made, self.exchange(), signer, responses)

    def test_its_signature_matches(self, entrance):
        assert self.is_signed(entrance, self.responses)

    def test_no_other_does(self, entrance):
        altered = base64.b64encode(bytes(32)).decode()

        assert not self.is_signed(entrance, self.responses | {"PASSWORD_CLAIM_SIGNATURE": altered})

    def test_nor_at_another_time(self, entrance):
        assert not self.is_signed(entrance, self.responses, now=self.signed_at + 301)

    @pytest.mark.parametrize("place", ["pool_name", "user_id", "verifier"])
    def test_nor_for_another_device(self, entrance, place):
        signer = Signer(VECTOR["group_key"], VECTOR["device_key"], self.verifier())
        other = {"pool_name": "-GRP12346", "user_id": VECTOR["device_key"][:-1] + "f", "verifier": signer.verifier - 1}

        assert not self.is_signed(entrance, self.responses, signer._replace(**{place: other[place]}))


class TestPresented:
    def test_a_device_of_the_user_is_found(self, entrance):
        owner = user(entrance)
        made = device(owner)

        assert devices.presented(call(entrance), Account(owner), made.key).pk == made.pk

    def test_another_users_is_not(self, entrance):
        made = device(user(entrance))

        with pytest.raises(errors.ResourceNotFoundException, match="Device does not exist"):
            devices.presented(call(entrance), Account(user(entrance)), made.key)

    @pytest.mark.parametrize("key", ["", "junk", "us-east-1_a#b", "x" * 4000])
    def test_what_is_no_key_is_not_looked_up(self, entrance, key):
        with store.counted() as trips, pytest.raises(errors.InvalidParameterException, match="Invalid device key"):
            devices.presented(call(entrance), Account(user(entrance)), key)

        assert trips.calls == []

    def test_a_verifier_copied_to_another_device_does_not_open(self, entrance):
        owner = user(entrance)
        mine, theirs = device(owner), device(user(entrance))

        with pytest.raises(Unsealable):
            vault.open_for(mine, theirs.verifier)


class TestAwaited:
    def test_the_challenge_is_bound_to_the_device_and_proves_nothing(self, entrance):
        owner = user(entrance)
        made = device(owner)

        answer = devices.awaited(call(entrance), Account(owner), state(entrance, owner), made)

        opened = challenges.opened(call(entrance, Session=answer["Session"]), "DEVICE_SRP_AUTH")
        assert opened.device_key == made.key
        assert opened.is_device_proved is False
        assert opened.proved == ("pwd",)

    def test_what_was_gathered_before_comes_along_but_for_the_public_value(self, entrance):
        owner = user(entrance)
        made = device(owner)
        before = state(entrance, owner, data={"srp_a": "abcdef", "rounds": [["SRP_A", True]]})

        answer = devices.awaited(call(entrance), Account(owner), before, made)

        opened = challenges.opened(call(entrance, Session=answer["Session"]), "DEVICE_SRP_AUTH")
        assert opened.data == {"rounds": [["SRP_A", True]]}
        assert table.of(owner.pool_id, owner.sub, made.key).awaited["state"]["session_id"] == before.session_id

    @pytest.mark.parametrize("is_gone", [True, False], ids=["forgotten", "not remembered"])
    def test_a_device_that_is_not_there_any_more_awaits_nothing(self, entrance, is_gone):
        owner = user(entrance)
        made = device(owner, is_remembered=is_gone)
        if is_gone:
            store.remove_all([keys.Key(made.pk, made.sk)])

        with pytest.raises(errors.ResourceNotFoundException):
            devices.awaited(call(entrance), Account(owner), state(entrance, owner, data={"srp_a": "ab"}), made)

        assert is_gone is (table.of(owner.pool_id, owner.sub, made.key) is None)


class TestProved:
    def test_somebody_without_an_item_is_never_let_in(self, entrance):
        """The attack: the user is deleted while the devices are still being removed."""
        owner = user(entrance)
        client = DeviceClient(devices.new_metadata())
        made = device(owner, client)
        awaiting = devices.awaited(call(entrance), Account(owner), state(entrance, owner), made)
        begun = devices.begun(call(entrance, Session=awaiting["Session"]), client.begin("tess"))

        with pytest.raises(errors.NotAuthorizedException, match="Incorrect username or password"):
            devices.proved(call(entrance), client.answer(begun["ChallengeParameters"]))

    def test_the_state_says_what_was_proved_and_the_write_demands_the_device(self, entrance):
        owner = user(entrance)
        store.save(owner)
        client = DeviceClient(devices.new_metadata())
        made = device(owner, client)
        awaiting = devices.awaited(call(entrance), Account(owner), state(entrance, owner), made)
        begun = devices.begun(call(entrance, Session=awaiting["Session"]), client.begin("tess"))

        account, proved, writes = devices.proved(call(entrance), client.answer(begun["ChallengeParameters"]))

        assert account.user.sub == owner.sub
        assert (proved.device_key, proved.is_device_proved, proved.proved) == (made.key, True, ("pwd",))
        store.together(*writes)
        assert table.of(owner.pool_id, owner.sub, made.key).source_ip == "192.0.2.9"

    def test_the_write_fails_by_its_name_for_a_forgotten_device(self, entrance):
        made = device(user(entrance))
        store.remove_all([keys.Key(made.pk, made.sk)])

        with pytest.raises(store.Conflict) as refused:
            store.together(table.touched(made, {"authenticated_at": 2}))
        assert refused.value.names == ("device",)

    def test_a_first_answer_and_a_proof_cost_one_read_and_two(self, entrance):
        owner = user(entrance)
        store.save(owner)
        client = DeviceClient(devices.new_metadata())
        made = device(owner, client)
        awaiting = devices.awaited(call(entrance), Account(owner), state(entrance, owner), made)
        with store.counted() as first:
            begun = devices.begun(call(entrance, Session=awaiting["Session"]), client.begin("tess"))
        with store.counted() as second:
            devices.proved(call(entrance), client.answer(begun["ChallengeParameters"]))

        assert (first.calls, second.calls) == (["GetItem"], ["Query", "GetItem"])


class TestEndingSessions:
    def test_those_of_the_device_end_over_all_pages_and_no_others(self, entrance, monkeypatch):
        monkeypatch.setattr(table, "_PAGE", 7)
        monkeypatch.setattr(table, "_TOGETHER", 5)
        owner = user(entrance)
        made, now = device(owner), time.time()
        for number in range(30):
            store.save(session(owner, made.key if number % 2 else None, number))
        store.save(session(owner, made.key, 99, revoked_at=5))

        table.end_sessions(made, owner, now)

        found = store.list(keys.key("User", pool=owner.pool_id, sub=owner.sub).pk, "SESSION#").items
        ended = {item.id: item.revoked_at for item in found}
        assert ended == {f"{n:04}": now if n % 2 else None for n in range(30)} | {"0099": 5}

    def test_one_that_went_meanwhile_does_not_keep_the_others(self, entrance, monkeypatch):
        owner = user(entrance)
        made, now = device(owner), time.time()
        for number in range(3):
            store.save(session(owner, made.key, number))
        real = table._sessions

        def one_goes(one):
            yield from list(real(one))
            store.remove_all([Session.at(pool=owner.pool_id, sub=owner.sub, id="0001")])

        monkeypatch.setattr(table, "_sessions", one_goes)
        table.end_sessions(made, owner, now)

        ended = [store.get(Session, pool=owner.pool_id, sub=owner.sub, id=f"{n:04}") for n in (0, 2)]
        assert [item.revoked_at for item in ended] == [now, now]
