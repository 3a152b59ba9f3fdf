// What the page knows of the box: the lists as they were read, moved on by events. Pure: state in, state out.

/**
 * @typedef {{ code: string, text: string, advice: string | null, since: string | null, status: number | null, reason: string | null }} TrunkState
 * @typedef {{ name: string, number: string, numbers: string[], comment: string, state: TrunkState }} Trunk
 * @typedef {{ address: string, user_agent: string, expires_at: string }} Contact
 * @typedef {{ registered: boolean, since: string | null, contacts: Contact[] }} Registration
 * @typedef {{ kind: "sip", login: string, registration: Registration }} SipDevice
 * @typedef {{ kind: "mobile", number: string }} MobileDevice
 * @typedef {{ number: string, employee: string, devices: (SipDevice | MobileDevice)[] }} Extension
 * @typedef {{ id: string, started_at: string, answered_at: string | null, direction: "inbound" | "outbound" | "internal",
 *   caller: string, caller_name: string, called: string, with: string[], state: string, trunk: string | null, element?: string | null, element_since?: string | null }} Call
 * @typedef {{ version: string, time: string, name: string, language: "ru" | "en", country: string, area_code: string, mobile_ranges_date: string | null,
 *   sip?: { host: string | null, udp_port: number, tcp_port: number }, machine?: import("./machine.js").Machine }} System
 * @typedef {{ extension: string, state: "talking" | "ringing" | "do_not_disturb" | "offline" | "resting" | "free", until: string | null }} Member
 * @typedef {{ call: string, caller: string, caller_name: string, since: string, place: number }} Waiting
 * @typedef {{ group: string, waiting: Waiting[], members: Member[] }} Queue
 * @typedef {{ system: System | null, skew: number, trunks: Trunk[], extensions: Extension[], calls: Call[], queues: Queue[] }} Box
 */

/** @type {Box} */
export const EMPTY = { system: null, skew: 0, trunks: [], extensions: [], calls: [], queues: [] };

/**
 * The box after an event. Lists that the event does not touch stay the same objects.
 * @param {Box} box
 * @param {string} type
 * @param {any} data
 * @returns {Box}
 */
export function happen(box, type, data) {
  switch (type) {
    case "call":
      return { ...box, calls: withCall(box.calls, data) };
    case "queue":
      return { ...box, queues: withQueue(box.queues, data) };
    case "trunk":
      return { ...box, trunks: box.trunks.map((trunk) => (trunk.name === data.name ? { ...trunk, state: data.state } : trunk)) };
    case "registration":
      return { ...box, extensions: box.extensions.map((extension) => withRegistration(extension, data)) };
    default:
      return box;
  }
}

/**
 * Whether the lists must be read anew: events were missed, or the settings changed.
 * @param {string} type
 * @param {any} data
 */
export function mustReload(type, data) {
  return type === "system" && (data.what === "missed" || data.what === "office");
}

/**
 * Whether there may be news for «Защита»: an alarm, an address that was banned; or events were missed.
 * @param {string} type
 * @param {any} data
 */
export function isAlert(type, data) {
  return type === "system" && !["office", "import", ...MACHINE].includes(data.what);
}

/** What is told of the machine under the exchange. */
const MACHINE = ["machine", "update", "backup"];

/**
 * Whether there may be news of the machine, its update or its backups; or events were missed.
 * @param {string} type
 * @param {any} data
 */
export function isMachine(type, data) {
  return type === "system" && (data.what === "missed" || MACHINE.includes(data.what));
}

/**
 * @param {Call[]} calls
 * @param {any} data
 * @returns {Call[]}
 */
function withCall(calls, data) {
  if (data.ended) return calls.filter((call) => call.id !== data.id);
  const known = calls.some((call) => call.id === data.id);
  return known ? calls.map((call) => (call.id === data.id ? data : call)) : [...calls, data];
}

/**
 * @param {Queue[]} queues
 * @param {Queue} data
 */
function withQueue(queues, data) {
  const known = queues.some(({ group }) => group === data.group);
  return known ? queues.map((queue) => (queue.group === data.group ? data : queue)) : [...queues, data];
}

/** How many people wait for an answer. @param {Box} box */
export function waitingCount({ queues }) {
  return queues.reduce((sum, { waiting }) => sum + waiting.length, 0);
}

/**
 * @param {Extension} extension
 * @param {any} data
 * @returns {Extension}
 */
function withRegistration(extension, data) {
  const has = extension.devices.some((device) => device.kind === "sip" && device.login === data.login);
  if (!has) return extension;
  const { registered, since, contacts } = data;
  const devices = extension.devices.map((device) =>
    device.kind === "sip" && device.login === data.login ? { ...device, registration: { registered, since, contacts } } : device,
  );
  return { ...extension, devices };
}

/**
 * The SIP devices of an extension.
 * @param {Extension} extension
 * @returns {SipDevice[]}
 */
export function sipDevices(extension) {
  return extension.devices.filter((device) => device.kind === "sip");
}

/**
 * Whether an extension talks or rings there, be it at a mobile of its own.
 * @param {Call} call
 * @param {Extension} extension
 */
export function isWith(call, extension) {
  return call.with.includes(extension.number) || extension.devices.some((device) => device.kind === "mobile" && call.with.includes(device.number));
}

/**
 * What an extension is doing.
 * @param {Extension} extension
 * @param {Call[]} calls
 * @returns {{ what: "talking" | "ringing" | "dialling" | "free" | "offline" | "never" | "mobile", since: string | null }}
 */
export function doing(extension, calls) {
  const own = calls.filter((call) => call.caller === extension.number || isWith(call, extension));
  // A call that was answered may ring for somebody else, to whom it is given.
  const rings = (/** @type {Call} */ call) => call.state === "ringing" && isWith(call, extension);
  const talking = own.find((call) => call.answered_at !== null && !rings(call));
  if (talking) return { what: "talking", since: talking.answered_at };
  const ringing = own.find((call) => isWith(call, extension));
  if (ringing) return { what: "ringing", since: ringing.started_at };
  if (own[0]) return { what: "dialling", since: own[0].started_at };
  const phones = sipDevices(extension);
  if (phones.some((phone) => phone.registration.registered)) return { what: "free", since: null };
  if (phones.length === 0) return { what: "mobile", since: null };
  const gone = phones.map((phone) => phone.registration.since).filter((since) => since !== null).sort();
  return gone.length ? { what: "offline", since: gone[gone.length - 1] ?? null } : { what: "never", since: null };
}
