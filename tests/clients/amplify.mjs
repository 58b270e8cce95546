// An application with aws-amplify v6 Auth, told of Latchkey by `userPoolEndpoint` alone.

import { Amplify } from "aws-amplify";
import {
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  deleteUser,
  fetchAuthSession,
  fetchUserAttributes,
  getCurrentUser,
  resendSignUpCode,
  resetPassword,
  signIn,
  signOut,
  signUp,
  updatePassword,
} from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { code, given, step } from "./harness.mjs";

const { pool, client, endpoint, password, newPassword, invited } = given;

/** The token store of one device; Amplify keeps its tokens where it is told to. */
class Device {
  kept = new Map();
  setItem = async (key, value) => void this.kept.set(key, value);
  getItem = async (key) => this.kept.get(key) ?? null;
  removeItem = async (key) => void this.kept.delete(key);
  clear = async () => this.kept.clear();
}

Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } });
const phone = new Device();
const laptop = new Device();
const on = (device) => cognitoUserPoolsTokenProvider.setKeyValueStorage(device);
on(phone);

const username = "amplify";
const session = async (options) => {
  const { tokens, userSub } = await fetchAuthSession(options);
  return { userSub, access: tokens?.accessToken.toString(), id: tokens?.idToken?.payload };
};

const email = "amplify@example.com";
await step("sign up", () => signUp({ username, password, options: { userAttributes: { email } } }));
await step("sign in unconfirmed", () => signIn({ username, password }));
await step("resend", () => resendSignUpCode({ username }));
await step("confirm with a wrong code", () =>
  confirmSignUp({ username, confirmationCode: code(username) === "000000" ? "000001" : "000000" }),
);
await step("confirm", () => confirmSignUp({ username, confirmationCode: code(username) }));
await step("wrong password", () => signIn({ username, password: newPassword }));
await step("unknown user", () => signIn({ username: "nobody", password }));
await step("sign in", () => signIn({ username, password }));
await step("current user", getCurrentUser);
await step("attributes", fetchUserAttributes);
await step("session", () => session());
await step("forced refresh", () => session({ forceRefresh: true }));
await step("change password", () => updatePassword({ oldPassword: password, newPassword }));
await step("sign out", () => signOut());
await step("signed out", getCurrentUser);
await step("old password", () => signIn({ username, password }));

await step("forgot", () => resetPassword({ username }));
await step("reset", () =>
  confirmResetPassword({ username, confirmationCode: code(username), newPassword: `${newPassword}-reset` }),
);
await step("sign in after reset", () => signIn({ username, password: `${newPassword}-reset` }));

on(laptop);
await step("plain sign-in elsewhere", () =>
  signIn({ username, password: `${newPassword}-reset`, options: { authFlowType: "USER_PASSWORD_AUTH" } }),
);
await step("session elsewhere", () => session());
await step("global sign-out", () => signOut({ global: true }));
on(phone);
await step("refresh after global sign-out", () => session({ forceRefresh: true }));

await step("invited", () => signIn({ username: invited, password }));
await step("new password", () => confirmSignIn({ challengeResponse: newPassword }));
await step("invited user", getCurrentUser);
await step("delete", () => deleteUser());
await step("sign in deleted", () => signIn({ username: invited, password: newPassword }));
