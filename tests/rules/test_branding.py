"""Managed login styles: what they may hold and how updates merge."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import branding, branding_defaults

PNG = b"\x89PNG\r\n\x1a\n"
NEW = {"UserPoolId": "us-east-1_x", "ClientId": "abc"}
SETTINGS = {"components": {"form": {"borderRadius": 8.0}}}


def sent(category="FORM_LOGO", mode="LIGHT", extension="PNG", **members):
    return {"Category": category, "ColorMode": mode, "Extension": extension, **members}


def kept(number=1, size=10, **members):
    return sent(**members) | {"Id": str(number), "Size": size}


def refused(given):
    with pytest.raises(InvalidParameterException) as refusal:
        branding.refuse_bad(given)
    return refusal.value.message


class TestRefuseBad:
    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"UseCognitoProvidedValues": True, "Assets": []},
            {"UseCognitoProvidedValues": False, "Settings": SETTINGS},
            {"Assets": [sent(Bytes=PNG), sent(mode="DARK", Bytes=PNG), sent("FORM_BACKGROUND", ResourceId="logo")]},
            {"Assets": [sent("FAVICON_ICO", "DYNAMIC", "ICO", Bytes=b"\x00\x00\x01\x00")]},
            {"Settings": branding_defaults.SETTINGS},
            {"Settings": {"categories": {"signUp": {"elements": [{"enforcement": "NONE", "textKey": "en"}]}}}},
            {"Settings": {"components": {"form": {"logo": None, "on": True, "size": 1}}}},
        ],
        ids=["nothing", "provided", "settings", "assets", "favicon", "defaults", "texts", "values"],
    )  # fmt: skip
    def test_takes_what_a_style_may_hold(self, given):
        branding.refuse_bad(given)

    @pytest.mark.parametrize("content", [{"Settings": {}}, {"Assets": [sent(Bytes=PNG)]}], ids=["settings", "assets"])
    def test_refuses_content_beside_provided_values(self, content):
        assert "UseCognitoProvidedValues" in refused({"UseCognitoProvidedValues": True} | content)

    def test_refuses_two_assets_for_one_place(self):
        assert "differ" in refused({"Assets": [sent(Bytes=PNG), sent(ResourceId="logo")]})

    @pytest.mark.parametrize(
        "asset",
        [
            sent(),
            sent(extension="JPEG", Bytes=PNG),
            sent("FAVICON_ICO", Bytes=PNG),
            sent("FAVICON_SVG", extension="ICO", Bytes=b"\x00\x00\x01\x00"),
        ],
        ids=["no bytes", "other content", "no icon", "no drawing"],
    )
    def test_refuses_assets_that_are_none(self, asset):
        assert refused({"Assets": [asset]})

    @pytest.mark.parametrize(
        "settings",
        [{"other": {}}, {"components": []}, {"components": "red"}, {"x" * 100: {}}],
        ids=["unknown", "list", "text", "long"],
    )
    def test_refuses_settings_of_another_shape(self, settings):
        assert len(refused({"Settings": settings})) < 200

    @pytest.mark.parametrize(
        "text",
        ["red;} body{display:none", "</style>", "<script>", "a\nb", "url(x", "URL(x", "\\75rl(", 'a"b', "a'b", "`"],
    )  # fmt: skip
    @pytest.mark.parametrize("place", ["value", "name", "list"])
    def test_refuses_texts_that_would_leave_their_place_in_a_style_sheet(self, text, place):
        parts = {"value": {"color": {"x": text}}, "name": {"color": {text: "x"}}, "list": {"color": [["x", text]]}}

        assert text not in refused({"Settings": {"components": parts[place]}}).replace(" ", "")


class TestCreated:
    def test_holds_what_was_given_and_when(self):
        given = NEW | {"Settings": SETTINGS}

        assert branding.created(given, [kept()], 12.3456) == {
            "UserPoolId": "us-east-1_x",
            "UseCognitoProvidedValues": False,
            "Settings": SETTINGS,
            "Assets": [kept()],
            "CreationDate": 12.346,
            "LastModifiedDate": 12.346,
        }

    def test_leaves_out_what_was_not_given(self):
        style = branding.created(NEW | {"UseCognitoProvidedValues": True}, [], 1)

        assert style.keys() == {"UserPoolId", "UseCognitoProvidedValues", "CreationDate", "LastModifiedDate"}
        assert style["UseCognitoProvidedValues"] is True


class TestUpdated:
    def test_puts_new_assets_behind_those_that_stay(self):
        before = branding.created(NEW, [kept(1), kept(2, mode="DARK")], 1)

        after = branding.updated(before, {}, [kept(3)], 2)

        assert after["Assets"] == [kept(2, mode="DARK"), kept(3)]
        assert (after["CreationDate"], after["LastModifiedDate"]) == (1, 2)

    def test_finds_bytes_by_resource_id(self):
        before = branding.created(NEW, [kept(1, ResourceId="logo")], 1)

        after = branding.updated(before, {}, [sent(mode="DARK", ResourceId="logo")], 2)

        assert after["Assets"][1] == sent(mode="DARK", ResourceId="logo") | {"Id": "1", "Size": 10}

    @pytest.mark.parametrize(
        "asset", [sent(ResourceId="x"), sent(extension="JPEG", ResourceId="logo")], ids=["none", "other"]
    )
    def test_refuses_resources_that_are_not_there(self, asset):
        before = branding.created(NEW, [kept(1, ResourceId="logo")], 1)

        with pytest.raises(InvalidParameterException, match="ResourceId"):
            branding.updated(before, {}, [asset], 2)

    def test_bounds_number_and_size_of_assets(self):
        many = [kept(number, category=str(number)) for number in range(40)]
        assert len(branding.created(NEW, many, 1)["Assets"]) == 40

        with pytest.raises(InvalidParameterException, match="40 assets"):
            branding.updated(branding.created(NEW, many, 1), {}, [kept(41)], 2)
        with pytest.raises(InvalidParameterException, match="4000000 bytes"):
            branding.created(NEW, [kept(size=4_000_001)], 1)

    def test_bounds_the_settings(self):
        large = {"components": {str(number): "x" * 1000 for number in range(400)}}

        with pytest.raises(InvalidParameterException, match="too large"):
            branding.created(NEW | {"Settings": large}, [], 1)

    def test_stays_with_provided_values_until_told_otherwise(self):
        before = branding.created(NEW | {"UseCognitoProvidedValues": True}, [], 1)

        assert branding.updated(before, {}, [], 2)["UseCognitoProvidedValues"] is True
        assert branding.updated(before, {"UseCognitoProvidedValues": False}, [], 2)["UseCognitoProvidedValues"] is False
        assert branding.updated(before, {"Settings": SETTINGS}, [], 2)["UseCognitoProvidedValues"] is False


class TestMerged:
    def test_goes_into_objects_and_replaces_all_else(self):
        under = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}
        over = {"a": {"c": [3], "g": 4}, "d": 5, "f": {"h": 6}}

        assert branding.merged(under, over) == {"a": {"b": 1, "c": [3], "g": 4}, "d": 5, "f": {"h": 6}}
        assert under == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}


class TestComplete:
    def test_has_the_defaults_under_what_was_customized(self):
        form = branding.complete(NEW | {"Settings": {"components": {"form": {"borderRadius": 0}}}})["Settings"][
            "components"
        ]["form"]

        assert form["borderRadius"] == 0
        assert form["lightMode"] == branding_defaults.SETTINGS["components"]["form"]["lightMode"]
