// The one user that aws-amplify v6 knows at a time, in the scripts of this folder: where it signs in, and from where.

import { Amplify } from "aws-amplify";
import { fetchAuthSession, signOut } from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { Browser } from "./factors.mjs";
import { given } from "./harness.mjs";

globalThis.navigator ??= { userAgent: "A browser" }; // where it is missing no device is confirmed: it has no name

/** Goes to a place (`pool` and `client`) in a browser, which is a fresh one unless it is given. */
export function visit({ pool, client }, browser = new Browser()) {
  const Cognito = { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: given.endpoint };
  Amplify.configure({ Auth: { Cognito } });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(browser);
}

/** Leaves, so that somebody may sign in. */
export const leave = () => signOut();

/** The claims of both tokens. */
export async function session(options) {
  const { tokens } = await fetchAuthSession(options);
  return { access: tokens?.accessToken.payload, id: tokens?.idToken?.payload };
}
