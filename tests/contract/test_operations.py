"""Every operation of the model: built and named here, or refused honestly by name."""

from __future__ import annotations

import dataclasses

import pytest

from chalicelib.operations import registry
from chalicelib.wire import model
from chalicelib.wire.model import Operation
from tests.application import TARGETS, Cognito
from tests.contract.calls import COGNITO, EVERY_OPERATION, ask, label, question, sent, signed

NAMES = """
CreateUserPool DescribeUserPool ListUserPools UpdateUserPool DeleteUserPool
SetUserPoolMfaConfig GetUserPoolMfaConfig AddCustomAttributes
CreateUserPoolClient DescribeUserPoolClient ListUserPoolClients UpdateUserPoolClient DeleteUserPoolClient
SignUp ConfirmSignUp ResendConfirmationCode
AdminCreateUser AdminConfirmSignUp AdminGetUser AdminSetUserPassword AdminDeleteUser AdminDisableUser AdminEnableUser
AdminUpdateUserAttributes ListUsers
InitiateAuth AdminInitiateAuth RespondToAuthChallenge AdminRespondToAuthChallenge GetTokensFromRefreshToken
GetUser DeleteUser ChangePassword ForgotPassword ConfirmForgotPassword
RevokeToken GlobalSignOut AdminUserGlobalSignOut
CreateUserPoolDomain DescribeUserPoolDomain UpdateUserPoolDomain DeleteUserPoolDomain
TagResource UntagResource ListTagsForResource
CreateResourceServer DescribeResourceServer ListResourceServers UpdateResourceServer DeleteResourceServer
AddUserPoolClientSecret ListUserPoolClientSecrets DeleteUserPoolClientSecret
AdminDeleteUserAttributes AdminResetUserPassword AdminSetUserSettings
UpdateUserAttributes DeleteUserAttributes GetUserAttributeVerificationCode VerifyUserAttribute SetUserSettings
CreateGroup GetGroup ListGroups UpdateGroup DeleteGroup
AdminAddUserToGroup AdminRemoveUserFromGroup AdminListGroupsForUser ListUsersInGroup
GetCSVHeader CreateUserImportJob DescribeUserImportJob ListUserImportJobs StartUserImportJob StopUserImportJob
CreateTerms DescribeTerms DescribeTermsByClient ListTerms UpdateTerms DeleteTerms
CreateManagedLoginBranding DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient
UpdateManagedLoginBranding DeleteManagedLoginBranding
GetUICustomization SetUICustomization GetLogDeliveryConfiguration SetLogDeliveryConfiguration
DescribeRiskConfiguration SetRiskConfiguration
CreateUserPoolReplica ListUserPoolReplicas UpdateUserPoolReplica DeleteUserPoolReplica
GetProvisionedLimit UpdateProvisionedLimit GetSigningCertificate
StartWebAuthnRegistration CompleteWebAuthnRegistration ListWebAuthnCredentials DeleteWebAuthnCredential
AssociateSoftwareToken VerifySoftwareToken AdminDeleteSoftwareToken SetUserMFAPreference AdminSetUserMFAPreference
GetUserAuthFactors AdminGetUserAuthFactors
ConfirmDevice GetDevice ListDevices UpdateDeviceStatus ForgetDevice
AdminGetDevice AdminListDevices AdminUpdateDeviceStatus AdminForgetDevice
ListUserSessions RevokeUserSession AdminListUserSessions AdminRevokeUserSession
GetUserPoolSessionConfiguration SetUserPoolSessionConfiguration
GetUserPoolClientSessionConfiguration SetUserPoolClientSessionConfiguration GetClientToken GetDerivedToken
"""
BUILT = NAMES.split()

OURS = {(one.service, one.name) for one in EVERY_OPERATION if one.service not in COGNITO}
IS_BUILT = {("cognito-idp", name) for name in BUILT} | OURS
UNBUILT = [operation for operation in EVERY_OPERATION if (operation.service, operation.name) not in IS_BUILT]
SIGNED = [operation for operation in EVERY_OPERATION if not operation.is_unsigned]


class TestRegistry:
    def test_the_model_has_all_operations_of_the_three_services(self) -> None:
        counted = {name: len(model.operations(name)) for name in COGNITO}

        assert counted == {"cognito-idp": 141, "cognito-identity": 23, "cognito-sync": 17}

    @pytest.mark.parametrize("name", BUILT)
    def test_an_operation_that_is_promised_is_built(self, name: str) -> None:
        operation = model.operation("cognito-idp", name)

        assert operation is not None, f"{name} is not in the model"
        assert registry.find("cognito-idp", operation.python_name) is not None, f"{name} is not built"

    def test_what_cognito_does_not_have_is_declared_only_when_it_is_built(self) -> None:
        declared = [one for one in EVERY_OPERATION if one.service not in COGNITO]

        assert [one.name for one in declared if registry.find(one.service, one.python_name) is None] == []

    def test_nothing_is_built_that_is_not_promised_or_not_in_the_model(self) -> None:
        names = {(operation.service, operation.python_name): operation.name for operation in EVERY_OPERATION}

        built = {(service, names.get((service, name), name)) for service, name in registry.built()}

        assert built == IS_BUILT


class TestUnbuiltOperations:
    @pytest.mark.parametrize("operation", UNBUILT, ids=label)
    def test_answer_501_with_their_name(self, cognito: Cognito, operation: Operation) -> None:
        answer = sent(cognito.credentials, operation)

        assert (answer.status, answer.code()) == (501, "NotImplementedException")
        assert operation.name in answer.said()["message"]
        assert answer.headers["x-amzn-errortype"].startswith("NotImplementedException")
        assert answer.headers["x-amzn-requestid"]

    @pytest.mark.parametrize("operation", [one for one in UNBUILT if one.is_unsigned], ids=label)
    def test_answer_so_to_signed_calls_too_where_no_signature_is_asked(
        self, cognito: Cognito, operation: Operation
    ) -> None:
        answer = ask(*signed(cognito.credentials, operation.service, question(operation)))

        assert (answer.status, answer.code()) == (501, "NotImplementedException")


class TestSignedOperations:
    @pytest.mark.parametrize("operation", SIGNED, ids=label)
    def test_refuse_a_call_without_signature(self, cognito: Cognito, operation: Operation) -> None:
        answer = ask(*question(operation))

        assert (answer.status, answer.code()) == (400, "MissingAuthenticationTokenException")

    @pytest.mark.parametrize("operation", SIGNED, ids=label)
    def test_refuse_a_signature_for_another_service(self, cognito: Cognito, operation: Operation) -> None:
        other = "cognito-idp" if operation.service != "cognito-idp" else "cognito-identity"

        answer = ask(*signed(cognito.credentials, other, question(operation)))

        assert (answer.status, answer.code()) == (400, "InvalidSignatureException")


class TestUnknownOperations:
    @pytest.mark.parametrize("service", sorted(TARGETS))
    @pytest.mark.parametrize(
        "name", ["Nothing", "", "createUserPool", "CreateUserPool ", "CreateUserPool.X", "__class__"]
    )
    def test_are_named_unknown(self, cognito: Cognito, service: str, name: str) -> None:
        example = dataclasses.replace(model.operations("cognito-idp")[0], service=service, name=name)

        answer = ask(*question(example))

        assert (answer.status, answer.code()) == (400, "UnknownOperationException")

    def test_an_operation_of_one_service_is_unknown_to_another(self, cognito: Cognito) -> None:
        example = dataclasses.replace(model.operations("cognito-idp")[0], service="cognito-identity", name="SignUp")

        assert ask(*question(example)).code() == "UnknownOperationException"

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/nothing"), ("POST", "/identitypools/x/y"), ("PUT", "/x/y/z")]
    )
    def test_a_path_that_leads_nowhere_is_unknown_too(self, cognito: Cognito, method: str, path: str) -> None:
        answer = ask(method, path, {"Host": "latchkey.test"})

        assert (answer.status, answer.code()) == (404, "UnknownOperationException")
