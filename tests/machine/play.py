"""A play on the stage: sign-ins begin, challenges are answered, administrators interfere, and all is watched.

Owns what the watcher concludes: `Broken` for what must never happen. It follows each sign-in from answer to answer and
adds what was really proved, so that tokens can be held against the model.
"""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from chalicelib.table import store
from chalicelib.table.items import Session
from tests.application import Fault
from tests.entrance import claims
from tests.machine import model
from tests.machine.answers import CODES, Attempt, Handle, SignIn, evidence, fill
from tests.machine.model import APP, Person, PoolSettings, Proof
from tests.machine.people import Actor, App, small
from tests.machine.stage import Client, Stage
from tests.srp_client import SrpClient

Answer = dict[str, Any]
_CALLS = {
    "password": "USER_PASSWORD_AUTH", "srp": "USER_SRP_AUTH", "admin": "ADMIN_USER_PASSWORD_AUTH",
    "custom": "CUSTOM_AUTH", "choice": "USER_AUTH",
}  # fmt: skip
_KEYS = {"hwk": "passkey", "swk": "passkey"}


class Broken(AssertionError):
    """What the machine must never do; tells the whole story."""


class Play:
    """One pool in some settings, some people, and their sign-ins. `seen` counts what came up, over all plays."""

    def __init__(self, stage: Stage, settings: PoolSettings, seen: Counter[str]) -> None:
        self.stage, self.pool, self.seen = stage, settings, seen
        self.story: list[str] = []
        self.attempts: list[Attempt] = []

    def tell(self, line: str) -> None:
        """Add to what happened."""
        self.story.append(line)

    def broken(self, what: str) -> Broken:
        """What must not happen has happened."""
        return Broken("\n".join([what, f"pool: {self.pool}", *(f"  {line}" for line in self.story)]))

    def begin(self, of: SignIn, password: str, device: Actor | None = None, *, proves: bool = True) -> Handle | None:
        """The first call of a sign-in: what it leads to, None for a refusal or for tokens."""
        parameters, exchange = self._opening(of, password, device, proves=proves)
        operation = "AdminInitiateAuth" if of.flow == "admin" else "InitiateAuth"
        given = {"ClientId": of.client.id, "AuthFlow": _CALLS[of.flow.split()[0]], "AuthParameters": parameters}
        start = Handle(of, "")
        proofs: set[Proof] = set()
        if "PASSWORD" in parameters and of.actor.is_.password and password == of.actor.password:
            proofs = {Proof("pwd", of.actor.is_.password)}
        outcome = self._heard(start, operation, given)
        if outcome is None:
            of.actor.counts["password"] += "PASSWORD" in parameters and not proofs
            return None
        if not of.client.allows(of.flow):
            raise self.broken("A flow began that the client does not allow.")
        if of.client.secret and not proves:
            raise self.broken("A sign-in began without the client's secret.")
        is_choice = "AvailableChallenges" in outcome[0]  # what was sent along was none of them, and is not looked at
        if "PASSWORD" in parameters and not proofs and not is_choice:
            raise self.broken("A wrong password led on.")
        proofs = set() if is_choice else proofs
        return self._next(start, outcome, proofs, exchange)

    def _opening(
        self, of: SignIn, password: str, device: Actor | None, *, proves: bool
    ) -> tuple[dict[str, str], SrpClient | None]:
        flow, _, preferred = of.flow.partition(" ")
        found = {"USERNAME": of.actor.name} | (of.client.proof(of.actor.name) if proves else {})
        found |= {"PREFERRED_CHALLENGE": preferred} if flow == "choice" and preferred else {}
        found |= {"DEVICE_KEY": device.device.key} if device else {}
        if flow in ("password", "admin") or preferred == "PASSWORD":
            return found | {"PASSWORD": password}, None
        if flow == "srp" or preferred in ("srp", "PASSWORD_SRP"):
            exchange = SrpClient(self.stage.pool, small())
            return found | {"SRP_A": exchange.public, "CHALLENGE_NAME": "SRP_A"}, exchange
        return found, None

    def _heard(self, handle: Handle, operation: str, given: dict[str, Any]) -> tuple[Answer, str, str] | None:
        """The answer to a call, with the code that was sent and where to; None for a refusal, which is told."""
        outcome, sent = self.stage.heard(operation, given)
        if isinstance(outcome, Fault):
            self.tell(f"  refused: {outcome}")
            self.seen[f"refused {given.get('ChallengeName', operation)} {outcome.code}"] += 1
            return None
        self.seen[f"asked {outcome.get('ChallengeName')}"] += 1
        reached = outcome.get("ChallengeName") or ", ".join(outcome)
        self.tell(f"  came to: {reached}")
        if outcome.get("ChallengeName") in CODES:
            handle.of.actor.counts[f"sent {handle.of.flow} {outcome['ChallengeName']}"] += 1
        code = sent[-1] if sent and outcome.get("ChallengeName") in CODES else {}
        return outcome, str(code.get("code", "")), str(code.get("to", ""))

    def answer(self, attempt: Attempt) -> Handle | None:
        """An answer to a challenge: what it leads to, None for a refusal or for tokens."""
        if attempt.session.session is None and "VERIFIER" in attempt.challenge:
            attempt.session = attempt.source  # the sealed block of an exchange carries its sign-in
        self.tell(f"{attempt}")
        self.attempts.append(attempt)
        fill(attempt, self.stage.now())
        proved = evidence(attempt, self.pool, self.stage.now())
        outcome = self._heard(attempt.session, *self.call_of(attempt))
        if outcome is None:
            self._count(attempt, proved)
            return None
        if isinstance(proved, str):
            raise self.broken(f"An answer led on that must be refused, because {proved}.")
        self._happen(attempt, outcome[0])
        kept = {proof for proof in attempt.session.proofs if attempt.challenge != "NEW_PASSWORD_REQUIRED"}
        if attempt.challenge == "NEW_PASSWORD_REQUIRED":
            kept = {proof for proof in attempt.session.proofs if proof.word != "pwd"}
            kept |= {Proof("pwd", attempt.session.of.actor.is_.password)}
        return self._next(attempt.session, outcome, kept | proved, attempt.exchange)

    def call_of(self, attempt: Attempt) -> tuple[str, dict[str, Any]]:
        """The operation and the input of an attempt that is filled in."""
        given: dict[str, Any] = {
            "ClientId": attempt.client.id,
            "ChallengeName": attempt.challenge,
            "ChallengeResponses": attempt.responses,
        }
        if attempt.session.session:
            given["Session"] = attempt.session.session
        if attempt.challenge == "CONFIRMED_SIGN_UP":
            given = {"ClientId": attempt.client.id, "AuthFlow": "USER_AUTH", "Session": attempt.session.session}
            return "InitiateAuth", given | {"AuthParameters": attempt.responses}
        is_timeless = attempt.challenge not in (APP, "MFA_SETUP") and not self.stage.offset
        is_server = attempt.session.of.flow == "admin" and is_timeless
        return ("AdminRespondToAuthChallenge" if is_server else "RespondToAuthChallenge"), given

    def _count(self, attempt: Attempt, proved: set[Proof] | str) -> None:
        if isinstance(proved, str):
            name = "password" if "PASSWORD" in attempt.challenge else attempt.challenge
            attempt.session.of.actor.counts[name] += 1

    def _happen(self, attempt: Attempt, outcome: Answer) -> None:
        """What an answer that was accepted changes beside the sign-in itself."""
        actor, handle = attempt.session.of.actor, attempt.session
        if attempt.challenge == "NEW_PASSWORD_REQUIRED":
            actor.took(attempt.password)
            actor.is_.status = "CONFIRMED"
        if attempt.challenge == APP:
            text = attempt.responses["SOFTWARE_TOKEN_MFA_CODE"]
            actor.app.spent = actor.app.step_of(text, self.stage.now())
        if attempt.challenge in CODES and handle.new_address:
            actor.is_.addresses["email"] = handle.new_address
        if attempt.challenge in CODES and actor.is_.status == "UNCONFIRMED":
            actor.is_.status = "CONFIRMED"

    def _next(
        self, handle: Handle, outcome: tuple[Answer, str, str], proofs: set[Proof], exchange: SrpClient | None
    ) -> Handle | None:
        answer, code, sent_to = outcome
        if "AuthenticationResult" in answer:
            self._watch_tokens(handle.of, answer["AuthenticationResult"], proofs)
            return None
        return Handle(
            handle.of,
            answer["ChallengeName"],
            answer["ChallengeParameters"],
            answer.get("Session"),
            frozenset(proofs),
            self.stage.now() - (self.stage.offset if handle.of.flow == "admin" else 0),
            code,
            sent_to,
            exchange or handle.exchange,
            new_address=handle.new_address,
        )

    def _watch_tokens(self, of: SignIn, tokens: Answer, proofs: set[Proof]) -> None:
        """The property: everything was proved, by this user, in this sign-in, and for the first time."""
        self.seen[f"tokens by {of.flow}"] += 1
        self.seen.update(f"tokens with {proof.word}" for proof in proofs)
        self.tell(f"  tokens for {of.actor.name}, proved: {sorted(proof.word for proof in proofs)}")
        if found := model.objections(self.pool, of.actor.is_, of.flow, proofs):
            raise self.broken(f"Tokens came out although {'; '.join(found)}.")
        of.completed += 1
        if of.completed > 1:
            raise self.broken("One sign-in was completed twice.")
        said = claims(tokens["AccessToken"])
        if (said["sub"], said["client_id"]) != (of.actor.sub, of.client.id):
            raise self.broken("The tokens are not for the user and the client of the sign-in.")
        session = store.get(Session, pool=self.stage.pool, sub=said["sub"], id=said["event_id"])
        kept = {_KEYS.get(word, word) for word in (session.proved or ()) if word != "mfa"} if session else None
        proved = {proof.word for proof in proofs} - {"own", "device"}
        if kept != proved:
            raise self.broken(f"The session says that {kept} was proved, and it was {proved}.")
        of.actor.counts["password"] = 0 if "pwd" in proved else of.actor.counts["password"]

    def set_up(self, handle: Handle) -> Handle | None:
        """Set an authenticator app up in a sign-in that asks for it: the same challenge, ready to be answered."""
        actor = handle.of.actor
        begun = self._heard(handle, "AssociateSoftwareToken", {"Session": handle.session})
        if begun is None:
            return None
        app = App(begun[0]["SecretCode"])
        step = app.unspent(self.stage.now())
        given = {"Session": begun[0]["Session"], "UserCode": app.code(step)}
        done = self._heard(handle, "VerifySoftwareToken", given)
        if done is None:
            return None
        first = {proof.word for proof in handle.proofs}
        others = [method for method in model.usable(self.pool, actor.is_) if model.WORDS[method] not in first]
        missing = model.objections(self.pool, actor.is_, handle.of.flow, handle.proofs)
        if others or not {model.NO_SECOND} <= set(missing) <= {model.NO_SECOND, model.NOT_OWN}:
            raise self.broken(f"A sign-in set up a factor beside {others} while {missing}.")
        actor.app, app.spent, actor.is_.has_app = app, step, True
        actor.is_.switched_on.add(APP)
        return Handle(handle.of, "MFA_SETUP", {}, done[0]["Session"], handle.proofs, self.stage.now(), is_set_up=True)

    def signed_up(self, client: Client) -> Handle | None:
        """Somebody new signs up and confirms it, in sessions: what goes on from there."""
        actor = Actor(
            f"new-{uuid.uuid4().hex[:12]}", Person(addresses={"email": f"{uuid.uuid4().hex[:12]}@example.com"})
        )
        of = SignIn(actor, client, "choice", self.stage.pool)
        self.tell(f"{actor.name} signs up")
        named = {"ClientId": client.id, "Username": actor.name}
        if client.secret:
            named["SecretHash"] = client.proof(actor.name)["SECRET_HASH"]
        start = Handle(of, "")
        listed = [{"Name": "email", "Value": actor.is_.addresses["email"]}]
        outcome, sent = self.stage.heard("SignUp", named | {"Password": actor.password, "UserAttributes": listed})
        if isinstance(outcome, Fault) or "Session" not in outcome:
            return None
        actor.sub = outcome["UserSub"]
        given = {"ConfirmationCode": sent[-1]["code"], "Session": outcome["Session"]}
        confirmed = self._heard(start, "ConfirmSignUp", named | given)
        if confirmed is None or "Session" not in confirmed[0]:
            return None
        proofs = frozenset({Proof("email_otp", signed_up=True)})
        return Handle(of, "CONFIRMED_SIGN_UP", {}, confirmed[0]["Session"], proofs, self.stage.now())
