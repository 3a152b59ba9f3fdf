// Whom the box tells of what: kinds of alarms, events of webhooks, and what became of what was sent. Pure.

/** Kinds of alarms, as a person looks for them; those of `guard.js`. */
export const KINDS = {
  guard: ["address_banned", "old_password", "page_guessing"],
  calls: ["limit_reached", "blocked_destination", "quiet_hours", "emergency_call", "trunk_down", "trunk_back", "recording_failed"],
  box: ["disk_full", "mail_failing", "webhook_failing", "certificate_ends", "licence_ends", "licence_over", "other_dhcp_server", "update_returned", "unclean_start", "backup_failed", "data_lost", "database_damaged", "database_returned"],
};

/** Events that a webhook may be told of. */
export const EVENTS = ["missed_call", "voicemail", "alarm", "trunk", "registration", "call_started", "call_answered", "call_ended", "recording", "settings"];

/**
 * The list with one of its words turned, in the order of all.
 * @param {string[]} all
 * @param {string[]} list
 * @param {string} word
 */
export function ticked(all, list, word) {
  return all.filter((one) => (one === word) !== list.includes(one));
}

/**
 * A webhook that is not there yet.
 * @param {string} format
 */
export function blank(format) {
  const telegram = format === "telegram";
  return { name: "", format: telegram ? "telegram" : "generic", url: telegram ? "https://api.telegram.org" : "", chat: "", events: telegram ? ["missed_call", "alarm"] : [...EVENTS], enabled: true, has_secret: false };
}

/**
 * The server of an address, for a list.
 * @param {string} url
 */
export function host(url) {
  return URL.canParse(url) ? new URL(url).host : url;
}
