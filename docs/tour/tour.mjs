// Five minutes with Amplify: node docs/tour/tour.mjs POOL CLIENT ENDPOINT, as scripts/dev prints them for the demo pool.

import { Amplify } from "aws-amplify";
import { confirmSignUp, fetchAuthSession, getCurrentUser, signIn, signOut, signUp, updatePassword } from "aws-amplify/auth";

const [userPoolId, userPoolClientId, userPoolEndpoint = "http://127.0.0.1:8000"] = process.argv.slice(2);
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });

// Sign up, read the mail, confirm.
const username = `grace-${Date.now()}`;
const password = "Correct-Horse-9";
const userAttributes = { email: `${username}@example.com` };
await signUp({ username, password, options: { userAttributes } });
const { messages } = await (await fetch(`${userPoolEndpoint}/_dev/outbox`)).json();
console.log(messages[0].to, "was sent the code", messages[0].code);
await confirmSignUp({ username, confirmationCode: messages[0].code });

// Sign in by SRP: the password never leaves this process.
await signIn({ username, password });
console.log("signed in:", (await getCurrentUser()).username);

// Tokens, and fresh ones.
const { tokens } = await fetchAuthSession();
console.log("issued by", tokens.idToken.payload.iss);
const refreshed = await fetchAuthSession({ forceRefresh: true });
console.log("refreshed:", refreshed.tokens.accessToken.toString() !== tokens.accessToken.toString());

// A new password, and out everywhere.
await updatePassword({ oldPassword: password, newPassword: "Battery-Staple-10" });
await signOut({ global: true });
console.log("signed out:", (await fetchAuthSession()).tokens === undefined);
