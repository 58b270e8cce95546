// What somebody signs in with beside a password, for the scripts of this folder: an authenticator app, and a browser.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { given } from "./harness.mjs";

const STEP = 30;
const WINDOW = 1;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const now = () => Date.now() / 1000;
export const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

/** The bytes of a base32 text without padding. */
function bytes(text) {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The six digits of one step (RFC 4226, 5.3). */
function digits(seed, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", seed).update(counter).digest();
  const value = digest.readUInt32BE(digest.at(-1) & 0xf) & 0x7fffffff;
  return String(value % 1_000_000).padStart(6, "0");
}

/** An authenticator app (RFC 6238), which shows no code twice and none that would be refused for its age. */
export class Authenticator {
  last = 0;

  constructor(secret) {
    this.seed = bytes(secret);
  }

  /** A code that was not shown yet: as old as is accepted, so that the next ones need not be waited for. */
  async code() {
    const step = Math.floor(now() / STEP);
    const isEnding = STEP - (now() % STEP) < 5;
    this.last = Math.max(this.last + 1, isEnding ? step : step - WINDOW);
    await pause(Math.max(0, (this.last - WINDOW) * STEP - now()));
    return digits(this.seed, this.last);
  }

  /** The code that was shown last. */
  again() {
    return digits(this.seed, this.last);
  }

  /** A code that is not right in these minutes. */
  wrong() {
    const step = Math.floor(now() / STEP);
    const near = [-3, -2, -1, 0, 1, 2, 3].map((offset) => digits(this.seed, step + offset));
    return ["000000", "000001", "000002", "000003", "000004", "000005", "000006", "000007"].find(
      (code) => !near.includes(code),
    );
  }
}

/** What a browser keeps. */
export class Browser {
  kept = new Map();
  setItem = (key, value) => void this.kept.set(key, value);
  getItem = (key) => this.kept.get(key) ?? null;
  removeItem = (key) => void this.kept.delete(key);
  clear = () => this.kept.clear();
}

/** The code in the newest message to an address or a number: where those are names, users have others besides. */
export function codeTo(address) {
  const lines = readFileSync(given.outbox, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  return lines.filter((line) => line.to === address).at(-1).code;
}

/** Another code of the same length. */
export const other = (right) => String((Number(right) + 1) % 10 ** right.length).padStart(right.length, "0");

/** The claims of a token. */
export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
