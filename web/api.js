// The only place that talks to the box.

import { EventParser } from "./sse.js";

/** @typedef {{ login: string, origin?: "local" | "openid" | "ldap", role: "admin" | "viewer", must_change_password: boolean, csrf_token: string, idle_seconds: number,
 *   may_hear_recordings?: boolean, has_second_factor?: boolean }} Session */
/** @typedef {{ type: string, status: number, detail: string, errors?: { pointer?: string, parameter?: string, detail: string }[],
 *   references?: Reference[] }} Problem */
/** @typedef {{ kind: string, key: string, text: string, href: string }} Reference what would break when the thing were gone */
/**
 * What the box answered. `version`: the version of the settings that the change made, by which it is taken back; `confirmBy`: the
 * change takes itself back then, unless it is confirmed.
 * @typedef {{ value: any, etag: string, version: string, confirmBy: string }} Answer
 */

/** The box refused, in words for people; `status` 0: it did not answer at all. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {Problem | null} problem
   */
  constructor(status, problem) {
    super(problem?.detail ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
  }

  /**
   * What is wrong with this field of the body.
   * @param {string} pointer
   */
  at(pointer) {
    return this.problem?.errors?.find((fault) => fault.pointer === pointer)?.detail;
  }
}

/** Silence for so long means that the connection is dead: the box sends a sign of life every 15 s. */
const SILENCE_MS = 40_000;
/** An answer that takes longer is none. */
const PATIENCE_MS = 20_000;

export class Api {
  #csrf = "";
  #language = "ru";
  /** Told of a change that takes itself back unless it is confirmed. @type {(answer: Answer) => void} */
  onTrial = () => {};

  /** @param {string} language */
  speak(language) {
    this.#language = language;
  }

  /**
   * @param {string} login
   * @param {string} password
   * @param {string} [code] of the second factor; empty: none was asked for
   * @returns {Promise<Session>}
   */
  async signIn(login, password, code = "") {
    return this.#keep(await this.#ask("POST", "session", { login, password, ...(code && { code }) }));
  }

  /**
   * The session that the cookie still holds.
   * @returns {Promise<Session>}
   */
  async session() {
    return this.#keep(await this.#ask("GET", "session"));
  }

  /**
   * Signs out; where to go on, when somebody elsewhere must hear of it too.
   * @returns {Promise<string>}
   */
  async signOut() {
    return (await this.#ask("DELETE", "session"))?.continue ?? "";
  }

  /**
   * How one may sign in besides by password.
   * @returns {Promise<{ openid: { name: string, href: string } | null }>}
   */
  async methods() {
    const response = await fetch("/auth/methods", { cache: "no-store" });
    if (!response.ok) throw new Refused(response.status, null);
    return response.json();
  }

  /**
   * @param {string} current
   * @param {string} next
   */
  async changePassword(current, next) {
    await this.#ask("PUT", "session/password", { current, new: next });
  }

  /**
   * Reads. `background`: the page does it by itself, nobody need be there.
   * @param {string} path
   * @param {{ background?: boolean }} [how]
   */
  async get(path, { background = false } = {}) {
    return this.#ask("GET", path, undefined, background ? { "X-Background": "1" } : {});
  }

  /**
   * All pages of a list.
   * @param {string} path
   * @param {{ background?: boolean }} [how]
   */
  async all(path, how) {
    const items = [];
    let cursor = "";
    do {
      const page = await this.get(`${path}?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, how);
      items.push(...page.items);
      cursor = page.next_cursor ?? "";
    } while (cursor);
    return items;
  }

  /**
   * Reads what is to be edited, with the tag that its change must name.
   * @param {string} path
   * @returns {Promise<Answer>}
   */
  async read(path) {
    return this.#send("GET", path);
  }

  /**
   * Changes something; `etag`: of what was read, so that nobody's change is lost.
   * @param {"PUT" | "POST" | "DELETE"} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {string} [etag]
   * @returns {Promise<Answer>}
   */
  async write(method, path, body, etag) {
    return this.#send(method, path, body, etag ? { "If-Match": etag } : {});
  }

  /**
   * Sends a file, and tells how much of it has gone: fetch() can't. `part`: from 0 to 1.
   * @param {string} path
   * @param {Blob} file
   * @param {(part: number) => void} onPart
   * @param {Record<string, string>} [headers] more of them
   * @returns {Promise<{ value: any }>}
   */
  upload(path, file, onPart, headers = {}) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `/api/v1/${path}`);
      request.responseType = "json";
      request.setRequestHeader("Accept-Language", this.#language);
      request.setRequestHeader("X-CSRF-Token", this.#csrf);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => onPart(total ? loaded / total : 0);
      request.onload = () => (request.status < 300 ? resolve({ value: request.response }) : reject(new Refused(request.status, request.response)));
      request.onerror = () => reject(new Refused(0, null));
      request.send(file);
    });
  }

  /**
   * Makes a file and takes it; it may take its time.
   * @param {string} path
   * @returns {Promise<Blob>}
   */
  async make(path) {
    let response;
    try {
      response = await fetch(`/api/v1/${path}`, { method: "POST", headers: { "Accept-Language": this.#language, "X-CSRF-Token": this.#csrf }, cache: "no-store" });
    } catch {
      throw new Refused(0, null);
    }
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => null));
    return response.blob();
  }

  /** @param {string} id */
  async hangUp(id) {
    await this.#ask("DELETE", `calls/${id}`);
  }

  /**
   * Listens until the connection ends; returns when it does, throws when the box refuses.
   * @param {{ after: string, onOpen: () => void, onEvent: (type: string, data: any, id: string) => void, signal: AbortSignal }} listener
   */
  async listen({ after, onOpen, onEvent, signal }) {
    const control = new AbortController();
    signal.addEventListener("abort", () => control.abort());
    let watch = setTimeout(() => control.abort(), SILENCE_MS);
    try {
      const headers = { "Accept-Language": this.#language, ...(after ? { "Last-Event-ID": after } : {}) };
      const response = await fetch("/api/v1/events", { headers, signal: control.signal, cache: "no-store" });
      if (!response.ok || !response.body) throw new Refused(response.status, null);
      onOpen();
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(() => control.abort(), SILENCE_MS);
        for (const { type, data, id } of parser.push(value)) onEvent(type, JSON.parse(data), id);
      }
    } finally {
      clearTimeout(watch);
    }
  }

  /** @param {Session} session */
  #keep(session) {
    this.#csrf = session.csrf_token;
    return session;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [more]
   * @returns {Promise<any>}
   */
  async #ask(method, path, body, more) {
    return (await this.#send(method, path, body, more)).value;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [more]
   * @returns {Promise<Answer>}
   */
  async #send(method, path, body, more = {}) {
    /** @type {Record<string, string>} */
    const headers = { "Accept-Language": this.#language, ...more };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method !== "GET") headers["X-CSRF-Token"] = this.#csrf;
    let response;
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      response = await fetch(`/api/v1/${path}`, { method, headers, body: JSON.stringify(body), signal, cache: "no-store" });
    } catch {
      throw new Refused(0, null);
    }
    const header = (/** @type {string} */ name) => response.headers.get(name) ?? "";
    const value = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) throw new Refused(response.status, value);
    const answer = { value, etag: header("ETag"), version: header("Dozvon-Version"), confirmBy: header("Dozvon-Confirm-By") };
    if (answer.confirmBy) this.onTrial(answer);
    return answer;
  }
}
