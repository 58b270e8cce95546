"""Managed login styles through their operations, against a table engine."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import branding_assets, client_documents
from chalicelib.rules import branding
from chalicelib.table import store
from chalicelib.table.documents import Branding, BrandingAsset
from chalicelib.table.items import Client, Pool
from tests.application import Cognito, Fault

SETTINGS = {"components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "ff0000ff"}}}}}
PNG = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'
UNKNOWN = "11111111-1111-4111-8111-111111111111"
NOBODY = "unknownunknownunknownunkn1"
OPERATIONS = ["DescribeManagedLoginBranding", "UpdateManagedLoginBranding", "DeleteManagedLoginBranding"]


@pytest.fixture(scope="module")
def pool_id(application):
    """A pool for tests of styles that do not count them; making one costs two RSA keys."""
    return Cognito(*application).pool()


@pytest.fixture
def client_id(cognito, pool_id, monkeypatch):
    monkeypatch.setattr(branding, "MOST_PER_POOL", 1000)
    return cognito.client(pool_id)


def asset(content=PNG, category="FORM_LOGO", mode="LIGHT", extension="PNG"):
    encoded = base64.b64encode(content).decode()
    return {"Category": category, "ColorMode": mode, "Extension": extension, "Bytes": encoded}


def png(size, filling=b"x"):
    return PNG + filling * (size - len(PNG))


def created(cognito, pool_id, client_id, **members):
    asked = {"UserPoolId": pool_id, "ClientId": client_id, **members}
    return cognito.call("CreateManagedLoginBranding", **asked)["ManagedLoginBranding"]


def named(style):
    return {"UserPoolId": style["UserPoolId"], "ManagedLoginBrandingId": style["ManagedLoginBrandingId"]}


def described(cognito, style, **members):
    return cognito.call("DescribeManagedLoginBranding", **named(style), **members)["ManagedLoginBranding"]


def updated(cognito, style, **members):
    return cognito.call("UpdateManagedLoginBranding", **named(style), **members)["ManagedLoginBranding"]


def refusal(cognito, operation, **given):
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code


def stored(pool_id, client_id):
    """How many parts of images lie in the table for a client."""
    return len(store.list(branding_assets.partition(pool_id), prefix=f"{client_id}#").items)


class TestCreateManagedLoginBranding:
    def test_answers_what_describe_answers(self, cognito, pool_id, client_id):
        assets = [asset(), asset(SVG, "FAVICON_SVG", "DYNAMIC", "SVG")]

        style = created(cognito, pool_id, client_id, Settings=SETTINGS, Assets=assets)

        assert re.fullmatch(r"[0-9a-f-]{36}", style["ManagedLoginBrandingId"])
        assert style["Settings"] == SETTINGS
        assert style["Assets"] == assets
        assert style["UseCognitoProvidedValues"] is False
        assert style["CreationDate"] == style["LastModifiedDate"]
        by_client = cognito.call("DescribeManagedLoginBrandingByClient", UserPoolId=pool_id, ClientId=client_id)
        assert described(cognito, style) == style == by_client["ManagedLoginBranding"]

    @pytest.mark.parametrize("size", [350_000, 350_001, 1_000_000])
    def test_gives_large_images_back_to_the_byte(self, cognito, pool_id, client_id, size):
        image = png(size - 1) + b"\x00"

        style = created(cognito, pool_id, client_id, Assets=[asset(image)])

        assert base64.b64decode(described(cognito, style)["Assets"][0]["Bytes"]) == image

    def test_takes_as_many_images_as_a_request_can_hold(self, cognito, pool_id, client_id):
        categories = ["FORM_LOGO", "PAGE_HEADER_LOGO", "PAGE_FOOTER_LOGO", "FORM_BACKGROUND", "PAGE_BACKGROUND"]
        kinds = [("PNG", PNG), ("JPEG", b"\xff\xd8\xff"), ("WEBP", b"RIFF0000WEBP")]
        every = [(c, m, k) for c in categories for m in ("LIGHT", "DARK", "DYNAMIC") for k in kinds][:40]
        assets = [asset(start + bytes(45_000), c, m, extension) for c, m, (extension, start) in every]

        style = created(cognito, pool_id, client_id, Assets=assets)

        assert described(cognito, style)["Assets"] == assets

    def test_refuses_settings_beside_provided_values(self, cognito, pool_id, client_id):
        given = {"UserPoolId": pool_id, "ClientId": client_id, "UseCognitoProvidedValues": True}

        for content in ({"Settings": SETTINGS}, {"Assets": [asset()]}):
            assert refusal(cognito, "CreateManagedLoginBranding", **given, **content) == "InvalidParameterException"

    def test_takes_provided_values_alone(self, cognito, pool_id, client_id):
        style = created(cognito, pool_id, client_id, UseCognitoProvidedValues=True)

        assert style["UseCognitoProvidedValues"] is True
        assert "Settings" not in style
        assert "Assets" not in style

    def test_refuses_a_second_of_one_client(self, cognito, pool_id, client_id):
        created(cognito, pool_id, client_id)
        given = {"UserPoolId": pool_id, "ClientId": client_id}

        assert refusal(cognito, "CreateManagedLoginBranding", **given) == "ManagedLoginBrandingExistsException"

    def test_lets_one_of_many_at_once_win_with_its_own_images(self, cognito, pool_id, client_id):
        def create(number):
            try:
                return created(cognito, pool_id, client_id, Assets=[asset(png(400_000, b"%d" % number))])
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(3) as threads:
            answers = list(threads.map(create, range(3)))

        made = [answer for answer in answers if answer != "ManagedLoginBrandingExistsException"]
        assert len(made) == 1
        assert described(cognito, made[0]) == made[0]
        assert stored(pool_id, client_id) == 2

    @pytest.mark.parametrize(
        "assets",
        [
            [asset(SVG)],
            [asset(b"")],
            [asset(b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', extension="SVG")],
            [asset(PNG, "FAVICON_ICO")],
            [asset(), asset()],
            [{"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG"}],
            [{"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "ResourceId": "none"}],
            [asset(png(1_000_001))],
        ],
        ids=["other content", "empty", "script", "no icon", "twice", "no bytes", "unknown resource", "too large"],
    )
    def test_refuses_assets_that_are_none(self, cognito, pool_id, client_id, assets):
        given = {"UserPoolId": pool_id, "ClientId": client_id, "Assets": assets}

        assert refusal(cognito, "CreateManagedLoginBranding", **given) == "InvalidParameterException"
        assert stored(pool_id, client_id) == 0

    def test_refuses_an_unknown_pool_or_client(self, cognito, pool_id, client_id):
        operation = "CreateManagedLoginBranding"

        assert refusal(cognito, operation, UserPoolId=pool_id, ClientId=NOBODY) == "ResourceNotFoundException"
        assert (
            refusal(cognito, operation, UserPoolId="us-east-1_Unknown00", ClientId=client_id)
            == "ResourceNotFoundException"
        )

    @pytest.mark.parametrize("gone", ["pool", "client"])
    def test_writes_nothing_when_pool_or_client_vanish_meanwhile(self, cognito, monkeypatch, gone):
        pool_id = cognito.pool()
        client_id = cognito.client(pool_id)
        made = branding.created
        places = {"pool": Pool.at(pool=pool_id), "client": Client.at(client=client_id)}

        def vanishing(*given):
            store.remove_all([places[gone]])
            return made(*given)

        monkeypatch.setattr(branding, "created", vanishing)
        given = {"UserPoolId": pool_id, "ClientId": client_id, "Assets": [asset()]}

        assert refusal(cognito, "CreateManagedLoginBranding", **given) == "ResourceNotFoundException"
        assert store.get(Branding, pool=pool_id, client=client_id) is None
        assert stored(pool_id, client_id) == 0

    def test_refuses_more_than_a_pool_can_have(self, cognito, monkeypatch):
        monkeypatch.setattr(branding, "MOST_PER_POOL", 1)
        pool_id = cognito.pool()
        created(cognito, pool_id, cognito.client(pool_id))
        given = {"UserPoolId": pool_id, "ClientId": cognito.client(pool_id)}

        assert refusal(cognito, "CreateManagedLoginBranding", **given) == "LimitExceededException"


class TestDescribeManagedLoginBranding:
    def test_lays_what_was_customized_over_the_defaults(self, cognito, pool_id, client_id):
        style = created(cognito, pool_id, client_id, Settings=SETTINGS)

        merged = described(cognito, style, ReturnMergedResources=True)["Settings"]

        assert merged["components"]["primaryButton"]["lightMode"]["defaults"]["backgroundColor"] == "ff0000ff"
        assert merged["components"]["primaryButton"]["darkMode"]
        assert merged["categories"]["global"]["spacingDensity"] == "REGULAR"
        assert described(cognito, style)["Settings"] == SETTINGS

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_and_its_like_do_not_know_the_style_of_another_pool(self, cognito, pool_id, client_id, operation):
        style = created(cognito, pool_id, client_id)
        elsewhere = named(style) | {"UserPoolId": cognito.pool()}
        nowhere = named(style) | {"ManagedLoginBrandingId": UNKNOWN}

        assert refusal(cognito, operation, **elsewhere) == "ResourceNotFoundException"
        assert refusal(cognito, operation, **nowhere) == "ResourceNotFoundException"

    def test_by_client_refuses_a_client_without_one(self, cognito, pool_id, client_id):
        for client in (client_id, NOBODY):
            given = {"UserPoolId": pool_id, "ClientId": client}
            assert refusal(cognito, "DescribeManagedLoginBrandingByClient", **given) == "ResourceNotFoundException"

    def test_reads_again_when_images_are_replaced_meanwhile(self, cognito, pool_id, client_id, monkeypatch):
        style = created(cognito, pool_id, client_id, Assets=[asset()])
        read, rounds = branding_assets.shown, []

        def overtaken(*given):
            if not rounds:
                rounds.append(1)
                updated(cognito, style, Assets=[asset(png(20))])
            return read(*given)

        monkeypatch.setattr(branding_assets, "shown", overtaken)

        assert base64.b64decode(described(cognito, style)["Assets"][0]["Bytes"]) == png(20)


class TestUpdateManagedLoginBranding:
    def test_merges_what_is_sent_into_what_is_there(self, cognito, pool_id, client_id):
        first, second = asset(), asset(SVG, "FAVICON_SVG", "DYNAMIC", "SVG")
        style = created(cognito, pool_id, client_id, Settings=SETTINGS, Assets=[first])
        dark = {"components": {"primaryButton": {"darkMode": {"defaults": {"backgroundColor": "00ff00ff"}}}}}

        updated(cognito, style, Settings=dark)
        after = updated(cognito, style, Assets=[second])

        button = after["Settings"]["components"]["primaryButton"]
        assert button["lightMode"]["defaults"]["backgroundColor"] == "ff0000ff"
        assert button["darkMode"]["defaults"]["backgroundColor"] == "00ff00ff"
        assert after["Assets"] == [first, second]
        assert described(cognito, style) == after

    def test_replaces_an_image_and_leaves_nothing_of_the_old(self, cognito, pool_id, client_id):
        style = created(cognito, pool_id, client_id, Assets=[asset(png(800_000))])
        assert stored(pool_id, client_id) == 3

        after = updated(cognito, style, Assets=[asset(png(10))])

        assert base64.b64decode(after["Assets"][0]["Bytes"]) == png(10)
        assert stored(pool_id, client_id) == 1

    def test_goes_back_to_provided_values(self, cognito, pool_id, client_id):
        style = created(cognito, pool_id, client_id, Settings=SETTINGS, Assets=[asset()])

        after = updated(cognito, style, UseCognitoProvidedValues=True)

        assert after["UseCognitoProvidedValues"] is True
        assert "Settings" not in after
        assert "Assets" not in after
        assert stored(pool_id, client_id) == 0
        assert updated(cognito, style, Settings=SETTINGS)["UseCognitoProvidedValues"] is False

    def test_uses_an_image_again_by_its_resource_id(self, cognito, pool_id, client_id):
        light = asset() | {"ResourceId": "logo"}
        style = created(cognito, pool_id, client_id, Assets=[light])
        dark = {"Category": "FORM_LOGO", "ColorMode": "DARK", "Extension": "PNG", "ResourceId": "logo"}

        after = updated(cognito, style, Assets=[dark])

        assert after["Assets"] == [light, dark | {"Bytes": light["Bytes"]}]
        assert stored(pool_id, client_id) == 1
        assert described(cognito, style) == updated(cognito, style, Assets=[dark]) | {
            "LastModifiedDate": after["LastModifiedDate"]
        }

    @pytest.mark.parametrize("member", ["UserPoolId", "ManagedLoginBrandingId"])
    def test_needs_to_know_which(self, cognito, pool_id, client_id, member):
        given = named(created(cognito, pool_id, client_id))
        del given[member]

        assert refusal(cognito, "UpdateManagedLoginBranding", **given) == "InvalidParameterException"

    def test_refuses_more_images_than_can_be_described(self, cognito, pool_id, client_id, monkeypatch):
        monkeypatch.setattr(branding, "MOST_BYTES", 30)
        style = created(cognito, pool_id, client_id, Assets=[asset(png(20))])
        given = named(style) | {"Assets": [asset(png(11), mode="DARK")]}

        assert refusal(cognito, "UpdateManagedLoginBranding", **given) == "InvalidParameterException"
        assert stored(pool_id, client_id) == 1

    def test_writes_nothing_when_somebody_changed_it_meanwhile(self, cognito, pool_id, client_id, monkeypatch):
        style = created(cognito, pool_id, client_id, Assets=[asset()])
        decided = branding.updated

        def overtaken(*given):
            store.save(store.get(Branding, pool=pool_id, client=client_id))
            return decided(*given)

        monkeypatch.setattr(branding, "updated", overtaken)
        given = named(style) | {"Assets": [asset(png(20))]}

        assert refusal(cognito, "UpdateManagedLoginBranding", **given) == "ConcurrentModificationException"
        assert stored(pool_id, client_id) == 1
        assert described(cognito, style) == style

    def test_names_no_bytes_that_are_not_there_when_it_is_cut_short(self, cognito, pool_id, client_id, monkeypatch):
        style = created(cognito, pool_id, client_id, Assets=[asset()])

        def dying(*_):
            raise MemoryError

        monkeypatch.setattr(branding_assets, "remove_replaced", dying)
        with pytest.raises(Fault):
            updated(cognito, style, Assets=[asset(png(20))])

        assert base64.b64decode(described(cognito, style)["Assets"][0]["Bytes"]) == png(20)
        assert stored(pool_id, client_id) == 2

    def test_of_two_at_once_leaves_a_style_that_is_whole(self, cognito, pool_id, client_id):
        style = created(cognito, pool_id, client_id, Assets=[asset()])
        images = [png(400_000, b"%d" % number) for number in range(3)]

        def update(image):
            try:
                return updated(cognito, style, Assets=[asset(image)])["UserPoolId"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(3) as threads:
            answers = set(threads.map(update, images))

        assert answers <= {pool_id, "ConcurrentModificationException"}
        assert pool_id in answers
        assert base64.b64decode(described(cognito, style)["Assets"][0]["Bytes"]) in images
        assert stored(pool_id, client_id) == 2


class TestDeleteManagedLoginBranding:
    def test_removes_it_with_its_images(self, cognito, pool_id, client_id):
        style = created(cognito, pool_id, client_id, Assets=[asset(png(800_000))])

        assert cognito.call("DeleteManagedLoginBranding", **named(style)) == {}

        assert refusal(cognito, "DescribeManagedLoginBranding", **named(style)) == "ResourceNotFoundException"
        assert stored(pool_id, client_id) == 0
        assert created(cognito, pool_id, client_id)


class TestRemovalWithTheClient:
    def test_leaves_nothing_not_even_what_a_crash_left(self, cognito, pool_id, client_id):
        created(cognito, pool_id, client_id, Assets=[asset(png(400_000))])
        lost = {"pool": pool_id, "client": client_id, "asset": "lost", "part": "00"}
        store.save(BrandingAsset.new(lost, content=b"x"))

        store.together(*client_documents.removal(pool_id, client_id))
        client_documents.clear(pool_id, client_id)

        assert store.get(Branding, pool=pool_id, client=client_id) is None
        assert stored(pool_id, client_id) == 0
