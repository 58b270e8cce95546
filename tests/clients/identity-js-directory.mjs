// What a signed-in user changes with amazon-cognito-identity-js: attributes, their proof, and the oldest MFA settings.

import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from "amazon-cognito-identity-js";
import { code, given, step } from "./harness.mjs";

const { client, endpoint, password, username } = given;
const pool = new CognitoUserPool({ UserPoolId: given.pool, ClientId: client, endpoint });
const kept = new Map();
const Storage = {
  setItem: (key, value) => kept.set(key, value),
  getItem: (key) => kept.get(key) ?? null,
  removeItem: (key) => kept.delete(key),
  clear: () => kept.clear(),
};
const me = new CognitoUser({ Username: username, Pool: pool, Storage });

/** A callback of the (error, result) kind as a promise; of more results, all. */
const asked = (ask) =>
  new Promise((done, fail) =>
    ask((error, ...results) => (error ? fail(error) : done(results.length > 1 ? results : results[0]))),
  );
/** The kind with onSuccess and onFailure; `others` name events that end the wait too. */
const heard = (ask, ...others) =>
  new Promise((done, fail) => {
    const ends = others.map((name) => [name, (details) => done({ [name]: details })]);
    ask({ onSuccess: done, onFailure: fail, ...Object.fromEntries(ends) });
  });
const named = (values) => Object.entries(values).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
const set = (values) => asked((end) => me.updateAttributes(named(values), end));
const shown = async () =>
  Object.fromEntries((await asked((end) => me.getUserAttributes(end))).map((one) => [one.getName(), one.getValue()]));
const data = () => asked((end) => me.getUserData(end, { bypassCache: true }));

await step("before signing in", () => set({ name: "Nobody" }));
await step("sign in", async () => {
  const session = await heard((ends) =>
    me.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), ends),
  );
  return session.getIdToken().decodePayload();
});
await step("set", () => set({ name: "Jo", phone_number: "+12065550100", nickname: "" }));
await step("after setting", shown);
await step("sms on", () => asked((end) => me.enableMFA(end)));
await step("options on", () => asked((end) => me.getMFAOptions(end)));
await step("data on", data);
await step("sms off", () => asked((end) => me.disableMFA(end)));
await step("data off", data);
await step("deleted", () => asked((end) => me.deleteAttributes(["phone_number"], end)));
await step("after deleting", shown);
await step("sms without phone", () => asked((end) => me.enableMFA(end)));

await step("another address", () => set({ email: "jo-two@example.com" }));
await step("code asked for", () =>
  heard((ends) => me.getAttributeVerificationCode("email", ends), "inputVerificationCode"),
);
await step("wrong code", () => {
  const right = code(username);
  return heard((ends) => me.verifyAttribute("email", right === "000000" ? "000001" : "000000", ends));
});
await step("verified", () => heard((ends) => me.verifyAttribute("email", code(username), ends)));
await step("after verifying", shown);
await step("no code for a phone", () =>
  heard((ends) => me.getAttributeVerificationCode("phone_number", ends), "inputVerificationCode"),
);
await step("unknown attribute", () => set({ "custom:none": "x" }));
