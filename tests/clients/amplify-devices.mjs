// Remembered devices with aws-amplify v6 Auth: confirmed by it, remembered, proved in the place of a code, forgotten.

import { confirmSignIn, fetchDevices, forgetDevice, rememberDevice, signIn } from "aws-amplify/auth";
import { leave, session, visit } from "./amplify-user.mjs";
import { Browser, codeTo } from "./factors.mjs";
import { code, given, step } from "./harness.mjs";

const { password, prompting, trusting } = given;
const username = "owner";
const enter = (options) => signIn({ username, password, options });
const plainly = { authFlowType: "USER_PASSWORD_AUTH" }; // SRP takes it half a second
const byCode = () => confirmSignIn({ challengeResponse: code(username) });

const home = new Browser();
const away = new Browser();

visit(prompting, home);
await step("first", () => enter(plainly));
await step("first by code", () => byCode());
await step("first session", () => session());
await step("listed", fetchDevices);
await leave();
await step("not yet remembered", () => enter());
await byCode();
await step("remember", rememberDevice);
await step("described", fetchDevices);
await leave();
await step("remembered", () => enter());
await step("session of the device", () => session());
await step("refreshed", () => session({ forceRefresh: true }));
await leave();
await step("remembered without srp", () => enter(plainly));
await step("session without srp", () => session());

visit(prompting, away);
await step("elsewhere", () => enter(plainly));
await byCode();
const devices = await step("listed both", fetchDevices);
const here = (await session()).access.device_key;
await step("forgotten from elsewhere", () => forgetDevice({ device: devices.find(({ id }) => id !== here) }));
visit(prompting, home);
await step("refresh of the forgotten", () => session({ forceRefresh: true }));
await leave();
await step("forgotten", () => enter());
await byCode();
await step("session of the forgotten", () => session());
await step("forget", () => forgetDevice());
visit(prompting, away);
await step("listed at last", fetchDevices);

// Where addresses are names, a device is known by the name that the pool has given to its owner.
visit(trusting);
const named = { username: "trusted@example.com", password };
await step("by address", () => signIn(named));
await step("by address and code", () => confirmSignIn({ challengeResponse: codeTo(given.number) }));
await step("trusting session", () => session());
await leave();
await step("trusting again", () => signIn(named));
await step("trusting session again", () => session());
