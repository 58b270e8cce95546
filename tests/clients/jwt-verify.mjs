// A server that checks tokens with aws-jwt-verify, told of our issuer. The library fetches over TLS alone, so a laptop's
// key set comes through the fetcher that its documentation lets one replace, or is handed over.

import { JwtVerifier } from "aws-jwt-verify";
import { validateCognitoJwtFields } from "aws-jwt-verify/cognito-verifier";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { given, step } from "./harness.mjs";

const { issuer, otherIssuer, client, access, id, foreign, forged } = given;

const { jwks_uri: jwksUri } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const fetcher = { fetch: async (uri) => (await fetch(uri)).arrayBuffer() };
const verifier = (tokenUse, wanted = client, from = issuer) =>
  JwtVerifier.create(
    {
      issuer: from,
      jwksUri,
      audience: null,
      customJwtCheck: ({ payload }) => validateCognitoJwtFields(payload, { tokenUse, clientId: wanted }),
    },
    { jwksCache: new SimpleJwksCache({ fetcher }) },
  );

const accessTokens = verifier("access");
await step("access", () => accessTokens.verify(access));
await step("id", () => verifier("id").verify(id));
await step("id by audience", () =>
  JwtVerifier.create({ issuer, jwksUri, audience: client }, { jwksCache: new SimpleJwksCache({ fetcher }) }).verify(id),
);
await step("handed over", async () => {
  const offline = JwtVerifier.create({ issuer, jwksUri, audience: client });
  offline.cacheJwks(await (await fetch(jwksUri)).json());
  return offline.verifySync(id);
});
await step("id as access", () => accessTokens.verify(id));
await step("other client", () => verifier("access", "another").verify(access));
await step("other issuer", () => verifier("access", client, otherIssuer).verify(access));
await step("other pool", () => verifier("access").verify(foreign));
for (const [kind, token] of Object.entries(forged)) await step(`forged: ${kind}`, () => verifier("access").verify(token));

const now = Date.now;
Date.now = () => now() + 3_601_000; // an hour and a second later
await step("expired", () => accessTokens.verify(access));
