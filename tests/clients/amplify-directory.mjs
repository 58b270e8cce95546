// What a signed-in user changes with aws-amplify v6 Auth: attributes, addresses and their proof, in two pools.

import { Amplify } from "aws-amplify";
import {
  confirmUserAttribute,
  deleteUserAttributes,
  fetchAuthSession,
  fetchUserAttributes,
  sendUserAttributeVerificationCode,
  signIn,
  signOut,
  updateUserAttribute,
  updateUserAttributes,
} from "aws-amplify/auth";
import { code, given, step } from "./harness.mjs";

const { endpoint, password, open, careful, username } = given;

const use = ({ pool, client }) =>
  Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } });
const setEmail = (value) => updateUserAttribute({ userAttribute: { attributeKey: "email", value } });
const confirmEmail = (confirmationCode) => confirmUserAttribute({ userAttributeKey: "email", confirmationCode });
const groupClaims = async (options) => {
  const { accessToken, idToken } = (await fetchAuthSession(options)).tokens;
  return { access: accessToken.payload, id: idToken.payload };
};
const wrong = (right) => (right === "000000" ? "000001" : "000000");

use(open);
await step("changed by a stranger", () => setEmail("stranger@example.com"));
await step("sign in", () => signIn({ username, password }));
await step("session", () => groupClaims());
await step("several", () =>
  updateUserAttributes({ userAttributes: { name: "Ada Lovelace", nickname: "Ada", phone_number: "+12065550100" } }),
);
await step("with several", fetchUserAttributes);
await step("deleted", () => deleteUserAttributes({ userAttributeKeys: ["nickname", "phone_number"] }));
await step("without deleted", fetchUserAttributes);
await step("claims after a change", () => groupClaims({ forceRefresh: true }));
await step("another address", () => setEmail("second@example.com"));
await step("unproved", fetchUserAttributes);
await step("wrong code", () => confirmEmail(wrong(code(username))));
await step("sent again", () => sendUserAttributeVerificationCode({ userAttributeKey: "email" }));
await step("proved", () => confirmEmail(code(username)));
await step("after the proof", fetchUserAttributes);
await step("spent code", () => confirmEmail(code(username)));

await step("no phone to verify", () => sendUserAttributeVerificationCode({ userAttributeKey: "phone_number" }));
await step("nothing that can be verified", () => sendUserAttributeVerificationCode({ userAttributeKey: "name" }));
await step("no such attribute", () => updateUserAttributes({ userAttributes: { "custom:none": "x" } }));
await step("no phone number", () => updateUserAttributes({ userAttributes: { phone_number: "12065550100" } }));
await step("not to be set", () => updateUserAttributes({ userAttributes: { email_verified: "true" } }));
await step("not to be changed", () => updateUserAttributes({ userAttributes: { sub: "mine" } }));
await signOut();

use(careful);
const first = given.address;
const second = `new-${first}`;
await step("by the first address", () => signIn({ username: first, password }));
await step("beyond the client", () => updateUserAttributes({ userAttributes: { nickname: "Ada" } }));
await step("taken", () => setEmail(given.taken));
await step("proof of the taken one", () => confirmEmail(code(username)));
await step("careful change", () => setEmail(second));
await step("while it waits", fetchUserAttributes);
await signOut();
await step("by the waiting address", () => signIn({ username: second, password }));
await step("by the first address still", () => signIn({ username: first, password }));
await step("careful proof", () => confirmEmail(code(username)));
await step("after the careful proof", fetchUserAttributes);
await signOut();
await step("by the first address no more", () => signIn({ username: first, password }));
await step("by the second address", () => signIn({ username: second, password }));
