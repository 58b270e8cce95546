// Second factors, custom challenges and a first password with aws-amplify v6 Auth.

import {
  confirmSignIn,
  fetchMFAPreference,
  fetchUserAttributes,
  setUpTOTP,
  signIn,
  updateMFAPreference,
  verifyTOTPSetup,
} from "aws-amplify/auth";
import { leave, session, visit } from "./amplify-user.mjs";
import { Authenticator, other } from "./factors.mjs";
import { code, given, step } from "./harness.mjs";

const { password, newPassword, optional, token, mail, either, custom, profile } = given;
const answer = (challengeResponse, options) => confirmSignIn({ challengeResponse, options });
const bySrp = (username, options) => signIn({ username, password, options });
const enter = (username) => bySrp(username, { authFlowType: "USER_PASSWORD_AUTH" }); // SRP takes it half a second
const seedIn = (told) => told.nextStep.totpSetupDetails.sharedSecret;

// An authenticator app, set up while signed in.
visit(optional);
await enter("token");
const setup = await setUpTOTP();
await step("set-up", () => ({ secret: setup.sharedSecret, uri: setup.getSetupUri("Shop", "token").toString() }));
const app = new Authenticator(setup.sharedSecret);
await step("app with a wrong code", () => verifyTOTPSetup({ code: app.wrong() }));
await step("app proved", async () =>
  verifyTOTPSetup({ code: await app.code(), options: { friendlyDeviceName: "Phone" } }),
);
await step("app preferred", () => updateMFAPreference({ totp: "PREFERRED" }));
await step("settings with the app", fetchMFAPreference);
await leave();
await step("asked for a token", () => bySrp("token"));
await step("wrong token", () => answer(app.wrong()));
await step("token", async () => answer(await app.code()));
await step("session by token", () => session());
await leave();
await enter("token");
await step("spent token", () => answer(app.again()));

// Set up because the pool asks for it: an app, an address, and the choice of them.
visit(token);
const asked = await step("asked to set an app up", () => bySrp("newcomer"));
const late = new Authenticator(seedIn(asked));
await step("wrong code at set-up", () => answer(late.wrong()));
await step("app set up", async () => answer(await late.code(), { friendlyDeviceName: "Phone" }));
await step("settings after setting up", fetchMFAPreference);
await leave();
await step("asked for the new token", () => enter("newcomer"));
await step("new token", async () => answer(await late.code()));
await leave();

visit(mail);
await step("asked for an address", () => bySrp("reader"));
await step("address given", () => answer("reader@example.com"));
await step("wrong code of the address", () => answer(other(code("reader"))));
await step("address proved", () => answer(code("reader")));
await step("attributes with the address", fetchUserAttributes);
await leave();
await step("asked for a code of the address", () => enter("reader"));
await step("code of the address", () => answer(code("reader")));
await leave();

visit(either);
await step("asked what to set up", () => enter("undecided"));
await step("an address chosen", () => answer("EMAIL"));
await step("chosen address given", () => answer("undecided@example.com"));
await step("chosen address proved", () => answer(code("undecided")));
await leave();
await enter("decided");
const chosen = new Authenticator(seedIn(await step("an app chosen", () => answer("TOTP"))));
await step("chosen app set up", async () => answer(await chosen.code()));
await leave();

// Codes by SMS and e-mail, then all methods and the choice.
visit(optional);
await enter("texted");
await step("sms preferred", () => updateMFAPreference({ sms: "PREFERRED" }));
await leave();
await step("asked for sms", () => bySrp("texted"));
await step("wrong sms", () => answer(other(code("texted"))));
await step("sms", () => answer(code("texted")));
await leave();

await enter("mailed");
await step("mail preferred", () => updateMFAPreference({ email: "PREFERRED" }));
await step("settings with mail", fetchMFAPreference);
await leave();
await step("asked for mail", () => bySrp("mailed"));
await step("mail", () => answer(code("mailed")));
await leave();

await enter("chooser");
const second = new Authenticator((await setUpTOTP()).sharedSecret);
await verifyTOTPSetup({ code: await second.code() });
await updateMFAPreference({ totp: "ENABLED", sms: "ENABLED", email: "ENABLED" });
await step("settings with all", fetchMFAPreference);
await leave();
await step("asked to choose", () => bySrp("chooser"));
await step("chosen mail", () => answer("EMAIL"));
await step("by chosen mail", () => answer(code("chooser")));
await leave();
await enter("chooser");
await step("chosen token", () => answer("TOTP"));
await step("by chosen token", async () => answer(await second.code()));
await step("one left", () => updateMFAPreference({ totp: "NOT_PREFERRED", sms: "DISABLED", email: "DISABLED" }));
await step("settings with one", fetchMFAPreference);
await leave();

// The pool's own challenges.
visit(custom);
const open = { authFlowType: "CUSTOM_WITHOUT_SRP" };
await step("custom", () => signIn({ username: "asked", options: open }));
await step("custom wrong", () => answer("RED"));
await step("custom right", () => answer("BLUE"));
await step("session by custom", () => session());
await leave();
const closed = { authFlowType: "CUSTOM_WITH_SRP" };
await step("custom behind a wrong password", () =>
  signIn({ username: "asked", password: newPassword, options: closed }),
);
await step("custom behind srp", () => bySrp("asked", closed));
await step("custom behind srp right", () => answer("BLUE"));
await leave();

// A first password of one's own, with what the pool wants to know.
visit(profile);
await step("invited", () => bySrp("invited"));
await step("without the attribute", () => answer(newPassword));
await step("with the attribute", () => answer(newPassword, { userAttributes: { given_name: "Ada" } }));
await step("attributes of the invited", fetchUserAttributes);
