// USER_AUTH with aws-amplify v6 Auth: the person chooses what to begin with, or signs in by having just signed up.

import { autoSignIn, confirmSignIn, confirmSignUp, fetchUserAttributes, signIn, signUp } from "aws-amplify/auth";
import { leave, session, visit } from "./amplify-user.mjs";
import { codeTo, other, pause } from "./factors.mjs";
import { code, given, step } from "./harness.mjs";

const { password, newPassword, choice, named } = given;
const answer = (challengeResponse) => confirmSignIn({ challengeResponse });
const begin = (username, preferredChallenge, more) =>
  signIn({ username, ...more, options: { authFlowType: "USER_AUTH", preferredChallenge } });

visit(choice);
await step("by mail", () => begin("mailed", "EMAIL_OTP"));
await step("wrong code by mail", () => answer(other(code("mailed"))));
await step("code by mail", () => answer(code("mailed")));
await step("session by mail", () => session());
await leave();
await step("by sms", () => begin("mailed", "SMS_OTP"));
await step("code by sms", () => answer(code("mailed")));
await leave();

await step("to be chosen", () => begin("free"));
await step("mail chosen", () => answer("EMAIL_OTP"));
await step("code by chosen mail", () => answer(code("free")));
await leave();
await begin("free");
await step("password chosen", () => answer("PASSWORD"));
await step("wrong chosen password", () => answer(newPassword));
await step("chosen password", () => answer(password));
await leave();
await begin("free");
await step("srp chosen", () => answer("PASSWORD_SRP"));
await step("chosen srp", () => answer(password));
await leave();

await step("by password", () => begin("free", "PASSWORD", { password }));
await leave();
await step("by a wrong password", () => begin("free", "PASSWORD", { password: newPassword }));
await step("by srp", () => begin("free", "PASSWORD_SRP", { password }));
await step("session by srp", () => session());
await leave();
await step("by a wrong password with srp", () => begin("free", "PASSWORD_SRP", { password: newPassword }));
await step("by a passkey that is not there", () => begin("free", "WEB_AUTHN"));
await step("nobody", () => begin("nobody", "EMAIL_OTP"));

const registered = (username, more, options) =>
  signUp({ username, ...more, options: { userAttributes: { email: `${username}@example.com` }, ...options } });
const confirm = (username) => confirmSignUp({ username, confirmationCode: code(username) });
const through = { autoSignIn: { authFlowType: "USER_AUTH" } };
await step("sign up without a password", () => registered("newcomer", {}, through));
await step("confirm", () => confirm("newcomer"));
await step("signed in by that", () => autoSignIn());
await step("session by signing up", () => session());
await step("attributes of the newcomer", fetchUserAttributes);
await leave();
await step("the newcomer's only factor", () => begin("newcomer"));
await step("the newcomer again", () => answer(code("newcomer")));
await leave();
await step("sign up with a password", () => registered("classic", { password }, { autoSignIn: true }));
await confirm("classic");
await pause(0.4); // Amplify drops what comes within 300 ms of the last automatic sign-in
await step("signed in by password after that", () => autoSignIn());
await leave();

// Where addresses are names, as Amplify itself sets its pools up.
visit(named);
const address = "named@example.com";
await step("sign up by address", () =>
  signUp({ username: address, options: { userAttributes: { email: address }, ...through } }),
);
await step("confirm by address", () => confirmSignUp({ username: address, confirmationCode: codeTo(address) }));
await pause(0.4);
await step("address signed in by that", () => autoSignIn());
await leave();
await step("address by mail", () => begin(address, "EMAIL_OTP"));
await step("code of the address", () => answer(codeTo(address)));
await step("session of the address", () => session());

process.exit(0); // Amplify waits three minutes for a confirmation that has come
