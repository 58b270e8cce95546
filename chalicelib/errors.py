"""Every error once: AWS's code as class name, its HTTP status and a default sentence.

Raised at any depth and rendered in three places only (AWS JSON, OAuth, page). The names of the modelled faults are
those of the Cognito service models; the front-door faults are those that every AWS service shares. A message is text
for the caller: never put a secret, a stored value or a stack into it.
"""

from __future__ import annotations

from typing import ClassVar


class AwsError(Exception):
    """A refusal that the caller may read: `code`, `status` (HTTP) and `message`."""

    status: ClassVar[int] = 400
    default: ClassVar[str] = "The request was refused."

    def __init__(self, message: str | None = None) -> None:
        self.message = self.default if message is None else message
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The name that clients switch on: AWS's own spelling."""
        return type(self).__name__


# --- Faults of the service models -------------------------------------------------------------------------------------


class AccessDeniedException(AwsError):
    default = "You do not have permission to perform this action."


class AliasExistsException(AwsError):
    default = "An account with the given alias already exists."


class CodeDeliveryFailureException(AwsError):
    default = "The verification code could not be delivered."


class CodeMismatchException(AwsError):
    default = "Invalid verification code provided, please try again."


class ConcurrentModificationException(AwsError):
    default = "The resource was changed by another request; read it again and repeat."


class DeviceKeyExistsException(AwsError):
    default = "The device is confirmed already."


class EnableSoftwareTokenMFAException(AwsError):
    default = "Code mismatch and fail enable Software Token MFA"


class ExpiredCodeException(AwsError):
    default = "Invalid code provided, please request a code again."


class FeatureUnavailableInTierException(AwsError):
    default = "The feature is not available in the tier of this user pool."


class GroupExistsException(AwsError):
    default = "A group with the name already exists"


class InvalidLambdaResponseException(AwsError):
    default = "Unrecognizable lambda output"


class InvalidOAuthFlowException(AwsError):
    default = "The OAuth flow is not valid for this client."


class InvalidParameterException(AwsError):
    default = "A parameter is not valid."


class InvalidPasswordException(AwsError):
    default = "The password does not meet the policy of the user pool."


class InvalidUserPoolConfigurationException(AwsError):
    default = "The configuration of the user pool is not valid."


class LimitExceededException(AwsError):
    default = "Attempt limit exceeded, please try after some time."


class ManagedLoginBrandingExistsException(AwsError):
    default = "The app client already has a managed login branding style."


class NotAuthorizedException(AwsError):
    default = "Not authorized."


class OperationNotEnabledException(AwsError):
    default = "The operation is not enabled for this user pool."


class PasswordHistoryPolicyViolationException(AwsError):
    default = "Password has previously been used."


class PasswordResetRequiredException(AwsError):
    default = "Password reset required for the user"


class PreconditionNotMetException(AwsError):
    default = "The job is not in a state that allows this."


class RefreshTokenReuseException(AwsError):
    default = "Refresh token has been invalidated"


class ResourceNotFoundException(AwsError):
    default = "The requested resource does not exist."


class ScopeDoesNotExistException(AwsError):
    default = "The scope does not exist."


class ServiceQuotaExceededException(AwsError):
    default = "The limit is above the quota of the account."


class SoftwareTokenMFANotFoundException(AwsError):
    default = "Software Token MFA does not exist for the user."


class TermsExistsException(AwsError):
    default = "The app client already has terms of that name."


class TooManyRequestsException(AwsError):
    default = "Too many requests"


class UnauthorizedException(AwsError):
    default = "Not authorized."


class UnexpectedLambdaException(AwsError):
    default = "A function of the user pool could not be called."


class UnsupportedOperationException(AwsError):
    default = "The operation is not supported for this client."


class UnsupportedTokenTypeException(AwsError):
    default = "Unsupported token type"


class UnsupportedUserStateException(AwsError):
    default = "The request is not possible in the present state of the user."


class UserImportInProgressException(AwsError):
    default = "A user import job is in progress in this user pool."


class UserLambdaValidationException(AwsError):
    default = "A function of the user pool refused."


class UserNotConfirmedException(AwsError):
    default = "User is not confirmed."


class UserNotFoundException(AwsError):
    default = "User does not exist."


class UserPoolAddOnNotEnabledException(AwsError):
    default = "User pool add-ons are not enabled."


class UserPoolTaggingException(AwsError):
    default = "The tags are not valid."


class UsernameExistsException(AwsError):
    default = "User already exists"


class WebAuthnChallengeNotFoundException(AwsError):
    default = "No registration of a passkey was started, or its time is over."


class WebAuthnClientMismatchException(AwsError):
    default = "The registration was started by another app client."


class WebAuthnConfigurationMissingException(AwsError):
    default = "The user pool has neither a relying party nor a domain."


class WebAuthnCredentialNotSupportedException(AwsError):
    default = "The credential is not supported."


class WebAuthnNotEnabledException(AwsError):
    default = "Passkeys are not enabled for this user pool."


class WebAuthnOriginNotAllowedException(AwsError):
    default = "The origin of the credential is not allowed."


class WebAuthnRelyingPartyMismatchException(AwsError):
    default = "The credential is for another relying party."


class InternalErrorException(AwsError):
    status = 500
    default = "An internal error occurred."


class InternalServerException(AwsError):
    status = 500
    default = "An internal error occurred."


# --- Faults of the front door, shared by all services ---------------------------------------------------------------


class IncompleteSignatureException(AwsError):
    status = 403
    default = "The request signature does not conform to AWS standards."


class InvalidSignatureException(AwsError):
    default = "The request signature we calculated does not match the signature you provided."


class ExpiredTokenException(AwsError):
    status = 403
    default = "The security token included in the request is expired"


class MissingAuthenticationTokenException(AwsError):
    default = "Missing Authentication Token"


class UnrecognizedClientException(AwsError):
    default = "The security token included in the request is invalid."


class ThrottlingException(AwsError):
    default = "Rate exceeded"


class ValidationException(AwsError):
    default = "The request is not valid."


class UnknownOperationException(AwsError):
    default = "The operation is not known to this service."


class SerializationException(AwsError):
    default = "The request body cannot be read."


class RequestEntityTooLargeException(AwsError):
    status = 413
    default = "The request body is too large."


class UnsupportedMediaTypeException(AwsError):
    status = 415
    default = "The content type of the request is not supported."


class NotImplementedException(AwsError):
    status = 501
    default = "This operation is not built yet."


class ServiceUnavailableException(AwsError):
    status = 503
    default = "The service is temporarily unavailable; repeat the request."
