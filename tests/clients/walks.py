"""Lists of a pool for a client to walk: what fills each of them, and what must then be found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.clients.running import PASSWORD, Pool


@dataclass(frozen=True)
class Walk:
    """A list: the member that holds it, what tells its items apart, and those that must be in it, each once."""

    items: str
    identity: str
    made: list[str]
    given: dict[str, Any] = field(default_factory=dict)


def made_groups(boto: Any, pool: Pool, prefix: str) -> list[str]:
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        boto.create_group(UserPoolId=pool.id, GroupName=name)
    return names


def made_users(boto: Any, pool: Pool, prefix: str) -> list[str]:
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        attributes = {"email": f"{name}@example.com", "given_name": prefix.title()}
        boto.admin_create_user(
            UserPoolId=pool.id,
            Username=name,
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
        )
    return names


def made_clients(boto: Any, pool: Pool, **options: Any) -> list[str]:
    return [
        boto.create_user_pool_client(UserPoolId=pool.id, ClientName="walked", **options)["UserPoolClient"]["ClientId"]
        for _ in range(3)
    ]


def groups(boto: Any, pool: Pool) -> Walk:
    return Walk("Groups", "GroupName", made_groups(boto, pool, "group"))


def groups_of_a_user(boto: Any, pool: Pool) -> Walk:
    name = made_users(boto, pool, "sociable")[0]
    joined = made_groups(boto, pool, "joined")
    for group in joined:
        boto.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName=group)
    return Walk("Groups", "GroupName", joined, {"Username": name})


def users_in_a_group(boto: Any, pool: Pool) -> Walk:
    users = made_users(boto, pool, "member")
    boto.create_group(UserPoolId=pool.id, GroupName="full")
    for name in users:
        boto.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName="full")
    return Walk("Users", "Username", users, {"GroupName": "full"})


def users(boto: Any, pool: Pool) -> Walk:
    return Walk("Users", "Username", made_users(boto, pool, "user"))


def user_pools(boto: Any, pool: Pool) -> Walk:
    made = [boto.create_user_pool(PoolName="walked")["UserPool"]["Id"] for _ in range(3)]
    return Walk("UserPools", "Id", [pool.id, *made])


def clients(boto: Any, pool: Pool) -> Walk:
    return Walk("UserPoolClients", "ClientId", [pool.client, pool.server_client, *made_clients(boto, pool)])


def secrets(boto: Any, pool: Pool) -> Walk:
    place = {"UserPoolId": pool.id, "ClientId": made_clients(boto, pool, GenerateSecret=True)[0]}
    added = boto.add_user_pool_client_secret(**place)["ClientSecretDescriptor"]["ClientSecretId"]
    return Walk("ClientSecrets", "ClientSecretId", [added], {"ClientId": place["ClientId"]})


def resource_servers(boto: Any, pool: Pool) -> Walk:
    names = [f"https://api-{number}.example.com" for number in range(5)]
    for name in names:
        boto.create_resource_server(UserPoolId=pool.id, Identifier=name, Name="walked")
    return Walk("ResourceServers", "Identifier", names)


def terms(boto: Any, pool: Pool) -> Walk:
    links = {"cognito:default": "https://example.com/terms"}
    made = [
        boto.create_terms(
            UserPoolId=pool.id, ClientId=client, TermsName=name, TermsSource="LINK", Enforcement="NONE", Links=links
        )["Terms"]["TermsId"]
        for client in made_clients(boto, pool)
        for name in ("terms-of-use", "privacy-policy")
    ]
    return Walk("Terms", "TermsId", made)


def import_jobs(boto: Any, pool: Pool) -> Walk:
    role = "arn:aws:iam::123456789012:role/import"
    made = [
        boto.create_user_import_job(UserPoolId=pool.id, JobName="walked", CloudWatchLogsRoleArn=role)["UserImportJob"]
        for _ in range(3)
    ]
    return Walk("UserImportJobs", "JobId", [job["JobId"] for job in made])


def replicas(boto: Any, pool: Pool) -> Walk:
    boto.create_user_pool_replica(UserPoolId=pool.id, RegionName="eu-west-1")
    return Walk("UserPoolReplicas", "RegionName", ["us-east-1", "eu-west-1"])


WALKS: dict[str, Callable[[Any, Pool], Walk]] = {
    "AdminListGroupsForUser": groups_of_a_user,
    "ListGroups": groups,
    "ListResourceServers": resource_servers,
    "ListTerms": terms,
    "ListUserImportJobs": import_jobs,
    "ListUserPoolClientSecrets": secrets,
    "ListUserPoolClients": clients,
    "ListUserPoolReplicas": replicas,
    "ListUserPools": user_pools,
    "ListUsers": users,
    "ListUsersInGroup": users_in_a_group,
}
"""What fills each list, by its operation."""
