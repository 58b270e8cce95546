// Every way of signing in that amazon-cognito-identity-js has: second factors, custom challenges, a first password.

import { Authenticator, other } from "./factors.mjs";
import { code, given, step } from "./harness.mjs";
import { asked, details, enter, heard, signIn, user } from "./identity-js-user.mjs";

const { password, newPassword, optional, required, custom, profile } = given;
const BOTH = { Enabled: true, PreferredMfa: false };
const BEST = { Enabled: true, PreferredMfa: true };

const prefer = (one, sms, token) => asked((end) => one.setUserMfaPreference(sms, token, end));
const data = (one) => asked((end) => one.getUserData(end, { bypassCache: true }));
const seed = async (one) => (await heard((ends) => one.associateSoftwareToken(ends))).associateSecretCode[0];
const prove = (one, text, name) => heard((ends) => one.verifySoftwareToken(text, name, ends));
const bySms = (one, text) => heard((ends) => one.sendMFACode(text, ends));
const byToken = (one, text) => heard((ends) => one.sendMFACode(text, ends, "SOFTWARE_TOKEN_MFA"));
const choose = (one, method) => heard((ends) => one.sendMFASelectionAnswer(method, ends));
const answer = (one, text) => heard((ends) => one.sendCustomChallengeAnswer(text, ends));

// An authenticator app, set up while signed in.
let me = user(optional, "token");
await step("before the app", () => enter(me, password));
const app = new Authenticator(await seed(me));
await step("app with a wrong code", () => prove(me, app.wrong(), "Phone"));
await step("app proved", async () => prove(me, await app.code(), "Phone"));
await step("app preferred", () => prefer(me, null, BEST));
await step("settings with the app", () => data(me));
me = user(optional, "token");
await step("asked for a token", () => signIn(me, password));
await step("wrong token", () => byToken(me, app.wrong()));
await step("token", async () => byToken(me, await app.code()));
me = user(optional, "token");
await enter(me, password);
await step("spent token", () => byToken(me, app.again()));

// An authenticator app, set up because the pool asks for it.
me = user(required, "newcomer");
await step("asked to set up", () => signIn(me, password));
const late = new Authenticator(await seed(me));
await step("set up", async () => prove(me, await late.code(), "Phone"));
await step("settings after setting up", () => data(me));
me = user(required, "newcomer");
await step("asked for the new token", () => enter(me, password));
await step("new token", async () => byToken(me, await late.code()));

// Codes by SMS.
me = user(optional, "texted");
await enter(me, password);
await step("sms preferred", () => prefer(me, BEST, null));
await step("settings with sms", () => data(me));
me = user(optional, "texted");
await step("asked for sms", () => signIn(me, password));
await step("wrong sms", () => bySms(me, other(code("texted"))));
await step("sms", () => bySms(me, code("texted")));
me = user(optional, "texted");
await step("asked for sms without srp", () => enter(me, password));
await step("sms without srp", () => bySms(me, code("texted")));
await step("sms off", () => prefer(me, { Enabled: false, PreferredMfa: false }, null));
await step("without sms", () => enter(user(optional, "texted"), password));

// Both of them, and the choice.
me = user(optional, "chooser");
await enter(me, password);
const second = new Authenticator(await seed(me));
await prove(me, await second.code(), "Phone");
await step("both", () => prefer(me, BOTH, BOTH));
await step("settings with both", () => data(me));
me = user(optional, "chooser");
await step("asked to choose", () => signIn(me, password));
await step("chosen sms", () => choose(me, "SMS_MFA"));
await step("by chosen sms", () => bySms(me, code("chooser")));
me = user(optional, "chooser");
await enter(me, password);
await step("chosen token", () => choose(me, "SOFTWARE_TOKEN_MFA"));
await step("by chosen token", async () => byToken(me, await second.code()));

// The pool's own challenges, without a password and behind one.
me = user(custom, "asked");
const begin = (one) => heard((ends) => one.initiateAuth(details(one), ends));
await step("custom", () => begin(me));
await step("custom wrong", () => answer(me, "RED"));
await step("custom right", () => answer(me, "BLUE"));
me = user(custom, "asked");
await begin(me);
for (const _ of [1, 2]) await answer(me, "RED");
await step("custom failed", () => answer(me, "RED"));
me = user(custom, "asked");
me.setAuthenticationFlowType("CUSTOM_AUTH");
await step("custom behind a wrong password", () => signIn(me, newPassword));
await step("custom behind srp", () => signIn(me, password));
await step("custom behind srp wrong", () => answer(me, "RED"));
await step("custom behind srp right", () => answer(me, "BLUE"));

// A first password of one's own, with what the pool wants to know.
me = user(profile, "invited");
const complete = (attributes) => heard((ends) => me.completeNewPasswordChallenge(newPassword, attributes, ends));
await step("invited", () => signIn(me, password));
await step("without the attribute", () => complete({}));
await step("with the attribute", () => complete({ given_name: "Ada" }));
await step("invited no more", () => enter(user(profile, "invited"), newPassword));
