// An application with amazon-cognito-identity-js, told of Latchkey by the pool's `endpoint`.

import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from "amazon-cognito-identity-js";
import { code, given, step } from "./harness.mjs";

const { client, endpoint, password, newPassword, invited } = given;
const pool = new CognitoUserPool({ UserPoolId: given.pool, ClientId: client, endpoint });

/** A callback of the (error, result) kind as a promise. */
const asked = (ask) => new Promise((done, fail) => ask((error, result) => (error ? fail(error) : done(result))));
/** The kind with onSuccess and onFailure; `others` name events that end the wait too. */
const heard = (ask, ...others) =>
  new Promise((done, fail) => {
    const ends = others.map((name) => [name, (details) => done({ [name]: details })]);
    ask({ onSuccess: done, onFailure: fail, ...Object.fromEntries(ends) });
  });

/** The library as it is in another browser: a user object with a memory of its own. */
function user(Username) {
  const kept = new Map();
  const Storage = {
    setItem: (key, value) => kept.set(key, value),
    getItem: (key) => kept.get(key) ?? null,
    removeItem: (key) => kept.delete(key),
    clear: () => kept.clear(),
  };
  return new CognitoUser({ Username, Pool: pool, Storage });
}

const details = (Username, Password) => new AuthenticationDetails({ Username, Password });
const signIn = (one, word) => heard((ends) => one.authenticateUser(details(one.getUsername(), word), ends), "newPasswordRequired");
const shown = (session) => ({
  access: session.getAccessToken().getJwtToken(),
  id: session.getIdToken().decodePayload(),
  refresh: session.getRefreshToken().getToken(),
  valid: session.isValid(),
});
const signedIn = async (one, word) => shown(await signIn(one, word));

const name = "identity-js";
const attributes = [new CognitoUserAttribute({ Name: "email", Value: "js@example.com" })];
const me = user(name);

await step("sign up", async () => {
  const made = await asked((end) => pool.signUp(name, password, attributes, null, end));
  return { confirmed: made.userConfirmed, sub: made.userSub, sent: made.codeDeliveryDetails };
});
await step("sign in unconfirmed", () => signedIn(me, password));
await step("resend", () => asked((end) => me.resendConfirmationCode(end)));
await step("confirm", () => asked((end) => me.confirmRegistration(code(name), true, end)));
await step("wrong password", () => signedIn(me, newPassword));
await step("sign in", () => signedIn(me, password));
await step("session", async () => shown(await asked((end) => me.getSession(end))));
await step("attributes", async () =>
  Object.fromEntries((await asked((end) => me.getUserAttributes(end))).map((one) => [one.getName(), one.getValue()])),
);
await step("refresh", async () => {
  const token = me.getSignInUserSession().getRefreshToken();
  return shown(await asked((end) => me.refreshSession(token, end)));
});
await step("change password", () => asked((end) => me.changePassword(password, newPassword, end)));
await step("old password", () => signedIn(user(name), password));
await step("changed password", () => signedIn(user(name), newPassword));

await step("forgot", () => heard((ends) => me.forgotPassword(ends), "inputVerificationCode"));
await step("reset", () => heard((ends) => me.confirmPassword(code(name), `${newPassword}-reset`, ends)));
const elsewhere = user(name);
await step("elsewhere", () => signedIn(elsewhere, `${newPassword}-reset`));

await step("plain sign-in", () => {
  const plain = user(name);
  plain.setAuthenticationFlowType("USER_PASSWORD_AUTH");
  return signedIn(plain, `${newPassword}-reset`);
});
await step("sign out", async () => {
  const leaving = user(name);
  const { refresh } = await signedIn(leaving, `${newPassword}-reset`);
  await asked((end) => leaving.signOut(end));
  return { refresh };
});

await step("sign in again", () => signedIn(me, `${newPassword}-reset`));
await step("global sign-out", () => heard((ends) => me.globalSignOut(ends)));
await step("refresh after global sign-out", () => {
  const token = elsewhere.getSignInUserSession().getRefreshToken();
  return asked((end) => elsewhere.refreshSession(token, end));
});

const guest = user(invited);
await step("invited", () => signIn(guest, password));
await step("new password", async () =>
  shown(await heard((ends) => guest.completeNewPasswordChallenge(newPassword, {}, ends))),
);
await step("delete", () => asked((end) => guest.deleteUser(end)));
await step("deleted", () => signedIn(user(invited), newPassword));
await step("many exchanges", async () => {
  const rounds = 3;
  for (let round = 0; round < rounds; round += 1) await signIn(user(name), `${newPassword}-reset`);
  return { rounds };
});
