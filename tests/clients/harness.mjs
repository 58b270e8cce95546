// What the scripts of this folder share: what they were given, reporting a step, and reading mail as a user would.

import { readFileSync } from "node:fs";

export const given = JSON.parse(process.argv[2]);

/** Reports a step's result, or the name and message of its error, as one line of JSON. */
export async function step(name, action) {
  let told;
  try {
    told = (await action()) ?? null;
  } catch (error) {
    const name = error.name === "Error" ? error.constructor.name : error.name;
    told = { error: name, code: error.code, message: error.message };
  }
  console.log(JSON.stringify({ step: name, told }));
  return told;
}

/** The code in the newest message to a user. */
export function code(username) {
  const lines = readFileSync(given.outbox, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  return lines.filter((line) => line.username === username).at(-1).code;
}
