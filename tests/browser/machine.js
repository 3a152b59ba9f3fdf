// A box under the exchange that is only played: it stands between the page and an exchange on plain Linux, and answers what needs the
// image. What it is like, and what it was asked, is the test's to say and to see.

/** A box that is well. */
export const WELL = {
  image: true, slot: "a", release: "0.9.0", other_release: "0.8.2", on_trial: false, failed_reason: "", host_name: "dozvon", uptime_seconds: 41 * 86_400 + 4_000,
  cards: [{ name: "eth0", mac: "00:e0:4c:68:01:a1", link: true, speed: 1000, addresses: ["192.168.1.10/24"] }, { name: "eth1", mac: "00:e0:4c:68:01:a2", link: false, speed: null, addresses: [] }],
  temperatures: [{ name: "coretemp", celsius: 46.5 }, { name: "nvme", celsius: 41 }], memory_total: 8_200_000_000, memory_available: 7_700_000_000,
  disk: { model: "KINGSTON OM8PGP4128Q", size: 128_035_676_160, data: 117_000_000_000, data_free: 96_400_000_000, wear: 3, written: 2_410_000_000_000, failing: false },
  clock: { synchronized: true, source: "0.pool.ntp.org", offset_ms: 0.8 }, watchdog: "iTCO_wdt", sticks: [],
};
const NETWORK = { host_name: "dozvon", office: { card: "", vlan: null, address: { mode: "dhcp" } }, carrier: null, dns: [], confirm_within: null };
const BACKUP = { enabled: false, hour: "03:17", weekdays: [], on_box: true, keep: 7, recordings: false, has_passphrase: false, places: [] };
/** @param {number} status @param {string} detail @param {any[]} [errors] */
export const problem = (status, detail, errors = []) => ({ status, body: { type: "about:blank", title: "", status, detail, errors } });

export class Box {
  /** When it was started, if not as the exchange under it. */
  startedAt = "";
  /** Whether it answers at all. */
  away = false;
  machine = structuredClone(WELL);
  network = structuredClone(NETWORK);
  time = { servers: [], serve: true };
  syslog = { server: "", transport: "udp", enabled: false };
  log = [];
  captures = [];
  update = { state: "none", version: null, notes: null, percent: null, starts_at: null, reason: null, before: null, back: null };
  backups = [];
  backup = structuredClone(BACKUP);
  /** What was changed, in the order of asking. @type {{ method: string, path: string, body: any, headers: Record<string, string> }[]} */
  asked = [];
  /** Answers that are given in place of its own: `POST system/reset`. @type {Record<string, any>} */
  instead = {};

  /** Stands before this tab. @param {import("playwright-core").Page} page */
  async under(page) {
    const answer = (/** @type {import("playwright-core").Route} */ route) =>
      this.#answer(route).catch((error) => {
        // a tab that was closed meanwhile wants no answer
        if (!/closed|disposed/.test(String(error))) throw error;
      });
    await page.route(/\/api\/v1\/(system|captures|backups|backup|syslog)(\/|\?|$)/, answer);
  }

  /** What was asked of this kind. @param {string} method @param {string} path */
  told(method, path) {
    return this.asked.filter((one) => one.method === method && one.path === path).map(({ body }) => body);
  }

  /** @param {import("playwright-core").Route} route */
  async #answer(route) {
    if (this.away) return route.abort();
    const request = route.request();
    const url = new URL(request.url());
    const [method, path] = [request.method(), url.pathname.replace("/api/v1/", "")];
    if (method === "GET" && path === "system") {
      const answer = await route.fetch();
      return route.fulfill({ response: answer, json: { ...(await answer.json()), machine: this.machine, ...(this.startedAt && { started_at: this.startedAt }) } });
    }
    let body = null;
    if (method !== "GET") {
      try {
        body = request.postDataJSON();
      } catch {
        body = request.postDataBuffer()?.length ?? 0;
      }
      this.asked.push({ method, path, body, headers: request.headers() });
    }
    const answer = this.instead[`${method} ${path}`] ?? this.#own(method, path, body, url.searchParams);
    const { status, body: value, headers } = answer?.status ? answer : { status: answer === null ? 204 : 200, body: answer, headers: {} };
    const type = status >= 400 ? "application/problem+json" : "application/json";
    await route.fulfill({ status, headers: { ETag: '"1"', ...headers }, contentType: type, body: typeof value === "string" ? value : value === null ? "" : JSON.stringify(value) });
  }

  /** @param {string} method @param {string} path @param {any} body @param {URLSearchParams} query */
  #own(method, path, body, query) {
    const [room, id, last] = path.split("/");
    const put = (/** @type {"network" | "time" | "syslog" | "backup"} */ name) => (method === "PUT" ? Object.assign(this[name], body) : this[name]);
    switch (`${method} ${path}`) {
      case "PUT system/network":
        Object.assign(this.network, body, { confirm_within: 120 });
        return { status: 202, body: { confirm_by: new Date(Date.now() + 120_000).toISOString(), addresses: ["https://192.168.1.20"] } };
      case "POST system/network/confirm":
        this.network.confirm_within = null;
        return null;
      case "GET system/network":
        return this.network;
      case "GET system/time":
      case "PUT system/time":
        return put("time");
      case "GET syslog":
      case "PUT syslog":
        return put("syslog");
      case "GET backup":
      case "PUT backup":
        return put("backup");
      case "GET system/log": {
        const levels = ["error", "warn", "info", "debug"];
        const most = levels.indexOf(query.get("level") ?? "info");
        return { items: this.log.filter((line) => levels.indexOf(line.level) <= most && line.text.includes(query.get("text") ?? "")), next_cursor: null };
      }
      case "GET captures":
        return { items: this.captures };
      case "POST captures":
        this.captures.unshift({ id: "c1", at: this.now(), bytes: 24_000, state: "running", error: null, what: body.what, address: body.address ?? null, seconds: body.seconds });
        return { status: 202, body: this.captures[0] };
      case "GET system/update":
        return this.update;
      case "POST system/update":
      case "POST system/update/from-stick":
        Object.assign(this.update, { state: "ready", version: "1.0.0", notes: "Группы звонят по очереди.\nТелефоны Snom находятся сами." });
        return { status: 202, body: this.update };
      case "POST system/update/start":
        Object.assign(this.update, { state: body.when === "now" ? "writing" : "waiting", percent: 0, starts_at: body.when });
        return { status: 202, body: this.update };
      case "DELETE system/update":
        Object.assign(this.update, { state: "none", version: null });
        return null;
      case "GET backups":
        return { items: this.backups };
      case "POST backups":
        this.backups.unshift({ id: "b1", at: this.now(), bytes: 0, where: body.where, name: "dozvon-2026-11-26.dozvon", recordings: body.recordings, state: "running", percent: 40, encrypted: body.passphrase !== "", proved: false, error: null });
        return { status: 202, body: { id: "b1" } };
      case "POST backups/restore":
        return { made_at: "2026-11-20T03:00:00.000+03:00", version: "0.9.0", name: "ООО Ромашка", extensions: 14, trunks: 2, token: "r1", state: "ready", recordings: false };
      case "POST system/bundle":
        return { status: 200, body: "bundle" };
    }
    if (method === "DELETE" && (room === "captures" || room === "backups")) {
      this[room] = this[room].filter((/** @type {any} */ one) => one.id !== id);
      return null;
    }
    if (last === "file") return { status: 200, body: "bytes", headers: { "Content-Disposition": "attachment" } };
    return method === "GET" ? problem(404, "no such thing") : null;
  }

  /** As the office's clock shows it. */
  now() {
    return new Date(Date.now() + 3 * 3_600_000).toISOString().replace("Z", "+03:00");
  }
}
