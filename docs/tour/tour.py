"""Five minutes with boto3, in a shell into which the lines that scripts/dev prints were pasted."""

import json
from urllib.request import urlopen

import boto3

cognito = boto3.client("cognito-idp")  # key, region and endpoint come from the shell

# As the operator: a pool, and a client for an application.
pool = cognito.create_user_pool(PoolName="tour", AutoVerifiedAttributes=["email"])["UserPool"]
client = cognito.create_user_pool_client(
    UserPoolId=pool["Id"],
    ClientName="tour",
    ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
)["UserPoolClient"]

# As a user: sign up, read the mail, confirm. These calls need no key.
ada = {"ClientId": client["ClientId"], "Username": "ada"}
email = {"Name": "email", "Value": "ada@example.com"}
cognito.sign_up(**ada, Password="Correct-Horse-9", UserAttributes=[email])
with urlopen(cognito.meta.endpoint_url + "/_dev/outbox") as outbox:
    mail = json.load(outbox)["messages"][0]
print(mail["to"], "was sent the code", mail["code"])
cognito.confirm_sign_up(**ada, ConfirmationCode=mail["code"])


def sign_in(flow, **parameters):
    answer = cognito.initiate_auth(ClientId=client["ClientId"], AuthFlow=flow, AuthParameters=parameters)
    return answer["AuthenticationResult"]


# Sign in, ask who that is, and stay signed in.
tokens = sign_in("USER_PASSWORD_AUTH", USERNAME="ada", PASSWORD="Correct-Horse-9")
user = cognito.get_user(AccessToken=tokens["AccessToken"])
print("signed in:", user["Username"], {one["Name"]: one["Value"] for one in user["UserAttributes"]})
tokens = tokens | sign_in("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])

# Sign out everywhere: from now on the same token is refused.
cognito.global_sign_out(AccessToken=tokens["AccessToken"])
try:
    cognito.get_user(AccessToken=tokens["AccessToken"])
except cognito.exceptions.NotAuthorizedException as refusal:
    print("signed out:", refusal.response["Error"]["Message"])

cognito.delete_user_pool(UserPoolId=pool["Id"])
