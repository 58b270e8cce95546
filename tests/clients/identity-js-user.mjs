// The users of amazon-cognito-identity-js in the scripts of this folder, and its callbacks as promises.

import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";
import { Browser, claims } from "./factors.mjs";
import { given } from "./harness.mjs";

const QUESTIONS = [
  "newPasswordRequired", "mfaRequired", "totpRequired", "selectMFAType", "mfaSetup", "customChallenge",
  "associateSecretCode",
]; // prettier-ignore

/** A user of a place (`pool` and `client`) in a browser, which is a fresh one unless it is given. */
export function user({ pool, client }, Username, Storage = new Browser()) {
  const Pool = new CognitoUserPool({ UserPoolId: pool, ClientId: client, endpoint: given.endpoint });
  return new CognitoUser({ Username, Pool, Storage });
}

export const details = (one, Password) => new AuthenticationDetails({ Username: one.getUsername(), Password });

/** A callback of the (error, result) kind as a promise. */
export const asked = (ask) => new Promise((done, fail) => ask((error, result) => (error ? fail(error) : done(result))));

/** The kind with a callback for each outcome: `{ session }` of a success, or what was asked by its name. */
export const heard = (ask) =>
  new Promise((done, fail) => {
    const questions = QUESTIONS.map((name) => [name, (...told) => done({ [name]: told })]);
    ask({
      onSuccess: (result, more) => done(result?.getAccessToken ? shown(result, more) : result),
      onFailure: fail,
      ...Object.fromEntries(questions),
    });
  });

function shown(session, more) {
  const access = session.getAccessToken().getJwtToken();
  const refresh = session.getRefreshToken().getToken();
  const id = session.getIdToken().decodePayload();
  return { session: { access: claims(access), id, refresh, valid: session.isValid() }, more };
}

export const signIn = (one, password) => heard((ends) => one.authenticateUser(details(one, password), ends));

/** The same without SRP, which takes the library half a second. */
export function enter(one, password) {
  one.setAuthenticationFlowType("USER_PASSWORD_AUTH");
  return signIn(one, password);
}

export const refreshed = async (one) =>
  shown(await asked((end) => one.refreshSession(one.getSignInUserSession().getRefreshToken(), end)));
