// Remembered devices with amazon-cognito-identity-js: confirmed, remembered, proved, forgotten here and elsewhere.

import { Browser } from "./factors.mjs";
import { code, given, step } from "./harness.mjs";
import { asked, enter, heard, refreshed, signIn, user } from "./identity-js-user.mjs";

const { password, prompting, trusting } = given;
const bySms = (one) => heard((ends) => one.sendMFACode(code(one.getUsername()), ends));
const list = (one) => heard((ends) => one.listDevices(60, null, ends));

const home = new Browser();
const athome = () => user(prompting, "owner", home);

let me = athome();
await step("first", () => enter(me, password));
await step("first by code", () => bySms(me));
await step("listed", () => list(me));
me = athome();
await step("not yet remembered", () => signIn(me, password));
await step("not yet remembered, by code", () => bySms(me));
await step("remember", () => heard((ends) => me.setDeviceStatusRemembered(ends)));
await step("described", () => heard((ends) => me.getDevice(ends)));
me = athome();
await step("remembered", () => signIn(me, password));
await step("refreshed", () => refreshed(me));
await step("session found again", async () => {
  const found = await asked((end) => me.getSession(end));
  return { valid: found.isValid() };
});
me = athome();
await step("remembered without srp", () => enter(me, password));

await step("not remember", () => heard((ends) => me.setDeviceStatusNotRemembered(ends)));
me = athome();
await step("remembered no more", () => enter(me, password));
await bySms(me);
await heard((ends) => me.setDeviceStatusRemembered(ends));

const away = user(prompting, "owner");
await step("elsewhere", () => enter(away, password));
await step("elsewhere by code", () => bySms(away));
await step("listed both", () => list(away));
await step("forgotten from elsewhere", () => heard((ends) => away.forgetSpecificDevice(me.deviceKey, ends)));
await step("refresh of the forgotten", () => refreshed(me));
const after = athome();
await step("forgotten", () => signIn(after, password));
await step("forgotten, by code", () => bySms(after));
await step("forget", () => heard((ends) => after.forgetDevice(ends)));
await step("listed at last", () => list(away));

const desk = new Browser();
const first = user(trusting, "trusted", desk);
await step("trusting first", () => enter(first, password));
await step("trusting first by code", () => bySms(first));
await step("trusting again", () => enter(user(trusting, "trusted", desk), password));
